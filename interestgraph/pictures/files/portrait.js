"use strict";
const found = JSON.parse(document.getElementById("data").textContent);
const place = document.getElementById("graph"), told = document.getElementById("told"), root = document.documentElement;
const COLUMNS = { user: 0, item: 1, proposed: 1, category: 2, top: 3, community: 3 };
const SHARES = [0.13, 0.33, 0.29, 0.25], GAP = 10, LINE = 15, MOST_LINES = 3;
const font = () => place.clientWidth < 600 ? 11 : 12;
const css = name => getComputedStyle(root).getPropertyValue(name).trim();
const FAMILY = getComputedStyle(document.body).fontFamily;
const pen = document.createElement("canvas").getContext("2d");

// Text in lines of a width in pixels; what is longer than the most lines ends with an ellipsis.
function wrapped(text, width, weight) {
  pen.font = `${weight} ${font()}px ${FAMILY}`;
  const fits = line => pen.measureText(line).width <= width, lines = [];
  let line = "";
  for (let word of text.split(/\s+/)) {
    while (!fits(word)) {
      let cut = word.length - 1;
      while (cut > 1 && !fits(word.slice(0, cut))) cut--;
      if (line) { lines.push(line); line = ""; }
      lines.push(word.slice(0, cut));
      word = word.slice(cut);
    }
    const longer = line ? line + " " + word : word;
    if (fits(longer)) line = longer; else { lines.push(line); line = word; }
  }
  if (line) lines.push(line);
  if (lines.length <= MOST_LINES) return lines;
  let last = lines[MOST_LINES - 1];
  while (last && !fits(last + "…")) last = last.slice(0, -1);
  return [...lines.slice(0, MOST_LINES - 1), last.trimEnd() + "…"];
}

// Boxes in columns; a column is as high as its boxes, and the drawing as the highest.
function laidOut(nodes) {
  const width = place.clientWidth - 2 * GAP, space = Math.max(16, Math.min(70, width * 0.05));
  const inner = width - space * (SHARES.length - 1), boxes = new Map(), columns = SHARES.map(() => []);
  for (const node of nodes) columns[COLUMNS[node.kind]].push(node);
  let left = GAP, most = 0;
  const heights = columns.map((column, number) => {
    const wide = inner * SHARES[number];
    let top = GAP, kind = null;
    for (const node of column) {
      const lines = wrapped(node.label, wide - 8, node.kind === "user" ? 700 : 400), high = lines.length * LINE + 10;
      if (kind && kind !== node.kind) top += 2 * GAP;
      kind = node.kind;
      boxes.set(node.id, { x: left + wide / 2, y: top + high / 2, wide, high, lines: lines.join("\n") });
      top += high + GAP;
    }
    left += wide + space;
    most = Math.max(most, top);
    return top;
  });
  columns.forEach((column, number) => {
    const lower = (most - heights[number]) / 2;
    for (const node of column) boxes.get(node.id).y += lower;
  });
  return { boxes, height: Math.max(most, 160) };
}

const cy = cytoscape({
  container: place, userZoomingEnabled: false, userPanningEnabled: false, boxSelectionEnabled: false, minZoom: 0.4, maxZoom: 4,
  elements: [
    ...found.nodes.map(node => ({ data: { ...node, lines: node.label, wide: 80, high: 30 }, classes: node.kind })),
    ...found.edges.map((edge, number) => ({
      data: { ...edge, id: "edge" + number, thick: 1 + 5 * Math.sqrt(Math.max(0, Math.min(1, edge.weight))) },
      classes: edge.kind + (edge.always ? "" : " quiet") +
        (COLUMNS[kindOf(edge.source)] === COLUMNS[kindOf(edge.target)] ? " aside" : ""),
    })),
  ],
});
function kindOf(id) { return found.nodes.find(node => node.id === id).kind; }

function styled() {
  cy.style([
    { selector: "node", style: {
      shape: "round-rectangle", width: "data(wide)", height: "data(high)", label: "data(lines)", "text-wrap": "wrap",
      "text-valign": "center", "text-halign": "center", "font-size": font(), "font-family": FAMILY, color: css("--box-ink"),
      "border-width": 1, "border-color": css("--soft"), "line-height": LINE / font() * 0.85,
    } },
    ...["item", "proposed", "category", "top", "community"].map(kind =>
      ({ selector: "." + kind, style: { "background-color": css("--" + kind) } })),
    { selector: ".user", style: { "background-color": css("--user"), color: css("--user-ink"), "font-weight": 700 } },
    { selector: ".proposed", style: { "border-style": "dashed", "border-width": 2, "border-color": css("--strong") } },
    { selector: "edge", style: {
      "curve-style": "unbundled-bezier", "control-point-distances": 0, "control-point-weights": 0.5, width: "data(thick)",
      "line-color": css("--edge"), opacity: 0.75, "source-endpoint": "50% 0%", "target-endpoint": "-50% 0%",
    } },
    { selector: "edge.aside", style: {
      // To the left of the column, whichever end is above.
      "source-endpoint": "-50% 0%", "edge-distances": "endpoints",
      "control-point-distances": edge => edge.source().position("y") < edge.target().position("y") ? 26 : -26,
    } },
    { selector: "edge.RECOMMENDED, edge.SIMILAR_TO", style: { "line-style": "dashed" } },
    { selector: "edge.quiet", style: { opacity: 0 } },
    { selector: ".away", style: { opacity: 0.25 } },
    { selector: "edge.away", style: { opacity: 0.08 } },
    { selector: "edge.quiet.away", style: { opacity: 0 } },
    { selector: "edge.near", style: { "line-color": css("--strong"), opacity: 1 } },
    { selector: "node.near", style: { "border-color": css("--strong"), "border-width": 2 } },
    { selector: "node.chosen", style: { "border-color": css("--strong"), "border-width": 4 } },
  ]);
}

function shownNodes() {
  const off = new Set([...document.querySelectorAll("[data-kind]:not(:checked)")].map(box => box.dataset.kind));
  return found.nodes.filter(node => !off.has(node.kind));
}
function arrange() {
  const nodes = shownNodes(), { boxes, height } = laidOut(nodes);
  place.style.height = height + "px";
  cy.resize();
  cy.batch(() => cy.nodes().forEach(node => {
    const box = boxes.get(node.id());
    node.style("display", box ? "element" : "none");
    if (!box) return;
    node.data({ lines: box.lines, wide: box.wide, high: box.high });
    node.position({ x: box.x, y: box.y });
  }));
  styled();
  zoomed(0);
}
function zoomed(factor) {
  if (factor) cy.zoom({ level: cy.zoom() * factor, renderedPosition: { x: place.clientWidth / 2, y: place.clientHeight / 2 } });
  else cy.viewport({ zoom: 1, pan: { x: 0, y: 0 } });
  // As laid out nothing is outside, and a finger scrolls the page.
  cy.userPanningEnabled(Math.abs(cy.zoom() - 1) > 0.01);
}

let chosen = null;
function choose(id) {
  chosen = id === chosen ? null : id;
  cy.elements().removeClass("near away chosen");
  document.querySelectorAll("[data-node]").forEach(button => button.setAttribute("aria-pressed", String(button.dataset.node === chosen)));
  if (!chosen) { told.textContent = ""; return; }
  const node = cy.getElementById(chosen), near = node.closedNeighborhood();
  cy.elements().difference(near).addClass("away");
  near.addClass("near");
  node.addClass("chosen");
  const edges = found.edges.filter(edge => edge.source === chosen || edge.target === chosen);
  const joined = edges.map(edge => {
    const other = found.nodes.find(each => each.id === (edge.source === chosen ? edge.target : edge.source));
    return `${other.label} (${edge.kind.toLowerCase().replaceAll("_", " ")}: ${edge.text})`;
  });
  const strong = document.createElement("strong");
  strong.textContent = node.data("label");
  told.replaceChildren(strong, `: ${node.data("text")}. Joined to ${joined.slice(0, 8).join("; ")}${joined.length > 8 ? `; and ${joined.length - 8} more` : ""}.`);
}
function step(key) {
  const nodes = shownNodes();
  const at = nodes.findIndex(node => node.id === chosen);
  if (key === "ArrowDown" || key === "ArrowUp") {
    const next = at < 0 ? 0 : (at + (key === "ArrowDown" ? 1 : nodes.length - 1)) % nodes.length;
    chosen = null;
    choose(nodes[next].id);
    return;
  }
  const column = at < 0 ? 0 : COLUMNS[nodes[at].kind] + (key === "ArrowRight" ? 1 : -1);
  const joined = at < 0 ? [] : cy.getElementById(chosen).neighborhood("node").map(node => node.id());
  const others = nodes.filter(node => COLUMNS[node.kind] === column);
  const target = others.find(node => joined.includes(node.id)) || others[0];
  if (target) { chosen = null; choose(target.id); }
}

cy.on("tap", "node", event => choose(event.target.id()));
cy.on("tap", event => { if (event.target === cy && chosen) choose(chosen); });
place.addEventListener("keydown", event => {
  if (event.key.startsWith("Arrow")) step(event.key);
  else if (event.key === "Escape") { if (chosen) choose(chosen); }
  else if (event.key === "+" || event.key === "-") zoomed(event.key === "+" ? 1.25 : 0.8);
  else return;
  event.preventDefault();
});
document.querySelectorAll("[data-node]").forEach(button => {
  button.setAttribute("aria-pressed", "false");
  button.onclick = () => choose(button.dataset.node);
});
document.querySelectorAll("[data-kind]").forEach(box => { box.onchange = arrange; });
document.querySelectorAll("[data-zoom]").forEach(button => { button.onclick = () => zoomed(Number(button.dataset.zoom)); });
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", styled);
let width = 0;
new ResizeObserver(() => { if (place.clientWidth !== width) { width = place.clientWidth; arrange(); } }).observe(place);

// Paper gets a picture in light colours, since a canvas is not painted anew for it.
root.classList.add("paper");
width = place.clientWidth;
arrange();
document.getElementById("paper").src = cy.png({ full: true, scale: 2, bg: "#ffffff" });
root.classList.remove("paper");
styled();
root.dataset.ready = "yes";

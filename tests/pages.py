"""What tests of HTML pages share: a strict parser, and a browser that counts what a page asks for."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
)
VOID = {"meta", "br", "img", "input"}
CONTRAST = """() => {
  const channel = value => (value /= 255) <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const parse = text => [...text.match(/[\\d.]+/g).map(Number), 1].slice(0, 4);
  const over = (top, under) => [0, 1, 2].map(at => top[at] * top[3] + under[at] * (1 - top[3])).concat(1);
  const ground = node => {
    const own = parse(getComputedStyle(node).backgroundColor);
    return own[3] === 1 ? own : over(own, node.parentElement ? ground(node.parentElement) : [255, 255, 255, 1]);
  };
  const poor = [];
  for (const node of document.querySelectorAll("body *")) {
    const text = [...node.childNodes].filter(child => child.nodeType === 3).map(child => child.data.trim()).join("");
    if (!text || node.closest("svg, script, noscript") || !node.getClientRects().length) continue;
    const under = ground(node), ink = over(parse(getComputedStyle(node).color), under);
    const [high, low] = [light(ink), light(under)].sort((a, b) => b - a);
    if ((high + 0.05) / (low + 0.05) < 4.5) poor.push(`${node.className} ${text.slice(0, 30)}: ${ink} on ${under}`);
  }
  return poor;
}"""
"""Texts with less contrast than WCAG's 4.5 to 1."""
OVERLAPS = """selector => {
  const boxes = [...document.querySelectorAll(selector)].flatMap(node => {
    const range = document.createRange();
    range.selectNodeContents(node);
    const box = range.getBoundingClientRect(), seen = node.getBoundingClientRect();
    const { left, right, top, bottom } = box;
    return box.width ? [{ node, left, right: Math.min(right, seen.right), top, bottom }] : [];
  });
  const found = [];
  for (const [at, one] of boxes.entries())
    for (const other of boxes.slice(0, at))
      if (one.left < other.right - 1 && other.left < one.right - 1
          && one.top < other.bottom - 2 && other.top < one.bottom - 2)
        found.push(`${one.node.textContent} / ${other.node.textContent}`);
  return found;
}"""
"""Texts that lie on each other."""


class Balanced(HTMLParser):
    """Fails on a tag that is closed wrongly; collects texts and attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def parsed(page: str) -> Balanced:
    """A page whose tags are all closed."""
    found = Balanced()
    found.feed(page)
    assert found.open == []
    return found


def alone(page: str) -> bool:
    """Whether a page names nothing that a browser would fetch."""
    return not re.search(r"<(?:link|iframe|object|embed|base)\b|\bsrc=|@import|url\(|(?:fetch|import)\(", page)


@contextmanager
def browser() -> Iterator[Browser]:
    """Headless Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield chromium
        chromium.close()


@contextmanager
def opened(chromium: Browser, file: Path, width: int, scheme: str) -> Iterator[tuple[Page, list[str]]]:
    """A page at a width, light or dark, and a list of what it asks for beside itself and of its errors."""
    context = chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)  # type: ignore[arg-type]
    tab = context.new_page()
    asked: list[str] = []
    tab.on("request", lambda request: asked.append(request.url))
    tab.on("pageerror", lambda error: asked.append(str(error)))
    tab.goto(file.as_uri())
    asked.remove(file.as_uri())
    yield tab, asked
    context.close()

"""Categories, communities, trends and campaigns."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from html import escape

from interestgraph.errors import StateError
from interestgraph.neo4j.connection import Row
from interestgraph.page import charts, plots
from interestgraph.page.charts import Cell
from interestgraph.page.document import absent, figure, notes, panels, row, table
from interestgraph.page.plots import Mark
from interestgraph.pictures.source import Source, optional, week_names

TOPS, PARTS = 48, 30
"""Boxes of a tree map, and boxes inside each, at most; the others are one box."""
ROWS = 15
"""Rows of a table that are shown at once."""
WEEKS = 26
"""Length of the small lines."""
ITEMS = 8
"""Rising items, and falling ones."""
KEY = (
    '<ul class="key"><li><i class="spot up"></i>rising</li><li><i class="spot down"></i>falling</li>'
    '<li><i class="spot flat"></i>neither, beyond chance</li></ul>'
)


def categories(source: Source) -> str:
    """The tree map of the two upper levels; colours tell the trend."""
    tops = source.ask("category_overview", level=1).rows
    if not tops:
        raise StateError("The graph has no categories: a loader's `category` columns bring them.")
    below = source.ask("category_overview", level=2).rows
    measure = "spend" if any(part["spend"] for part in tops) else "events"
    trends = source.ask("category_trends", level=2, days=source.config.days)
    kinds = {part["category"]: _kind(part) for part in trends}
    inside: dict[str, list[Row]] = defaultdict(list)
    for part in below:
        inside[part["category"].rpartition(" > ")[0]].append(part)
    total = sum(part[measure] for part in tops) or 1.0
    cells = [_top(part, inside[part["category"]], measure, total, kinds) for part in tops if part[measure] > 0]
    drawn = charts.treemap(_few(cells, TOPS), f"{len(cells)} categories by {measure}, with those below them")
    body = [
        row(
            part["category"],
            [f"{part['items']:,}", f"{part['users']:,}", f"{part['events']:,}", f"{part['spend']:,.0f}",
             optional(part[f"{measure if measure == 'spend' else 'event'}Percent"], ".1f")],
        )
        for part in tops[:TOPS]
    ]  # fmt: skip
    listed = table(("category", "items", "users", "events", "spend", "share, %"), body, label="categories")
    return (
        f"<figure>{KEY}{drawn}<figcaption>area: {measure}; colour: last {source.config.days} days against those "
        f"before, on the lower level.</figcaption></figure><details><summary>the numbers</summary>{listed}</details>"
    )


def _kind(part: Row) -> str:
    if not part["significant"] or part["changePercent"] is None:
        return "flat"
    return "up" if part["changePercent"] > 0 else "down"


def _top(part: Row, below: Sequence[Row], measure: str, total: float, kinds: dict[str, str]) -> Cell:
    cells = [
        Cell(
            found["category"].rpartition(" > ")[2],
            found[measure],
            f"{100 * found[measure] / total:.1f} %",
            kinds.get(found["category"], "flat"),
            f"{found['category']}: {found[measure]:,.0f}",
        )
        for found in below
    ]
    return _cell(part["category"], part[measure], total, cells)


def _cell(name: str, size: float, total: float, cells: Sequence[Cell]) -> Cell:
    share = f"{100 * size / total:.1f} %"
    return Cell(name, size, share, told=f"{name}: {share}", cells=tuple(_few(cells, PARTS)))


def _few(cells: Sequence[Cell], most: int) -> list[Cell]:
    """The largest cells; what is left becomes one."""
    ordered = sorted(cells, key=lambda cell: -cell.size)
    rest = ordered[most:]
    if not rest:
        return ordered
    return [*ordered[:most], Cell(f"{len(rest)} others", sum(cell.size for cell in rest), "", "rest", "others")]


def communities(source: Source) -> str:
    """The map of communities with their labels, and what their users do."""
    found = source.database.read("pictures/community_tree")
    if not found:
        raise StateError("The graph has no communities: `interestgraph enrich` finds them.")
    trends = {part["communityId"]: part for part in source.ask("community_trends")}
    total = sum(part["size"] for part in found if part["level"] == 1) or 1
    inside: dict[str, list[Cell]] = defaultdict(list)
    for part in found:
        if part["level"] != 1:
            told = f"{part['communityId']} {part['label']}: {part['users']:,} users, {part['items']:,} items"
            name = part["label"] or part["communityId"]
            inside[part["above"]].append(Cell(name, part["size"], f"{part['users']:,} users", told=told))
    cells = []
    for part in (part for part in found if part["level"] == 1):
        text = f"{part['users']:,} users, {part['items']:,} items"
        name = f"{part['communityId']}: {part['label']}"
        cells.append(
            Cell(name, part["size"], text, _moved(trends.get(part["communityId"])), f"{name}: {text}",
                 tuple(_few(inside[part["communityId"]], PARTS)))
        )  # fmt: skip
    label = f"{len(cells)} communities with those inside them; area: {total:,} users and items"
    body = [
        row(
            part["communityId"],
            [f"{part['users']:,}", optional(part["userPercent"], ".1f"), f"{part['items']:,}", f"{part['events']:,}",
             optional(part["spendPerUser"], ",.2f"), optional(part["visitsPerUser"], ".1f"), part["label"] or ""],
            text_from=6,
        )
        for part in source.ask("communities")
    ]  # fmt: skip
    head = ("community", "users", "users, %", "items", "events", "spend a user", "visits a user", "label")
    listed = table(head, body[:ROWS], 7, "communities")
    if body[ROWS:]:
        others = table(head, body[ROWS:], 7, "more communities")
        listed += f"<details><summary>{len(body) - ROWS} more</summary>{others}</details>"
    return (
        f"<figure>{KEY}{charts.treemap(_few(cells, TOPS), label)}<figcaption>area: users and items; colour of the "
        "frame: spend of the users, last 56 days against those before, where its 95 % interval leaves 0 out."
        f"</figcaption></figure>{listed}"
    )


def _moved(part: Row | None) -> str:
    if part is None or part["low"] is None or part["high"] is None:
        return "flat"
    return "up" if part["low"] > 0 else "down" if part["high"] < 0 else "flat"


def trends(source: Source) -> str:
    """Items that rise and fall with their weeks, and categories with intervals."""
    days = source.config.days
    answers = [source.ask(f"{way}_items", days=days, limit=ITEMS) for way in ("rising", "falling")]
    ids = [part["itemId"] for answer in answers for part in answer]
    weeks = {
        part["itemId"]: part for part in source.read("pictures/item_weeks", itemIds=ids, behaviour=source.behaviour)
    }
    last = max((part["weeks"][-1] for part in weeks.values()), default=0)
    made = []
    for answer, kind, title in zip(answers, ("up", "down"), ("Rising items", "Falling items"), strict=True):
        rows = [_item(part, weeks[part["itemId"]], last, kind) for part in answer]
        if rows:
            head = ("item", f"last {WEEKS} weeks", "before", "recent", "times", "95 %")
            made.append(f"<div><h3>{title}</h3>{table(head, rows, label=title)}</div>")
        else:
            made.append(f"<div><h3>{title}</h3>{absent('None beyond chance.')}</div>")
    told = [
        f"Last {days} days against the {days} before; the last week of the lines begins {week_names(last, last)[0]}."
    ]
    return panels(made) + _category_trends(source) + notes([*(told if ids else []), *answers[0].notes])


def _item(part: Row, weeks: Row, last: int, kind: str) -> str:
    count = dict(zip(weeks["weeks"], weeks["counts"], strict=True))
    values = [float(count.get(week, 0)) for week in range(last - WEEKS + 1, last + 1)]
    name = part["title"] or part["itemId"]
    line = charts.spark(values, f"events a week of {name}: from {values[0]:.0f} to {values[-1]:.0f}", kind)
    cells = "".join(
        f"<td>{text}</td>"
        for text in (f"{part['before']:,}", f"{part['recent']:,}", optional(part["ratio"], ".2f"),
                     f"{optional(part['low'], '.2f')} to {optional(part['high'], '.2f')}")
    )  # fmt: skip
    return (
        f'<tr><th scope="row" class="long">{escape(name)}<br><span class="soft">{escape(part["itemId"])}</span></th>'
        f"<td>{line}</td>{cells}</tr>"
    )


def _category_trends(source: Source) -> str:
    found = [part for part in source.ask("category_trends", days=source.config.days) if part["significant"]]
    found = [part for part in found if part["changePercent"] is not None]
    ordered = sorted(found, key=lambda part: part["changePercent"])
    shown = [*ordered[-ITEMS:][::-1], *ordered[: max(len(ordered) - ITEMS, 0)][:ITEMS][::-1]]
    if not shown:
        return figure("Categories", absent("No category changed beyond chance."))
    marks = [
        Mark(
            part["category"].rpartition(" > ")[2],
            part["changePercent"],
            part["low"],
            part["high"],
            "platform" if part["changePercent"] > 0 else "reference",
            f"{part['changePercent']:+.0f} %",
        )
        for part in shown
    ]
    plot = plots.forest(marks, f"change of {len(marks)} categories in percent")
    return figure("Categories", plot, "change in percent against that of all categories together; bars: 95 %")


def campaigns(source: Source) -> str:
    """Redemption and uplift of each campaign with intervals."""
    found = source.ask("campaign_redemption")
    if not found:
        raise StateError("The graph has no campaigns: a loader's `campaigns` tables bring them.")
    sent = [part for part in found if part["percent"] is not None]
    marks = [
        Mark(f"{part['campaignId']} ({part['kind']})" if part["kind"] else part["campaignId"], part["percent"],
             part["low"], part["high"], "platform", f"{part['percent']:.1f} %")
        for part in sent
    ]  # fmt: skip
    plot = plots.forest(marks, f"share of the receivers of {len(marks)} campaigns that redeemed, in percent")
    body = [
        row(
            part["campaignId"],
            [f"{part['received']:,}", f"{part['redeemers']:,}", optional(part["percent"], ".1f"),
             f"{optional(part['low'], '.1f')} to {optional(part['high'], '.1f')}", optional(part["coupons"]),
             optional(part["medianDays"]), part["kind"] or "–"],
            text_from=6,
        )
        for part in found
    ]  # fmt: skip
    head = ("campaign", "received", "redeemed", "%", "95 %", "coupons", "days to redeem", "kind")
    first = figure("Receivers who redeemed, percent", plot, "bars: 95 % (Wilson)")
    return first + table(head, body, 7, "redemption") + notes(found.notes) + _uplift(source)


def _uplift(source: Source) -> str:
    found = source.ask("campaign_uplift")
    if not found:
        return figure("Spend a week gained", absent("No campaign has enough receivers and time before it."))
    receivers = [part for part in found if part["group"] == "receivers"]
    marks = [
        Mark(part["campaignId"], part["uplift"], part["low"], part["high"],
             "reference" if part["significant"] else "baseline", f"{part['uplift']:+.2f}")
        for part in receivers
    ]  # fmt: skip
    plot = plots.forest(marks, f"spend a week that {len(marks)} campaigns added per receiver")
    body = [
        row(
            f"{part['campaignId']}, {part['group']}",
            [f"{part['users']:,}", f"{part['controls']:,}", f"{part['before']:,.2f}", f"{part['during']:,.2f}",
             f"{part['uplift']:+,.2f}", f"{part['low']:+,.2f} to {part['high']:+,.2f}",
             optional(part["upliftPercent"], "+.1f")],
            "reference" if part["significant"] else "",
        )
        for part in found
    ]  # fmt: skip
    head = ("campaign", "users", "controls", "before", "during", "uplift", "95 %", "uplift, %")
    listed = (
        f"<details><summary>redeemers too, with their controls</summary>{table(head, body, label='uplift')}</details>"
    )
    told = "receivers against matched users who did not receive it; bold: the interval leaves 0 out"
    return figure("Spend a week gained per receiver", plot, told) + listed + notes(found.notes)

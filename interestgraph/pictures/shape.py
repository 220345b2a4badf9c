"""How the graph grew, how it is distributed, and how it forgets."""

from __future__ import annotations

from collections import defaultdict
from itertools import accumulate

from interestgraph.errors import StateError
from interestgraph.page import charts
from interestgraph.page.charts import Trace
from interestgraph.page.document import figure, panels, row, table
from interestgraph.pictures.source import Source, week_names

STEPS = 48
"""Points of a decay curve."""


def growth(source: Source) -> str:
    """Events, active users, and users and items that are new, week by week."""
    found = source.database.read("pictures/activity")
    if not found:
        raise StateError("The graph holds no events yet: `interestgraph load` brings them.")
    first, last = min(part["week"] for part in found), max(part["week"] for part in found)
    names = week_names(first, last)
    events: dict[str, list[float]] = defaultdict(lambda: [0.0] * len(names))
    users: dict[str, list[float]] = defaultdict(lambda: [0.0] * len(names))
    for part in found:
        events[part["behaviour"]][part["week"] - first] = part["events"]
        users[part["behaviour"]][part["week"] - first] = part["users"]
    made = [
        _weekly("Events a week", events, names, "the first and the last week may not be whole"),
        _weekly("Active users a week", users, names, "users with at least one event of the behaviour"),
    ]
    new: dict[str, list[float]] = {"users": [0.0] * len(names), "items": [0.0] * len(names)}
    for part in source.database.read("pictures/newcomers"):
        if first <= part["week"] <= last:
            new[part["kind"]][part["week"] - first] = part["nodes"]
    for colour, (kind, counts) in enumerate(new.items(), start=3):
        totals = list(accumulate(counts))
        plot = charts.columns(names, totals, f"{kind} with an event until each week", "weeks", colour)
        made.append(figure(f"{kind.capitalize()} so far", plot, f"{totals[-1]:,.0f} {kind} with an event"))
    return panels(made)


def _weekly(title: str, series: dict[str, list[float]], names: list[str], caption: str) -> str:
    if len(series) == 1:
        ((behaviour, values),) = series.items()
        plot = charts.columns(names, values, f"{title}, {behaviour}: {len(names)} weeks", "weeks")
    else:
        lines = [Trace(behaviour, tuple(values)) for behaviour, values in series.items()]
        plot = charts.traces(lines, names, f"{title} of {len(lines)} behaviours: {len(names)} weeks", "weeks")
    return figure(title, plot, caption)


def distributions(source: Source) -> str:
    """Relationships per user and per item, and weights as of the latest event, by powers of two."""
    behaviour = source.behaviour
    degrees: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for part in source.read("pictures/degrees"):
        degrees[part["kind"]].append((part["exponent"], part["nodes"]))
    made = []
    for kind, other in (("users", "items"), ("items", "users")):
        names, values = _powers(degrees[kind])
        title = f"{kind.capitalize()} by number of {other}"
        made.append(figure(title, charts.columns(names, values, title, f"{other} of one of the {kind}"), behaviour))
    weights = source.read("pictures/weights", asOf=source.moment, halfLife=source.context.half_lives[behaviour])
    counted = [(part["exponent"], part["relationships"]) for part in weights if part["exponent"] is not None]
    # Everything below a hundredth is forgotten; one column for it.
    faint = sum(count for exponent, count in counted if exponent < -7)
    names, values = _powers([(exponent, count) for exponent, count in counted if exponent >= -7])
    names, values = (["less"] if faint else []) + names, ([float(faint)] if faint else []) + values
    plot = charts.columns(names, values, "relationships by weight", "weight, from", 2)
    without = sum(part["relationships"] for part in weights if part["exponent"] is None)
    told = f"{behaviour} as of the latest event; {without:,} have no positive weight"
    made.append(figure("Relationships by weight", plot, told))
    return panels(made)


def _powers(found: list[tuple[int, int]]) -> tuple[list[str], list[float]]:
    """Names and heights of columns without gaps; exponent -1 of a degree is none at all."""
    if not found:
        return ["0"], [0.0]
    count = dict(found)
    span = range(min(count), max(count) + 1)
    whole = min(count) >= -1 and max(count) > 0
    return [_power(exponent, whole) for exponent in span], [float(count.get(exponent, 0)) for exponent in span]


def _power(exponent: int, whole: bool) -> str:
    if whole and exponent < 0:
        return "0"
    return f"{2**exponent:,}" if exponent >= 0 else f"1/{2**-exponent}"


def decay(source: Source) -> str:
    """What an event still counts after some time, by behaviour."""
    found = source.database.read("ingest/list_behaviours")
    if not found:
        raise StateError("The graph knows no behaviour yet: `interestgraph load` brings events.")
    longest = 3 * max(part["halfLife"] for part in found)
    days = [longest * step / STEPS for step in range(STEPS + 1)]
    lines = [
        Trace(part["name"], tuple(part["strength"] * 2 ** (-day / part["halfLife"]) for day in days)) for part in found
    ]
    plot = charts.traces(lines, [f"{day:.0f}" for day in days], "weight of an event by its age", "days since the event")
    rows = [
        row(part["name"], [f"{part['strength']:g}", f"{part['halfLife']:g}", "yes" if part["primary"] else "no"])
        for part in found
    ]
    listed = table(("behaviour", "strength", "half-life, days", "primary"), rows, label="behaviours")
    return panels([figure("What an event counts", plot, "strength x 2^(-age / half-life)"), f"<div>{listed}</div>"])

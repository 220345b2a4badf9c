"""More plots as HTML that fits any width: columns, traces, tree maps, point maps, small lines. No scripts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from importlib.resources import files

from interestgraph.page.pack import Box, spread, squarify
from interestgraph.page.plots import Axis, css, short, upright

COLOURS = 8
"""Colours of the style sheet, ``k1`` to ``k8``; more groups have none of their own."""
FEW = 600
"""With fewer points, they are drawn larger."""
WHOLE = Box(0, 0, 100, 100)
TINY = (7.0, 6.0)
"""Percent of the width and height of a tree map that a text needs on paper."""
LOWEST = 35.0
"""Height of a map of points at least, in percent of its width."""
LABELS = 5
"""Labels below an axis at most, so that they do not touch on a telephone."""


def compact(value: float) -> str:
    """A number on an axis: 12k, 3.4M."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{short(round(value / size, 2))}{letter}"
    return short(value)


def key(names: Sequence[str], marks: str = "line") -> str:
    """The legend of groups in the order of their colours; `marks` is ``line`` or ``spot``."""
    made = "".join(
        f'<li><i class="{marks} k{number}"></i>{escape(name)}</li>' for number, name in enumerate(names, start=1)
    )
    return f'<ul class="key">{made}</ul>'


def _frame(label: str, axis: Axis, inside: str, below: str, unit: str) -> str:
    ticks, grid = upright(axis, compact)
    return (
        f'<div class="chart low" role="img" aria-label="{escape(label)}"><div class="y">{ticks}</div>'
        f'<div class="area">{grid}{inside}</div><div class="x">{below}</div>'
        f'<div class="unit">{escape(unit)}</div></div>'
    )


def _labels(names: Sequence[str], places: Sequence[float]) -> str:
    step = -(-len(names) // LABELS) or 1
    return "".join(
        f'<span style="{css(place)}">{escape(name)}</span>'
        for number, (name, place) in enumerate(zip(names, places, strict=True))
        if number % step == 0
    )


def columns(names: Sequence[str], values: Sequence[float], label: str, unit: str, colour: int = 1) -> str:
    """A column for each name."""
    axis = Axis.of(values, count=4)
    width = 100 / max(len(values), 1)
    made = "".join(
        f'<b class="k{colour}" style="{css(number * width)};width:{width:.3f}%;height:{axis.place(value):.2f}%" '
        f'title="{escape(name)}: {value:,.6g}"></b>'
        for number, (name, value) in enumerate(zip(names, values, strict=True))
    )
    places = [(number + 0.5) * width for number in range(len(values))]
    return _frame(label, axis, made, _labels(names, places), unit)


@dataclass(frozen=True)
class Trace:
    """A line: a value for each step."""

    name: str
    values: tuple[float, ...]


def traces(lines: Sequence[Trace], steps: Sequence[str], label: str, unit: str) -> str:
    """Lines over evenly spaced steps, told apart by colour and dashes; the legend is above."""
    axis = Axis.of([value for line in lines for value in line.values], count=4)
    width = 100 / max(len(steps) - 1, 1)
    drawn = "".join(
        f'<polyline class="k{number}" points="{_points(line.values, axis, width)}">'
        f"<title>{escape(line.name)}</title></polyline>"
        for number, line in enumerate(lines, start=1)
    )
    svg = f'<svg viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true">{drawn}</svg>'
    places = [number * width for number in range(len(steps))]
    return key([line.name for line in lines]) + _frame(label, axis, svg, _labels(steps, places), unit)


def _points(values: Sequence[float], axis: Axis, width: float) -> str:
    return " ".join(f"{number * width:.2f},{100 - axis.place(value):.2f}" for number, value in enumerate(values))


def spark(values: Sequence[float], label: str, kind: str) -> str:
    """A small line without axes, from 0 to its largest value; `kind` is ``up``, ``down`` or ``flat``."""
    axis = Axis(0.0, max(max(values, default=0.0), 1e-9), ())
    points = _points(values, axis, 100 / max(len(values) - 1, 1))
    return (
        f'<svg class="spark {kind}" viewBox="0 0 100 100" preserveAspectRatio="none" role="img" '
        f'aria-label="{escape(label)}"><title>{escape(label)}</title><polyline points="{points}"></polyline></svg>'
    )


@dataclass(frozen=True)
class Cell:
    """A box of a tree map."""

    name: str
    size: float
    text: str
    """Written below the name."""
    kind: str = "flat"
    """``up``, ``down``, ``flat``, or ``rest`` for what is left over: its colour."""
    told: str = ""
    """Shown on hovering."""
    cells: tuple[Cell, ...] = ()
    """Boxes inside."""


def treemap(cells: Sequence[Cell], label: str, ratio: float = 1.7) -> str:
    """Boxes as large as their sizes, one level inside them; what does not fit is not written."""
    made = []
    shown = _ordered(cells)
    for cell, box in zip(shown, squarify([cell.size for cell in shown], ratio), strict=True):
        inside = _ordered(cell.cells)
        shape = ratio * box.width / max(box.height, 1e-9)
        parts = "".join(
            f'<div class="cell {part.kind}{_tiny(place, box)}" {_style(place)} '
            f'title="{escape(part.told or part.text)}">'
            f"<span>{escape(part.name)}</span><small>{escape(part.text)}</small></div>"
            for part, place in zip(inside, squarify([part.size for part in inside], shape), strict=True)
        )
        leaf, inner = ("", f'<div class="inner">{parts}</div>') if parts else (" leaf", "")
        made.append(
            f'<div class="top {cell.kind}{leaf}{_tiny(box)}" {_style(box)} title="{escape(cell.told or cell.text)}">'
            f'<div class="strip"><span>{escape(cell.name)}</span> <small>{escape(cell.text)}</small></div>{inner}</div>'
        )
    return f'<div class="tree" role="img" aria-label="{escape(label)}">{"".join(made)}</div>'


def _tiny(box: Box, around: Box = WHOLE) -> str:
    """A class for boxes that are too small for text on paper, where their size is known."""
    small = box.width * around.width < 100 * TINY[0] or box.height * around.height < 100 * TINY[1]
    return " tiny" if small else ""


def _ordered(cells: Sequence[Cell]) -> list[Cell]:
    """The largest first; what is left over last."""
    return sorted((cell for cell in cells if cell.size > 0), key=lambda cell: (cell.kind == "rest", -cell.size))


def _style(box: Box) -> str:
    left, top, width, height = box
    return f'style="left:{left:.3f}%;top:{top:.3f}%;width:{width:.3f}%;height:{height:.3f}%"'


@dataclass(frozen=True)
class Group:
    """Points of a colour: from the left and from above, both in percent of the width."""

    name: str
    points: Sequence[tuple[float, float]]
    centre: tuple[float, float] | None = None
    """Where its number stands."""


def points(groups: Sequence[Group], label: str) -> str:
    """A map of points, as high as they need; groups have numbers on the map and names in the legend.

    The first of `groups` lies below the others.
    """
    places = [place for group in groups for place in group.points]
    top = min((down for _, down in places), default=0.0)
    tall = max(max((down for _, down in places), default=100.0) - top, LOWEST)
    few = " few" if len(places) < FEW else ""
    drawn = []
    for number, group in enumerate(groups):
        path = "".join(f"M{across * 10:.0f} {(down - top) * 10:.0f}h0" for across, down in group.points)
        drawn.append(f'<path class="k{number}" d="{path}"><title>{escape(group.name)}</title></path>')
    named = [(number, group, group.centre) for number, group in enumerate(groups) if group.centre is not None]
    apart = spread([(across, down - top) for _, _, (across, down) in named], 7.0)
    badges = "".join(
        f'<b class="k{number}" style="{css(across)};{css(100 * down / tall, "top")}">{number}</b>'
        for (number, _, _), (across, down) in zip(named, apart, strict=True)
    )
    legend = "".join(
        f'<li><i class="badge k{number}">{number}</i>{escape(group.name)}</li>' for number, group, _ in named
    )
    return (
        f'<div class="points{few}" role="img" aria-label="{escape(label)}" '
        f'style="aspect-ratio:{100 / tall:.3f}"><svg viewBox="-8 -8 1016 {10 * tall + 16:.0f}" aria-hidden="true">'
        f'{"".join(drawn)}</svg>{badges}</div><ul class="key numbers">{legend}</ul>'
    )


def bars(rows: Sequence[tuple[str, float, str]], label: str, most: float | None = None) -> str:
    """A bar for each name and value, with a text at its end; `most` is the value of the full length."""
    full = most or max((value for _, value, _ in rows), default=0.0) or 1.0
    made = "".join(
        f'<div class="row" title="{escape(name)}: {escape(text)}"><span class="name">{escape(name)}</span>'
        f'<span class="track"><b class="bar" style="width:{_length(value, full):.2f}%"></b></span>'
        f'<span class="value">{escape(text)}</span></div>'
        for name, value, text in rows
    )
    return f'<div class="forest bars" role="img" aria-label="{escape(label)}">{made}</div>'


def _length(value: float, full: float) -> float:
    """Percent of the full length; what is not 0 is seen."""
    return min(max(100 * value / full, 0.5), 100.0) if value > 0 else 0.0


def style() -> str:
    """The style sheet of these plots, for pages that have them."""
    return files("interestgraph.page").joinpath("charts.css").read_text(encoding="utf-8")

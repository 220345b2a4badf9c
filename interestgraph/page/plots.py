"""Plots as HTML that fits any width: positions are shares of the plot, text is text, and there are no scripts."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

STEPS = (1, 2, 2.5, 5, 10)


@dataclass(frozen=True)
class Mark:
    """One value, with its interval if there is one."""

    name: str
    mean: float
    low: float | None = None
    high: float | None = None
    kind: str = "baseline"
    """``baseline``, ``platform`` or ``reference``: shape and colour."""
    text: str = ""
    """What is written at the end of the row; empty: the mean."""


@dataclass(frozen=True)
class Axis:
    """A scale from low to high with its ticks."""

    low: float
    high: float
    ticks: tuple[float, ...]

    @classmethod
    def of(cls, values: Sequence[float], *, zero: bool = True, count: int = 5) -> Axis:
        """Round limits around values, 0 included if asked for; about `count` ticks."""
        low, high = min(values, default=0.0), max(values, default=1.0)
        if zero:
            low, high = min(low, 0.0), max(high, 0.0)
        if high <= low:
            high = low + 1.0
        span = high - low
        power = 10.0 ** math.floor(math.log10(span / count))
        step = next(size * power for size in STEPS if span / (size * power) <= count)
        first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
        return cls(first * step, last * step, tuple(round(at * step, 10) for at in range(first, last + 1)))

    def place(self, value: float) -> float:
        """Percent of the way from low to high, kept within."""
        return 100 * min(max((value - self.low) / (self.high - self.low), 0.0), 1.0)


def short(value: float) -> str:
    """A number on an axis."""
    return f"{value:.10f}".rstrip("0").rstrip(".") if value else "0"


def css(percent: float, side: str = "left") -> str:
    """CSS for a place in percent."""
    return f"{side}:{percent:.2f}%"


def _ticks(axis: Axis) -> str:
    return "".join(f'<span style="{css(axis.place(tick))}">{short(tick)}</span>' for tick in axis.ticks)


def _grid(axis: Axis) -> str:
    return "".join(
        f'<i class="{"zero" if tick == 0 and axis.low < 0 else "grid"}" style="{css(axis.place(tick))}"></i>'
        for tick in axis.ticks
    )


def _below(axis: Axis) -> str:
    """The row with the axis, under rows of marks."""
    return (
        f'<div class="row axis"><span class="name"></span><span class="track">{_ticks(axis)}</span><span></span></div>'
    )


def upright(axis: Axis, form: Callable[[float], str] = short) -> tuple[str, str]:
    """Ticks beside a plot, and the lines of its grid at their heights."""
    heights = [(tick, css(axis.place(tick), "bottom")) for tick in axis.ticks]
    ticks = "".join(f'<span style="{height}">{form(tick)}</span>' for tick, height in heights)
    return ticks, "".join(f'<i style="{height}"></i>' for _, height in heights)


def _whisker(mark: Mark, axis: Axis) -> str:
    if mark.low is None or mark.high is None:
        return ""
    left, right = axis.place(mark.low), axis.place(mark.high)
    return f'<i class="whisker" style="{css(left)};width:{max(right - left, 0.2):.2f}%"></i>'


def forest(marks: Sequence[Mark], label: str, axis: Axis | None = None) -> str:
    """A row for each mark: name, dot with whisker, value."""
    values = [value for mark in marks for value in (mark.mean, mark.low, mark.high) if value is not None]
    axis = axis or Axis.of(values)
    rows = []
    for mark in marks:
        interval = "" if mark.low is None or mark.high is None else f" [{mark.low:.3f}, {mark.high:.3f}]"
        rows.append(
            f'<div class="row {mark.kind}" title="{escape(mark.name)}: {mark.mean:.4f}{interval}">'
            f'<span class="name">{escape(mark.name)}</span>'
            f'<span class="track">{_grid(axis)}{_whisker(mark, axis)}'
            f'<i class="dot" style="{css(axis.place(mark.mean))}"></i></span>'
            f'<span class="value">{escape(mark.text or f"{mark.mean:.3f}")}</span></div>'
        )
    return f'<div class="forest" role="img" aria-label="{escape(label)}">{"".join(rows)}{_below(axis)}</div>'


def grouped(rows: Sequence[tuple[str, str, Sequence[float]]], legend: Sequence[str], label: str) -> str:
    """A row for each name, kind and values, with a dot for each value; the values' names are in the legend."""
    axis = Axis.of([value for _, _, values in rows for value in values])
    made = []
    for name, kind, values in rows:
        dots = "".join(
            f'<i class="dot g{number}" style="{css(axis.place(value))}"></i>' for number, value in enumerate(values)
        )
        left, right = axis.place(min(values, default=0)), axis.place(max(values, default=0))
        bar = f'<i class="span" style="{css(left)};width:{right - left:.2f}%"></i>'
        shown = " / ".join(f"{value:.3f}" for value in values)
        made.append(
            f'<div class="row {kind}" title="{escape(name)}: {shown}"><span class="name">{escape(name)}</span>'
            f'<span class="track">{_grid(axis)}{bar}{dots}</span><span class="value">{shown}</span></div>'
        )
    key = "".join(f'<li><i class="dot g{number}"></i>{escape(name)}</li>' for number, name in enumerate(legend))
    return (
        f'<ul class="key">{key}</ul>'
        f'<div class="forest groups" role="img" aria-label="{escape(label)}">{"".join(made)}{_below(axis)}</div>'
    )


@dataclass(frozen=True)
class Series:
    """A line through values."""

    name: str
    values: tuple[float, ...]
    kind: str = "baseline"


def lines(series: Sequence[Series], steps: Sequence[int], label: str, unit: str) -> str:
    """Lines over steps, evenly spaced; those that are no plain baseline are labelled at their ends."""
    axis = Axis.of([value for line in series for value in line.values])
    width = 100 / max(len(steps) - 1, 1)
    drawn, labels = [], []
    for line in series:
        points = " ".join(f"{at * width:.2f},{100 - axis.place(value):.2f}" for at, value in enumerate(line.values))
        drawn.append(f'<polyline class="{line.kind}" points="{points}"><title>{escape(line.name)}</title></polyline>')
    for line, place in _apart([line for line in series if line.kind != "baseline"], axis):
        labels.append(f'<span class="{line.kind}" style="{css(place, "bottom")}">{escape(line.name)}</span>')
    ticks, grid = upright(axis)
    below = "".join(f'<span style="{css(at * width)}">{step}</span>' for at, step in enumerate(steps))
    return (
        f'<div class="chart" role="img" aria-label="{escape(label)}"><div class="y">{ticks}</div>'
        f'<div class="area">{grid}<svg viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true">'
        f'{"".join(drawn)}</svg></div><div class="ends">{"".join(labels)}</div>'
        f'<div class="x">{below}</div><div class="unit">{escape(unit)}</div></div>'
    )


def _apart(series: Sequence[Series], axis: Axis, least: float = 8.0) -> list[tuple[Series, float]]:
    """Heights of the labels at the lines' ends, in percent, moved so that they do not cover each other."""
    placed: list[tuple[Series, float]] = []
    for line in sorted(series, key=lambda line: line.values[-1]):
        height = axis.place(line.values[-1])
        placed.append((line, max(height, placed[-1][1] + least) if placed else height))
    over = max((height for _, height in placed), default=0.0) - 100
    return [(line, height - max(over, 0.0)) for line, height in placed]


def scatter(points: Sequence[tuple[str, float, float, str]], label: str, across: str, up: str) -> str:
    """A dot with its name for each name, x, y and kind."""
    x_axis = Axis.of([x for _, x, _, _ in points])
    y_axis = Axis.of([y for _, _, y, _ in points])
    dots = []
    placed: list[tuple[float, float]] = []
    # The platform's models keep their names; a baseline that lies on another's name is named on hovering only.
    for name, x, y, kind in sorted(points, key=lambda point: point[3] == "baseline"):
        left, bottom = x_axis.place(x), y_axis.place(y)
        crowded = any(abs(left - other) < 16 and abs(bottom - height) < 6 for other, height in placed)
        placed.append((left, bottom))
        side = ("before" if left > 70 else "") + (" crowded" if crowded and kind == "baseline" else "")
        dots.append(
            f'<span class="point {kind} {side}" style="{css(left)};{css(bottom, "bottom")}" '
            f'title="{escape(name)}: {x:.4f}, {y:.4f}"><i class="dot"></i><b>{escape(name)}</b></span>'
        )
    ticks, grid = upright(y_axis)
    return (
        f'<div class="chart" role="img" aria-label="{escape(label)}"><div class="up">{escape(up)}</div>'
        f'<div class="y">{ticks}</div><div class="area">{grid}{"".join(dots)}</div><div class="ends"></div>'
        f'<div class="x">{_ticks(x_axis)}</div><div class="unit">{escape(across)}</div></div>'
    )

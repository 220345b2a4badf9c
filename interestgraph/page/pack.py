"""Dividing an area among sizes, and keeping marks apart; pure, in percent."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple


class Box(NamedTuple):
    """A part of the area: percent of its width and height."""

    left: float
    top: float
    width: float
    height: float


def squarify(sizes: Sequence[float], ratio: float = 1.0) -> list[Box]:
    """Divide an area into boxes that are as near to squares as it goes.

    Squarified treemaps: Bruls, Huizing and van Wijk, VisSym 2000.

    Args:
        sizes: shares of the area, each above 0; the squarest boxes come of falling ones.
        ratio: width over height of the area as it will be seen.
    """
    total = sum(sizes)
    left, top, width, height = 0.0, 0.0, ratio, 1.0
    areas = [ratio * size / total for size in sizes]
    boxes: list[Box] = []
    at = 0
    while at < len(areas):
        short = min(width, height)
        count = 1
        while at + count < len(areas) and _worst(areas[at : at + count + 1], short) <= _worst(
            areas[at : at + count], short
        ):
            count += 1
        row = areas[at : at + count]
        thick = sum(row) / short
        place = 0.0
        for area in row:
            long = area / thick
            if width >= height:
                boxes.append(_percent(left, top + place, thick, long, ratio))
            else:
                boxes.append(_percent(left + place, top, long, thick, ratio))
            place += long
        if width >= height:
            left, width = left + thick, max(width - thick, 1e-12)
        else:
            top, height = top + thick, max(height - thick, 1e-12)
        at += count
    return boxes


def _worst(row: Sequence[float], short: float) -> float:
    """Longest side over shortest of the boxes of a row that lies along the short side."""
    total = sum(row)
    return max(short * short * max(row) / (total * total), total * total / (short * short * min(row)))


def _percent(left: float, top: float, width: float, height: float, ratio: float) -> Box:
    # What rounding puts beyond the edge, as beside a box a million times as large, is cut off.
    across, down = min(100 * left / ratio, 100.0), min(100 * top, 100.0)
    return Box(across, down, min(100 * width / ratio, 100 - across), min(100 * height, 100 - down))


def spread(places: Sequence[tuple[float, float]], apart: float, rounds: int = 200) -> list[tuple[float, float]]:
    """Push points away from each other until they are `apart` percent from one another, within the area."""
    moved = [list(place) for place in places]
    for _ in range(rounds):
        quiet = True
        for one in range(len(moved)):
            for other in range(one):
                across, up = moved[one][0] - moved[other][0], moved[one][1] - moved[other][1]
                far = math.hypot(across, up)
                if far >= apart:
                    continue
                quiet = False
                if far == 0:
                    angle = 2.399963 * one  # the golden angle: points on one place leave in all directions
                    across, up, far = math.cos(angle), math.sin(angle), 1.0
                push = (apart - min(far, apart)) / 2 + 0.05
                for point, sign in ((moved[one], 1), (moved[other], -1)):
                    point[0] = min(max(point[0] + sign * push * across / far, 2.0), 98.0)
                    point[1] = min(max(point[1] + sign * push * up / far, 2.0), 98.0)
        if quiet:
            break
    return [(across, up) for across, up in moved]

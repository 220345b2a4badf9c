"""Dividing an area, and keeping marks apart."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interestgraph.page.charts import compact
from interestgraph.page.pack import spread, squarify


@settings(deadline=None)
@given(st.lists(st.floats(0.001, 1e6), min_size=1, max_size=40), st.floats(0.3, 3.0))
def test_boxes_share_the_area_by_their_sizes_and_leave_none(sizes: list[float], ratio: float) -> None:
    ordered = sorted(sizes, reverse=True)
    boxes = squarify(ordered, ratio)
    assert [box.width * box.height / 1e4 for box in boxes] == pytest.approx(
        [size / sum(ordered) for size in ordered], rel=1e-6, abs=1e-6
    )
    for at, box in enumerate(boxes):
        assert -1e-6 <= box.left <= box.left + box.width <= 100 + 1e-6
        assert -1e-6 <= box.top <= box.top + box.height <= 100 + 1e-6
        for other in boxes[:at]:
            across = min(box.left + box.width, other.left + other.width) - max(box.left, other.left)
            down = min(box.top + box.height, other.top + other.height) - max(box.top, other.top)
            assert min(across, down) <= 1e-6


def test_boxes_of_like_sizes_are_nearly_squares() -> None:
    for box in squarify([6, 6, 4, 3, 2, 2, 1], 1.5):  # the example of the paper
        assert max(1.5 * box.width / box.height, box.height / (1.5 * box.width)) < 2.8


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(2, 98), st.floats(2, 98)), max_size=8))
def test_marks_are_kept_apart(places: list[tuple[float, float]]) -> None:
    moved = spread(places, 7.0)
    assert len(moved) == len(places)
    for at, one in enumerate(moved):
        assert 0 <= min(one) <= max(one) <= 100
        for other in moved[:at]:
            assert math.dist(one, other) > 6.5


def test_numbers_on_axes_are_short() -> None:
    assert [compact(value) for value in (0, 0.25, 950, 1_500, 2_000_000)] == ["0", "0.25", "950", "1.5k", "2M"]

"""Decay arithmetic and result tables."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interestgraph.model import SECONDS_PER_DAY, DecayedWeight, Table, decay, utc

DAY = 86_400.0


def test_a_weight_halves_with_every_half_life() -> None:
    assert decay(0, 30) == 1
    assert decay(30 * DAY, 30) == 0.5
    assert decay(90 * DAY, 30) == 0.125
    assert decay(15 * DAY, 30) == pytest.approx(0.70710678)


def test_two_purchases_by_hand() -> None:
    # Half-life 10 days. 1 on day 0, 1 on day 10: on day 10 the first counts half, so 1.5; on day 20 0.75.
    total = DecayedWeight(1.0, 0.0).add(1.0, 10 * DAY, 10)
    assert total == DecayedWeight(1.5, 10 * DAY)
    assert total.as_of(20 * DAY, 10) == 0.75
    # A view of strength 4 that arrives late, from day 0: 4 * 1/2 = 2 more on day 10, which stays the last day.
    assert total.add(4.0, 0.0, 10) == DecayedWeight(3.5, 10 * DAY)


def test_events_of_one_moment_add_up() -> None:
    assert DecayedWeight(0.25, 5.0).add(0.5, 5.0, 1) == DecayedWeight(0.75, 5.0)


def test_the_past_cannot_be_read() -> None:
    weight = DecayedWeight(1.0, 100.0)
    assert weight.as_of(100.0, 1) == 1
    with pytest.raises(ValueError, match=r"as_of 99\.0 lies before the last event at 100\.0"):
        weight.as_of(99.0, 1)


EVENTS = st.lists(
    st.tuples(st.floats(1e-3, 1e3), st.integers(0, 3 * 365 * 86_400)),
    min_size=1,
    max_size=20,
)


def summed(events: list[tuple[float, int]], half_life: float) -> DecayedWeight:
    (strength, at), *rest = events
    total = DecayedWeight(strength, float(at))
    for strength, at in rest:
        total = total.add(strength, float(at), half_life)
    return total


@given(data=st.data(), events=EVENTS, half_life=st.floats(1, 400))
def test_any_order_gives_the_same_weight(
    data: st.DataObject, events: list[tuple[float, int]], half_life: float
) -> None:
    shuffled = data.draw(st.permutations(events))
    first, second = summed(events, half_life), summed(shuffled, half_life)
    assert first.last_at == second.last_at == max(at for _, at in events)
    assert first.weight == pytest.approx(second.weight, rel=1e-9)


@given(events=EVENTS, half_life=st.floats(1, 400), later=st.integers(0, 10**8))
def test_reading_later_is_the_sum_of_all_events_decayed_to_then(
    events: list[tuple[float, int]], half_life: float, later: int
) -> None:
    total = summed(events, half_life)
    at = total.last_at + later
    expected = sum(strength * 0.5 ** ((at - moment) / SECONDS_PER_DAY / half_life) for strength, moment in events)
    assert total.as_of(at, half_life) == pytest.approx(expected, rel=1e-9)


def test_naive_moments_are_utc_and_others_are_converted() -> None:
    noon = datetime(2024, 5, 1, 12, tzinfo=UTC)
    assert utc(datetime(2024, 5, 1, 12)) == noon
    assert utc(datetime(2024, 5, 1, 14, tzinfo=timezone(timedelta(hours=2)))) == noon


@dataclass(frozen=True)
class Part:
    """A nested result."""

    name: str


@dataclass(frozen=True)
class Line:
    """A result row."""

    item: str
    score: float
    part: Part


LINES = (Line("007", 0.5, Part("x")), Line("8", 0.25, Part("y")), Line("9", 0.0, Part("z")))


def test_a_table_is_a_sequence_of_its_rows() -> None:
    table = Table(LINES, ("a note",))
    assert len(table) == 3
    assert list(table) == list(LINES)
    assert table[0] is LINES[0]
    assert tuple(table[1:]) == LINES[1:]
    assert LINES[2] in table
    assert table.notes == ("a note",)


def test_a_table_becomes_dictionaries() -> None:
    assert Table(LINES[:1]).to_dicts() == [{"item": "007", "score": 0.5, "part": {"name": "x"}}]


def test_a_table_becomes_a_data_frame() -> None:
    frame = Table(LINES).to_pandas()
    assert list(frame.columns) == ["item", "score", "part"]
    assert frame["item"].tolist() == ["007", "8", "9"]
    assert frame["score"].sum() == 0.75


def test_an_empty_table_becomes_an_empty_data_frame() -> None:
    table: Table[Line] = Table(())
    assert table.to_pandas().empty
    assert table.to_dicts() == []
    assert not table

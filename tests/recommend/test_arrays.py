"""The arithmetic of serving, without a database."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interestgraph.model import DecayedWeight
from interestgraph.neo4j.parts import cut_parts, join_parts, pack_arrays, pack_texts, unpack_arrays, unpack_texts
from interestgraph.recommend.catalogue import Links, top
from interestgraph.recommend.features import faded
from interestgraph.recommend.person import DAY, Doings, person
from interestgraph.recommend.select import share_places
from interestgraph.recommend.sources import _highest
from interestgraph.train.calibration import calibrate, reliability


@settings(deadline=None)
@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=6), max_size=8))
def test_texts_survive_packing(texts: list[str]) -> None:
    data = join_parts(cut_parts(pack_arrays(pack_texts(texts))))
    found = unpack_arrays(data)
    assert unpack_texts(found["bytes"], found["lengths"]) == texts


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 6), st.floats(0.1, 9)), max_size=20), st.data())
def test_spreading_is_a_matrix_product(links: list[tuple[int, int, float]], data: st.DataObject) -> None:
    matrix = np.zeros((5, 7))
    for row, other, score in links:
        matrix[row, other] += np.float32(score)
    columns = [np.array(column) for column in zip(*links, strict=True)] if links else [np.zeros(0, int)] * 3
    made = Links.of(columns[0], columns[1], np.asarray(columns[2], dtype=float), 5)
    strength = np.array(data.draw(st.lists(st.floats(0, 3, allow_subnormal=False), min_size=5, max_size=5)))
    rows = np.arange(5, dtype=np.int32)
    np.testing.assert_allclose(made.spread(rows, strength, 7), strength @ matrix, rtol=1e-5)
    # Many at once: the same numbers, of the targets that there are.
    parts = [(rows[begin:], strength[begin:]) for begin in data.draw(st.permutations(range(6)))]
    for part, (target, sums) in zip(parts, made.spread_each(parts), strict=True):
        assert (np.diff(target) > 0).all()
        dense = np.zeros(7)
        dense[target] = sums
        np.testing.assert_array_equal(dense, made.spread(*part, 7))


@settings(deadline=None)
@given(st.lists(st.integers(-3, 9), max_size=30), st.integers(1, 12))
def test_top_is_what_sorting_gives(values: list[int], most: int) -> None:
    expected = sorted((at for at, value in enumerate(values) if value > 0), key=lambda at: (-values[at], at))[:most]
    assert top(np.array(values, dtype=float), most).tolist() == expected


@settings(deadline=None)
@given(
    st.lists(st.booleans(), min_size=1, max_size=40),
    st.floats(0, 1),
)
def test_any_beginning_has_the_share(flags: list[bool], share: float) -> None:
    chosen = np.array(flags)
    order = share_places(np.arange(len(flags)), chosen, share)
    assert sorted(order.tolist()) == list(range(len(flags)))
    for length in range(1, len(flags) + 1):
        got, left = int(chosen[order[:length]].sum()), int((~chosen[order[:length]]).sum())
        if got < chosen.sum() and left < (~chosen).sum():
            assert abs(got - share * length) <= 1


@settings(deadline=None)
@given(st.lists(st.floats(0, 300), min_size=1, max_size=6), st.floats(1, 200))
def test_a_person_has_the_weight_of_the_events(days: list[float], half_life: float) -> None:
    now = 400 * DAY
    weight = DecayedWeight(0.0, 0.0)
    for day in days:
        weight = weight.add(1.0, day * DAY / 1000, half_life)
    doing = Doings(
        item=np.array([3], dtype=np.int32),
        weight=np.array([weight.weight]),
        count=np.array([float(len(days))]),
        first=np.array([min(days) * DAY]),
        last=np.array([max(days) * DAY]),
        half_life=half_life,
        primary=True,
    )
    found = person("u", [doing], round(now))
    assert found.weight[0] == pytest.approx(sum(2 ** (-(400 - day) / half_life) for day in days), rel=1e-6)
    assert found.last[0] == pytest.approx(400 - max(days))


def test_another_half_life_is_exact_for_evenly_spaced_events() -> None:
    ages = np.array([3.0, 13.0, 23.0, 33.0])
    found = faded(np.array([4.0]), np.array([33.0]), np.array([3.0]), 14.0)
    assert found[0] == pytest.approx(np.exp2(-ages / 14.0).sum())


def test_calibration_rises_and_tells_the_truth_on_average() -> None:
    generator = np.random.default_rng(1)
    logit = generator.normal(-3, 1.5, 40_000)
    chosen = generator.random(40_000) < 1 / (1 + np.exp(-0.7 * logit))
    table = calibrate(logit, chosen)
    x, y = np.array(table).T
    assert (np.diff(x) > 0).all()
    assert (np.diff(y) > 0).all()
    predicted = 1 / (1 + np.exp(-np.interp(logit, x, y)))
    for mean, observed, count in reliability(predicted, chosen):
        assert observed == pytest.approx(mean, abs=4 * np.sqrt(mean / count) + 0.01)


@pytest.mark.parametrize("n", [50, 30_000])
@pytest.mark.parametrize("share", [0.001, 0.05, 1.0])
def test_the_highest_of_a_sample_are_the_highest_of_all(n: int, share: float) -> None:
    random = np.random.default_rng(n)
    for most in (1, 20, 200):
        score = np.round(random.normal(size=n), 2) * (random.random(n) < share)
        fit = random.random(n) < random.choice([0.01, 0.9])
        some, every = _highest(score, fit, most), np.flatnonzero((score > 0) & fit)
        assert some[top(score[some], most)].tolist() == every[top(score[every], most)].tolist()

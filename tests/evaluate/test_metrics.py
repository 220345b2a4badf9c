"""Ranking metrics by hand, and the bootstrap."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interestgraph.evaluate.metrics import bootstrap, ndcg_at, recall_at

RANKED = ["a", "b", "c", "d", "e"]


@pytest.mark.parametrize(
    ("relevant", "k", "expected"),
    [
        ({"a"}, 1, 1.0),
        ({"b"}, 1, 0.0),
        ({"a", "c", "x"}, 3, 2 / 3),  # two of the three that could be hit
        ({"a", "c", "x", "y"}, 2, 1 / 2),  # two places, one hit
        ({"e", "x"}, 10, 1 / 2),  # the list is shorter than k
        ({"x", "y"}, 5, 0.0),
    ],
)
def test_recall_by_hand(relevant: set[str], k: int, expected: float) -> None:
    assert recall_at(RANKED, relevant, k) == pytest.approx(expected)


def test_ndcg_by_hand() -> None:
    # Hits at places 2 and 3 of 3, two relevant: (1/log2 3 + 1/log2 4) / (1/log2 2 + 1/log2 3).
    expected = (1 / math.log2(3) + 1 / 2) / (1 + 1 / math.log2(3))
    assert ndcg_at(["x", "a", "b"], {"a", "b"}, 3) == pytest.approx(expected)
    assert expected == pytest.approx(0.6934264)
    # One hit at place 3 of 3 and four relevant items: 1/2 over 1 + 0.6309 + 0.5.
    assert ndcg_at(["x", "y", "a"], {"a", "b", "c", "d"}, 3) == pytest.approx(0.5 / 2.1309298)
    # What stands behind place k does not count.
    assert ndcg_at(["x", "y", "a"], {"a"}, 2) == 0


@given(
    relevant=st.sets(st.sampled_from("abcdefgh"), min_size=1),
    ranked=st.permutations("abcdefgh"),
    k=st.integers(1, 10),
)
def test_both_lie_between_0_and_1_and_a_perfect_list_has_1(relevant: set[str], ranked: list[str], k: int) -> None:
    perfect = sorted(ranked, key=lambda item: item not in relevant)
    for metric in (recall_at, ndcg_at):
        assert 0 <= metric(ranked, relevant, k) <= 1 + 1e-12
        assert metric(perfect, relevant, k) == pytest.approx(1)


def test_an_empty_list_hits_nothing() -> None:
    assert recall_at([], {"a"}, 10) == 0
    assert ndcg_at([], {"a"}, 10) == 0


def test_the_interval_covers_the_true_mean_about_95_times_in_100() -> None:
    random = np.random.default_rng(7)
    samples = [bootstrap(random.exponential(1.0, 80), samples=300, seed=trial) for trial in range(150)]
    covered = sum(sample.low <= 1.0 <= sample.high for sample in samples)
    assert 0.86 * 150 <= covered <= 150


def test_the_interval_lies_around_the_mean_and_narrows_with_more_users() -> None:
    random = np.random.default_rng(1)
    few, many = bootstrap(random.random(30)), bootstrap(random.random(3000))
    for estimate in (few, many):
        assert estimate.low < estimate.mean < estimate.high
    assert many.high - many.low < few.high - few.low


def test_one_seed_gives_one_interval() -> None:
    values = np.random.default_rng(2).random(50)
    assert bootstrap(values, seed=5) == bootstrap(values, seed=5)
    assert bootstrap(values, seed=5) != bootstrap(values, seed=6)


def test_equal_values_have_no_spread() -> None:
    estimate = bootstrap(np.full(10, 0.25))
    assert (estimate.low, estimate.mean, estimate.high) == (0.25, 0.25, 0.25)

"""Intervals over resampled users."""

from __future__ import annotations

import numpy as np
import pytest

from interestgraph.evaluate.bootstrap import Resamples, bootstrap


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


def test_paired_differences_see_what_separate_intervals_do_not() -> None:
    """One model is a little better for every user, while users differ much."""
    random = np.random.default_rng(3)
    first = random.random(200)
    second = first + 0.01 + 0.001 * random.random(200)
    resamples = Resamples(200)
    one, two, between = resamples.estimates(np.column_stack([first, second, second - first]))
    assert one.high > two.low
    assert between.low > 0
    assert between.clear


def test_a_ratio_weighs_users_by_their_size() -> None:
    estimate = Resamples(3).ratio(np.array([1.0, 8.0, 0.0]), np.array([1.0, 2.0, 6.0]))
    assert estimate.mean == pytest.approx(1.0)
    assert estimate.low < 1.0 < estimate.high

"""Ranking metrics, per user and with bootstrap intervals."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


def recall_at(ranked: Sequence[str], relevant: Collection[str], k: int) -> float:
    """Hits among the first k, divided by min(k, number of relevant items); 0 to 1.

    The divisor is the most hits that are possible, so that a perfect list scores 1 for every user.

    Args:
        ranked: item ids, best first, each once; it may be shorter than k.
        relevant: ids of the items that were chosen afterwards, at least one.
        k: length of the list that counts.
    """
    hits = sum(item in relevant for item in ranked[:k])
    return hits / min(k, len(relevant))


def ndcg_at(ranked: Sequence[str], relevant: Collection[str], k: int) -> float:
    """Normalised discounted cumulative gain with gains 0 and 1; 0 to 1.

    Source: Järvelin and Kekäläinen, ACM TOIS 20(4), 2002. Arguments as in `recall_at`.
    """
    gain = sum(1 / np.log2(place + 2) for place, item in enumerate(ranked[:k]) if item in relevant)
    best = sum(1 / np.log2(place + 2) for place in range(min(k, len(relevant))))
    return float(gain / best)


@dataclass(frozen=True)
class Estimate:
    """A mean over users with its bootstrap interval."""

    mean: float
    low: float
    """2.5 % of the bootstrap means lie below."""
    high: float
    """2.5 % of the bootstrap means lie above."""


def bootstrap(values: NDArray[np.float64], samples: int = 1000, seed: int = 42) -> Estimate:
    """The mean of per-user values, with a 95 % percentile interval over resampled users.

    Args:
        values: one value per user, shape (users,), at least one.
        samples: number of resamplings.
        seed: of the resampling.
    """
    generator = np.random.default_rng(seed)
    n = len(values)
    means = np.array([values[generator.integers(0, n, n)].mean() for _ in range(samples)])
    low, high = np.quantile(means, [0.025, 0.975])
    return Estimate(float(values.mean()), float(low), float(high))

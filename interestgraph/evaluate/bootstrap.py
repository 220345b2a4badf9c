"""Percentile intervals over resampled users, the same resamples for all models, so that differences are paired.

Source: Efron and Tibshirani, "An Introduction to the Bootstrap", 1993; for rankers Sakai, SIGIR 2006.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SAMPLES = 1000
SEED = 42


@dataclass(frozen=True)
class Estimate:
    """A mean over users with its bootstrap interval."""

    mean: float
    low: float
    """2.5 % of the bootstrap means lie below."""
    high: float
    """2.5 % of the bootstrap means lie above."""

    @property
    def clear(self) -> bool:
        """Whether the interval leaves out 0; of a difference: whether one is better at 95 %."""
        return self.low > 0 or self.high < 0


class Resamples:
    """How often each of n users is drawn in each of the resamples."""

    def __init__(self, n: int, samples: int = SAMPLES, seed: int = SEED) -> None:
        if n < 1:
            raise ValueError("there is nothing to resample")
        generator = np.random.default_rng(seed)
        self._counts = np.empty((samples, n), dtype=np.float32)
        for row in self._counts:
            row[:] = np.bincount(generator.integers(0, n, n), minlength=n)

    def estimates(self, values: NDArray[np.float64]) -> list[Estimate]:
        """Means and 95 % intervals of columns.

        Args:
            values: one row a user, shape (users, columns).
        """
        least, most = values.min(axis=0), values.max(axis=0)
        # Around the mean, so that single precision loses nothing; what rounding takes beyond the values is cut off.
        mean = values.mean(axis=0).clip(least, most)
        spread = self._counts @ (values - mean).astype(np.float32) / len(values)
        low, high = (mean + np.quantile(spread, [0.025, 0.975], axis=0)).clip(least, most)
        return [Estimate(*map(float, row)) for row in zip(mean, low, high, strict=True)]

    def ratio(self, above: NDArray[np.float64], below: NDArray[np.float64]) -> Estimate:
        """Sum of one value a user over the sum of another, with its 95 % interval; both of shape (users,)."""
        found = (self._counts @ above) / (self._counts @ below)
        low, high = np.quantile(found, [0.025, 0.975])
        return Estimate(float(above.sum() / below.sum()), float(low), float(high))


def bootstrap(values: NDArray[np.float64], samples: int = SAMPLES, seed: int = SEED) -> Estimate:
    """The mean of per-user values, with a 95 % percentile interval over resampled users.

    Args:
        values: one value per user, shape (users,), at least one.
        samples: number of resamplings.
        seed: of the resampling.
    """
    return Resamples(len(values), samples, seed).estimates(values[:, None])[0]

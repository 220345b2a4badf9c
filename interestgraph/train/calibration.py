"""From scores to probabilities, and how far to trust them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Bins = tuple[tuple[float, float, int], ...]
"""(mean predicted probability, share observed, number)."""


def calibrate(
    logit: NDArray[np.float64], chosen: NDArray[np.bool_], points: int = 20
) -> tuple[tuple[float, float], ...]:
    """Log odds of being chosen by logit, at quantiles of the logit, not falling (isotonic regression by pooling).

    Args:
        logit: of cases that the trees did not see.
        chosen: whether they came true.
        points: most points of the table.
    """
    order = np.argsort(logit)
    # Finer at the top, where the candidates are that anybody asks about.
    edges = np.unique(np.round(len(order) * (1 - np.geomspace(1, 1e-3, points + 1))).astype(int))
    edges[-1] = len(order)
    groups: list[list[float]] = []
    for start, end in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        rows = order[start:end]
        groups.append([float(logit[rows].mean()), float(chosen[rows].sum()), float(len(rows))])
        while len(groups) > 1 and groups[-2][1] / groups[-2][2] >= groups[-1][1] / groups[-1][2]:
            x2, hits2, size2 = groups.pop()
            x1, hits1, size1 = groups.pop()
            groups.append([(x1 * size1 + x2 * size2) / (size1 + size2), hits1 + hits2, size1 + size2])
    return tuple((x, float(np.log((hits + 0.5) / (size - hits + 0.5)))) for x, hits, size in groups)


def reliability(predicted: NDArray[np.float64], observed: NDArray[np.bool_], bins: int = 10) -> Bins:
    """Mean prediction and share observed in bins of about equal sums of predictions, lowest first."""
    order = np.argsort(predicted, kind="stable")
    share = np.cumsum(predicted[order])
    if not len(order) or share[-1] == 0:
        return ()
    group = np.minimum((share / share[-1] * bins).astype(int), bins - 1)
    found = []
    for number in np.unique(group).tolist():
        rows = order[group == number]
        found.append((round(float(predicted[rows].mean()), 6), round(float(observed[rows].mean()), 6), len(rows)))
    return tuple(found)

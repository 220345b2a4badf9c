"""The documented blend, which serves without a trained ranker: normalised scores of the sources, weighted, summed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from interestgraph.errors import ConfigurationError
from interestgraph.recommend.sources import SOURCES, Scores


@dataclass(frozen=True)
class BlendConfig:
    """Weight of each source."""

    weights: Mapping[str, float] = field(
        default_factory=lambda: {
            **{"own": 0.7, "linear": 0.2, "similar": 0.07},
            **{"category": 0.07, "trend": 0.07, "vector": 0.03},
        }
    )
    """Source -> weight, not negative; sources left out weigh nothing. The defaults were chosen on a validation month
    of the Complete Journey (cut 2017-10-01), long before its test month."""

    def __post_init__(self) -> None:
        for name, weight in self.weights.items():
            if name not in SOURCES or not weight >= 0:
                raise ConfigurationError(
                    f"blend weight {name}={weight}: sources are {', '.join(SOURCES)}, weights >= 0"
                )


def blend(scores: Scores, config: BlendConfig) -> dict[str, NDArray[np.float64]]:
    """What each source adds to the score of each candidate; their sum is the score.

    Source s adds w_s * (score_s(i) - floor_s) / (max_j score_s(j) - floor_s) to item i, at least 0: its best candidate
    counts its full weight. The floor is 0, for vectors the least cosine among the candidates that they propose, since
    cosines of near neighbours differ little.

    Args:
        scores: of one user's candidates.
        config: weights.

    Returns:
        Source -> shape (candidates,), sources that add nothing left out.
    """
    parts: dict[str, NDArray[np.float64]] = {}
    for source in SOURCES:
        weight = config.weights.get(source, 0.0)
        score = scores.by_source.get(source)
        if weight == 0 or score is None or not len(score):
            continue
        top = float(score.max())
        near = score[scores.proposed[source]]
        floor = float(near.min(initial=top)) if source == "vector" else 0.0
        if top > floor:
            parts[source] = weight * np.maximum(score - floor, 0) / (top - floor)
    return parts

"""The documented blend: normalised scores of the sources, weighted and summed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from interestgraph.errors import ConfigurationError
from interestgraph.recommend.candidates import SOURCES, Candidates


@dataclass(frozen=True)
class BlendConfig:
    """Weight of each source."""

    weights: Mapping[str, float] = field(
        default_factory=lambda: {"own": 0.7, "similar": 0.07, "vector": 0.03, "category": 0.07, "trend": 0.13}
    )
    """Source -> weight, not negative; sources left out weigh nothing. The defaults were chosen on a validation month
    of the Complete Journey (cut 2017-10-31), before its test month was looked at."""

    def __post_init__(self) -> None:
        for name, weight in self.weights.items():
            if name not in SOURCES or not weight >= 0:
                raise ConfigurationError(
                    f"blend weight {name}={weight}: sources are {', '.join(SOURCES)}, weights >= 0"
                )


@dataclass(frozen=True)
class Scored:
    """An item and what each source adds to its score."""

    item: str
    score: float
    parts: dict[str, float]
    """Source -> share of the score, largest first; they sum to `score`."""


def blend(candidates: Candidates, config: BlendConfig, n: int) -> list[Scored]:
    """The n best candidates.

    The score of item i is the sum over sources s of w_s * (score_s(i) - floor_s) / (max_j score_s(j) - floor_s):
    each source's best candidate counts its full weight, an item that a source does not propose counts 0 there. The
    floor is 0, for vectors the least score among the candidates, since cosines of near neighbours differ little.

    Args:
        candidates: of one user.
        config: weights.
        n: most items.
    """
    parts: dict[str, dict[str, float]] = {}
    for source in SOURCES:
        weight = config.weights.get(source, 0.0)
        pairs = candidates.sources.get(source, [])
        top = max((score for _, score in pairs), default=0.0)
        floor = min((score for _, score in pairs), default=0.0) if source == "vector" else 0.0
        if weight == 0 or top <= floor:
            continue
        for item, score in pairs:
            if score > floor:
                parts.setdefault(item, {})[source] = weight * (score - floor) / (top - floor)
    scored = [Scored(item, sum(by_source.values()), by_source) for item, by_source in parts.items()]
    # Equal scores are ordered by id, so that one graph always gives the same list.
    scored.sort(key=lambda entry: (-entry.score, entry.item))
    return [
        Scored(entry.item, entry.score, dict(sorted(entry.parts.items(), key=lambda part: -part[1])))
        for entry in scored[:n]
    ]

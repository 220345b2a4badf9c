"""The trained ranker: gradient-boosted trees over the features of person and candidate."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from interestgraph.neo4j.connection import Database
from interestgraph.recommend.features import FEATURES, SOURCE_OF

if TYPE_CHECKING:
    from lightgbm import Booster

BASE = "base"
"""What a score has from the user as such and from the mean of all scores, the same for all candidates."""


@dataclass(frozen=True)
class Model:
    """Trees of two objectives: the logit of being chosen, and LambdaRank."""

    texts: tuple[str, str]
    """LightGBM's model texts."""
    mix: float
    """The score is logit + mix * LambdaRank."""
    table: tuple[tuple[float, float], ...]
    """Calibration: points of (logit, log odds)."""

    @cached_property
    def boosters(self) -> tuple[Booster, Booster]:
        """The trees, loaded."""
        from lightgbm import Booster

        return Booster(model_str=self.texts[0]), Booster(model_str=self.texts[1])


def calibrated(logit: NDArray[np.float64], table: Sequence[Sequence[float]]) -> NDArray[np.float64]:
    """Probability by a calibration table, linear in log odds between its points."""
    x, y = np.array([point[0] for point in table]), np.array([point[1] for point in table])
    return np.asarray(1 / (1 + np.exp(-np.interp(logit, x, y))))


@dataclass(frozen=True)
class Activity:
    """Trees over what is known of a user as such."""

    text: str
    table: tuple[tuple[float, float], ...]
    """Calibration, as a `Model` has it."""

    @cached_property
    def booster(self) -> Booster:
        """The trees, loaded."""
        from lightgbm import Booster

        return Booster(model_str=self.text)


@dataclass(frozen=True)
class Ranker:
    """A ranker as the graph keeps it."""

    ranker_id: str
    mixed: Model
    """For items of both kinds."""
    discover: Model | None
    """For items that the user has no relationship to; None: `mixed` serves for them too."""
    features: tuple[str, ...]
    repeat: float
    """Share of what users chose in the training window that they had chosen before."""
    explore: float
    """Share of what they chose anew that lies in categories new to them."""
    activity: Activity | None = None
    """Which users come back; None where the labels do not tell."""
    info: dict[str, Any] = field(default_factory=dict)
    """Parameters, seed, input hash, runs, quality."""

    @property
    def fits(self) -> bool:
        """Whether this version of the package makes the features that it was trained on."""
        return self.features == FEATURES

    def model(self, *, new: bool) -> Model:
        """The model for lists of new items, or of all."""
        return self.discover if new and self.discover is not None else self.mixed

    def trees(self, *, new: bool) -> int:
        """How many trees a score takes."""
        model = self.model(new=new)
        logit, rank = (booster.num_trees() for booster in model.boosters)
        return int(logit + (rank if model.mix else 0))

    def score(
        self, rows: NDArray[np.float32], *, new: bool, threads: int = 1, trees: tuple[float, float] = (0.0, 1.0)
    ) -> NDArray[np.float64]:
        """Scores of candidates, shape (candidates,); only their order within a user means something.

        Args:
            rows: from `interestgraph.recommend.features.features`.
            new: whether only items that the user has no relationship to are ranked.
            threads: of LightGBM.
            trees: which of the trees, from and to which share of them; the scores of two parts add up to that of both.
        """
        model = self.model(new=new)
        made = np.zeros(len(rows))
        for booster, weight in zip(model.boosters, (1.0, model.mix), strict=True):
            first, last = (round(share * booster.num_trees()) for share in trees)
            if len(rows) and weight and last > first:
                part = booster.predict(
                    rows, raw_score=True, num_threads=threads, start_iteration=first, num_iteration=last - first
                )
                made += weight * np.asarray(part)
        return made

    def probability(self, rows: NDArray[np.float32], *, new: bool, threads: int = 1) -> NDArray[np.float64]:
        """Calibrated probability that each candidate is chosen within the training window's length."""
        model = self.model(new=new)
        logit = np.asarray(model.boosters[0].predict(rows, raw_score=True, num_threads=threads), dtype=np.float64)
        return calibrated(logit, model.table)

    def active(self, rows: NDArray[np.float32]) -> NDArray[np.float64]:
        """Calibrated probability that users come back within the training window's length.

        Args:
            rows: from `interestgraph.recommend.features.user_row`, one a user.
        """
        assert self.activity is not None, "trained on labels that tell"
        logit = np.asarray(self.activity.booster.predict(rows, raw_score=True, num_threads=1), dtype=np.float64)
        return calibrated(logit, self.activity.table)

    def reliability(self, name: str) -> list[tuple[float, float, int]]:
        """Mean prediction, share observed and number, in bins, of ``mixed``, ``discover`` or ``activity``."""
        return [(x, y, count) for x, y, count in json.loads(self.info["reliability"]).get(name, [])]

    def shares(self, rows: NDArray[np.float32], *, new: bool) -> list[dict[str, float]]:
        """What each source adds to the score of each row: SHAP values of the features, summed by source.

        They and `BASE` sum to the score. Source: Lundberg et al., "From local explanations to global understanding
        with explainable AI for trees", Nature Machine Intelligence 2, 2020 (LightGBM's ``pred_contrib``).
        """
        if len(rows) == 0:
            return []
        model = self.model(new=new)
        logit, rank = model.boosters
        made = np.asarray(logit.predict(rows, pred_contrib=True, num_threads=1), dtype=np.float64)
        if model.mix:
            made = made + model.mix * np.asarray(rank.predict(rows, pred_contrib=True, num_threads=1))
        names = [SOURCE_OF[name] for name in self.features]
        sources = list(dict.fromkeys(names))
        folded = np.stack(
            [made[:, [at for at, name in enumerate(names) if name == source]].sum(axis=1) for source in sources], axis=1
        )
        found = []
        for row, bias in zip(folded, made[:, -1], strict=True):
            parts = dict(zip(sources, row.tolist(), strict=True))
            base = float(bias) + parts.pop("user", 0.0)
            found.append({**dict(sorted(parts.items(), key=lambda part: -part[1])), BASE: base})
        return found


def _model(node: dict[str, Any], name: str) -> Model:
    first, second = node.pop(name)
    table = json.loads(node["calibration"])[name]
    return Model((first, second), node.pop(f"{name}Mix"), tuple((x, y) for x, y in table))


def _activity(node: dict[str, Any]) -> Activity | None:
    text = node.pop("activity", None)
    return Activity(text, tuple((x, y) for x, y in json.loads(node["calibration"])["activity"])) if text else None


def read_ranker(database: Database) -> Ranker | None:
    """The ranker that serves, if one was trained."""
    for row in database.read("serve/ranker"):
        node: dict[str, Any] = row["ranker"]
        return Ranker(
            ranker_id=node.pop("rankerId"),
            mixed=_model(node, "mixed"),
            discover=_model(node, "discover") if "discover" in node else None,
            features=tuple(node.pop("features")),
            activity=_activity(node),
            repeat=node.pop("repeat"),
            explore=node.pop("explore"),
            info=node,
        )
    return None


def importance(ranker: Ranker) -> Sequence[tuple[str, float]]:
    """Share of the gain of the mixed model's splits, by source, largest first."""
    gain = ranker.mixed.boosters[0].feature_importance("gain")
    total = float(gain.sum()) or 1.0
    found: dict[str, float] = {}
    for name, value in zip(ranker.features, gain.tolist(), strict=True):
        found[SOURCE_OF[name]] = found.get(SOURCE_OF[name], 0.0) + value / total
    return sorted(found.items(), key=lambda pair: -pair[1])

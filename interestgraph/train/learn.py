"""Learning: rows of candidates with their labels, trees, and what they reach on users that they did not see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from interestgraph.recommend.features import FEATURES
from interestgraph.recommend.ranker import calibrated
from interestgraph.train.calibration import Bins, calibrate, reliability

if TYPE_CHECKING:
    from lightgbm import Booster


@dataclass(frozen=True)
class TreeConfig:
    """The trees of one model."""

    rounds: int = 100
    """Most trees of each objective; fewer where more do not help users that were held out."""
    learning_rate: float = 0.07
    num_leaves: int = 31
    min_data_in_leaf: int = 100
    feature_fraction: float = 0.5
    bagging_fraction: float = 0.7
    lambda_l2: float = 5.0
    truncation: int = 20
    """Length of the list that LambdaRank cares for."""
    held_out: float = 0.2
    """Share of users that the trees do not see, which choose the number of trees."""
    most_rows: int = 600_000
    """Of more candidates, only this many are learnt from: all that were chosen, and a random part of the others."""


@dataclass(frozen=True)
class Samples:
    """Candidates of some users; rows of one user stand together."""

    rows: NDArray[np.float32]
    chosen: NDArray[np.bool_]
    user: NDArray[np.int64]
    """Number of each row's user."""
    blend: NDArray[np.float64]
    """Score of the documented blend, to compare with."""
    total: NDArray[np.int64]
    """How many items each user chose, candidates or not, shape (users,)."""

    def part(self, users: NDArray[np.bool_]) -> Samples:
        """The rows of some users."""
        kept = users[self.user]
        return Samples(self.rows[kept], self.chosen[kept], self.user[kept], self.blend[kept], self.total)

    def thinned(self, most: int, seed: int) -> Samples:
        """All rows that were chosen, and about so many of the others that there are `most` in all."""
        if len(self.user) <= most:
            return self
        share = max(most - int(self.chosen.sum()), 0) / max(int((~self.chosen).sum()), 1)
        kept = self.chosen | (np.random.default_rng(seed).random(len(self.user)) < share)
        return Samples(self.rows[kept], self.chosen[kept], self.user[kept], self.blend[kept], self.total)


@dataclass(frozen=True)
class Learnt:
    """A model of one kind of list."""

    texts: tuple[str, str]
    """LightGBM's model texts: of the probability (logit), and of LambdaRank."""
    mix: float
    """Weight of LambdaRank's score, added to the logit."""
    quality: dict[str, float]
    """Recall and NDCG at 10 on the users held out, of the trees and of the blend."""
    table: tuple[tuple[float, float], ...]
    """Calibration: logit to log odds of being chosen, see `calibrate`; of half of the users held out."""
    reliability: Bins
    """Of the other half."""
    importance: dict[str, float]


K = 10


def quality(score: NDArray[np.float64], samples: Samples) -> tuple[float, float]:
    """Mean recall and NDCG at 10 over users, hits divided by min(10, chosen)."""
    order = np.lexsort((-score, samples.user))
    user = samples.user[order]
    place = np.arange(len(user)) - np.searchsorted(user, user, side="left")
    hit = samples.chosen[order] & (place < K)
    recall = np.bincount(user[hit], minlength=len(samples.total))
    gain = np.bincount(user[hit], weights=1 / np.log2(place[hit] + 2), minlength=len(samples.total))
    users = np.unique(user)
    users = users[samples.total[users] > 0]
    best = np.minimum(samples.total[users], K)
    ideal = np.concatenate(([0.0], np.cumsum(1 / np.log2(np.arange(K) + 2))))[best]
    return float((recall[users] / best).mean()), float((gain[users] / ideal).mean())


def learn(samples: Samples, config: TreeConfig, seed: int) -> Learnt:
    """Train both objectives on most users, and choose the numbers of trees and their mix on the others.

    Args:
        samples: candidates with labels.
        config: parameters.
        seed: of LightGBM and of the split of users.
    """
    generator = np.random.default_rng(seed)
    count = len(samples.total)
    tested = np.zeros(count, dtype=np.bool_)
    tested[generator.choice(count, max(1, round(config.held_out * count)), replace=False)] = True
    seen, held = samples.part(~tested).thinned(config.most_rows, seed), samples.part(tested)
    logit = _fit(seen, config, seed, "binary")
    first, _ = _rounds(logit, held, config.rounds, np.zeros(len(held.user)))
    base = _raw(logit, held, 0, first)
    rank = _fit(seen, config, seed, "lambdarank")
    tried = {0.0: (1, sum(quality(base, held)))}
    for mix in (0.5, 1.0, 2.0, 4.0):
        tried[mix] = _rounds(rank, held, config.rounds, base / mix)
    mix = max(tried, key=lambda name: (tried[name][1], -name))
    second = tried[mix][0]
    both = base + mix * _raw(rank, held, 0, second)
    found, plain = quality(both, held), quality(held.blend, held)
    gain = logit.feature_importance("gain", iteration=first)
    # Whole users, so that what one half says is new to the other.
    half = held.user % 2 == 0
    table = calibrate(base[half], held.chosen[half])
    return Learnt(
        texts=(logit.model_to_string(num_iteration=first), rank.model_to_string(num_iteration=second)),
        mix=mix,
        quality={"recall": found[0], "ndcg": found[1], "blend_recall": plain[0], "blend_ndcg": plain[1]},
        table=table,
        reliability=reliability(calibrated(base[~half], table), held.chosen[~half]),
        importance=dict(zip(FEATURES, (gain / max(float(gain.sum()), 1e-9)).tolist(), strict=True)),
    )


def _fit(samples: Samples, config: TreeConfig, seed: int, objective: str) -> Booster:
    import lightgbm

    order = np.argsort(samples.user, kind="stable")
    data = lightgbm.Dataset(
        samples.rows[order],
        label=samples.chosen[order].astype(np.int8),
        group=np.unique(samples.user, return_counts=True)[1],
        feature_name=list(FEATURES),
        free_raw_data=True,
    )
    parameters: dict[str, Any] = {
        "objective": objective,
        "learning_rate": config.learning_rate,
        "num_leaves": config.num_leaves,
        "min_data_in_leaf": min(config.min_data_in_leaf, max(5, len(order) // 500)),
        "feature_fraction": config.feature_fraction,
        "bagging_fraction": config.bagging_fraction,
        "bagging_freq": 1,
        "lambda_l2": config.lambda_l2,
        "lambdarank_truncation_level": config.truncation,
        # Threads cost more than they bring where there is little to do.
        "num_threads": 1 if len(order) < 20_000 else 0,
        "seed": seed,
        "deterministic": True,
        "force_row_wise": True,
        "verbosity": -1,
    }
    return lightgbm.train(parameters, data, config.rounds)


def _raw(model: Booster, samples: Samples, start: int, count: int) -> NDArray[np.float64]:
    """Sum of some trees."""
    threads = 1 if len(samples.user) < 20_000 else 0
    made = model.predict(samples.rows, raw_score=True, start_iteration=start, num_iteration=count, num_threads=threads)
    return np.asarray(made, dtype=np.float64)


def _rounds(model: Booster, held: Samples, rounds: int, base: NDArray[np.float64]) -> tuple[int, float]:
    """The number of trees that is best on the users held out, added to `base`, and recall + NDCG with it."""
    steps = sorted({max(1, round(rounds * part / 5)) for part in range(1, 6)})
    score, before, found = base.copy(), 0, []
    for step in steps:
        score = score + _raw(model, held, before, step - before)
        before = step
        found.append((sum(quality(score, held)), -step))
    best = max(found)
    return -best[1], best[0]

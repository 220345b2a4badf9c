"""Which users come back: trees over what is known of a user as such, calibrated on users held out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from interestgraph.recommend.features import USER
from interestgraph.recommend.ranker import calibrated
from interestgraph.train.calibration import Bins, calibrate, reliability

ROUNDS = 40


@dataclass(frozen=True)
class Activity:
    """A model of whether a user is active within the window."""

    text: str
    table: tuple[tuple[float, float], ...]
    reliability: Bins


def learn_activity(rows: NDArray[np.float32], active: NDArray[np.bool_], seed: int) -> Activity | None:
    """Train on half of the users and calibrate on the other half; None where all or none of them came back.

    Args:
        rows: features of users, shape (users, len(USER)).
        active: whether each came back.
        seed: of the split and the trees.
    """
    import lightgbm

    held = np.random.default_rng(seed).permutation(len(rows)) < len(rows) // 2
    if len(rows) < 20 or active[held].all() or not active[held].any():
        return None
    data = lightgbm.Dataset(rows[~held], label=active[~held].astype(np.int8), feature_name=list(USER))
    parameters = {
        "objective": "binary",
        "learning_rate": 0.07,
        "num_leaves": 7,
        "min_data_in_leaf": max(5, len(rows) // 100),
        "num_threads": 1,
        "seed": seed,
        "deterministic": True,
        "force_row_wise": True,
        "verbosity": -1,
    }
    model = lightgbm.train(parameters, data, ROUNDS)
    logit = np.asarray(model.predict(rows[held], raw_score=True, num_threads=1), dtype=np.float64)
    table = calibrate(logit, active[held], points=8)
    return Activity(model.model_to_string(), table, reliability(calibrated(logit, table), active[held]))

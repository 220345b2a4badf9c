"""Matrix factorisation of the library implicit: ALS and BPR.

Sources: Hu, Koren and Volinsky, "Collaborative filtering for implicit feedback datasets", ICDM 2008; Rendle et al.,
"BPR: Bayesian personalized ranking from implicit feedback", UAI 2009.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from interestgraph.evaluate.log import Log
from interestgraph.evaluate.models.base import Fit, Model, Parameters, combinations
from interestgraph.evaluate.models.knn import bm25
from interestgraph.evaluate.ranking import Scorer

if TYPE_CHECKING:
    from scipy import sparse

SEED = 42


def _refuses(log: Log) -> str | None:
    del log
    if importlib.util.find_spec("implicit") is None:
        return "the library implicit is not installed: pip install 'interestgraph[evaluate]'"
    return None


def _fitted(make: Callable[..., Any], settings: Mapping[str, object], weights: sparse.csr_array) -> Scorer:
    from scipy import sparse
    from threadpoolctl import threadpool_limits

    # The library has threads of its own; those of BLAS beside them only make it slower.
    with threadpool_limits(limits=1, user_api="blas"), np.errstate(all="ignore"):
        model = make(**settings, random_state=SEED)
        model.fit(sparse.csr_matrix(weights.astype(np.float32)), show_progress=False)
    users, items = np.asarray(model.user_factors), np.asarray(model.item_factors)

    def scores(chosen: NDArray[np.int32]) -> NDArray[np.float32]:
        return np.asarray(users[chosen] @ items.T, dtype=np.float32)

    return scores


def _start_als(log: Log) -> Fit:
    counts = log.weights()

    def fit(parameters: Parameters) -> Scorer:
        from implicit.cpu.als import AlternatingLeastSquares

        settings = {name: parameters[name] for name in ("factors", "regularization", "alpha")}
        weights = bm25(counts) if parameters["weighting"] == "bm25" else counts
        return _fitted(AlternatingLeastSquares, {**settings, "iterations": 10}, weights)

    return fit


def _start_bpr(log: Log) -> Fit:
    pairs = log.weights()
    pairs.data[:] = 1.0

    def fit(parameters: Parameters) -> Scorer:
        from implicit.cpu.bpr import BayesianPersonalizedRanking

        settings = {name: parameters[name] for name in ("factors", "learning_rate", "regularization", "iterations")}
        # With more threads the result would depend on their order.
        return _fitted(BayesianPersonalizedRanking, {**settings, "num_threads": 1}, pairs)

    return fit


ALS = Model(
    "ALS",
    "implicit-feedback matrix factorisation (library implicit); weights, factors and regularisation tuned",
    _start_als,
    (
        {"weighting": "bm25", "factors": 128, "regularization": 0.01, "alpha": 1.0},
        {"weighting": "bm25", "factors": 64, "regularization": 0.01, "alpha": 1.0},
        {"weighting": "counts", "factors": 64, "regularization": 0.01, "alpha": 1.0},
    ),
    _refuses,
)
BPR = Model(
    "BPR",
    "pairwise matrix factorisation (library implicit); rate and regularisation tuned",
    _start_bpr,
    combinations(factors=(64,), learning_rate=(0.02, 0.05), regularization=(0.01, 0.001), iterations=(30,)),
    _refuses,
)

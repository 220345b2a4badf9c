"""Errors of predicted ratings, where a log has ratings.

Sources: Funk's and Koren's damped biases (Koren and Bell, in Recommender Systems Handbook, 2011, section 3.2.1);
item neighbourhoods on what the biases leave (Koren, KDD 2008); the graph's vectors by a ridge regression on the
products of the vectors of user and item.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from interestgraph.evaluate.bootstrap import Estimate, Resamples
from interestgraph.evaluate.config import EvaluateConfig
from interestgraph.evaluate.graph import Vectors
from interestgraph.evaluate.log import Log
from interestgraph.evaluate.models import Parameters
from interestgraph.evaluate.protocol import Protocol
from interestgraph.evaluate.report import RatingError, Ratings
from interestgraph.evaluate.tune import Validation
from interestgraph.ingest.spec import load_spec

Floats = NDArray[np.float64]
DAMPINGS = (5.0, 1.0, 2.0, 10.0, 25.0)
SHRINKAGE = 50.0
"""Co-ratings at which a similarity of items counts half."""
NEIGHBOURS = 40
RIDGE = 10.0
MOST_ITEMS = 20_000
"""More items than that have no dense similarities."""


@dataclass(frozen=True)
class _Scores:
    """Ratings: user, item and value, by the places of the log learnt from; -1 where it does not know them."""

    user: NDArray[np.int64]
    item: NDArray[np.int64]
    value: Floats

    def __len__(self) -> int:
        return len(self.value)


def _ratings(log: Log) -> _Scores:
    """The last rating of each pair."""
    rows = np.flatnonzero(np.isfinite(log.value))
    pairs = log.user[rows].astype(np.int64) * log.shape[1] + log.item[rows]
    _, last = np.unique(pairs[::-1], return_index=True)  # rows are in order of time
    chosen = rows[::-1][last]
    return _Scores(log.user[chosen].astype(np.int64), log.item[chosen].astype(np.int64), log.value[chosen])


def _seen_from(log: Log, later: Log) -> _Scores:
    found = _ratings(later)
    user = _places(later.users, log.users)[found.user]
    item = _places(later.items, log.items)[found.item]
    user[(user >= 0) & ~log.known_users[user]] = -1
    item[(item >= 0) & ~log.known_items[item]] = -1
    return _Scores(user, item, found.value)


def _places(names: tuple[str, ...], known: tuple[str, ...]) -> NDArray[np.int64]:
    place = {name: at for at, name in enumerate(known)}
    return np.array([place.get(name, -1) for name in names], dtype=np.int64)


@dataclass(frozen=True)
class _Biases:
    """Mean, and what users and items add to it; the last entry of each is 0, for those that are unknown."""

    mean: float
    user: Floats
    item: Floats

    def predict(self, user: NDArray[np.int64], item: NDArray[np.int64]) -> Floats:
        return np.asarray(self.mean + self.user[user] + self.item[item])


def _biases(train: _Scores, shape: tuple[int, int], damping: float) -> _Biases:
    mean = float(train.value.mean())
    item = _damped(train.value - mean, train.item, shape[1], damping)
    user = _damped(train.value - mean - item[train.item], train.user, shape[0], damping)
    return _Biases(mean, user, item)


def _damped(values: Floats, groups: NDArray[np.int64], n: int, damping: float) -> Floats:
    sums = np.bincount(groups, values, minlength=n + 1)
    return np.asarray(sums / (np.bincount(groups, minlength=n + 1) + damping))


def rating_errors(config: EvaluateConfig, protocol: Protocol, later: Log, vectors: Vectors | None) -> Ratings | None:
    """Errors of the predictors on the ratings of the test; None: the log has no ratings.

    Args:
        config: which loader.
        protocol: what is learnt from, and the validation window that damping is tuned on.
        later: the events of the test.
        vectors: of the graph, if there is one.
    """
    if load_spec(config.loader).events.value_meaning != "rating":
        return None
    log = protocol.log
    train, test = _ratings(log), _seen_from(log, later)
    if not len(train) or not len(test):
        return None
    damping = _tuned(protocol.validation if config.tune else None)
    low, high = float(train.value.min()), float(train.value.max())
    errors = []
    for name, title, predicted, parameters in _predictions(train, test, log, damping, vectors):
        wrong = np.clip(predicted, low, high) - test.value
        errors.append(_error(name, title, wrong, test.user, parameters))
    return Ratings(len(test), len(np.unique(test.user)), low, high, tuple(errors))


def _tuned(validation: Validation | None) -> float:
    """The damping with the least error on the validation window."""
    if validation is None:
        return DAMPINGS[0]
    train, test = _ratings(validation.log), _ratings(validation.later)
    if not len(train) or not len(test):
        return DAMPINGS[0]
    shape = validation.log.shape

    def error(damping: float) -> float:
        found = _biases(train, shape, damping)
        return float(np.square(found.predict(test.user, test.item) - test.value).mean())

    return min(DAMPINGS, key=error)


def _predictions(
    train: _Scores, test: _Scores, log: Log, damping: float, vectors: Vectors | None
) -> Iterator[tuple[str, str, Floats, Parameters]]:
    mean = float(train.value.mean())
    yield "mean", "the mean of all ratings", np.full(len(test), mean), {}
    item = _damped(train.value - mean, train.item, log.shape[1], damping)
    yield "item mean", "the item's mean, damped", mean + item[test.item], {"damping": damping}
    biases = _biases(train, log.shape, damping)
    base = biases.predict(test.user, test.item)
    yield "biases", "mean + user + item, damped", base, {"damping": damping}
    rest = train.value - biases.predict(train.user, train.item)
    if log.shape[1] <= MOST_ITEMS:
        near = _neighbours(train, rest, test, log.shape)
        parameters = {"neighbours": NEIGHBOURS, "shrinkage": SHRINKAGE}
        yield "biases + neighbours", "and what the user made of like items", base + near, parameters
    if vectors is not None and vectors.items.size:
        yield (
            "biases + node2vec",
            "and a ridge on the graph's vectors",
            base + _ridge(vectors, train, rest, test),
            {"ridge": RIDGE},
        )


def _neighbours(train: _Scores, rest: Floats, test: _Scores, shape: tuple[int, int]) -> Floats:
    from scipy import sparse

    left = sparse.csr_array(sparse.coo_array((rest, (train.user, train.item)), shape=shape))
    rated = sparse.csr_array(sparse.coo_array((np.ones(len(rest)), (train.user, train.item)), shape=shape))
    norms = np.sqrt((left.power(2).T @ rated).toarray())
    with np.errstate(divide="ignore", invalid="ignore"):
        similar = np.nan_to_num((left.T @ left).toarray() / (norms * norms.T))
    shared = (rated.T @ rated).toarray()
    similar *= shared / (shared + SHRINKAGE)
    np.fill_diagonal(similar, 0.0)
    found = np.zeros(len(test))
    for row in np.flatnonzero((test.user >= 0) & (test.item >= 0)):
        begin, end = left.indptr[test.user[row]], left.indptr[test.user[row] + 1]
        weight = similar[test.item[row], left.indices[begin:end]]
        best = np.argsort(-weight)[:NEIGHBOURS]
        best = best[weight[best] > 0]
        if len(best):
            found[row] = weight[best] @ left.data[begin:end][best] / (weight[best].sum() + 1e-9)
    return found


def _ridge(vectors: Vectors, train: _Scores, rest: Floats, test: _Scores) -> Floats:
    unit = vectors.unit()
    users, items = np.nan_to_num(unit.users), np.nan_to_num(unit.items)

    def features(scores: _Scores) -> Floats:
        known = ((scores.user >= 0) & (scores.item >= 0))[:, None]
        made = users[scores.user] * items[scores.item]
        return np.asarray(np.where(known, np.column_stack([made, made.sum(axis=1)]), 0.0), dtype=np.float64)

    design = features(train)
    gram = design.T @ design + RIDGE * np.eye(design.shape[1])
    return np.asarray(features(test) @ np.linalg.solve(gram, design.T @ rest))


def _error(name: str, title: str, wrong: Floats, user: NDArray[np.int64], parameters: Parameters) -> RatingError:
    mse = float(np.square(wrong).mean())
    _, place = np.unique(user, return_inverse=True)
    count = np.bincount(place).astype(np.float64)
    found = Resamples(len(count)).ratio(np.asarray(np.bincount(place, np.square(wrong)), dtype=np.float64), count)
    interval = Estimate(found.mean**0.5, max(found.low, 0.0) ** 0.5, found.high**0.5)
    return RatingError(name, title, mse**0.5, mse, float(np.abs(wrong).mean()), interval, parameters)

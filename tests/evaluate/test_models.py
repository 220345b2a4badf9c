"""What every model must do, and single models by hand or against the plain formula."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from interestgraph.evaluate.kernels import best, spread
from interestgraph.evaluate.log import Log
from interestgraph.evaluate.metrics import find_hits, recall
from interestgraph.evaluate.models import BASELINES, Model
from interestgraph.evaluate.models.baskets import TIFU, basket_numbers
from interestgraph.evaluate.models.ease import _dual, _primal
from interestgraph.evaluate.models.knn import bm25, nearest, trimmed
from interestgraph.evaluate.models.own import OWN_DECAYED
from interestgraph.evaluate.models.popularity import RECENT
from interestgraph.evaluate.ranking import rank
from interestgraph.evaluate.truth import to_truth
from interestgraph.evaluate.tune import Validation, choose
from tests.evaluate.logs import make_log, random_log


@pytest.fixture(scope="module")
def log() -> Log:
    return random_log()


@pytest.mark.parametrize("model", BASELINES, ids=lambda model: model.name)
class TestEveryModel:
    """The contract."""

    def test_lists_are_of_known_items_once_each(self, model: Model, log: Log) -> None:
        users = np.arange(10, dtype=np.int32)
        lists = rank(model.start(log)(model.grid[0]), log, users)
        seen = log.pairs[users].toarray() > 0
        for row in range(10):
            found = {task: ranked[row][ranked[row] >= 0] for task, ranked in lists.items()}
            for items in found.values():
                assert len(set(items.tolist())) == len(items)
            assert seen[row][found["again"]].all()
            assert not seen[row][found["new"]].any()
            assert len(found["all"]) == len(found["again"]) + len(found["new"])
            assert set(found["all"].tolist()) == {*found["again"].tolist(), *found["new"].tolist()}

    def test_a_user_without_history_breaks_nothing(self, model: Model) -> None:
        log = make_log([(0, 0, 1), (0, 1, 2), (1, 0, 2), (1, 2, 3), (2, 1, 3), (2, 2, 4)], users=4, items=4)
        lists = rank(model.start(log)(model.grid[0]), log, np.array([3], dtype=np.int32))
        assert 3 not in lists["all"]  # an item without events is never recommended

    def test_the_same_twice(self, model: Model, log: Log) -> None:
        users = np.arange(8, dtype=np.int32)
        first, second = (rank(model.start(log)(model.grid[0]), log, users)["all"] for _ in range(2))
        assert np.array_equal(first, second)


@pytest.mark.parametrize(
    ("name", "smaller"),
    [
        ("ItemKNN", {}),
        ("random walk", {}),
        ("ALS", {"factors": 4, "weighting": "counts"}),
        ("BPR", {"factors": 8}),
        ("EASE", {}),
        ("TIFU-KNN", {"neighbours": 10}),
    ],
)
def test_collaborative_models_find_the_group(name: str, smaller: dict[str, int], log: Log) -> None:
    """Popularity knows nothing of the two groups; these models must, with settings for 60 users."""
    model = next(model for model in BASELINES if model.name == name)
    users = np.arange(60, dtype=np.int32)
    new = rank(model.start(log)({**model.grid[0], **smaller}), log, users)["new"][:, :3]
    of_own_half = [(item >= 20) == (user % 2 == 1) for user in range(60) for item in new[user].tolist() if item >= 0]
    assert np.mean(of_own_half) > 0.8


def test_the_kernel_ranks_as_sorting_does() -> None:
    random = np.random.default_rng(1)
    scores = random.integers(0, 9, (7, 30)).astype(np.float32)  # with ties
    scores[:, 5] = -np.inf
    known = np.ones(30, dtype=bool)
    known[7] = False
    seen = sparse.csr_array(sparse.random_array((7, 30), density=0.3, rng=random))
    found = best(scores, seen.indptr, seen.indices, known, 40)
    for row in range(7):
        order = [item for item in np.lexsort((np.arange(30), -scores[row])).tolist() if item not in (5, 7)]
        mine = set(seen.indices[seen.indptr[row] : seen.indptr[row + 1]].tolist())
        expected = [order, [i for i in order if i in mine], [i for i in order if i not in mine]]
        for side, wanted in enumerate(expected):
            assert found[side, row][: len(wanted)].tolist() == wanted
            assert (found[side, row][len(wanted) :] == -1).all()


def test_spreading_is_a_matrix_product() -> None:
    random = np.random.default_rng(2)
    left = sparse.csr_array(sparse.random_array((5, 8), density=0.5, rng=random, dtype=np.float32))
    right = sparse.csr_array(sparse.random_array((8, 6), density=0.4, rng=random, dtype=np.float32))
    rows = np.array([3, 0, 4], dtype=np.int32)
    found = spread(left.indptr, left.indices, left.data, right.indptr, right.indices, right.data, rows, 6)
    expected = (left @ right).toarray()[rows]
    assert np.where(np.isneginf(found), 0, found) == pytest.approx(expected, abs=1e-6)


def test_both_forms_of_ease_are_the_formula() -> None:
    random = np.random.default_rng(3)
    weights = sparse.csr_array((random.random((12, 9)) < 0.4).astype(np.float32))
    inverse = np.linalg.inv(weights.toarray().T @ weights.toarray() + 2.0 * np.eye(9))
    matrix = -inverse / np.diag(inverse)
    np.fill_diagonal(matrix, 0)
    expected = weights.toarray() @ matrix
    users = np.arange(12, dtype=np.int32)
    assert _primal(weights, 2.0)(users) == pytest.approx(expected, abs=1e-5)
    assert _dual(weights, 2.0)(users) == pytest.approx(expected, abs=1e-5)


def test_bm25_is_that_of_implicit(log: Log) -> None:
    from implicit.nearest_neighbours import bm25_weight

    theirs = sparse.csr_array(bm25_weight(sparse.csr_matrix(log.weights()), K1=1.2, B=0.75))
    assert bm25(log.weights()).toarray() == pytest.approx(theirs.toarray())


def test_neighbours_are_the_best_of_the_product(log: Log) -> None:
    weights = log.weights()
    product = (weights.T @ weights).toarray()
    similar = trimmed(nearest(sparse.csr_array(weights.T), weights), 3)
    for item in range(40):
        kept = similar.data[similar.indptr[item] : similar.indptr[item + 1]]
        assert sorted(kept, reverse=True) == pytest.approx(np.sort(product[item])[::-1][:3])


def test_own_time_weighted_by_hand() -> None:
    log = make_log([(0, 0, 0), (0, 0, 1), (0, 1, 20)], users=1, items=2)
    scores = OWN_DECAYED.start(log)({"half_life": 10.0})(np.array([0], dtype=np.int32))
    assert scores[0] == pytest.approx([2**-2.0 + 2**-1.9, 1.0])


def test_recent_popularity_counts_users_of_the_window_and_then_of_all_time() -> None:
    log = make_log([(0, 0, 0), (1, 0, 1), (2, 0, 1), (0, 1, 50), (0, 1, 51), (1, 2, 0)], users=3, items=4)
    lists = rank(RECENT.start(log)({"days": 5}), log, np.array([2], dtype=np.int32))
    assert lists["all"][0][:3].tolist() == [1, 0, 2]


def test_baskets_are_numbered_from_the_last() -> None:
    log = make_log([(0, 0, 1), (0, 1, 1), (0, 0, 4), (1, 0, 2), (0, 2, 9)], users=3, items=3)
    newer, count = basket_numbers(log)
    assert dict(zip(zip(log.user.tolist(), log.item.tolist(), log.at.tolist(), strict=True), newer, strict=True)) == {
        (0, 0, 86400.0): 2, (0, 1, 86400.0): 2, (1, 0, 172800.0): 0, (0, 0, 345600.0): 1, (0, 2, 777600.0): 0,
    }  # fmt: skip
    assert count.tolist() == [3, 1, 0]


def test_tifu_by_hand() -> None:
    """One group of two baskets, no neighbours' share: the newer counts 1, the older 0.5, both over the group's size."""
    log = make_log([(0, 0, 1), (0, 1, 5), (1, 2, 5)], users=2, items=3)
    parameters = {"group": 2, "within": 0.5, "across": 1.0, "neighbours": 1, "own": 1.0}
    scores = TIFU.start(log)(parameters)(np.array([0], dtype=np.int32))
    assert scores[0][:2] == pytest.approx([0.25, 0.5])
    shared = TIFU.start(log)({**parameters, "own": 0.5})(np.array([0], dtype=np.int32))
    assert shared[0] == pytest.approx([0.125, 0.25, 0.5 * 0.5])


def test_tuning_finds_the_half_life_that_the_log_needs() -> None:
    """Users change what they take each ten days: what is older only misleads."""
    events = [(user, (day // 10 + user) % 12, float(day)) for user in range(40) for day in range(58)]
    log = make_log(events, users=40, items=12)
    early, later = log.only(log.at < 55 * 86400), log.only(log.at >= 55 * 86400)
    choice = choose(OWN_DECAYED, Validation(early, later), ("all", "again", "new"), 1, lambda _done, _total: None)
    assert len(choice.trials) == len(OWN_DECAYED.grid)
    assert float(choice.parameters["all"]["half_life"] or 0) <= 60
    assert choice.parameters["again"] == choice.parameters["all"]
    lists = rank(OWN_DECAYED.start(early)(choice.parameters["all"]), early, np.arange(40, dtype=np.int32))
    hits, relevant = find_hits(lists["all"], to_truth(early, later).chosen)
    assert recall(hits, relevant, 1).mean() == 1


def test_too_few_users_are_not_tuned_on(log: Log) -> None:
    early, later = log.only(log.at < 59 * 86400), log.only((log.at >= 59 * 86400) & (log.user < 3))
    validation = Validation(early, later)
    assert not validation.enough()

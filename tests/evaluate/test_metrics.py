"""Ranking metrics by hand, in general, and as an independent library has them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import sparse

from interestgraph.evaluate.metrics import METRICS, find_hits

Hits = NDArray[np.bool_]


def one(name: str, places: list[int], relevant: int, k: int, depth: int = 5) -> float:
    """A metric of one list with hits at some places, from 1."""
    hits = np.zeros((1, depth), dtype=bool)
    hits[0, [place - 1 for place in places]] = True
    return float(METRICS[name](hits, np.array([relevant]), k)[0])


@pytest.mark.parametrize(
    ("name", "places", "relevant", "k", "expected"),
    [
        ("recall", [1], 1, 1, 1.0),
        ("recall", [1, 3], 3, 3, 2 / 3),  # two of the three that could be hit
        ("recall", [1, 3], 4, 2, 1 / 2),  # two places, one hit
        ("recall", [5], 2, 10, 1 / 2),  # the list is shorter than k
        ("plain_recall", [1, 2], 8, 2, 2 / 8),
        ("precision", [1, 3], 9, 4, 2 / 4),
        ("precision", [5], 9, 10, 1 / 10),  # an empty place is a miss
        ("f1", [1, 3], 8, 4, 2 * (2 / 4) * (2 / 8) / (2 / 4 + 2 / 8)),
        ("f1", [], 8, 4, 0.0),
        ("hit_rate", [4], 2, 3, 0.0),
        ("hit_rate", [3], 2, 3, 1.0),
        ("mrr", [3, 4], 2, 5, 1 / 3),
        ("mrr", [4], 2, 3, 0.0),
        ("map", [1, 3], 4, 5, (1 / 1 + 2 / 3) / 4),
        # Hits at places 2 and 3, two relevant: (1/log2 3 + 1/log2 4) / (1/log2 2 + 1/log2 3).
        ("ndcg", [2, 3], 2, 3, (1 / math.log2(3) + 1 / 2) / (1 + 1 / math.log2(3))),
        ("ndcg", [3], 4, 3, (1 / 2) / (1 + 1 / math.log2(3) + 1 / 2)),
        ("ndcg", [3], 1, 2, 0.0),  # what stands behind place k does not count
    ],
)
def test_by_hand(name: str, places: list[int], relevant: int, k: int, expected: float) -> None:
    assert one(name, places, relevant, k) == pytest.approx(expected)


@given(
    hits=st.lists(st.booleans(), min_size=1, max_size=12),
    more=st.integers(0, 20),
    k=st.integers(1, 15),
)
def test_all_lie_between_0_and_1_and_a_better_order_is_never_worse(hits: list[bool], more: int, k: int) -> None:
    relevant = np.array([sum(hits) + more or 1])
    for name, metric in METRICS.items():
        value = metric(np.array([hits]), relevant, k)[0]
        best = metric(np.array([sorted(hits, reverse=True)]), relevant, k)[0]
        assert 0 <= value <= best + 1e-12 <= 1 + 2e-12, name
    perfect = np.ones((1, k), dtype=bool)
    for name in ("recall", "ndcg", "hit_rate", "mrr"):
        assert METRICS[name](perfect, np.array([k + more]), k)[0] == pytest.approx(1)


def test_hits_are_found_by_user_and_item() -> None:
    truth = sparse.csr_array(np.array([[1, 0, 1], [0, 0, 0], [0, 1, 1]], dtype=np.float32))
    lists = np.array([[2, 1, -1], [0, 1, 2], [-1, -1, -1]], dtype=np.int32)
    hits, relevant = find_hits(lists, truth)
    assert hits.tolist() == [[True, False, False], [False] * 3, [False] * 3]
    assert relevant.tolist() == [2, 0, 2]


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.filterwarnings("ignore::Warning")  # of the other library
def test_ranx_says_the_same(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """On random lists; the library's recall and MAP are the plain ones."""
    random = np.random.default_rng(seed)
    users, items, depth = 40, 60, 20
    lists = np.array([random.permutation(items)[:depth] for _ in range(users)], dtype=np.int32)
    chosen = [random.choice(items, random.integers(1, 25), replace=False) for _ in range(users)]
    truth = np.zeros((users, items), dtype=np.float32)
    for row, mine in enumerate(chosen):
        truth[row, mine] = 1
    hits, relevant = find_hits(lists, sparse.csr_array(truth))
    theirs = {"precision": "precision", "plain_recall": "recall", "f1": "f1", "hit_rate": "hit_rate",
              "ndcg": "ndcg", "mrr": "mrr", "map": "map"}  # fmt: skip
    names = [f"{name}@{k}" for name in theirs.values() for k in (1, 5, 10, 20)]
    with monkeypatch.context() as patched:
        # The library would compile for half a minute what takes milliseconds as it stands.
        patched.setattr("numba.config.DISABLE_JIT", True)
        from ranx import Qrels, Run, evaluate

        qrels = Qrels({f"u{row}": {f"i{item}": 1 for item in mine} for row, mine in enumerate(chosen)})
        run = Run({f"u{row}": {f"i{item}": float(depth - at) for at, item in enumerate(ranked)}
                   for row, ranked in enumerate(lists)})  # fmt: skip
        found = evaluate(qrels, run, names, make_comparable=True)
    for k in (1, 5, 10, 20):
        for mine_name, name in theirs.items():
            mine_value = float(METRICS[mine_name](hits, relevant, k).mean())
            assert mine_value == pytest.approx(found[f"{name}@{k}"], abs=1e-9), (mine_name, k)
        plain = METRICS["plain_recall"](hits, relevant, k)
        assert METRICS["recall"](hits, relevant, k) == pytest.approx(plain * relevant / np.minimum(relevant, k))

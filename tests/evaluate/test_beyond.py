"""Measures beside accuracy, by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from interestgraph.evaluate.beyond import Catalogue, beyond, gini
from tests.evaluate.logs import make_log


def test_gini_by_hand() -> None:
    assert gini(np.array([3, 3, 3])) == 0
    assert gini(np.array([0, 0, 0, 8])) == pytest.approx(3 / 4)
    assert gini(np.array([1, 3])) == pytest.approx(1 / 4)
    assert gini(np.array([0, 0])) == 0


def test_measures_by_hand() -> None:
    """Four users; item 0 was chosen by all, item 1 by one, item 2 by two; item 3 by nobody."""
    log = make_log([(0, 0, 1), (1, 0, 1), (2, 0, 1), (3, 0, 1), (0, 1, 2), (1, 2, 2), (2, 2, 3)], users=4, items=4)
    users = np.array([0, 1], dtype=np.int32)
    lists = np.array([[2, 1, -1], [1, -1, -1]], dtype=np.int32)
    categories = sparse.csr_array(np.array([[1, 1, 0], [1, 0, 1], [1, 1, 0], [0, 0, 0]], dtype=float))
    vectors = np.array([[1, 0], [1, 0], [0, 1], [np.nan, np.nan]], dtype=np.float32)
    found = beyond(lists, users, log, Catalogue(categories, vectors), k=2)
    assert found.coverage == pytest.approx(2 / 3)  # of the three items with events
    assert found.gini == gini(np.array([0, 2, 1]))
    assert found.novelty == pytest.approx((1 + 2 + 2) / 3)  # -log2 of 1/2, 1/4, 1/4
    assert found.popularity == pytest.approx((1 / 2 + 1 / 4 + 1 / 4) / 3)
    profile = (1 + 1 / 4 + 1 + 1 / 2) / 4
    assert found.popularity_lift == pytest.approx((1 / 3) / profile - 1)
    assert found.diversity_categories == pytest.approx(1 - 1 / 3)  # one list has a pair: one shared of three
    assert found.diversity_vectors == pytest.approx(1)
    assert found.list_length == pytest.approx(1.5)


def test_empty_lists_have_no_diversity() -> None:
    log = make_log([(0, 0, 1), (0, 1, 1)], users=1, items=2)
    found = beyond(np.full((1, 5), -1, dtype=np.int32), np.zeros(1, np.int32), log, Catalogue(), k=5)
    assert (found.coverage, found.novelty, found.diversity_vectors, found.list_length) == (0, 0, None, 0)

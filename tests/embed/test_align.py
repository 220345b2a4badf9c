from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import ortho_group

from interestgraph.embed import align, normalise
from interestgraph.errors import DataError, SchemaMismatchError

RANDOM = np.random.default_rng(3)
OLD = RANDOM.normal(size=(50, 8)).astype(np.float32)
ROTATION = ortho_group.rvs(8, random_state=4).astype(np.float32)


def test_a_rotation_is_recovered_also_for_nodes_that_are_new() -> None:
    """Nodes come in another order, 40 of them are common."""
    order = RANDOM.permutation(50)
    new = (OLD @ ROTATION)[order]
    rotated, residual = align(new, OLD[:40], np.flatnonzero(order < 40), order[order < 40])
    assert rotated == pytest.approx(OLD[order], abs=1e-5)
    assert residual == pytest.approx(0, abs=1e-6)
    assert rotated.dtype == np.float32


def test_lengths_and_angles_within_the_run_are_kept_and_the_residual_is_relative() -> None:
    new = RANDOM.normal(size=(30, 8)).astype(np.float32)
    rotated, residual = align(new, OLD, np.arange(20), np.arange(20))
    assert rotated @ rotated.T == pytest.approx(new @ new.T, abs=1e-4)
    before = np.linalg.norm(new[:20] - OLD[:20]) / np.linalg.norm(OLD[:20])
    after = np.linalg.norm(rotated[:20] - OLD[:20]) / np.linalg.norm(OLD[:20])
    assert residual == pytest.approx(after, rel=1e-5)
    assert after < before


def test_with_no_common_node_vectors_stay() -> None:
    rotated, residual = align(OLD, OLD, [], [])
    assert rotated.tobytes() == OLD.tobytes()
    assert math.isnan(residual)
    assert math.isnan(align(OLD, np.zeros_like(OLD), [1], [1]).residual)


def test_other_dimensions_are_refused() -> None:
    with pytest.raises(SchemaMismatchError, match=r"\(50, 8\), old ones \(50, 4\)"):
        align(OLD, OLD[:, :4], [0], [0])


def test_wrong_input() -> None:
    with pytest.raises(DataError, match="index arrays differ"):
        align(OLD, OLD, [0, 1], [0])
    broken = OLD.copy()
    broken[7, 2] = np.nan
    with pytest.raises(DataError, match="NaN"):
        align(broken, OLD, [7], [7])
    with pytest.raises(DataError, match="vector 7 has NaN"):
        normalise(broken)


def test_normalise_keeps_zero_and_takes_very_small_and_large_vectors() -> None:
    vectors = np.array([[0, 0], [3, 4], [1e-38, 0], [3e38, 3e38]], np.float32)
    expected = [[0, 0], [0.6, 0.8], [1, 0], [0.5**0.5, 0.5**0.5]]
    assert normalise(vectors) == pytest.approx(np.array(expected), rel=1e-6)


def test_fewer_common_nodes_than_dimensions_agree_and_the_rest_keeps_its_angles() -> None:
    old = normalise(OLD)
    turned = old @ ROTATION
    rotated, residual = align(turned, old, [3, 8], [3, 8])
    assert residual == pytest.approx(0, abs=1e-5)
    assert rotated[[3, 8]] == pytest.approx(old[[3, 8]], abs=1e-5)
    assert rotated @ rotated.T == pytest.approx(old @ old.T, abs=1e-5)

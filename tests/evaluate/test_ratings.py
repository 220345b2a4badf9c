"""Predicted ratings."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from interestgraph.evaluate.config import EvaluateConfig
from interestgraph.evaluate.graph import Vectors
from interestgraph.evaluate.protocol import read_protocol
from interestgraph.evaluate.ratings import rating_errors
from interestgraph.evaluate.report import Ratings

HEAD = "user_id:token\titem_id:token\trating:float\ttimestamp:float"


def evaluated(path: Path, rows: Sequence[tuple[int, int, float, int]], vectors: Vectors | None = None) -> Ratings:
    """Errors for ratings (user, item, rating, day), cut at day 50."""
    lines = [f"u{user:02d}\ti{item:02d}\t{rating}\t{1_000_000_000 + day * 86400}" for user, item, rating, day in rows]
    path.write_text("\n".join([HEAD, *lines]) + "\n", encoding="utf-8")
    config = EvaluateConfig("recbole", path, cut=datetime.fromtimestamp(1_000_000_000 + 50 * 86400, UTC), days=20)
    protocol = read_protocol(config)
    found = rating_errors(config, protocol, protocol.later(), vectors)
    assert found is not None
    return found


def test_biases_and_neighbours_learn_what_there_is(tmp_path: Path) -> None:
    """Good and bad items, generous and strict users, and two tastes that only neighbours can know."""
    random = np.random.default_rng(0)
    rows = []
    for user in range(40):
        for item in random.permutation(30)[:24].tolist():
            taste = 0.8 if (user + item) % 2 else -0.8
            rating = 3 + 0.5 * (item % 3 - 1) + 0.7 * (user % 5 - 2) / 2 + taste
            rows.append((user, item, round(rating, 2), int(random.integers(0, 65))))
    found = evaluated(tmp_path / "x.inter", rows)
    errors = {error.model: error for error in found.errors}
    assert set(errors) == {"mean", "item mean", "biases", "biases + neighbours"}
    assert errors["mean"].rmse > errors["item mean"].rmse > errors["biases"].rmse > errors["biases + neighbours"].rmse
    for error in found.errors:
        assert error.mse == pytest.approx(error.rmse**2)
        assert error.mae <= error.rmse
        assert error.rmse_interval.low <= error.rmse <= error.rmse_interval.high
    # Vectors that hold the tastes are worth as much.
    sides = {n: np.array([[1.0, (-1.0) ** at] for at in range(n)], dtype=np.float32) for n in (40, 30)}
    more = evaluated(tmp_path / "x.inter", rows, Vectors(sides[40], sides[30]))
    assert more.errors[-1].model == "biases + node2vec"
    assert more.errors[-1].rmse < 0.6 * errors["biases"].rmse


def test_the_latest_rating_of_a_pair_counts_and_unknown_ones_get_the_mean(tmp_path: Path) -> None:
    rows = [(0, 0, 1, 1), (0, 0, 5, 2), (1, 0, 5, 3), (9, 9, 4, 55), (0, 0, 5, 56)]
    found = evaluated(tmp_path / "x.inter", rows)
    assert (found.ratings, found.users, found.low, found.high) == (2, 2, 5, 5)
    assert {error.model: error.mae for error in found.errors}["mean"] == pytest.approx(0.5)

"""Evaluation on a split that was written before."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from interestgraph.errors import DataError, StateError
from interestgraph.evaluate.given import split_events, split_window
from interestgraph.ingest.split import SplitConfig, split
from tests.conftest import Output

Run = Callable[..., Output]


@pytest.fixture
def folder(shop_log: Path, tmp_path: Path) -> Path:
    config = SplitConfig("events", tmp_path / "out", shop_log, cut=datetime(2024, 5, 20), validation_days=2)
    return split(config).folder


def test_validation_lies_between_train_and_test(folder: Path, shop_log: Path) -> None:
    window = split_window(folder, "events", shop_log)
    assert window.learn_until == datetime(2024, 5, 18, tzinfo=UTC)
    assert window.since == datetime(2024, 5, 20, tzinfo=UTC)
    assert window.until == datetime(2024, 5, 28, 17, 0, 0, 1000, tzinfo=UTC)


def test_the_truth_has_the_ids_of_the_log(folder: Path, shop_log: Path) -> None:
    lines = [line.split(",") for line in shop_log.read_text(encoding="utf-8").splitlines()[1:]]
    late = {(line[0], line[1]) for line in lines if line[2] == "purchase" and line[3] >= "2024-05-20"}
    events = split_events(folder, ("PURCHASED",))
    chosen = zip(events.user[events.primary].tolist(), events.item[events.primary].tolist(), strict=True)
    assert {(events.users[user], events.items[item]) for user, item in chosen} == late


def test_a_split_of_something_else_is_refused(folder: Path, shop_log: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"holds no split \(manifest.json\)"):
        split_window(tmp_path, "events", shop_log)
    with pytest.raises(StateError, match="was split by loader events"):
        split_window(folder, "rees46", shop_log)
    other = tmp_path / "other.csv"
    other.write_text(shop_log.read_text(encoding="utf-8") + "u,i,purchase,2024-05-01,1,,\n", encoding="utf-8")
    with pytest.raises(StateError, match="split from other files"):
        split_window(folder, "events", other)
    (folder / "test.parquet").write_bytes((folder / "train.parquet").read_bytes())
    with pytest.raises(DataError, match=r"test\.parquet is not the file that was written"):
        split_window(folder, "events", shop_log)
    last = split(SplitConfig("events", tmp_path / "last", shop_log, last=1)).folder
    with pytest.raises(StateError, match="not leak-free"):
        split_window(last, "events", shop_log)


def test_the_command_learns_from_train_and_tests_on_test(ig: Run, folder: Path, shop_log: Path) -> None:
    output = ig(
        "evaluate",
        "events",
        "--data",
        str(shop_log),
        "--split",
        str(folder),
        "--models",
        "popularity,EASE",
        "--json",
        "-",
    )
    assert output.code == 0, output.err
    report = json.loads(output.out)
    assert (report["cut"], report["since"]) == ("2024-05-18T00:00:00Z", "2024-05-20T00:00:00Z")
    assert report["users"] > 10
    assert [model["name"] for model in report["models"]] == ["popularity", "EASE"]
    both = ig("evaluate", "events", "--data", str(shop_log), "--split", str(folder), "--cut", "2024-05-20")
    assert "give one of cut, split, holdout and baskets, not cut and split" in both.err

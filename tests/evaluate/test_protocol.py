"""What is learnt from and what is tested on, for each way to split."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from interestgraph.errors import ConfigurationError, DataError, StateError
from interestgraph.evaluate.config import EvaluateConfig
from interestgraph.evaluate.log import Log
from interestgraph.evaluate.protocol import read_protocol
from interestgraph.evaluate.temporal import evaluate
from interestgraph.evaluate.truth import to_truth
from interestgraph.ingest.load import LoadConfig, load
from interestgraph.neo4j.connection import Database
from interestgraph.settings import Settings, load_settings
from tests.conftest import Output

Run = Callable[..., Output]
FAST = ("recent popularity", "own time-weighted", "ItemKNN", "EASE", "TIFU-KNN")


def pairs(log: Log) -> set[tuple[str, str]]:
    return {(log.users[user], log.items[item]) for user, item in zip(log.user, log.item, strict=True)}


@pytest.fixture
def offline(tmp_path: Path) -> Settings:
    """Settings for evaluations that start no server."""
    return load_settings(home=tmp_path / "home")


def test_a_cut_learns_from_what_came_before_and_tunes_before_that(shop_log: Path) -> None:
    protocol = read_protocol(EvaluateConfig("events", shop_log, cut=datetime(2024, 5, 20), days=4))
    cut = datetime(2024, 5, 20, tzinfo=UTC).timestamp()
    assert protocol.log.end < cut
    assert protocol.validation is not None
    assert protocol.validation.log.end < cut - 4 * 86400 <= protocol.validation.later.at.min()
    later = protocol.later()
    assert cut <= later.at.min() <= later.end < cut + 4 * 86400


@pytest.mark.parametrize("tail", ["cake-fan-0,cake-0,purchase,2024-05-21T10:00:00,1,,", ""])
def test_what_comes_after_the_cut_changes_no_list(shop_log: Path, offline: Settings, tail: str) -> None:
    """Lists are the same whatever the test holds, and only their score differs."""
    config = EvaluateConfig("events", shop_log, cut=datetime(2024, 5, 20), days=9, models=FAST, k=5)
    before = evaluate(offline, config)
    lines = shop_log.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines[1:] if line.split(",")[3] < "2024-05-20"]
    others = [line.replace("tea-fan", "soap-fan") for line in lines[1:] if line not in kept]
    shop_log.write_text("\n".join([lines[0], *kept, *others, *filter(None, [tail])]) + "\n", encoding="utf-8")
    after = evaluate(offline, config)
    for one, other in zip(before.models, after.models, strict=True):
        assert (one.name, one.parameters, one.beyond.coverage) == (other.name, other.parameters, other.beyond.coverage)
        assert [trial.ndcg for trial in one.trials] == [trial.ndcg for trial in other.trials]
    changed = [one.tasks != other.tasks for one, other in zip(before.models, after.models, strict=True)]
    assert any(changed)


def test_a_holdout_takes_its_share_of_each_user_s_items(shop_log: Path) -> None:
    protocol = read_protocol(EvaluateConfig("events", shop_log, holdout=0.25))
    log, held = protocol.log, protocol.later()
    assert not pairs(log) & pairs(held)
    for user in range(len(log.users)):
        mine, out = (len(set(part.item[part.user == user].tolist())) for part in (log, held))
        assert out == max(1, round(0.25 * (mine + out)))
    assert set(protocol.keep.tolist() if protocol.keep is not None else []) == set(log.event.tolist())
    again = read_protocol(EvaluateConfig("events", shop_log, holdout=0.25))
    other = read_protocol(EvaluateConfig("events", shop_log, holdout=0.25, seed=7))
    assert pairs(again.later()) == pairs(held) != pairs(other.later())
    assert any("drawn at random" in note for note in protocol.notes)


def test_the_last_basket_is_the_test_and_the_one_before_it_validation(shop_log: Path) -> None:
    protocol = read_protocol(EvaluateConfig("events", shop_log, baskets=True))
    last, log = protocol.later(), protocol.log
    assert protocol.validation is not None
    before = protocol.validation.later
    for user in set(last.user.tolist()):
        moments = [part.at[part.user == user] for part in (protocol.validation.log, before, last)]
        assert moments[0].max() < moments[1].min() == moments[1].max() < moments[2].min() == moments[2].max()
        assert log.at[log.user == user].max() < moments[2].min()
    truth = to_truth(log, last)
    assert truth.chosen.nnz == len(pairs(last))


def test_only_the_events_that_are_kept_are_loaded(database: Database, shop_log: Path, tmp_path: Path) -> None:
    protocol = read_protocol(EvaluateConfig("events", shop_log, holdout=0.5))
    kept = tmp_path / "kept.parquet"
    pq.write_table(pa.table({"eventId": pa.array(protocol.keep, pa.uint64())}), kept)
    whole = LoadConfig("events", shop_log)
    report = load(database, LoadConfig("events", shop_log, keep=kept), rejected_folder=tmp_path)
    assert (report.events, report.rows) == (len(protocol.log), len(protocol.log) + report.outside)
    rows = database.read("MATCH (u:User)-[:PURCHASED|VIEWED]->(i:Item) RETURN u.userId AS user, i.itemId AS item")
    assert {(row["user"], row["item"]) for row in rows} == pairs(protocol.log)
    rest = load(database, LoadConfig("events", shop_log, since=datetime(2024, 1, 1)), rejected_folder=tmp_path)
    assert rest.load_id != report.load_id
    assert rest.events == len(protocol.later())
    assert whole.keep is None


def test_logs_without_times_are_split_at_random(offline: Settings, tmp_path: Path) -> None:
    path = tmp_path / "train.txt"
    random = np.random.default_rng(0)
    lines = [f"{user} " + " ".join(map(str, random.choice(10, 6, False) + 10 * (user % 2))) for user in range(60)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    report = evaluate(offline, EvaluateConfig("adjacency", path, models=FAST))
    assert (report.protocol, report.leak_free, report.main, report.cut) == ("holdout", False, "new", None)
    assert any(note.startswith("the log has no times") for note in report.notes)
    assert report.model("EASE").tasks["new"]["recall"].mean > 0.6
    (left,) = report.left_out
    assert (left.name, left.reason) == (
        "own time-weighted",
        "lists leave out what the user chose before, and it knows nothing else",
    )
    for config in (
        EvaluateConfig("adjacency", path, cut=datetime(2020, 1, 1)),
        EvaluateConfig("adjacency", path, baskets=True),
    ):
        with pytest.raises(DataError, match="has no times"):
            read_protocol(config)


def test_users_without_history_are_told_apart(offline: Settings, shop_log: Path) -> None:
    with shop_log.open("a", encoding="utf-8") as stream:
        stream.write("stranger,tea-0,purchase,2024-05-24T10:00:00,1,,\n")
        stream.write("stranger,never-seen,purchase,2024-05-24T11:00:00,1,,\n")
    config = EvaluateConfig("events", shop_log, cut=datetime(2024, 5, 20), days=9, models=("popularity", "EASE"))
    report = evaluate(offline, config)
    assert report.cold is not None
    assert report.cold.users == 1
    assert set(report.cold.quality) == {"popularity"}
    assert report.cold.quality["popularity"]["recall"].mean == 1


def test_what_is_too_small_is_said(offline: Settings, tmp_path: Path) -> None:
    path = tmp_path / "tiny.csv"
    rows = ["user,item,behaviour,time"]
    rows += [f"u{user},i{item},purchase,2024-01-{day:02d}" for user, item, day in ((0, 0, 1), (1, 0, 2), (1, 1, 9))]
    path.write_text("\n".join([*rows, "u0,i1,purchase,2024-01-20"]) + "\n", encoding="utf-8")
    config = EvaluateConfig("events", path, cut=datetime(2024, 1, 15), days=9, models=("popularity", "ItemKNN", "EASE"))
    report = evaluate(offline, config)
    assert report.users == 1
    assert any(note.startswith("only 1 users") for note in report.notes)
    assert any(note.startswith("fewer than 20 users in the validation window") for note in report.notes)
    with pytest.raises(StateError, match="no known user chose a known item from 2024-01-21 to 2024-01-30"):
        evaluate(offline, EvaluateConfig("events", path, cut=datetime(2024, 1, 21), days=9, models=("popularity",)))
    with pytest.raises(DataError, match="no event before 2023-01-01"):
        evaluate(offline, EvaluateConfig("events", path, cut=datetime(2023, 1, 1), models=("popularity",)))
    with pytest.raises(DataError, match="no user has 3 baskets"):
        evaluate(offline, EvaluateConfig("events", path, baskets=True, models=("popularity",)))


def test_wrong_configurations_are_refused() -> None:
    for changes, message in (
        ({"models": ("nothing",)}, "no model nothing: there are popularity"),
        ({"holdout": 1.0}, "holdout must be between 0 and 1"),
        ({"holdout": 0.5, "baskets": True}, "give one of cut, split, holdout and baskets, not holdout and baskets"),
        ({"k": 51}, "k must be from 1 to 50"),
        ({"users": 0}, "users must be at least 1"),
        ({"days": 0}, "days must be positive"),
    ):
        with pytest.raises(ConfigurationError, match=message):
            EvaluateConfig("events", **changes)


def test_models_can_be_named_in_any_case() -> None:
    config = EvaluateConfig("events", models=("ease", "Platform"))
    assert config.wanted() == ("EASE", "node2vec", "neighbourhood", "blend", "ranker")

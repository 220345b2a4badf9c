"""Training from end to end: a log, a scratch server, a ranker in the graph, answers that rest on it."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from interestgraph.ingest.load import LoadConfig, load
from interestgraph.neo4j.connection import Database
from interestgraph.train.choices import choices_between, hide_pairs, last_baskets
from interestgraph.train.learn import Samples, TreeConfig, learn
from interestgraph.train.replay import write_kept
from tests.conftest import Output


def test_a_log_without_a_usable_window_trains_on_last_baskets_and_serves(
    ig: Callable[..., Output], database: Database, shop_log: Path
) -> None:
    for command in (("load", "events", "--data", str(shop_log)), ("enrich",)):
        assert ig(*command).code == 0
    done = ig("train", "events", "--data", str(shop_log), "--days", "7", "--json")
    assert done.code == 0, done.err
    report = json.loads(done.out)
    # Two dozen users are too few for a window.
    assert (report["labels"], report["cut"]) == ("baskets", None)
    (row,) = database.read("MATCH (r:Ranker) RETURN r {.*} AS r")
    assert row["r"]["rankerId"] == report["ranker_id"]
    assert row["r"]["status"] == ("active" if report["serves"] else "passed over")
    assert row["r"]["inputHash"]
    # What was hidden is hidden in the scratch graph only.
    (count,) = database.read("MATCH (:User)-[r:PURCHASED]->(:Item) RETURN count(r) AS n")
    assert count["n"] == len(
        {tuple(line.split(",")[:2]) for line in shop_log.read_text().splitlines() if "purchase" in line}
    )
    database.write("MATCH (r:Ranker) SET r.status = 'active', r.rankerId = r.rankerId + '-forced'")
    told = ig("predict", "tea-fan-1", "tea-0", "--json")
    assert told.code == 0, told.err
    assert 0 < json.loads(told.out)["probability"] < 1
    assert ig("predict", "tea-fan-1").err.startswith("error: the ranker was not trained on a window")
    members = json.loads(ig("audience", "tea-0", "-n", "5", "--json").out)["users"]
    chances = [member["probability"] for member in members]
    assert len(members) == 5
    assert chances == sorted(chances, reverse=True)
    assert ig("audience", "beer").err == "error: the graph has no item, category or campaign beer\n"
    assert json.loads(ig("recommend", "--like", "tea-1", "--json").out)["items"]


def test_last_baskets_are_what_each_user_chose_at_the_last_moment(shop_log: Path, tmp_path: Path) -> None:
    rows = list(csv.DictReader(shop_log.read_text().splitlines()))
    found = last_baskets("events", shop_log, None, None)
    moments: dict[str, set[str]] = {}
    for row in rows:
        if row["behaviour"] == "purchase":
            moments.setdefault(row["user"], set()).add(row["time"])
    expected = {
        user: {
            row["item"]
            for row in rows
            if row["user"] == user and row["behaviour"] == "purchase" and row["time"] == max(times)
        }
        for user, times in moments.items()
        if len(times) > 1
    }
    assert found.choices == expected
    ends = {user: max(times) for user, times in moments.items() if len(times) > 1}
    left = [row for row in rows if row["user"] not in ends or row["time"] < ends[row["user"]]]
    assert len(found.kept) == len(left)
    # What is kept can be taken again: then the basket before is the last.
    again = last_baskets("events", shop_log, None, write_kept(found.kept, tmp_path))
    assert len(again.kept) < len(found.kept)
    assert again.choices != found.choices


def test_pairs_are_not_hidden_where_things_are_chosen_again(
    ig: Callable[..., Output], database: Database, shop_log: Path
) -> None:
    told = ig("train", "events", "--data", str(shop_log), "--labels", "hidden")
    assert told.code == 1
    assert told.err.startswith("error: things are chosen again in this log")
    assert not database.read("MATCH (r:Ranker) RETURN r")


def test_bad_ratings_are_no_choices(tmp_path: Path) -> None:
    log = tmp_path / "u.data"
    log.write_text("1\t10\t5\t881250949\n1\t20\t1\t881250950\n2\t20\t4\t881250951\n")
    chosen = choices_between("movielens_100k", log, datetime(1990, 1, 1), datetime(2025, 1, 1))
    assert chosen == {"1": {"10"}, "2": {"20"}}


def test_the_latest_pairs_are_hidden(database: Database, shop_log: Path, tmp_path: Path) -> None:
    load(database, LoadConfig("events", shop_log), rejected_folder=tmp_path)
    query = (
        "MATCH (u:User)-[r:PURCHASED]->(i:Item) WITH u, i, r ORDER BY r.lastAt DESC "
        "RETURN u.userId AS user, collect(i.itemId) AS items, collect(r.lastAt.epochMillis) AS moments"
    )
    before = {row["user"]: row for row in database.read(query)}
    found = hide_pairs(database, 0.3, users=10, seed=1)
    after = {row["user"]: set(row["items"]) for row in database.read(query)}
    assert len(found) == 10
    for user, row in before.items():
        gone = set(row["items"]) - after[user]
        assert gone == found.get(user, set())
        if gone:
            count = max(1, round(0.3 * len(row["items"])))
            assert len(gone) == count
            assert {row["moments"][row["items"].index(item)] for item in gone} == set(row["moments"][:count])


def test_hidden_pairs_may_be_of_any_time(database: Database, shop_log: Path, tmp_path: Path) -> None:
    load(database, LoadConfig("events", shop_log), rejected_folder=tmp_path)
    query = (
        "MATCH (u:User)-[r:PURCHASED]->(i:Item) WITH u, i ORDER BY r.lastAt DESC "
        "RETURN u.userId AS user, collect(i.itemId) AS items"
    )
    before = {row["user"]: row["items"] for row in database.read(query)}
    found = hide_pairs(database, 0.3, users=100, seed=1, latest=False)
    after = {row["user"]: set(row["items"]) for row in database.read(query)}
    places = []
    for user, things in found.items():
        assert set(before[user]) - after[user] == things
        places += [before[user].index(item) / (len(before[user]) - 1) for item in things]
    assert 0.35 < sum(places) / len(places) < 0.65


def test_the_same_samples_and_seed_give_the_same_trees() -> None:
    import numpy as np

    from interestgraph.recommend.features import FEATURES

    generator = np.random.default_rng(3)
    rows = generator.normal(size=(20_000, len(FEATURES))).astype(np.float32)
    user = np.repeat(np.arange(400), 50)
    chosen = rows[:, 0] + generator.normal(size=20_000) > 1.8
    total = np.maximum(np.bincount(user, weights=chosen, minlength=400), 1).astype(np.int64)
    samples = Samples(rows, chosen, user, rows[:, 1].astype(np.float64), total)
    config = TreeConfig(rounds=20, min_data_in_leaf=10)
    first, second = learn(samples, config, 5), learn(samples, config, 5)
    assert first.texts == second.texts
    assert first.quality["ndcg"] > 1.5 * first.quality["blend_ndcg"]
    assert max(first.importance, key=lambda name: first.importance[name]) == FEATURES[0]
    predicted, observed, _ = np.array(first.reliability).T
    assert np.corrcoef(predicted, observed)[0, 1] > 0.9


def test_arguments_that_make_no_sense_are_refused(ig: Callable[..., Output], database: Database) -> None:
    told = ig("train", "events", "--days", "0")
    assert told.code == 1
    assert told.err == "error: days must be at least 1 and users at least 10, got 0 and 4000\n"
    assert "loader" in ig("train", "nothing").err
    told = ig("train", "events", "--labels", "latest")
    assert told.err == "error: labels must be one of auto, window, baskets, hidden, random, got latest\n"

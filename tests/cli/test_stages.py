"""The commands that write: load, enrich, embed and walks export, from an empty graph."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from interestgraph.embed.files import read_vectors, read_walks
from interestgraph.neo4j.connection import Database
from interestgraph.neo4j.server import PrivateServer
from interestgraph.settings import load_settings
from tests.conftest import Output

Run = Callable[..., Output]
SMALL = ("--dimensions", "16", "--walks-per-node", "3", "--walk-length", "10", "--workers", "1")


def data(output: Output) -> Any:
    assert (output.code, output.err) == (0, "")
    return json.loads(output.out)


def rows(output: Output) -> dict[str, str]:
    """Name -> value of a table of facts; nothing goes to stderr, since no bar is drawn for a program."""
    assert (output.code, output.err) == (0, "")
    lines = [line.rstrip() for line in output.out.splitlines()[1:]]
    parts = [line.strip().split("  ", 1) for line in lines]
    return {part[0]: part[-1].strip() for part in parts}


def test_load(ig: Run, database: Database, shop_log: Path) -> None:
    with shop_log.open("a", encoding="utf-8") as log:
        log.write("tea-fan-1,tea-1,purchase,some day,1,Tea 1,Drinks > Tea\n,tea-1,purchase,2024-05-01,1,,\n")
    first = rows(ig("load", "events", "--data", str(shop_log)))
    assert first["route"] == "bolt"
    assert (first["rejected rows"], first["users"], first["items"]) == ("2", "24", "18")
    assert first["last event"] == "2024-05-28 17:00"
    rejected = pd.read_csv(first["rejected rows are in"])
    assert len(rejected) == 2
    assert set(rejected["reason"]) <= set(first)
    counted = database.read("MATCH ()-[r:PURCHASED|VIEWED]->(:Item) RETURN count(r) AS n, sum(r.count) AS events")
    assert counted == [{"n": int(first["relationships"].replace(",", "")), "events": int(first["new events"])}]
    again = data(ig("load", "events", "--data", str(shop_log), "--json"))
    assert again["route"] == "already loaded"
    assert again["load_id"] == ig("status").out.split("loads")[1].split()[0]
    assert (
        database.read("MATCH ()-[r:PURCHASED|VIEWED]->(:Item) RETURN count(r) AS n, sum(r.count) AS events") == counted
    )


def test_load_a_period(ig: Run, database: Database, shop_log: Path) -> None:
    call = ("load", "events", "--data", str(shop_log), "--json")
    early = data(ig(*call, "--until", "2024-05-15"))
    late = data(ig(*call, "--since", "2024-05-15"))
    assert early["last_event_at"] < "2024-05-15" <= late["first_event_at"]
    overlap = data(ig(*call, "--since", "2024-05-10"))
    assert (overlap["events"], overlap["duplicates"] > late["events"]) == (0, True)
    status = data(ig("status", "--json"))
    assert sorted(status["loads"]) == sorted([early["load_id"], late["load_id"], overlap["load_id"]])


def test_a_load_is_tried_limited_and_taken_out(ig: Run, database: Database, shop_log: Path, tmp_path: Path) -> None:
    call = ("load", "events", "--data", str(shop_log))
    tried = ig(*call, "--dry-run")
    assert (tried.code, tried.err) == (0, "")
    assert {line.split()[0] for line in tried.out.splitlines()[-2:]} == {"PURCHASED", "VIEWED"}
    assert database.read("ingest/is_empty") == [{"empty": True}]
    with shop_log.open("a", encoding="utf-8") as log:
        log.write("tea-fan-1,tea-1,purchase,some day,1,Tea 1,Drinks > Tea\n")
    refused = ig(*call, "--max-rejected", "0")
    assert refused.code == 1
    assert refused.err.startswith("error: 1 of ")
    assert database.read("ingest/is_empty") == [{"empty": True}]
    loaded = data(ig(*call, "--max-rejected", "1", "--json"))
    assert ig("record", "tea-fan-1", "tea-1", "viewed", "--at", "2024-05-29").code == 0
    taken = data(ig("unload", loaded["load_id"], "--json"))
    assert taken["events"] == loaded["events"]
    assert database.read("MATCH ()-[r:VIEWED]->() RETURN r.count AS n") == [{"n": 1}]
    gone = ig("unload", loaded["load_id"])
    assert (gone.code, gone.err) == (1, f"error: no load {loaded['load_id']}: there are recorded\n")


def test_enrich_embed_and_walks(ig: Run, database: Database, shop_log: Path, tmp_path: Path) -> None:
    data(ig("load", "events", "--data", str(shop_log), "--json"))

    enriched = data(ig("enrich", "--neighbours", "3", "--json"))
    assert enriched["changed"] is True
    most = database.read("MATCH (i:Item) RETURN max(COUNT { (i)-[:SIMILAR_TO]->() }) AS most")
    assert most == [{"most": 3}]
    same = ig("enrich", "--neighbours", "3", "--if-changed")
    assert (same.code, same.err) == (0, "")
    assert same.out.startswith(f"enrichment {enriched['run_id']} (the graph was up to date)\n")

    embedded = rows(
        ig("embed", *SMALL, "--walks-out", str(tmp_path / "walks.parquet"), "--vectors-out", str(tmp_path / "v.kv"))
    )
    assert (embedded["dimensions"], embedded["users"], embedded["items"]) == ("16", "24", "18")
    stored = read_vectors(tmp_path / "v.kv")
    assert stored.vectors.shape == (48, 16)
    again = data(ig("embed", *SMALL, "--if-changed", "--json"))
    assert again["changed"] is False
    assert again["dimensions"] == 16
    from_file = data(ig("embed", *SMALL, "--walks", str(tmp_path / "walks.parquet"), "--json"))
    assert from_file["walks"] == 48 * 3
    assert from_file["residual"] < 1e-3

    refused = ig("embed", "--dimensions", "8")
    assert (refused.code, refused.out) == (1, "")
    assert refused.err.startswith("error: vector index ")
    other = data(ig("embed", "--dimensions", "8", "--trainer", "gensim", "--replace-index", "--json"))
    assert (other["dimensions"], other["trainer"]) == (8, "gensim")

    output = ig("walks", "export", "walks.txt", "--walks-per-node", "2", "--walk-length", "5", "--seed", "3")
    assert (output.code, output.out, output.err) == (0, "96 walks in walks.txt\n", "")
    walks = [walk for block in read_walks(tmp_path / "walks.txt").blocks() for walk in block]
    assert (len(walks), len(walks[0])) == (96, 5)


def test_evaluate_on_a_scratch_server(run_here: Run, own_home: Path, shop_log: Path) -> None:
    asked_of = ("events", "--data", str(shop_log), "--days", "5", "--k", "5")
    output = run_here("evaluate", *asked_of, "--html", "report.html", "--json", "report.json")
    assert output.code == 0, output.err
    report = json.loads(Path("report.json").read_text(encoding="utf-8"))
    assert report["cut"].startswith("2024-05-23T17:00:00")
    assert report["until"] > "2024-05-28T17:00:00"
    assert (report["items"], report["k"], report["leak_free"]) == (18, 5, True)
    assert 0 < report["users"] <= 24
    assert "read the intervals, not the means" in output.err
    models = {row["name"]: row for row in report["models"]}
    assert [*models, *(left["name"] for left in report["left_out"])] == [
        *("popularity", "recent popularity", "own frequency", "own time-weighted", "own then popular"),
        *("ItemKNN", "random walk", "ALS", "BPR", "EASE", "TIFU-KNN", "node2vec", "neighbourhood", "blend", "ranker"),
    ]
    for row in models.values():
        assert row["name"] in output.out
        for metrics in row["tasks"].values():
            assert all(0 <= value["low"] <= value["mean"] <= value["high"] <= 1 for value in metrics.values())
    of_all = {name: row["tasks"]["all"]["recall"]["mean"] for name, row in models.items()}
    assert of_all["blend"] > of_all["popularity"]
    assert models["own frequency"]["tasks"]["new"]["recall"]["mean"] == 0
    assert {entry["source"] for entry in report["ablation"]} == {
        "own",
        "similar",
        "linear",
        "vector",
        "category",
        "trend",
    }
    assert models["blend"]["beyond"]["diversity_vectors"] > 0
    # Popular items are of all categories; everybody's own are of one.
    assert (
        models["popularity"]["beyond"]["diversity_categories"] > models["blend"]["beyond"]["diversity_categories"] >= 0
    )
    page = Path("report.html").read_text(encoding="utf-8")
    assert all(name in page for name in (*models, "The blend&#x27;s sources", "Beyond accuracy", "How it is measured"))
    # The graph of the user is not even started.
    assert PrivateServer(load_settings(home=own_home)).status() is None
    assert not (own_home / "data").exists()

    pruned = run_here("evaluate", *asked_of, "--models", "blend", "--prune-below", "0.7", "--no-tune", "--json", "-")
    found = json.loads(pruned.out)
    assert found["seconds"]["reshape"] > 0
    assert "without the relationships that weigh less than 0.7" in " ".join(found["notes"])
    (blend,) = found["models"]
    assert 0 < blend["tasks"]["all"]["recall"]["mean"] <= of_all["blend"]


def test_the_ranker_learns_from_the_baskets_before_the_last(run_here: Run, own_home: Path, shop_log: Path) -> None:
    asked = ("--baskets", "--models", "popularity,ranker", "--no-tune", "--k", "5", "--json", "-")
    output = run_here("evaluate", "events", "--data", str(shop_log), *asked)
    assert output.code == 0, output.err
    report = json.loads(output.out)
    assert report["protocol"] == "baskets"
    ranker = next((row for row in report["models"] if row["name"] == "ranker"), None)
    if ranker is None:
        (left,) = report["left_out"]
        assert left["reason"] == "on users held out from its training the blend was better, so the blend serves"
    else:
        assert ranker["parameters"]["all"]["labels"] == "baskets"

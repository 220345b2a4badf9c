"""First loads of 1, 10 and 50 million synthetic events: rates and memory. ``python -m benchmarks.scale 1 10``."""

from __future__ import annotations

import gc
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import psutil
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.report import markdown, open_database, publish, scratch_server, versions
from interestgraph.ingest.load import LoadConfig, load
from interestgraph.ingest.offline import OfflineImporter

MILLIONS = (1, 10, 50)
CHUNK = 1_000_000
"""Events generated at once."""
START_MS, SPAN_MS = 1_704_067_200_000, 366 * 86_400_000
BEHAVIOURS, SHARES = ("view", "cart", "purchase"), (0.8, 0.1, 0.1)


@dataclass(frozen=True)
class Row:
    """What a load took."""

    events: int
    relationships: int
    read: float
    write: float
    memory: int
    """MiB of this process at its highest."""
    importer: int
    """MiB of all other processes of the load (importer, server) at their highest."""
    store: int
    """MiB of the graph on disk."""


def main(chosen: Sequence[int] = MILLIONS) -> None:
    """Generate so many million events, load them, and publish the table."""
    rows, version = [], ""
    for millions in chosen:
        with TemporaryDirectory(prefix="interestgraph-benchmark-") as name, scratch_server() as (settings, server):
            log = generate(Path(name) / "events.parquet", millions * 1_000_000)
            with open_database(server) as database, Peak() as peak:
                config = LoadConfig("events", log)
                report = load(database, config, rejected_folder=Path(name), offline=OfflineImporter(settings))
                version = database.server_version()[0]
            spent = report.seconds
            store = sum(path.stat().st_size for path in (settings.home / "data").rglob("*") if path.is_file())
            rows.append(
                Row(
                    report.events,
                    report.relationships,
                    spent["read and aggregate"],
                    spent["write"],
                    peak.own,
                    peak.others,
                    store >> 20,
                )
            )
            print(rows[-1], file=sys.stderr)
    table = [
        (
            f"{row.events:,}",
            f"{row.relationships:,}",
            f"{row.read:.0f}",
            f"{row.write:.0f}",
            f"{row.events / (row.read + row.write):,.0f}",
            f"{row.relationships / (row.read + row.write):,.0f}",
            f"{row.memory:,}",
            f"{row.importer:,}",
            f"{row.store:,}",
        )
        for row in rows
    ]
    columns = (
        *("events", "relationships", "read and sum, s", "write, s", "events/s", "relationships/s"),
        *("MiB of the loader", "MiB of importer and server", "MiB of graph"),
    )
    text = "\n\n".join(
        [
            "## First loads of synthetic logs",
            "Events with power-law users (one in 50 events) and items (one in 500), three behaviours, a year; seeded. "
            "From server-ready to constraints and indexes online; the ledger of events is part of the graph.",
            markdown(columns, table),
            f"Neo4j {version}; {versions('neo4j', 'ibis-framework', 'duckdb')}. Command: `python -m benchmarks scale`.",
        ]
    )
    publish("scale", text)


def generate(path: Path, count: int, seed: int = 42) -> Path:
    """Write a log in the columns of the loader `events`.

    Ranks are drawn with the density x^-0.5 (users) and x^-0.7 (items), so that the first hundredth of the items gets a
    quarter of the events.
    """
    users, items = max(count // 50, 10), max(count // 500, 10)
    writer = None
    for start in range(0, count, CHUNK):
        draw = np.random.default_rng([seed, start])
        size = min(CHUNK, count - start)
        moments = START_MS + np.sort(draw.integers(0, SPAN_MS, size))
        table = pa.table(
            {
                "user": _names("u", users, draw.random(size) ** 2.0),
                "item": _names("i", items, draw.random(size) ** (1 / 0.3)),
                "behaviour": pa.array(np.array(BEHAVIOURS)[draw.choice(3, size, p=SHARES)]),
                "time": pa.array(moments, pa.timestamp("ms")),
                "value": pa.array(np.round(draw.lognormal(1.5, 0.8, size), 2)),
            }
        )
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table)
    assert writer is not None
    writer.close()
    gc.collect()
    return path


def _names(prefix: str, count: int, place: np.ndarray[tuple[int], np.dtype[np.float64]]) -> pa.Array:
    ranks = pa.array((place * count).astype(np.int64)).cast(pa.string())
    return pa.compute.binary_join_element_wise(pa.scalar(prefix), ranks, pa.scalar(""))


class Peak:
    """The most memory that this process, and all its children and servers, hold while the block runs."""

    def __init__(self) -> None:
        self.own = self.others = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> Peak:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        me = psutil.Process()
        while not self._ended.wait(0.2):
            self.own = max(self.own, me.memory_info().rss >> 20)
            others = 0
            for process in psutil.process_iter(["name", "cmdline"]):
                words = " ".join(process.info["cmdline"] or ())
                if process.info["name"] == "java" and "interestgraph-benchmark-" in words:
                    others += process.memory_info().rss >> 20
            self.others = max(self.others, others)


if __name__ == "__main__":
    main([int(text) for text in sys.argv[1:]] or MILLIONS)

"""The figures of `benchmarks.serving` at ten times the users and items. ``python -m benchmarks growth``."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.report import markdown, open_database, publish, scratch_server, versions
from benchmarks.serving import LOADER, answers, clients
from interestgraph.embed.run import EmbedConfig, embed
from interestgraph.enrich.enrich import EnrichConfig, enrich
from interestgraph.ingest.load import LoadConfig, load
from interestgraph.ingest.offline import OfflineImporter
from interestgraph.ingest.spec import find_files, load_spec
from interestgraph.recommend.build import store_pack
from interestgraph.train.train import TrainConfig, train

COPIES = 10
ELSEWHERE = 0.1
"""Share of the purchases that are of the same product in another copy, so that the copies are one graph."""
SPECIFICATION = """
name = "grown_journey"
title = "The Complete Journey, grown"
licence = "as complete_journey"
source = "benchmarks/growth.py"

[files]
transactions = "transactions.parquet"
products = "products.parquet"

[events]
file = "transactions"
user = "household_id"
item = "product_id"
key = ["basket_id", "product_id"]
time = "transaction_timestamp"
behaviour = "PURCHASED"
quantity = "quantity"
value = "sales_value"

[behaviours.PURCHASED]
strength = 1.0
half_life = 120
primary = true

[items]
file = "products"
id = "product_id"
title = ["product_type", "package_size"]
brand = "brand"
categories = ["department", "product_category", "product_type"]
"""


def main() -> None:
    """Load, enrich, embed and measure the grown log, served by the ranker of the log as it is."""
    with scratch_server() as (settings, server):
        folder = settings.home / "grown"
        grow(folder)
        specification = folder / "grown_journey.toml"
        specification.write_text(SPECIFICATION, encoding="utf-8")
        moments = [time.perf_counter()]
        with open_database(server) as database:
            loaded = load(
                database,
                LoadConfig(str(specification), folder),
                rejected_folder=settings.home,
                offline=OfflineImporter(settings),
            )
            moments.append(time.perf_counter())
            enrich(database, EnrichConfig())
            moments.append(time.perf_counter())
            embed(database, EmbedConfig())
            moments.append(time.perf_counter())
            print("seconds", np.diff(moments).round(), file=sys.stderr)
            train(database, settings, TrainConfig(LOADER))
            store_pack(database)
            version, edition = database.server_version()
            asked, memory = answers(database)
            served = clients(database, server)
    spent = dict(zip(("load", "enrich", "embed"), np.diff(moments).tolist(), strict=True))
    text = "\n\n".join(
        [
            "## Answers at ten times the users and items",
            f"{COPIES} copies of The Complete Journey, each with households and products of its own; a tenth of the "
            f"purchases are of the same product in another copy: {loaded.users:,} users, {loaded.items:,} items, "
            f"{loaded.events:,} events, {loaded.relationships:,} relationships. The ranker is that of the log as it "
            "is, so only the times mean something.",
            markdown(("answer", "p50, ms", "p99, ms"), asked),
            f"The client holds {memory} MiB for it. With clients at once, as above:",
            markdown(("", ""), served),
            f"Seconds before: {', '.join(f'{name} {value:.0f}' for name, value in spent.items())}.",
            f"Neo4j {version} {edition}; {versions('neo4j', 'numpy', 'lightgbm')}. Command: "
            "`python -m benchmarks growth`.",
        ]
    )
    publish("growth", text)


def grow(folder: Path, copies: int = COPIES, seed: int = 42) -> None:
    """Write the transactions and products of so many copies of the log."""
    folder.mkdir(parents=True)
    found = find_files(load_spec(LOADER), None)
    products = pq.read_table(found["products"][0])
    transactions = pq.read_table(found["transactions"][0])
    draw = np.random.default_rng(seed)
    with pq.ParquetWriter(folder / "products.parquet", products.schema) as writer:
        for copy in range(copies):
            writer.write_table(_numbered(products, product_id=np.full(len(products), copy), copies=copies))
    with pq.ParquetWriter(folder / "transactions.parquet", transactions.schema) as writer:
        for copy in range(copies):
            size = len(transactions)
            where = np.where(draw.random(size) < ELSEWHERE, draw.integers(0, copies, size), copy)
            own = np.full(size, copy)
            writer.write_table(
                _numbered(transactions, household_id=own, basket_id=own, product_id=where, copies=copies)
            )


def _numbered(table: pa.Table, *, copies: int, **places: np.ndarray[tuple[int], np.dtype[np.int64]]) -> pa.Table:
    """The table with ids that tell the copy too."""
    for name, place in places.items():
        at = table.schema.get_field_index(name)
        table = table.set_column(at, table.schema.field(at), pa.array(table[name].to_numpy() * copies + place))
    return table


if __name__ == "__main__":
    main()

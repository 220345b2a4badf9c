"""The fast first load: graph tables become Parquet files for Neo4j's offline importer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import ibis
import ibis.expr.types as ir

from interestgraph.errors import DiskSpaceError
from interestgraph.ingest.aggregate import GraphTables
from interestgraph.neo4j.admin import Progress, import_full
from interestgraph.neo4j.connection import Row
from interestgraph.settings import Settings

_IDS = {
    "userId": "User",
    "itemId": "Item",
    "categoryId": "Category",
    "parentId": "Category",
    "campaignId": "Campaign",
    "behaviour": "behaviours",
}
"""Column -> group of ids that it holds: a label, or the file of a few rows."""


class OfflineImporter:
    """Imports graph tables into the empty private server of `settings`; the server is restarted."""

    def __init__(self, settings: Settings, progress: Progress | None = None) -> None:
        self.settings = settings
        self._progress = progress

    def __call__(
        self,
        backend: Any,
        tables: GraphTables,
        behaviours: Sequence[Row],
        load: Row,
        parts: Iterable[Row],
        check: Callable[[], None],
    ) -> None:
        """Write the Parquet files and import them.

        Args:
            backend: the workspace that holds the tables.
            tables: the graph.
            behaviours: rows name, strength, halfLife, primary.
            load: properties of the Load node.
            parts: rows of the ledger.
            check: called just before the new graph takes the place of the empty one; raises if it may not.
        """
        with TemporaryDirectory(prefix="interestgraph-") as name:
            folder = Path(name)
            nodes = {
                "User": [_write(backend, folder / "users.parquet", tables.users, node="userId")],
                "Item": [_write(backend, folder / "items.parquet", tables.items, node="itemId")],
                "Category": [_write(backend, folder / "categories.parquet", tables.categories, node="categoryId")],
                "Campaign": [_write(backend, folder / "campaigns.parquet", tables.campaigns, node="campaignId")],
                "Behaviour": [_write_rows(folder / "behaviours.parquet", "name", behaviours)],
                "LogPart": [_write_parts(folder / "parts.parquet", parts)],
                "Load": [_write_rows(folder / "load.parquet", "loadId", [_finished(load)])],
            }
            links = {
                "IN_CATEGORY": (tables.in_category, "itemId", "categoryId"),
                "CHILD_OF": (tables.child_of, "categoryId", "parentId"),
                "RECEIVED": (tables.received, "userId", "campaignId"),
                "PROMOTES": (tables.promotes, "campaignId", "itemId"),
                "REDEEMED": (tables.redeemed, "userId", "campaignId"),
            }
            for row in behaviours:
                table = tables.interactions
                chosen = table.filter(table.behaviour == row["name"]).drop("behaviour")
                links[row["name"]] = (chosen, "userId", "itemId")
            relationships = {
                kind: [_write(backend, folder / f"{kind}.parquet", table, link=(start, end))]
                for kind, (table, start, end) in links.items()
            }
            relationships["HISTORY"] = [
                _write(backend, folder / f"{who}.parquet", table, link=(who, "behaviour"))
                for who, table in (("userId", tables.user_days), ("itemId", tables.item_weeks))
            ]
            import_full(self.settings, nodes=nodes, relationships=relationships, check=check, progress=self._progress)


def _finished(load: Row) -> Row:
    return {**load, "status": "complete", "endedAt": datetime.now(UTC)}


def _write(
    backend: Any, path: Path, table: ir.Table, *, node: str | None = None, link: tuple[str, str] | None = None
) -> Path:
    """Write one table with the importer's header."""
    columns, header = [], []
    for name in table.columns:
        value = table[name]
        if name == node:
            header.append(f"{name}:ID({_IDS[name]})")
        elif link and name in link:
            header.append(f":{'START' if name == link[0] else 'END'}_ID({_IDS[name]})")
        else:
            header.append(f"{name}:{_importer_type(value.type())}")
            # The importer takes a moment as it is, which is much faster than the parsing of its text.
            value = value.cast("timestamp('UTC')") if value.type().is_timestamp() else value
        columns.append(value.name(header[-1]))
    sql = ibis.to_sql(table.select(*columns), dialect="duckdb")
    try:
        backend.raw_sql(f"COPY ({sql}) TO '{path}' (FORMAT parquet)")
    except duckdb.IOException as error:
        raise DiskSpaceError(f"{path.parent} has no room for the import files: set TMPDIR") from error
    return path


def _importer_type(kind: Any) -> str:
    if kind.is_array():
        return f"{_importer_type(kind.value_type)}[]"
    if kind.is_timestamp():
        return "datetime"
    if kind.is_boolean():
        return "boolean"
    if kind.is_integer():
        return "long"
    return "double" if kind.is_floating() or kind.is_decimal() else "string"


def _write_rows(path: Path, key: str, rows: Sequence[Row]) -> Path:
    """Write a few rows; the importer's types come from the Python values."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    kinds = {bool: "boolean", int: "long", float: "double", str: "string", datetime: "datetime", list: "string[]"}
    numbers = {"reasonCounts": "long[]"}
    header = {
        name: f"{name}:ID({path.stem})" if name == key else f"{name}:{numbers.get(name) or kinds[type(value)]}"
        for name, value in rows[0].items()
    }
    table = pa.Table.from_pylist([{header[name]: value for name, value in row.items()} for row in rows])
    pq.write_table(table, path)
    return path


def _write_parts(path: Path, parts: Iterable[Row]) -> Path:
    """Write the ledger, one part after the other: there may be gigabytes of them."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    numbers = ("rows", "firstMs", "lastMs")
    schema = pa.schema(
        [
            ("partId:ID(LogPart)", pa.string()),
            *((f"{name}:string", pa.string()) for name in ("loadId", "source", "kind")),
            *((f"{name}:long", pa.int64()) for name in numbers),
            ("data:string", pa.string()),
        ]
    )
    try:
        with pq.ParquetWriter(path, schema, use_dictionary=False, compression="none") as writer:
            for part in parts:
                writer.write_batch(
                    pa.RecordBatch.from_pylist([dict(zip(schema.names, part.values(), strict=True))], schema)
                )
    except OSError as error:
        raise DiskSpaceError(f"{path.parent} has no room for the import files: set TMPDIR") from error
    return path

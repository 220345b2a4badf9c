"""The fast first load: graph tables become CSV files for Neo4j's offline importer."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import ibis
import ibis.expr.types as ir

from interestgraph.errors import DiskSpaceError
from interestgraph.ingest.aggregate import GraphTables
from interestgraph.neo4j.admin import ARRAY_SEPARATOR, Progress, import_full
from interestgraph.neo4j.connection import Row
from interestgraph.settings import Settings

_IDS = {
    "userId": "User",
    "itemId": "Item",
    "categoryId": "Category",
    "parentId": "Category",
    "campaignId": "Campaign",
}
"""Column -> label whose ids it holds."""


class OfflineImporter:
    """Imports graph tables into the empty private server of `settings`; the server is restarted."""

    def __init__(self, settings: Settings, progress: Progress | None = None) -> None:
        self._settings = settings
        self._progress = progress

    def __call__(self, backend: Any, tables: GraphTables, behaviours: Sequence[Row], load: Row) -> None:
        """Write the CSV files and import them.

        Args:
            backend: the workspace that holds the tables.
            tables: the graph.
            behaviours: rows name, strength, halfLife, primary.
            load: properties of the Load node.
        """
        with TemporaryDirectory(prefix="interestgraph-") as name:
            folder = Path(name)
            nodes = {
                "User": [_write(backend, folder / "users.csv", tables.users, node="userId")],
                "Item": [_write(backend, folder / "items.csv", tables.items, node="itemId")],
                "Category": [_write(backend, folder / "categories.csv", tables.categories, node="categoryId")],
                "Campaign": [_write(backend, folder / "campaigns.csv", tables.campaigns, node="campaignId")],
                "Behaviour": [_write_rows(folder / "behaviours.csv", "name", behaviours)],
                "Load": [_write_rows(folder / "load.csv", "loadId", [_finished(load)])],
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
                kind: [_write(backend, folder / f"{kind}.csv", table, link=(start, end))]
                for kind, (table, start, end) in links.items()
            }
            import_full(self._settings, nodes=nodes, relationships=relationships, progress=self._progress)


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
            value = _printed(value)
        columns.append(value.name(header[-1]))
    sql = ibis.to_sql(table.select(*columns), dialect="duckdb")
    try:
        backend.raw_sql(f"COPY ({sql}) TO '{path}' (FORMAT csv, HEADER true, QUOTE '\"', ESCAPE '\"')")
    except duckdb.IOException as error:
        raise DiskSpaceError(f"{path.parent} has no room for the import files: set TMPDIR") from error
    return path


def _importer_type(kind: Any) -> str:
    if kind.is_array():
        return "string[]"
    if kind.is_timestamp():
        return "datetime"
    if kind.is_boolean():
        return "boolean"
    if kind.is_integer():
        return "long"
    return "double" if kind.is_floating() or kind.is_decimal() else "string"


def _printed(value: ir.Value) -> ir.Value:
    kind = value.type()
    if kind.is_array():
        return value.join(ARRAY_SEPARATOR)
    if kind.is_timestamp():
        return value.strftime("%Y-%m-%dT%H:%M:%S.%gZ")
    return value


def _write_rows(path: Path, key: str, rows: Sequence[Row]) -> Path:
    """Write a few rows; the importer's types come from the Python values."""
    kinds = {bool: "boolean", int: "long", float: "double", str: "string", datetime: "datetime", list: "string[]"}
    names = list(rows[0])
    header = [f"{name}:ID({path.stem})" if name == key else f"{name}:{kinds[type(rows[0][name])]}" for name in names]
    lines = [",".join(header)]
    lines += [",".join(_cell(row[name]) for name in names) for row in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, list):
        value = ARRAY_SEPARATOR.join(value)
    if isinstance(value, str):
        escaped = value.replace('"', '""')
        return f'"{escaped}"'
    return json.dumps(value)

"""The same graph by py2neo's bulk loader; run by `benchmarks.load` in an environment that has py2neo.

``python py2neo_bulk.py URI PASSWORD FOLDER``: the folder has the tables as Parquet, named ``node-Label-key`` and
``link-TYPE-Label-key-Label-key`` (first column start, second end, the others properties). Prints the seconds taken.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
from py2neo import Graph
from py2neo.bulk import merge_nodes, merge_relationships

BATCH = 10_000
LISTS = {"path"}
"""Columns of lists, which Parquet gives back as arrays."""


def main(uri: str, password: str, folder: str) -> None:
    """Merge all nodes, then all relationships, in batches."""
    graph = Graph(uri, auth=("neo4j", password))
    tables = [(path.stem.split("-"), pd.read_parquet(path)) for path in sorted(Path(folder).glob("*.parquet"))]
    began = time.perf_counter()
    for (kind, *names), table in tables:
        if kind == "node":
            label, key = names
            graph.run(f"CREATE CONSTRAINT FOR (n:{label}) REQUIRE n.{key} IS UNIQUE")
            for rows in batches(table):
                merge_nodes(graph, rows, (label, key), keys=list(table.columns))
    for (kind, *names), table in tables:
        if kind == "link":
            relationship, start, start_key, end, end_key = names
            keys = list(table.columns[2:])
            for rows in batches(table):
                data = [(row[0], row[2:], row[1]) for row in rows]
                merge_relationships(
                    graph,
                    data,
                    (relationship,),
                    start_node_key=(start, start_key),
                    end_node_key=(end, end_key),
                    keys=keys,
                )
    print(time.perf_counter() - began)


def batches(table: pd.DataFrame) -> Iterator[list[list[Any]]]:
    """Lists of rows, missing values as None."""
    for start in range(0, len(table), BATCH):
        rows = table.iloc[start : start + BATCH]
        for name in LISTS.intersection(table.columns):
            rows = rows.assign(**{name: rows[name].map(list)})
        yield rows.astype(object).where(rows.notna(), None).to_numpy().tolist()


if __name__ == "__main__":
    main(*sys.argv[1:])

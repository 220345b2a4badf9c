"""Nodes: the users, and what all tables of nodes have in common."""

from __future__ import annotations

from collections.abc import Mapping

import ibis
import ibis.expr.types as ir

from interestgraph.ingest.read import FILE, ROW, as_id, as_text, pick
from interestgraph.ingest.spec import LoaderSpec, Nodes

_ORDER = ("_event", FILE, ROW)
"""What the last value goes by; rows of the log without a user, such as stock corrections, come before all others."""


def users_of(spec: LoaderSpec, raw: Mapping[str, ir.Table], interactions: ir.Table, links: list[ir.Table]) -> ir.Table:
    """All users of the log, the links and the users' own table, with their attributes."""
    known = [ids(table, "userId", "userId") for table in (interactions, *links)]
    described = None
    if spec.users is not None and spec.users.file in raw:
        table = raw[spec.users.file]
        key = pick(table, spec.users.id, spec, "users.id")
        table = table.mutate(userId=as_id(table[str(key)], spec.id_case))
        chosen = attributes(table, spec.users, spec, "users")
        described = table.filter(table.userId.notnull()).group_by("userId").agg(**chosen)
        known.append(described.select("userId"))
    users = ibis.union(*known, distinct=True)
    return users if described is None else left_joined(users, described, "userId")


def attributes(table: ir.Table, part: Nodes, spec: LoaderSpec, key: str) -> dict[str, ir.Value]:
    """The last value of every attribute, in the order of the rows."""
    chosen = {}
    for name, columns in part.attributes.items():
        column = pick(table, columns, spec, f"{key}.attributes.{name}")
        if column is not None:
            chosen[name] = last(table, _plain(table[column]))
    return chosen


def _plain(column: ir.Value) -> ir.Value:
    """A value that Neo4j can store; text is trimmed and not empty."""
    kind = column.type()
    if kind.is_integer() or kind.is_boolean():
        return column
    if kind.is_floating():
        return ibis.ifelse(column.isnan(), ibis.null(kind), column)
    return as_text(column)


def last(table: ir.Table, value: ir.Value) -> ir.Value:
    """The last value that is there, in the order of the rows."""
    return value.last(order_by=[table[name] for name in _ORDER if name in table.columns])


def ids(table: ir.Table, column: str, name: str) -> ir.Table:
    """The values of a column, each once, as the column `name`."""
    return table.select(**{name: table[column]}).filter(ibis._[name].notnull()).distinct()


def left_joined(left: ir.Table, right: ir.Table, key: str) -> ir.Table:
    """All rows of `left`, with the columns of the row of `right` that has the same key."""
    return left.left_join(right, key).drop(f"{key}_right")

"""Deriving: what a log spreads over several tables becomes columns of the rows that need it.

Made-up times, then properties in long form, then joins, then category paths. Everything here is an Ibis expression;
rows keep the file and row number that they were read from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import ibis
import ibis.expr.types as ir

from interestgraph.errors import DataError
from interestgraph.ingest.read import FILE, ROW, as_text, as_time, file_of, pick
from interestgraph.ingest.spec import LoaderSpec
from interestgraph.ingest.spec_parts import CategoryTree, Clock, Join, Long
from interestgraph.model import SECONDS_PER_DAY, utc

CLOCK = "clock"
"""The column of made-up times."""

_DOUBLINGS = 5
"""Each one doubles how many levels of a category's path are known: 32 in all."""


def derive(raw: Mapping[str, ir.Table], spec: LoaderSpec, until: datetime | None = None) -> dict[str, ir.Table]:
    """Apply a loader's clock, long tables, joins and category tree; what needs a file that is not there is left out.

    Args:
        raw: all files, from `read_files`, by their names under ``[files]``.
        spec: the loader.
        until: end of the period (naive, UTC), after which properties with a time are not known yet.

    Raises:
        DataError: a column is missing, or a join adds one that is there.
    """
    tables = dict(raw)
    if spec.clock is not None and spec.clock.file in tables:
        tables[spec.clock.file] = _clocked(tables[spec.clock.file], spec.clock, spec)
    for name, long in spec.long.items():
        if name in tables:
            tables[name] = _wide(tables[name], long, spec, f"long.{name}", until)
    for join in spec.joins:
        if join.file in tables and join.lookup in tables:
            tables[join.file] = _joined(tables[join.file], tables[join.lookup], join, spec)
    tree = spec.items.category_tree if spec.items is not None else None
    if spec.items is not None and tree is not None and spec.items.file in tables and tree.file in tables:
        column = pick(tables[spec.items.file], spec.items.category_path, spec, "items.category_path")
        if column is not None:
            paths = _paths(tables[tree.file], tree, spec)
            tables[spec.items.file] = _with_paths(tables[spec.items.file], column, paths)
    return tables


def _column(table: ir.Table, columns: Sequence[str], spec: LoaderSpec, key: str) -> ir.Value:
    """A column; missing values where the loader names none, or an optional one that is not there."""
    name = pick(table, tuple(columns), spec, key)
    return ibis.null("string") if name is None else table[name]


def _latest(table: ir.Table, keys: Sequence[str], *by: str) -> ir.Table:
    """One row for each value of `keys`: the last by some columns, and then by file and row."""
    order = [ibis.desc(name) for name in (*by, FILE, ROW)]
    ranked = table.mutate(_rank=ibis.row_number().over(ibis.window(group_by=list(keys), order_by=order)))
    return ranked.filter(ranked["_rank"] == 0).drop("_rank")


def _clocked(table: ir.Table, clock: Clock, spec: LoaderSpec) -> ir.Table:
    """Add up the days between a user's orders, from the first or back from the last one."""
    user = as_text(_column(table, [clock.user], spec, "clock.user"))
    order = _column(table, [clock.order], spec, "clock.order").try_cast("float64")
    days = _number(_column(table, [clock.days], spec, "clock.days"))
    hour = _number(_column(table, clock.hour, spec, "clock.hour"))
    elapsed = days.sum().over(ibis.cumulative_window(group_by=user, order_by=[order, table[FILE], table[ROW]]))
    if clock.last is not None:
        elapsed = elapsed - days.sum().over(ibis.window(group_by=user))
    anchor = clock.first or clock.last
    assert anchor is not None
    millis = (utc(anchor).timestamp() + elapsed * SECONDS_PER_DAY + hour * 3600) * 1000
    usable = ibis.ifelse(millis.isnan() | (millis.abs() > 1e14), ibis.null("float64"), millis)
    return table.mutate(**{CLOCK: usable.round().cast("int64").as_timestamp("ms")})


def _number(column: ir.Value) -> Any:
    """Missing: 0; not a number: NaN, which spoils every sum that it is part of, so that no wrong time comes of it."""
    text = as_text(column)
    return ibis.ifelse(text.isnull(), 0.0, ibis.coalesce(text.try_cast("float64"), float("nan")))


def _wide(table: ir.Table, long: Long, spec: LoaderSpec, key: str, until: datetime | None) -> ir.Table:
    """The latest value of each property as a column; a row an id."""
    time = _column(table, long.time, spec, f"{key}.time")
    rows = table.select(
        table[FILE],
        table[ROW],
        _id=as_text(_column(table, [long.id], spec, f"{key}.id")),
        _property=as_text(_column(table, [long.property], spec, f"{key}.property")),
        _value=_column(table, [long.value], spec, f"{key}.value"),
        _at=as_time(time, "auto", spec.events.timezone),
    )
    rows = rows.filter(rows["_id"].notnull() & rows["_property"].isin(long.columns))
    if until is not None:
        rows = rows.filter(rows["_at"].isnull() | (rows["_at"] < ibis.literal(until)))
    rows = _latest(rows, ["_id", "_property"], "_at")
    values = {name: rows["_value"].max(where=rows["_property"] == name) for name in long.columns}
    wide = rows.group_by("_id").agg(**{FILE: rows[FILE].max(), ROW: rows[ROW].max()}, **values)
    return wide.rename({long.id: "_id"})


def _joined(table: ir.Table, lookup: ir.Table, join: Join, spec: LoaderSpec) -> ir.Table:
    """The rows of `table`, all of them once, with the columns of the row of `lookup` that fits."""
    theirs = join.lookup_on or join.on
    taken = join.columns or {name: name for name in lookup.columns if name not in (*table.columns, *theirs)}
    twice = sorted(set(taken) & set(table.columns))
    if twice:
        raise DataError(f"{file_of(table)} has a column {twice[0]} already (loader {spec.name}, joins.columns)")
    keys = [f"_key{place}" for place in range(len(join.on))]
    ours = {key: as_text(_column(table, [name], spec, "joins.on")) for key, name in zip(keys, join.on, strict=True)}
    right = lookup.select(
        lookup[FILE],
        lookup[ROW],
        **{
            key: as_text(_column(lookup, [name], spec, "joins.lookup_on"))
            for key, name in zip(keys, theirs, strict=True)
        },
        **{name: _column(lookup, [column], spec, "joins.columns") for name, column in taken.items()},
    )
    joined = table.mutate(**ours).left_join(_latest(right, keys).drop(FILE, ROW), keys)
    return joined.drop(*keys, *[f"{key}_right" for key in keys])


def _paths(table: ir.Table, tree: CategoryTree, spec: LoaderSpec) -> ir.Table:
    """Columns _id and _path: names from the top level down.

    A category that is below itself, or deeper than the levels that are looked at, is taken to be at the top.
    """
    rows = table.select(
        table[FILE],
        table[ROW],
        _id=as_text(_column(table, tree.id, spec, "items.category_tree.id")),
        _top=as_text(_column(table, tree.parent, spec, "items.category_tree.parent")),
        _name=as_text(_column(table, tree.name, spec, "items.category_tree.name")),
    )
    rows = _latest(rows.filter(rows["_id"].notnull()), ["_id"])
    # Some tables say that a category is at the top by making it its own parent.
    own = ibis.array([rows["_name"].coalesce(rows["_id"])])
    paths = rows.select("_id", _top=rows["_top"].nullif(rows["_id"]), _own=own, _path=own)
    for _ in range(_DOUBLINGS):
        above = paths.select(_top=paths["_id"], _above=paths["_path"], _next=paths["_top"])
        joined = paths.left_join(above, "_top")
        longer = ibis.ifelse(joined["_above"].isnull(), joined["_path"], joined["_above"].concat(joined["_path"]))
        paths = joined.select("_id", "_own", _top=joined["_next"], _path=longer)
    return paths.select("_id", _path=ibis.ifelse(paths["_top"].isnull(), paths["_path"], paths["_own"]))


def _with_paths(table: ir.Table, column: str, paths: ir.Table) -> ir.Table:
    """`column`, an id, replaced by the path; an id that the tree does not know is its own path."""
    joined = table.mutate(_id=as_text(table[column])).left_join(paths, "_id")
    known = ibis.ifelse(joined["_id"].isnull(), ibis.null("array<string>"), ibis.array([joined["_id"]]))
    return joined.mutate(**{column: ibis.coalesce(joined["_path"], known)}).drop("_id", "_id_right", "_path")

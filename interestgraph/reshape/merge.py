"""Merging items and categories that are one, and clearing away those that are dead.

Categories are one if their names, from the top down, differ in case and spaces only; they get the spelling that has the
most items. Duplicate items are those of equal title (whatever its case and spaces), brand and categories, or what a
file of pairs says. The item with the most events stays, and gets relationships, histories and promotions of the others.
The other ids become aliases (`interestgraph.ingest.aliases`), so that later logs may go on naming them.

A discontinued item without a relationship to any user is dead: it keeps its node, title and history, and loses its
vector; enrichment gives it neither neighbours nor a community. A category without items in itself and below is dead
and deleted; the next log that names it makes it again.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple, TypeVar

from interestgraph.errors import DataError
from interestgraph.ingest.aliases import PATH_SEPARATOR, Names, read_aliases
from interestgraph.ingest.hold import Run
from interestgraph.ingest.pruned import take_back, unpacked
from interestgraph.ingest.unload import rated
from interestgraph.model import Progress
from interestgraph.neo4j.connection import Database, Row, batched
from interestgraph.neo4j.queries import load_query
from interestgraph.reshape.prune import PAIRS_PER_BATCH, hold_books

T = TypeVar("T")
ITEMS_PER_BATCH = 50
CATEGORIES_PER_BATCH = 20
NODES_PER_BATCH = 5_000


def find_same_categories(database: Database) -> list[Row]:
    """Categories whose names differ in case and spaces only, parents first.

    Returns:
        Rows categoryId, into: the id that all of them get, path: that of into, and parentId: the category above it.
    """
    rows = database.read("reshape/categories")
    spelled: dict[tuple[str, ...], Counter[str]] = {}
    for row in rows:
        spelled.setdefault(tuple(map(_plain, row["path"])), Counter())[row["path"][-1]] += row["items"]
    best = {key: min(names, key=lambda name: (-names[name], name)) for key, names in spelled.items()}
    found = []
    for row in sorted(rows, key=lambda row: len(row["path"])):
        key = tuple(map(_plain, row["path"]))
        path = [best.get(key[: depth + 1], name) for depth, name in enumerate(row["path"])]
        above, into = PATH_SEPARATOR.join(path[:-1]), PATH_SEPARATOR.join(path)
        if into != row["categoryId"]:
            found.append({"categoryId": row["categoryId"], "into": into, "path": path, "parentId": above})
    return found


def _plain(name: str) -> str:
    return " ".join(name.lower().split())


def merge_categories(database: Database, rows: Sequence[Row], progress: Progress | None = None) -> None:
    """Merge categories into others, some in each transaction; what dies is merged by the next run.

    Args:
        database: the graph.
        rows: from `find_same_categories`.
        progress: called with step, categories done, categories in all.

    Raises:
        StateError: a load is being written or taken out.
    """
    _in_batches(database, rows, CATEGORIES_PER_BATCH, _merge_categories, "merging categories", progress)


def _in_batches(
    database: Database,
    rows: Sequence[T],
    size: int,
    unit: Callable[[list[T], Run], None],
    step: str,
    progress: Progress | None,
) -> None:
    """Some rows in each transaction."""
    done = 0
    for batch in batched(rows, size):
        database.transact(partial(unit, batch))
        done += len(batch)
        if progress:
            progress(step, done, len(rows))


def _merge_categories(rows: list[Row], run: Run) -> None:
    hold_books(run)
    run("reshape/put_category_aliases", rows=rows)
    run("reshape/merge_categories", rows=rows)


def find_duplicates(database: Database, categories: Names | None = None) -> list[Row]:
    """Items of equal title, brand and categories, as rows itemId and into: the one of them with the most events.

    Args:
        database: the graph.
        categories: what categories are to be merged into.
    """
    groups: dict[tuple[object, ...], list[Row]] = {}
    for row in database.read("reshape/items"):
        title = _plain(row["title"] or "")
        if title:
            names = sorted({(categories or {}).get(name, name) for name in row["categories"]})
            groups.setdefault((title, row["brand"], *names), []).append(row)
    made = []
    for rows in groups.values():
        best, *others = sorted(rows, key=lambda row: (-row["events"], row["itemId"]))
        made += [{"itemId": row["itemId"], "into": best["itemId"]} for row in others]
    return sorted(made, key=lambda row: str(row["itemId"]))


def read_mapping(database: Database, path: Path) -> list[Row]:
    """The rows of a CSV file with the columns item and into; items that are merged already are passed over.

    Raises:
        DataError: the file cannot be read, a column is missing, an item is unknown or in itself, or is merged into one
            that is merged as well.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            if not {"item", "into"} <= set(reader.fieldnames or ()):
                raise DataError(f"{path} needs the columns item and into, it has {', '.join(reader.fieldnames or ())}")
            wanted = {row["item"]: row["into"] for row in reader}
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} cannot be read: {error}") from error
    aliases = read_aliases(database).items
    wanted = {item: into for item, into in wanted.items() if aliases.get(item) != into}
    known = {row["itemId"] for row in database.read("reshape/items")}
    for item, into in wanted.items():
        for name in (item, into):
            if name not in known:
                raise DataError(f"{path} names item {name}, which is not in the graph")
        if into in wanted or into == item:
            raise DataError(f"{path} merges {item} into {into}, which is to be merged itself")
    return [{"itemId": item, "into": wanted[item]} for item in sorted(wanted)]


def merge_items(database: Database, rows: Sequence[Row], progress: Progress | None = None) -> None:
    """Merge items into others, some in each transaction; what dies is merged by the next run.

    Args:
        database: the graph.
        rows: itemId and into.
        progress: called with step, items done, items in all.

    Raises:
        StateError: a load is being written or taken out.
    """
    if not rows:
        return
    _unprune(database, {name for row in rows for name in row.values()})
    _in_batches(database, rows, ITEMS_PER_BATCH, _merge_batch, "merging items", progress)


def _merge_batch(rows: list[Row], run: Run) -> None:
    hold_books(run)
    for behaviour in _behaviours(run):
        taken = run(load_query("reshape/take_merged").for_relationship(behaviour.name), rows=rows)
        _add(run, behaviour, taken)
    for history in run("reshape/take_histories", rows=rows):
        run("ingest/item_weeks", rows=[history])
    run("reshape/put_aliases", rows=rows)
    run("reshape/merge_items", rows=rows)


class _Behaviour(NamedTuple):
    name: str
    half_life: float
    """Days."""
    ratings: bool
    """Whether its latest value counts, in place of the sum."""


def _behaviours(run: Run) -> list[_Behaviour]:
    half_lives = {row["name"]: row["halfLife"] for row in run("ingest/list_behaviours")}
    latest = rated([row["load"] for row in run("ingest/list_loads")], half_lives)
    return [_Behaviour(name, half_life, name in latest) for name, half_life in half_lives.items()]


def _add(run: Run, behaviour: _Behaviour, rows: Iterable[Row]) -> None:
    """Add relationships to others, of one pair at most once in a statement."""
    query = load_query("ingest/interactions").for_relationship(behaviour.name)
    left = list(rows)
    while left:
        seen: set[tuple[str, str]] = set()
        now: list[Row] = []
        later: list[Row] = []
        for row in left:
            pair = (row["userId"], row["itemId"])
            (later if pair in seen else now).append(row)
            seen.add(pair)
        run(query, rows=now, halfLife=behaviour.half_life, ratings=behaviour.ratings)
        left = later


def _unprune(database: Database, items: set[str]) -> None:
    """Take pruned relationships of some items back, so that they are merged like the others."""
    pairs = [
        (row["userId"], item)
        for row in database.read("reshape/pruned_users")
        for item in sorted({item for part in unpacked(row["data"]).values() for item in part.keys() & items})
    ]
    for batch in batched(pairs, PAIRS_PER_BATCH):
        database.transact(partial(_unprune_batch, batch))


def _unprune_batch(pairs: list[tuple[str, str]], run: Run) -> None:
    hold_books(run)
    for behaviour in _behaviours(run):
        _add(run, behaviour, take_back(run, behaviour.name, pairs))


def clear_dead(database: Database, progress: Progress | None = None) -> int:
    """Take the vectors off dead items, and delete dead categories; returns how many of these."""
    while database.write("reshape/drop_dead_vectors", limit=NODES_PER_BATCH)[0]["dropped"]:
        pass
    names = [row["categoryId"] for row in database.read("reshape/empty_categories")]
    _in_batches(database, names, NODES_PER_BATCH, _drop_categories, "dead categories", progress)
    return len(names)


def _drop_categories(names: list[str], run: Run) -> None:
    hold_books(run)
    run("reshape/drop_categories", ids=names)

"""Pruned relationships: what `interestgraph reshape` took out of the graph, packed, one node a user.

Weight, counts and weeks of a pair whose interest has faded lie here, a tenth of the size of a relationship. Whoever
adds events to such a pair, or adds it up anew, takes it back first, in the same transaction. So a relationship is
always the whole sum over the ledger's events of its pair, never a part of it.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable
from typing import Any

from interestgraph.ingest.hold import Run
from interestgraph.neo4j.connection import Row

Store = dict[str, dict[str, list[Any]]]
"""Behaviour -> item -> values of `VALUES`."""
VALUES = ("count", "quantity", "value", "weight", "firstAt", "lastAt", "weeks", "weekCounts")
"""What a pair keeps, as a row for `ingest/interactions` names it."""


def is_any(run: Run) -> bool:
    """Whether anything is pruned."""
    return bool(run("ingest/count_pruned")[0]["users"])


def put_away(run: Run, behaviour: str, rows: Iterable[Row]) -> None:
    """Add pairs to what is pruned; each is pruned once only.

    Args:
        run: runs a statement in the transaction that deletes their relationships.
        behaviour: type of the relationships.
        rows: userId, itemId and `VALUES`.
    """
    by_user: dict[str, list[Row]] = {}
    for row in rows:
        by_user.setdefault(row["userId"], []).append(row)
    stores = _read(run, by_user)
    for user, pairs in by_user.items():
        part = stores.setdefault(user, {}).setdefault(behaviour, {})
        part.update({row["itemId"]: [row[name] for name in VALUES] for row in pairs})
    _write(run, stores)


def take_back(run: Run, behaviour: str, pairs: Iterable[tuple[str, str]]) -> list[Row]:
    """Take those of some pairs that are pruned out of the store.

    Args:
        run: runs a statement in the transaction that makes relationships of them again.
        behaviour: type of the relationships.
        pairs: users and items.

    Returns:
        Rows for `ingest/interactions`.
    """
    if not is_any(run):
        return []
    wanted: dict[str, list[str]] = {}
    for user, item in sorted(set(pairs)):
        wanted.setdefault(user, []).append(item)
    stores = _read(run, wanted)
    found: list[Row] = []
    changed: dict[str, Store] = {}
    for user, store in stores.items():
        part = store.get(behaviour, {})
        for item in wanted[user]:
            if item in part:
                found.append({"userId": user, "itemId": item, **dict(zip(VALUES, part.pop(item), strict=True))})
                changed[user] = store
    _write(run, changed)
    return found


def _read(run: Run, users: Iterable[str]) -> dict[str, Store]:
    rows = run("ingest/pruned_of", userIds=sorted(users))
    return {row["userId"]: unpacked(row["data"]) for row in rows}


def unpacked(data: bytes) -> Store:
    """What a Pruned node keeps."""
    found: Store = json.loads(zlib.decompress(data))
    return found


def _write(run: Run, stores: dict[str, Store]) -> None:
    rows = []
    for user, store in stores.items():
        kept = {behaviour: part for behaviour, part in store.items() if part}
        data = zlib.compress(json.dumps(kept, separators=(",", ":"), ensure_ascii=False).encode(), 9)
        rows.append({"userId": user, "pairs": sum(map(len, kept.values())), "data": data})
    if rows:
        run("ingest/put_pruned", rows=rows)

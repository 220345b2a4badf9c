"""The stream's node in the graph: its position, moved in the transaction of the events, and who may move it."""

from __future__ import annotations

import time
from collections.abc import Callable
from uuid import uuid4

from interestgraph.errors import SchemaMismatchError, StateError
from interestgraph.ingest.spec import LoaderSpec
from interestgraph.neo4j.connection import Database, Row
from interestgraph.neo4j.schema import ensure_schema
from interestgraph.stream.source import Offsets


class Book:
    """What the graph knows of one stream. Only the run that took it over last can move the position.

    Args:
        database: the graph.
        stream: the stream's id.
        spec: the loader, whose behaviours the graph gets.
        reset: forget the position.

    Raises:
        SchemaMismatchError: the graph has another half-life for a behaviour.
    """

    def __init__(self, database: Database, stream: str, spec: LoaderSpec, *, reset: bool = False) -> None:
        self._database = database
        self._stream = stream
        self._token = uuid4().hex
        ensure_schema(database)
        _note_behaviours(database, spec)
        (row,) = database.write(
            "stream/take_over", streamId=stream, token=self._token, loader=spec.name, reset=reset, at=_now()
        )
        self.offsets: Offsets = dict(zip(row["partitions"], row["offsets"], strict=True))
        self.mark: str = row["mark"]

    def move(self, run: Callable[..., list[Row]], offsets: Offsets, mark: str, events: int, rejected: int) -> None:
        """Note that everything before `offsets` is applied, in the transaction that `run` belongs to.

        Raises:
            StateError: the position is not `self.offsets`, or another run has the stream.
        """
        moved = run(
            "stream/advance",
            streamId=self._stream,
            token=self._token,
            fromPartitions=sorted(self.offsets),
            fromOffsets=[self.offsets[partition] for partition in sorted(self.offsets)],
            partitions=sorted(offsets),
            offsets=[offsets[partition] for partition in sorted(offsets)],
            mark=mark,
            events=events,
            rejected=rejected,
            at=_now(),
        )
        if not moved:
            raise self._lost()

    def read(self) -> Offsets:
        """The position, from the graph.

        Raises:
            StateError: another run has the stream.
        """
        # As a write: in a cluster, that goes to the leader, which alone has every commit.
        (row,) = self._database.write("stream/position", streamId=self._stream)
        if row["token"] != self._token:
            raise self._lost()
        return dict(zip(row["partitions"], row["offsets"], strict=True))

    def _lost(self) -> StateError:
        return StateError(
            f"stream {self._stream} was taken over by another run, or its position was changed: this one stops, and "
            "nothing was counted twice. One id, one run; another one needs an --id of its own"
        )


def _note_behaviours(database: Database, spec: LoaderSpec) -> None:
    stored = {row["name"]: row["halfLife"] for row in database.read("ingest/list_behaviours")}
    for name, part in spec.behaviours.items():
        if stored.get(name, part.half_life) != part.half_life:
            raise SchemaMismatchError(
                f"the graph holds {name} with a half-life of {stored[name]:g} days, loader {spec.name} says "
                f"{part.half_life:g}: give the loader of the graph with --loader"
            )
    rows = [
        {"name": name, "strength": part.strength, "halfLife": part.half_life, "primary": name in spec.primary}
        for name, part in spec.behaviours.items()
    ]
    database.write("ingest/behaviours", rows=rows)


def _now() -> int:
    return round(time.time() * 1000)

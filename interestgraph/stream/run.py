"""One run of a stream: poll, parse, keep what is no event, write the rest together with the position."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

from interestgraph.errors import (
    ConfigurationError,
    DataError,
    InterestGraphError,
    QueryError,
    StateError,
    UnavailableError,
)
from interestgraph.ingest.record import Event, Target, record, rehearse
from interestgraph.ingest.spec import load_spec
from interestgraph.neo4j.connection import Database, Row
from interestgraph.stream.book import Book
from interestgraph.stream.dead_letters import DeadLetters
from interestgraph.stream.parse import parser
from interestgraph.stream.source import Message, Offsets, Say, Source, open_source
from interestgraph.stream.vectors import Following

Batch = Sequence[tuple[Message, Event | str]]
"""Messages with their events, or with the reasons why they are none."""

_FIRST_WAIT, _LONGEST_WAIT = 0.5, 15.0
"""Seconds between attempts to reach a server that does not answer; each wait is twice the one before."""
_REFUSED = 20
"""So many events refused one after the other, by a server that takes everything else, are not the events' fault."""
_GROWN = 1000
"""So many messages, and twice as many as before the last time, may have made the server's plans old."""
_WINDOW = 10.0
"""Seconds that the rate is measured over."""


@dataclass(frozen=True)
class StreamConfig:
    """What to stream, and how."""

    source: str
    """Address of the source; see `interestgraph.stream.source.FORMS`."""
    loader: str = "events"
    """Name of a loader, or path of a TOML file: names of fields, behaviours, times."""
    stream_id: str | None = None
    """Under which the position is noted; None: made of the source."""
    dead_letters: Path | None = None
    """File for messages that are no events; None: below the rejected folder."""
    batch: int = 1000
    """Messages in one transaction, at most."""
    batch_seconds: float = 0.05
    """How long to wait for a message, or with Kafka for a full batch."""
    once: bool = False
    """Stop at the end of what is there."""
    until_idle: float | None = None
    """Stop when nothing came for so many seconds."""
    from_start: bool = False
    """Begin at the earliest message, whatever was read before."""
    vectors: bool = True
    """Vectors follow the events, where the graph has some."""
    kafka: Mapping[str, str] = field(default_factory=dict)
    """Further settings of the Kafka consumer, named as in librdkafka."""

    def __post_init__(self) -> None:
        if self.batch < 1:
            raise ConfigurationError(f"batch must be at least 1, got {self.batch}")
        if self.until_idle is not None and self.until_idle < 0:
            raise ConfigurationError(f"until_idle must not be negative, got {self.until_idle:g}")


@dataclass(frozen=True)
class StreamState:
    """How a run is doing."""

    messages: int
    """Read in this run and settled: applied, or kept as dead letters."""
    rejected: int
    rate: float
    """Messages a second, over the last ten."""
    behind: int | None
    """What is there and was not read yet; None: unknown."""
    unit: str
    """What `behind` counts."""


@dataclass(frozen=True)
class StreamReport:
    """What a run did."""

    stream_id: str
    source: str
    loader: str
    ended: str
    """Why: ``stopped``, ``end of source`` or ``idle``."""
    messages: int
    events: int
    """Messages that are events."""
    duplicates: int
    """Those of them that the graph had already, by the loader's key; they were not counted again."""
    rejected: int
    reasons: dict[str, int]
    """Reason -> number of rejected messages."""
    dead_letters: str | None
    """File with the rejected messages, if this run had any."""
    transactions: int
    vectors: int
    """Vectors that followed the events: of new users and items, and of users that moved."""
    seconds: float
    position: dict[int, int]
    """Partition -> offset of the next message; a file is partition 0 and counts bytes."""


def stream(
    database: Database,
    config: StreamConfig,
    *,
    rejected_folder: Path,
    stop: Callable[[], bool] = lambda: False,
    show: Callable[[StreamState], None] = lambda _: None,
    say: Say = lambda _: None,
) -> StreamReport:
    """Apply messages as they come, until `stop` says so or the configured end; go on where the last run ended.

    The position is moved in the transaction of the events, so that a run that dies, or a commit whose answer is lost,
    neither loses an event nor counts one twice.

    Args:
        database: the graph.
        config: what to stream.
        rejected_folder: where the dead-letter file belongs if the configuration names none.
        stop: asked some times a second.
        show: told after each batch, and while nothing comes, how it is going.
        say: told one line about what people should know.

    Raises:
        ConfigurationError, LoaderError: the address or loader is wrong.
        DataError: the source is missing, was replaced, or has lost messages that were not read.
        SchemaMismatchError: the graph has another half-life for a behaviour.
        StateError: another run took the stream over.
    """
    spec = load_spec(config.loader)
    parse = parser(spec)
    with closing(open_source(config.source, config.kafka, say)) as source:
        stream_id = config.stream_id or source.name
        book = Book(database, stream_id, spec, reset=config.from_start)
        letters = DeadLetters(config.dead_letters or rejected_folder / _file_name(stream_id), stream_id)
        source.start(book.offsets, book.mark)
        letters.start(book.offsets)
        # One Load node for all streams of a loader: its lock makes them wait for each other, and see all events.
        target = Target(load_id=f"stream-{spec.name}", source=spec.name)
        run = _Run(database, config, source, book, letters, target, stop, say)
        run.rehearse()
        say(f"stream {stream_id}: {_beginning(book.offsets, source)}")
        run.loop(parse, show)
        return run.report(stream_id, spec.name)


def _file_name(stream_id: str) -> str:
    return "stream-" + "".join(letter if letter.isalnum() or letter in "-." else "_" for letter in stream_id) + ".jsonl"


def _beginning(offsets: Offsets, source: Source) -> str:
    if not offsets:
        return "from the beginning"
    places = ", ".join(f"{offset:,}" if source.unit == "bytes" else f"{p}@{offset}" for p, offset in offsets.items())
    return f"goes on at {places}"


class _Run:
    """The state of one run."""

    def __init__(
        self,
        database: Database,
        config: StreamConfig,
        source: Source,
        book: Book,
        letters: DeadLetters,
        target: Target,
        stop: Callable[[], bool],
        say: Say,
    ) -> None:
        self._database, self._config, self._source, self._book = database, config, source, book
        self._letters, self._target, self._stop, self._say = letters, target, stop, say
        self._began = time.monotonic()
        self._messages = self._duplicates = self._transactions = self._refused = self._rehearsed = 0
        self._reasons: Counter[str] = Counter()
        self._recent: deque[tuple[float, int]] = deque([(self._began, 0)])
        self._vectors = Following(database, say, on=config.vectors)
        self._ended = "stopped"

    def rehearse(self) -> None:
        """Have the statements planned, for the graph as it is now, before events wait for that."""
        self._rehearsed = self._messages

        def also(run: Callable[..., list[Row]], _: Sequence[Event]) -> None:
            self._book.move(run, self._book.offsets, self._source.mark, 0, 0)

        # What stops it now, such as a load that is being written, stops the first events too, and is told then.
        with suppress(InterestGraphError):
            rehearse(self._database, also, self._target)

    def loop(self, parse: Callable[[bytes], Event | str], show: Callable[[StreamState], None]) -> None:
        """Poll and settle until the end."""
        last = time.monotonic()
        while not self._stop():
            messages = self._source.poll(self._config.batch, self._config.batch_seconds)
            if not messages and (why := self._end(time.monotonic() - last)):
                messages = self._source.rest()
                if not messages:
                    self._ended = why
                    break
            if messages:
                self._settle([(message, parse(message.text)) for message in messages])
                last = time.monotonic()
            elif self._messages >= 2 * self._rehearsed + _GROWN:
                # The graph has grown: the server plans anew at the next use of a statement, so let that be now.
                self.rehearse()
            self._vectors.catch_up()
            show(self._state())
        self._vectors.finish(self._stop)

    def _end(self, idle: float) -> str | None:
        """Why to end when nothing came for `idle` seconds."""
        if self._source.closed or (self._config.once and self._source.at_end):
            return "end of source"
        return "idle" if self._config.until_idle is not None and idle >= self._config.until_idle else None

    def _settle(self, batch: Batch) -> None:
        """Keep what is no event, then apply the rest and move the position."""
        rejected = [(message, found) for message, found in batch if isinstance(found, str)]
        self._letters.write(rejected)
        if self._apply(batch):
            self._messages += len(batch)
            self._reasons.update(reason for _, reason in rejected)

    def _apply(self, batch: Batch) -> bool:
        """Apply a batch; if the server refuses it, its halves, so that one bad event blocks no other.

        Returns:
            False if the run was stopped before.
        """
        events = [found for _, found in batch if isinstance(found, Event)]
        try:
            done = self._write(batch, events)
        except (DataError, QueryError) as error:
            if not events:
                raise
            if len(batch) > 1:
                half = len(batch) // 2
                return self._apply(batch[:half]) and self._apply(batch[half:])
            return self._refuse(batch[0][0], error)
        if events:
            self._refused = 0
        return done

    def _refuse(self, message: Message, error: InterestGraphError) -> bool:
        self._refused += 1
        if self._refused >= _REFUSED:
            raise error
        reason = f"refused: {error}"
        self._letters.write([(message, reason)])
        self._reasons["refused by Neo4j"] += 1
        return self._write([(message, reason)], [])

    def _write(self, batch: Batch, events: Sequence[Event]) -> bool:
        """Write until the graph has it, however often the server goes away; False if the run was stopped before."""
        after = dict(self._book.offsets)
        for message, _ in batch:
            after[message.partition] = message.following
        wait, unsure = _FIRST_WAIT, False
        while True:
            try:
                # The answer to a commit may have been lost on the way.
                if not (unsure and self._book.read() == after):
                    self._commit(events, after, len(batch) - len(events))
                break
            except (DataError, QueryError, StateError, UnavailableError) as error:
                if not self._passes(error, len(batch), after):
                    raise
                if not unsure:
                    self._say(f"{error}; trying again")
                unsure = True
                if not self._sleep(wait):
                    self._say(f"stopped before {len(batch)} messages could be written: the position is before them")
                    return False
                wait = min(2 * wait, _LONGEST_WAIT)
        if unsure:
            self._say("writing again")
        self._book.offsets = after
        self._transactions += 1
        return True

    def _passes(self, error: InterestGraphError, messages: int, after: Offsets) -> bool:
        """Whether to go on after an error: with the server away, or a load being written, it is waited for.

        What the server may take in smaller transactions (memory, locks) is not waited for.

        Raises:
            StateError: another run has the stream.
        """
        if isinstance(error, UnavailableError):
            return True
        position = self._book.read()
        if position == after or isinstance(error, StateError):
            # Committed, and failed at what comes after; or a load holds it, or somebody changed the position.
            return position in (after, self._book.offsets)
        retryable = getattr(error.__cause__, "is_retryable", None)
        return messages == 1 and retryable is not None and bool(retryable())

    def _commit(self, events: Sequence[Event], after: Offsets, rejected: int) -> None:
        """One transaction: the events and the position."""

        fresh: list[Event] = []

        def also(run: Callable[..., list[Row]], new: Sequence[Event] = ()) -> None:
            fresh[:] = new
            self._book.move(run, after, self._source.mark, len(events), rejected)

        if events:
            applied = record(self._database, events, also=also, target=self._target)
            self._duplicates += len(events) - applied
            self._vectors.saw(fresh)
        else:
            self._database.transact(also)

    def _sleep(self, seconds: float) -> bool:
        """Wait; False as soon as the run is stopped."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self._stop():
                return False
            time.sleep(0.05)
        return True

    def _state(self) -> StreamState:
        now = time.monotonic()
        self._recent.append((now, self._messages))
        while now - self._recent[0][0] > _WINDOW and len(self._recent) > 2:
            self._recent.popleft()
        since, before = self._recent[0]
        return StreamState(
            messages=self._messages,
            rejected=self._reasons.total(),
            rate=(self._messages - before) / max(now - since, 1e-9),
            behind=self._source.behind,
            unit=self._source.unit,
        )

    def report(self, stream_id: str, loader: str) -> StreamReport:
        """What was done."""
        rejected = self._reasons.total()
        return StreamReport(
            stream_id=stream_id,
            source=self._config.source,
            loader=loader,
            ended=self._ended,
            messages=self._messages,
            events=self._messages - rejected,
            duplicates=self._duplicates,
            rejected=rejected,
            reasons=dict(self._reasons.most_common()),
            dead_letters=str(self._letters.path) if rejected else None,
            transactions=self._transactions,
            vectors=self._vectors.written,
            seconds=time.monotonic() - self._began,
            position=dict(self._book.offsets),
        )

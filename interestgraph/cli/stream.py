"""``interestgraph stream``."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from interestgraph.cli.app import JsonOption, app, open_graph

if TYPE_CHECKING:
    from interestgraph.stream.run import StreamReport, StreamState

_NOTE_SECONDS = 10.0


@app.command()
def stream(
    source: Annotated[
        str, typer.Option("--from", help="jsonl:FILE, jsonl:- (standard input) or kafka://HOST:PORT[,…]/TOPIC.")
    ],
    loader: Annotated[str, typer.Option(help="Name of a loader, or path of a .toml file.")] = "events",
    stream_id: Annotated[
        str | None, typer.Option("--id", help="Name that the position is noted under; default: from the source.")
    ] = None,
    dead_letter: Annotated[
        Path | None, typer.Option(help="File for what is no event; default: in `rejected` below the home folder.")
    ] = None,
    batch: Annotated[int, typer.Option(help="Messages in one transaction, at most.")] = 1000,
    once: Annotated[bool, typer.Option("--once", help="Stop at the end of what is there.")] = False,
    until_idle: Annotated[
        float | None, typer.Option(metavar="SECONDS", help="Stop when nothing came for so long.")
    ] = None,
    from_start: Annotated[
        bool, typer.Option("--from-start", help="Begin at the earliest message; what was read before counts again.")
    ] = False,
    vectors: Annotated[
        bool, typer.Option("--vectors/--no-vectors", help="Vectors of users and new items follow their events.")
    ] = True,
    kafka_config: Annotated[
        Path | None, typer.Option(help="File of lines KEY=VALUE: more settings of the Kafka consumer (TLS, SASL).")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Apply events as they arrive, one JSON object each, until Ctrl-C.

    Files and Kafka: each message is applied exactly once, over restarts and crashes of this program, of Neo4j and of
    the broker, since the position is written in the transaction of the events. A message that its producer sent twice
    counts twice, unless the loader declares what identifies an event (events.key).

    Standard input: exactly once while this program runs. It has no position to go on from: after a crash, send
    everything again with a loader that has events.key, so that what was applied does not count again; without one,
    what was on its way is lost or, sent again, counts twice.

    A file is followed as it grows. Messages that are no events go to the dead-letter file, and block nothing.
    Titles, prices and categories in messages are not taken: the catalogue comes with `load`.

    Example: interestgraph stream --from kafka://localhost:9092/clicks
    """
    from interestgraph.cli.output import note, print_json
    from interestgraph.stream.run import StreamConfig

    config = StreamConfig(
        source=source,
        loader=loader,
        stream_id=stream_id,
        dead_letters=dead_letter,
        batch=batch,
        once=once,
        until_idle=until_idle,
        from_start=from_start,
        vectors=vectors,
        kafka=_settings(kafka_config),
    )
    with open_graph() as graph, _asked_to_stop() as stop, _Line() as line:
        report = graph.stream(config, stop=stop, show=line.show, say=line.say if line.live else note)
    if as_json:
        print_json(report)
    else:
        _print_report(report)


def _settings(path: Path | None) -> dict[str, str]:
    """The lines ``key=value`` of a Kafka client's properties file."""
    from interestgraph.errors import ConfigurationError

    if path is None:
        return {}
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from error
    pairs = [line.split("=", 1) for line in lines if line.strip() and not line.lstrip().startswith("#")]
    if odd := [pair[0] for pair in pairs if len(pair) < 2]:
        raise ConfigurationError(f"{path}: {odd[0]!r} is not KEY=VALUE")
    return {key.strip(): value.strip() for key, value in pairs}


@contextmanager
def _asked_to_stop() -> Iterator[Callable[[], bool]]:
    """Whether Ctrl-C or SIGTERM came; a second Ctrl-C ends the program at once."""
    asked = []

    def ask(number: int, frame: FrameType | None) -> None:
        del frame
        asked.append(number)
        signal.signal(signal.SIGINT, signal.default_int_handler)

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: bool(asked)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Line:
    """Lag and rate: a line that changes on a terminal, else a note now and then."""

    def __init__(self) -> None:
        self.live = sys.stderr.isatty()
        self._noted_at = time.monotonic()
        self._shown = ""

    def __enter__(self) -> _Line:
        return self

    def __exit__(self, *_: object) -> None:
        if self.live:
            self._put("")

    def show(self, state: StreamState) -> None:
        """Show how it is going."""
        from interestgraph.cli.output import note

        now = time.monotonic()
        if now - self._noted_at < (0.2 if self.live else _NOTE_SECONDS):
            return
        self._noted_at = now
        if self.live:
            self._put(_words(state))
        else:
            note(_words(state))

    def say(self, text: str) -> None:
        """A note above the line."""
        from interestgraph.cli.output import note

        shown = self._shown
        self._put("")
        note(text)
        self._put(shown)

    def _put(self, text: str) -> None:
        self._shown = text
        print(f"\r\x1b[2K{text}", end="", file=sys.stderr, flush=True)


def _words(state: StreamState) -> str:
    behind = "" if state.behind is None else f", {state.behind:,} {state.unit} behind"
    rejected = f", {state.rejected:,} rejected" if state.rejected else ""
    return f"{state.messages:,} messages, {state.rate:,.0f}/s{behind}{rejected}"


def _print_report(report: StreamReport) -> None:
    from interestgraph.cli.output import print_table

    rows = [
        ("ended", report.ended),
        ("messages", report.messages),
        ("events", report.events),
        *((("  known already", report.duplicates),) if report.duplicates else ()),
        ("rejected", report.rejected),
        *((f"  {reason}", count) for reason, count in report.reasons.items()),
        *((("rejected messages are in", report.dead_letters),) if report.dead_letters else ()),
        ("transactions", report.transactions),
        ("vectors that followed", report.vectors),
        ("seconds", round(report.seconds, 1)),
        ("messages/s", round(report.messages / max(report.seconds, 1e-9))),
        *((f"position of partition {partition}", offset) for partition, offset in sorted(report.position.items())),
    ]
    print_table(f"stream {report.stream_id}", ("", ""), rows)

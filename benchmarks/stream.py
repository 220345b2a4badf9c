"""Streaming: sustained rate from a file and from Kafka, and how long an event takes from arrival to being readable."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from confluent_kafka import Producer

from benchmarks.report import markdown, open_database, publish, scratch_server, versions
from interestgraph.ingest.record import Event, record
from interestgraph.neo4j.connection import Database
from interestgraph.neo4j.java import find_java
from interestgraph.stream.run import StreamConfig, stream
from tests.stream.broker import Broker

SUSTAINED = 20_000
"""Events that the rate is measured with."""
WARM_UP = 5_000
SINGLE = 500
"""Events of the way that one takes first: one event, one transaction."""
PACES = (50, 500)
"""Events a second that arrival-to-visible is measured at."""
SECONDS = 5.0
"""How long, for each pace."""
USERS, ITEMS = 20_000, 5_000


def main(sustained: int = SUSTAINED, seconds: float = SECONDS) -> None:
    """Measure on a scratch server and a broker of its own, and publish the table."""
    with (
        scratch_server() as (_, server),
        open_database(server) as database,
        TemporaryDirectory(prefix="interestgraph-benchmark-") as name,
        _broker(Path(name)) as broker,
    ):
        version, edition = database.server_version()
        sources: dict[str, _File | _Topic] = {"file": _File(Path(name) / "log.jsonl"), "Kafka": _Topic(broker)}
        rates = {kind: _sustained(database, source, Path(name), sustained) for kind, source in sources.items()}
        single = _single(database)
        waits = {
            (kind, pace): _waits(database, source, Path(name), pace, seconds)
            for kind, source in sources.items()
            for pace in PACES
        }
    rate_rows = [
        *((f"`stream` from {kind}", f"{rate:,.0f}", f"{rate / single:.1f}") for kind, rate in rates.items()),
        ("one event, one transaction (`record`)", f"{single:,.0f}", "1.0"),
    ]
    wait_rows = [(kind, f"{pace:,}", *_quantiles(found)) for (kind, pace), found in waits.items()]
    text = "\n\n".join(
        [
            "## Streaming",
            f"{sustained:,} events of {USERS:,} users and {ITEMS:,} items (power law, seeded), after {WARM_UP:,} to "
            "warm up; every transaction moves the source's position too.",
            markdown(("way", "events/s", "times as many"), rate_rows),
            "From the moment that a line is written or a message is sent until a query sees the event, on one machine "
            f"with everything (broker, Neo4j, stream, producer and query), {seconds:.0f} s each:",
            markdown(("source", "events/s sent", "p50, ms", "p99, ms", "longest, ms"), wait_rows),
            f"Neo4j {version} {edition}, Apache Kafka 4.1.1; {versions('neo4j', 'confluent-kafka')}. "
            "Command: `python -m benchmarks stream`.",
        ]
    )
    publish("stream", text)


@contextmanager
def _broker(folder: Path) -> Iterator[Broker]:
    broker = Broker(find_java(17), folder)
    broker.start()
    try:
        yield broker
    finally:
        broker.kill()


@dataclass(frozen=True)
class _File:
    path: Path

    @property
    def address(self) -> str:
        return f"jsonl:{self.path}"

    @contextmanager
    def sender(self) -> Iterator[Callable[[bytes], int]]:
        """A function that sends one message and returns the position after it."""
        with self.path.open("ab", buffering=0) as file:

            def send(message: bytes) -> int:
                file.write(message + b"\n")
                return file.tell()

            yield send


@dataclass(frozen=True)
class _Topic:
    broker: Broker

    @property
    def address(self) -> str:
        return f"kafka://{self.broker.servers}/events"

    @contextmanager
    def sender(self) -> Iterator[Callable[[bytes], int]]:
        """A function that sends one message and returns the position after it."""
        if "events" not in self.broker.admin.list_topics().topics:
            self.broker.create("events")
        producer = Producer({"bootstrap.servers": self.broker.servers, "linger.ms": 0})
        (_, sent) = _watermarks(self.broker)

        def send(message: bytes) -> int:
            nonlocal sent
            producer.produce("events", message)
            producer.poll(0)
            if sent % 10_000 == 0:
                producer.flush()
            sent += 1
            return sent

        yield send
        producer.flush()


def _watermarks(broker: Broker) -> tuple[int, int]:
    from confluent_kafka import Consumer, TopicPartition

    consumer = Consumer({"bootstrap.servers": broker.servers, "group.id": "benchmark"})
    low, high = consumer.get_watermark_offsets(TopicPartition("events", 0), timeout=30)
    consumer.close()
    return low, high


def _messages(count: int, seed: int) -> list[Mapping[str, Any]]:
    draw = np.random.default_rng(seed)
    users = np.minimum(draw.zipf(1.3, count), USERS)
    items = np.minimum(draw.zipf(1.2, count), ITEMS)
    behaviours = draw.choice(["view", "cart", "buy"], count, p=[0.8, 0.1, 0.1])
    return [
        {"user": f"u{user}", "item": f"i{item}", "behaviour": str(behaviour), "time": 1_714_557_600 + 7 * place}
        for place, (user, item, behaviour) in enumerate(zip(users, items, behaviours, strict=True))
    ]


def _sustained(database: Database, source: _File | _Topic, folder: Path, count: int) -> float:
    """Events a second, after a warm-up."""
    rate = 0.0
    for seed, size in enumerate((WARM_UP, count)):
        with source.sender() as send:
            for message in _messages(size, seed):
                send(json.dumps(message).encode())
        report = stream(database, StreamConfig(source.address, once=True), rejected_folder=folder)
        assert report.events == size
        rate = report.events / report.seconds
    return rate


def _single(database: Database) -> float:
    kinds = {"view": "VIEWED", "cart": "CARTED", "buy": "PURCHASED"}
    began = time.perf_counter()
    for row in _messages(SINGLE, 9):
        at = datetime.fromtimestamp(row["time"], UTC)
        record(database, [Event(row["user"], row["item"], kinds[row["behaviour"]], at)])
    return SINGLE / (time.perf_counter() - began)


def _waits(database: Database, source: _File | _Topic, folder: Path, pace: int, seconds: float) -> list[float]:
    """Seconds from sending to visible, of each event: position and events are one transaction."""
    stopped = threading.Event()
    begun = threading.Event()
    config = StreamConfig(source.address)
    thread = threading.Thread(
        target=stream,
        args=(database, config),
        kwargs={"rejected_folder": folder, "stop": stopped.is_set, "say": lambda _: begun.set()},
    )
    thread.start()
    assert begun.wait(60), "the stream did not start"
    time.sleep(1.0)
    sent: list[tuple[int, float]] = []
    seen: list[float] = []
    sending = threading.Thread(target=_send, args=(source, pace, seconds, sent))
    sending.start()
    stream_id = source.address if isinstance(source, _File) else "kafka:events"
    while sending.is_alive() or len(seen) < len(sent):
        (row,) = database.read("stream/position", streamId=stream_id)
        now = time.perf_counter()
        at = row["offsets"][0]
        while len(seen) < len(sent) and sent[len(seen)][0] <= at:
            seen.append(now - sent[len(seen)][1])
    stopped.set()
    thread.join()
    return seen


def _send(source: _File | _Topic, pace: int, seconds: float, sent: list[tuple[int, float]]) -> None:
    with source.sender() as send:
        began = time.perf_counter()
        for place, message in enumerate(_messages(round(pace * seconds), 3)):
            time.sleep(max(0.0, began + place / pace - time.perf_counter()))
            at = time.perf_counter()
            sent.append((send(json.dumps(message).encode()), at))


def _quantiles(waits: Sequence[float]) -> tuple[str, ...]:
    return tuple(f"{value * 1000:.0f}" for value in (*np.quantile(waits, [0.5, 0.99]), max(waits)))


if __name__ == "__main__":
    main()

"""Streams of a real Kafka broker: sent twice, out of order, malformed, broker and stream killed in the middle."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from confluent_kafka import TopicPartition

from interestgraph import DataError
from interestgraph.neo4j.connection import Database
from interestgraph.stream.run import StreamReport
from tests.conftest import Output
from tests.stream.broker import Broker
from tests.stream.conftest import (
    Expected,
    Running,
    assert_same,
    interactions,
    killed_again_and_again,
    letters,
    some_events,
    streamed,
    wait_for,
)

Finish = Callable[..., StreamReport]
Start = Callable[..., Running]


def test_events_in_any_order_over_partitions_give_the_graph_of_a_load(
    database: Database, expected: Expected, finish: Finish, broker: Broker
) -> None:
    events = some_events(900)
    wanted = expected(events)
    address = broker.create("mixed", 3)
    random.Random(3).shuffle(events)
    broker.send("mixed", events)
    report = finish(address, batch=50)
    assert (report.stream_id, report.messages, report.rejected) == ("kafka:mixed", 900, 0)
    assert report.position == {0: 300, 1: 300, 2: 300}
    assert_same(interactions(database), wanted)
    broker.send("mixed", events[:3])
    assert finish(address).messages == 3


def test_bad_messages_are_kept_and_block_nothing(
    database: Database, expected: Expected, finish: Finish, broker: Broker, tmp_path: Path
) -> None:
    events = some_events(40)
    wanted = expected(events)
    address = broker.create("malformed")
    broker.send("malformed", [*events[:20], b"\xff{", b"", b'{"user": 1}', *events[20:], b"[]"])
    kept = tmp_path / "bad.jsonl"
    report = finish(address, dead_letters=kept, batch=7)
    assert (report.events, report.rejected) == (40, 4)
    assert_same(interactions(database), wanted)
    places = [(letter["source"], letter["partition"], letter["offset"]) for letter in letters(kept)]
    assert places == [("kafka:malformed", 0, offset) for offset in (20, 21, 22, 43)]
    assert [letter["text"] for letter in letters(kept)] == [r"\xff{", "", '{"user": 1}', "[]"]


def test_what_comes_while_it_runs_is_applied(database: Database, start: Start, broker: Broker) -> None:
    running = start(broker.create("live", 2))
    for count in range(1, 4):
        broker.send("live", some_events(10, seed=count))
        wait_for(lambda count=count: streamed(database) == 10 * count, "the messages")  # type: ignore[misc]
        assert sum(row["count"] for row in interactions(database).values()) == 10 * count
    assert running.stop().ended == "stopped"


def test_new_partitions_are_read_from_their_beginning(database: Database, start: Start, broker: Broker) -> None:
    running = start(broker.create("growing"))
    broker.send("growing", some_events(10))
    wait_for(lambda: streamed(database) == 10, "the first messages")
    broker.grow("growing", 3)
    wait_for(lambda: len(broker.admin.list_topics("growing").topics["growing"].partitions) == 3, "partitions")
    broker.send("growing", some_events(5), partition=1)
    broker.send("growing", some_events(5), partition=2)
    wait_for(lambda: streamed(database) == 20, "the messages of the new partitions")
    assert running.stop().position == {0: 10, 1: 5, 2: 5}
    assert any("has 2 new partitions" in line for line in running.said)


def test_the_broker_is_killed_in_the_middle(
    database: Database, expected: Expected, start: Start, broker: Broker
) -> None:
    events = some_events(3_000)
    wanted = expected(events)
    address = broker.create("restarted", 2)
    broker.send("restarted", events[:2_000])
    running = start(address, batch=10)
    wait_for(lambda: streamed(database) > 100, "some batches")
    broker.kill()
    wait_for(lambda: any("does not answer" in line for line in running.said), "the note")
    broker.start()
    broker.send("restarted", events[2_000:])
    wait_for(lambda: streamed(database) == 3_000, "all messages")
    assert running.stop().messages == 3_000
    assert_same(interactions(database), wanted)


def test_the_stream_is_killed_in_the_middle(
    database: Database, expected: Expected, environment: None, broker: Broker, tmp_path: Path
) -> None:
    events = some_events(3_000)
    wanted = expected(events)
    address = broker.create("killed", 2)
    messages = [json.dumps(event).encode() for event in events]
    for place in range(50, 3_000, 300):
        messages.insert(place, b"bad %d" % place)
    broker.send("killed", messages)
    kept = tmp_path / "bad.jsonl"
    killed_again_and_again(database, len(messages), "--from", address, "--batch", "20", "--dead-letter", str(kept))
    assert_same(interactions(database), wanted)
    assert sorted(letter["text"] for letter in letters(kept)) == sorted(
        message.decode() for message in messages if message.startswith(b"bad")
    )


def test_events_sent_twice_count_once_where_the_loader_knows_them_by_a_key(
    database: Database, expected: Expected, keyed_loader: str, finish: Finish, broker: Broker
) -> None:
    events = some_events(600)
    wanted = expected(events)
    address = broker.create("twice", 2)
    draw = random.Random(5)
    sent = events + draw.sample(events, 200)
    draw.shuffle(sent)
    broker.send("twice", sent[:500])
    first = finish(address, loader=keyed_loader, batch=40)
    broker.send("twice", [*sent[500:], *events[:100]])
    second = finish(address, loader=keyed_loader, batch=40)
    assert first.messages + second.messages == 900
    assert first.duplicates + second.duplicates == 300
    assert_same(interactions(database), wanted)


def test_messages_that_the_broker_deleted_unread_are_told(database: Database, finish: Finish, broker: Broker) -> None:
    address = broker.create("forgotten")
    broker.send("forgotten", some_events(10))
    assert finish(address).messages == 10
    broker.send("forgotten", some_events(20))
    at = TopicPartition("forgotten", 0, 25)
    next(iter(broker.admin.delete_records([at]).values())).result(30)
    with pytest.raises(DataError, match=r"partition 0: the broker no longer has offset 10.*--from-start"):
        finish(address)
    assert finish(address, from_start=True).messages == 5
    assert streamed(database) == 15


def test_a_topic_that_was_made_anew_is_refused(database: Database, finish: Finish, broker: Broker) -> None:
    address = broker.create("anew")
    broker.send("anew", some_events(5))
    finish(address)
    broker.admin.delete_topics(["anew"])["anew"].result(30)
    wait_for(lambda: "anew" not in broker.admin.list_topics().topics, "the end of the topic")
    broker.create("anew")
    broker.send("anew", some_events(8))
    with pytest.raises(DataError, match="topic anew is not the one that was read before"):
        finish(address)
    assert finish(address, stream_id="another").messages == 8


def test_a_topic_that_is_not_there(ig: Callable[..., Output], broker: Broker) -> None:
    done = ig("stream", "--from", f"kafka://{broker.servers}/nothing")
    assert done.code == 1
    assert done.err.splitlines()[-1] == f"error: Kafka at {broker.servers} has no topic nothing: create it first"


def test_a_broker_that_is_not_there(ig: Callable[..., Output], free_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("interestgraph.stream.kafka._ANSWER_SECONDS", 1.0)
    done = ig("stream", "--from", f"kafka://127.0.0.1:{free_port}/topic")
    assert done.code == 1
    assert f"error: Kafka at 127.0.0.1:{free_port} does not answer (" in done.err.splitlines()[-1]

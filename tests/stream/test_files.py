"""Streams of files and pipes: followed, cut off, killed, replaced; every line counts once."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from interestgraph import ConfigurationError, DataError, SchemaMismatchError, StateError, UnavailableError
from interestgraph.ingest.spec import spec_path
from interestgraph.neo4j.connection import Database
from interestgraph.stream.book import Book
from interestgraph.stream.run import StreamReport, _Run
from tests.conftest import Output, empty
from tests.stream.conftest import (
    Expected,
    Running,
    assert_same,
    interactions,
    killed_again_and_again,
    letters,
    process,
    some_events,
    streamed,
    wait_for,
    write,
)

Finish = Callable[..., StreamReport]
Start = Callable[..., Running]


def test_a_streamed_file_gives_the_graph_of_a_load(
    database: Database, expected: Expected, finish: Finish, tmp_path: Path
) -> None:
    events = some_events(500)
    wanted = expected(events)
    report = finish(f"jsonl:{write(tmp_path / 'log.jsonl', events)}", batch=64)
    assert (report.messages, report.events, report.rejected, report.ended) == (500, 500, 0, "end of source")
    assert report.transactions == 8
    assert_same(interactions(database), wanted)


def test_streaming_again_goes_on_where_it_ended(
    database: Database, expected: Expected, finish: Finish, tmp_path: Path
) -> None:
    events = some_events(60)
    wanted = expected(events)
    log = write(tmp_path / "log.jsonl", events[:40])
    assert finish(f"jsonl:{log}").messages == 40
    assert finish(f"jsonl:{log}").messages == 0
    with log.open("a") as file:
        file.write("".join(json.dumps(event) + "\n" for event in events[40:]))
    assert finish(f"jsonl:{log}").messages == 20
    assert_same(interactions(database), wanted)


def test_bad_lines_are_kept_with_their_place_and_block_nothing(
    database: Database, finish: Finish, tmp_path: Path
) -> None:
    good = {"user": "u", "item": "i", "behaviour": "buy", "time": "2024-05-01"}
    bad = {
        "{half": "not a JSON object",
        "[1, 2]": "not a JSON object",
        json.dumps({**good, "time": "soon"}): "unparseable time",
        json.dumps({**good, "behaviour": "eat"}): "unknown behaviour",
        json.dumps({**good, "item": " "}): "missing item",
        json.dumps({**good, "value": "much"}): "value is not a number",
        json.dumps({**good, "user": "x" * 5_000}): "user longer than 4,000 bytes",
        json.dumps({**good, "user": "\ud800"}): "user is not text",
        "x" * (1 << 21): "longer than 1,048,576 bytes",
    }
    lines = [line for text in bad for line in (json.dumps(good), "", text)] + [json.dumps(good)]
    log = write(tmp_path / "log.jsonl", lines)
    with log.open("ab") as file:
        file.write(b"\xff\xfe\n" + json.dumps(good).encode() + b"\n")
    kept = tmp_path / "kept" / "bad.jsonl"
    report = finish(f"jsonl:{log}", dead_letters=kept, batch=4)
    assert (report.events, report.rejected) == (len(bad) + 2, len(bad) + 1)
    assert report.reasons["not a JSON object"] == 3
    found = letters(kept)
    assert [letter["reason"] for letter in found] == [*bad.values(), "not a JSON object"]
    content = log.read_bytes()
    for letter, text in zip(found, bad, strict=False):
        assert letter["source"] == f"jsonl:{log}"
        assert content[letter["offset"] :].startswith(text.encode()[:1000])
        assert text.startswith(letter["text"]) or letter["text"] == text
    assert found[-1]["text"] == r"\xff\xfe"
    assert interactions(database)["u", "PURCHASED", "i"]["count"] == len(bad) + 2


def test_a_growing_file_is_followed_line_by_line(database: Database, start: Start, tmp_path: Path) -> None:
    log = write(tmp_path / "log.jsonl", [])
    running = start(f"jsonl:{log}")
    event = {"user": "u", "item": "i", "behaviour": "view", "time": "2024-05-01"}
    with log.open("a") as file:
        for count in range(1, 4):
            line = json.dumps({**event, "value": count})
            file.write(line[:20])
            file.flush()
            file.write(line[20:] + "\n")
            file.flush()
            wait_for(lambda count=count: streamed(database) == count, "the line")  # type: ignore[misc]
            assert interactions(database)["u", "VIEWED", "i"]["count"] == count
        file.write(json.dumps(event)[:-1])
        file.flush()
        report = running.stop()
    assert (report.messages, report.rejected, report.ended) == (3, 0, "stopped")


def test_a_last_line_without_line_break_counts_when_it_is_whole(
    database: Database, finish: Finish, tmp_path: Path
) -> None:
    line = json.dumps({"user": "u", "item": "i", "behaviour": "view", "time": "2024-05-01"})
    log = tmp_path / "log.jsonl"
    log.write_text(line + "\n" + line[:-9])
    assert finish(f"jsonl:{log}").messages == 1
    log.write_text(line + "\n" + line)
    assert finish(f"jsonl:{log}", once=False, until_idle=0.2).messages == 1
    log.write_text(line + "\n" + line + "\n" + line + "\n")
    report = finish(f"jsonl:{log}")
    assert (report.messages, report.rejected) == (1, 0)
    assert interactions(database)["u", "VIEWED", "i"]["count"] == 3


def test_a_stream_that_is_killed_in_the_middle_counts_every_line_once(
    database: Database, expected: Expected, environment: None, tmp_path: Path
) -> None:
    events = some_events(3_000)
    wanted = expected(events)
    lines: list[Any] = list(events)
    for place in range(100, 3_000, 250):
        lines.insert(place, f"bad line {place}")
    log = write(tmp_path / "log.jsonl", lines)
    kept = tmp_path / "bad.jsonl"
    killed_again_and_again(database, len(lines), "--from", f"jsonl:{log}", "--batch", "20", "--dead-letter", str(kept))
    assert_same(interactions(database), wanted)
    found = letters(kept)
    assert len(found) == len(lines) - len(events)
    assert len({letter["text"] for letter in found}) == len(found)


def test_letters_of_a_batch_that_was_not_committed_are_not_written_twice(
    database: Database, finish: Finish, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = write(tmp_path / "log.jsonl", ["bad one", *some_events(3), "bad two"])
    kept = tmp_path / "bad.jsonl"
    with monkeypatch.context() as patched:
        patched.setattr(Book, "move", _dying)
        with pytest.raises(DeathError):
            finish(f"jsonl:{log}", dead_letters=kept)
    assert [letter["text"] for letter in letters(kept)] == ["bad one", "bad two"]
    with kept.open("a") as file:
        file.write('{"source": "cut o')
    assert finish(f"jsonl:{log}", dead_letters=kept).rejected == 2
    with log.open("a") as file:
        file.write("bad three\n")
    assert finish(f"jsonl:{log}", dead_letters=kept).rejected == 1
    texts = kept.read_text().splitlines()
    assert [json.loads(texts[place])["text"] for place in (0, 1, 3)] == ["bad one", "bad two", "bad three"]
    assert texts[2] == '{"source": "cut o'


class DeathError(Exception):
    """Stands for whatever ends a process."""


def _dying(_: Book, run: Any, offsets: Any, mark: str, events: int, rejected: int) -> None:
    """As `Book.move`, but for the first batch; nothing moves in the rehearsal."""
    if events or rejected:
        raise DeathError


@pytest.mark.parametrize("committed", [False, True])
def test_a_commit_whose_answer_is_lost_counts_once(
    database: Database,
    expected: Expected,
    start: Start,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    committed: bool,
) -> None:
    events = some_events(200)
    wanted = expected(events)
    commit, calls = _Run._commit, 0

    def failing(self: _Run, *arguments: Any) -> None:
        nonlocal calls
        calls += 1
        if calls % 3 != 0:
            commit(self, *arguments)
            return
        if committed:
            commit(self, *arguments)
        raise UnavailableError("the server went away")

    monkeypatch.setattr("interestgraph.stream.run._FIRST_WAIT", 0.01)
    monkeypatch.setattr(_Run, "_commit", failing)
    running = start(f"jsonl:{write(tmp_path / 'log.jsonl', events)}", batch=30, once=True)
    wait_for(lambda: running.ended, "the end")
    report = running.stop()
    assert report.messages == 200
    assert any("went away; trying again" in line for line in running.said)
    assert "writing again" in running.said
    assert_same(interactions(database), wanted)


def test_the_second_run_of_a_stream_stops_the_first(database: Database, start: Start, tmp_path: Path) -> None:
    events = some_events(30)
    log = write(tmp_path / "log.jsonl", events[:10])
    first = start(f"jsonl:{log}")
    wait_for(lambda: streamed(database) == 10, "the first lines")
    second = start(f"jsonl:{log}")
    wait_for(lambda: bool(second.said), "the second run")
    with log.open("a") as file:
        file.write("".join(json.dumps(event) + "\n" for event in events[10:]))
    wait_for(lambda: first.ended and streamed(database) == 30, "the end of the first run")
    with pytest.raises(StateError, match="was taken over by another run"):
        first.stop()
    assert second.stop().messages == 20
    assert sum(row["count"] for row in interactions(database).values()) == 30


def test_an_event_that_the_server_refuses_blocks_no_other(
    database: Database, finish: Finish, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("interestgraph.stream.parse.LONGEST_ID", 100_000)
    events = some_events(20)
    events[7]["user"] = "x" * 60_000
    kept = tmp_path / "bad.jsonl"
    report = finish(f"jsonl:{write(tmp_path / 'log.jsonl', events)}", dead_letters=kept)
    assert (report.messages, report.events, report.reasons) == (20, 19, {"refused by Neo4j": 1})
    (letter,) = letters(kept)
    assert json.loads(letter["text"])["id"] == "e7"
    assert letter["reason"].startswith("refused: Neo4j at")
    assert sum(row["count"] for row in interactions(database).values()) == 19


def test_a_file_that_was_cut_or_replaced_is_refused_until_told(
    database: Database, finish: Finish, tmp_path: Path
) -> None:
    events = some_events(30)
    log = write(tmp_path / "log.jsonl", events[:20])
    finish(f"jsonl:{log}")
    write(log, events[:5])
    with pytest.raises(DataError, match=r"is shorter than the [\d,]+ bytes that were read: .*--from-start"):
        finish(f"jsonl:{log}")
    write(log, events[20:] * 3)
    with pytest.raises(DataError, match=r"does not begin as it did .*--from-start, or as another stream with --id"):
        finish(f"jsonl:{log}")
    assert finish(f"jsonl:{log}", from_start=True).messages == 30
    assert finish(f"jsonl:{log}").messages == 0
    assert sum(row["count"] for row in interactions(database).values()) == 50


@pytest.mark.parametrize("how", ["truncated", "removed", "replaced"])
def test_rotation_while_following_is_told_when_all_was_read(
    database: Database, start: Start, tmp_path: Path, how: str
) -> None:
    events = some_events(12)
    log = write(tmp_path / "log.jsonl", events[:8])
    running = start(f"jsonl:{log}")
    wait_for(lambda: streamed(database) == 8, "the first lines")
    if how == "truncated":
        log.write_text("")
    else:
        with log.open("a") as file:
            log.rename(tmp_path / "log.1.jsonl")
            if how == "replaced":
                write(log, events)
            file.write("".join(json.dumps(event) + "\n" for event in events[8:11]))
            file.write(json.dumps(events[11]))
    wait_for(lambda: running.ended, "the error")
    message = {
        "truncated": "was truncated or written anew while it was read",
        "removed": "was removed or renamed after .* all of them read: .*--from-start",
        "replaced": "was replaced by another file after .* all of them read: .*--from-start",
    }
    with pytest.raises(DataError, match=message[how]):
        running.stop()
    assert streamed(database) == (8 if how == "truncated" else 12)


def test_standard_input_is_applied_to_its_end(database: Database, environment: None, tmp_path: Path) -> None:
    events = some_events(300)
    text = "".join(json.dumps(event) + "\n" for event in events) + json.dumps(events[0])
    command = [sys.executable, "-m", "interestgraph", "stream", "--from", "jsonl:-", "--json"]
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=True)
    report = json.loads(done.stdout)
    assert (report["messages"], report["ended"]) == (301, "end of source")
    assert report["stream_id"].startswith("stdin-")
    assert f"note: stream {report['stream_id']}: from the beginning" in done.stderr
    assert sum(row["count"] for row in interactions(database).values()) == 301


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_stream_commits_says_what_it_did_and_ends_well(
    database: Database, environment: None, tmp_path: Path, number: signal.Signals
) -> None:
    events = some_events(2_000)
    log = write(tmp_path / "log.jsonl", events)
    with process("--from", f"jsonl:{log}", "--batch", "10", "--json") as child:
        wait_for(lambda: streamed(database) > 50, "some batches")
        child.send_signal(number)
        out, err = child.communicate(timeout=60)
    assert child.returncode == 0, err
    report = json.loads(out)
    assert report["ended"] == "stopped"
    assert report["events"] == streamed(database) == sum(row["count"] for row in interactions(database).values())
    assert "Traceback" not in err


def test_the_command_line(ig: Callable[..., Output], database: Database, tmp_path: Path) -> None:
    log = write(tmp_path / "log.jsonl", [*some_events(5), "bad"])
    done = ig("stream", "--from", f"jsonl:{log}", "--id", "mine", "--once")
    assert done.code == 0, done.err
    assert done.out.startswith("stream mine")
    assert "not a JSON object" in done.out
    assert str(tmp_path / "home" / "rejected" / "stream-mine.jsonl") in done.out
    again = json.loads(ig("stream", "--from", f"jsonl:{log}", "--id", "mine", "--until-idle", "0", "--json").out)
    assert (again["messages"], again["position"]) == (0, {"0": log.stat().st_size})


def test_lag_and_rate_are_noted_now_and_then(
    ig: Callable[..., Output], database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("interestgraph.cli.stream._NOTE_SECONDS", 0.0)
    log = write(tmp_path / "log.jsonl", [*some_events(40), "bad"])
    done = ig("stream", "--from", f"jsonl:{log}", "--batch", "10", "--once")
    line = r"^note: (\d+) messages, [\d,]+/s, ([\d,]+) bytes behind(, 1 rejected)?$"
    notes = re.findall(line, done.err, re.MULTILINE)
    assert [int(messages) for messages, _, _ in notes][-1] == 41
    behind = [int(lag.replace(",", "")) for _, lag, _ in notes]
    assert behind == sorted(behind, reverse=True)
    assert behind[0] > behind[-1] == 0
    assert notes[-1][2]


def test_a_terminal_shows_one_line_that_changes(database: Database, environment: None, tmp_path: Path) -> None:
    log = write(tmp_path / "log.jsonl", some_events(5))
    ours, theirs = os.openpty()
    command = [sys.executable, "-m", "interestgraph", "stream", "--from", f"jsonl:{log}", "--until-idle", "1"]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=theirs, check=True, text=True)
    os.close(theirs)
    shown = os.read(ours, 1 << 16).decode()
    os.close(ours)
    assert "\x1b[2K5 messages, " in shown
    assert shown.rpartition("\x1b[2K")[2] == ""
    assert "idle" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("--from clicks.jsonl", r"no source 'clicks.jsonl': one is written jsonl:FILE, jsonl:- .* or kafka://"),
        ("--from kafka://host", r"no source 'kafka://host'"),
        ("--from jsonl:none.jsonl", r"none.jsonl cannot be read: No such file"),
        ("--from jsonl:.", r"is no file"),
        ("--from jsonl:log.jsonl.gz", r"is compressed: unpack it"),
        ("--from jsonl:- --loader none", r"no loader none"),
        ("--from jsonl:- --loader instacart", r"loader instacart puts events together from several files"),
        ("--from jsonl:- --loader movielens", r"loader movielens weighs events by their rating"),
        ("--from jsonl:- --batch 0", r"batch must be at least 1, got 0"),
        ("--from jsonl:- --until-idle -1", r"until_idle must not be negative, got -1"),
        ("--from jsonl:- --kafka-config none.properties", r"none.properties cannot be read"),
        ("--from jsonl:- --kafka-config kafka.properties", r"jsonl:- takes no Kafka settings"),
        ("--from kafka://127.0.0.1:1/t --kafka-config bad.properties", r"bad.properties: 'nonsense' is not KEY=VALUE"),
        ("--from kafka://127.0.0.1:1/t --kafka-config kafka.properties", r"Kafka settings: .*no.such.key"),
    ],
)
def test_what_it_says_when_it_cannot(ig: Callable[..., Output], tmp_path: Path, arguments: str, message: str) -> None:
    (tmp_path / "kafka.properties").write_text("# a comment\nno.such.key = 1\n")
    (tmp_path / "bad.properties").write_text("nonsense\n")
    done = ig("stream", *arguments.split())
    assert done.code == 1
    assert done.out == ""
    assert re.match(f"error: .*{message}", done.err.splitlines()[-1]), done.err


def test_a_loader_that_disagrees_with_the_graph_is_refused(database: Database, finish: Finish, tmp_path: Path) -> None:
    log = write(tmp_path / "log.jsonl", some_events(5))
    finish(f"jsonl:{log}")
    own = tmp_path / "own.toml"
    own.write_text(spec_path("events").read_text().replace("half_life = 120", "half_life = 60"))
    with pytest.raises(SchemaMismatchError, match="half-life of 120 days, loader events says 60"):
        finish(f"jsonl:{log}", loader=str(own))


def test_a_load_that_is_being_written_is_waited_for(
    database: Database, start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("interestgraph.stream.run._FIRST_WAIT", 0.01)
    database.write("CREATE (:Load {loadId: 'mine', status: 'writing', source: 'events'})")
    running = start(f"jsonl:{write(tmp_path / 'log.jsonl', some_events(5))}", once=True)
    wait_for(lambda: any("load mine is being written" in line for line in running.said), "the note")
    assert streamed(database) == 0
    database.write("MATCH (l:Load {loadId: 'mine'}) SET l.status = 'complete'")
    wait_for(lambda: running.ended, "the end")
    assert running.stop().events == 5
    assert streamed(database) == 5


def test_events_that_a_load_brought_are_not_counted_again(
    database: Database, finish: Finish, keyed_loader: str, ig: Callable[..., Output], tmp_path: Path
) -> None:
    events = some_events(60)
    assert ig("load", keyed_loader, "--data", str(write(tmp_path / "loaded.jsonl", events[:40]))).code == 0
    before = interactions(database)
    report = finish(f"jsonl:{write(tmp_path / 'again.jsonl', events[:40])}", loader=keyed_loader)
    assert (report.events, report.duplicates) == (40, 40)
    assert_same(interactions(database), before)
    report = finish(f"jsonl:{write(tmp_path / 'more.jsonl', [*events, *events])}", loader=keyed_loader)
    assert (report.events, report.duplicates) == (120, 100)
    assert sum(row["count"] for row in interactions(database).values()) == 60
    bad = write(tmp_path / "bad.jsonl", [{name: value for name, value in events[0].items() if name != "id"}])
    assert finish(f"jsonl:{bad}", loader=keyed_loader).reasons == {"missing id": 1}


def test_a_graph_that_was_emptied_under_a_stream_ends_it(database: Database, start: Start, tmp_path: Path) -> None:
    log = write(tmp_path / "log.jsonl", some_events(5))
    running = start(f"jsonl:{log}")
    wait_for(lambda: streamed(database) == 5, "the lines")
    empty(database)
    with log.open("a") as file:
        file.write("{}\n")
    wait_for(lambda: running.ended, "the error")
    with pytest.raises(StateError, match="or its position was changed"):
        running.stop()


def test_a_negative_batch_is_refused(finish: Finish) -> None:
    with pytest.raises(ConfigurationError, match="batch must be at least 1"):
        finish("jsonl:-", batch=-1)

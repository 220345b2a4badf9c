"""Every command that asks: what it prints for people and for programs, and where."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from interestgraph import InterestGraph, __version__
from interestgraph.cli.app import app
from tests.conftest import Output

Run = Callable[..., Output]


def commands(group: Any = None, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The words of every command, groups included."""
    group = group or typer.main.get_command(app)
    yield path
    for name, command in getattr(group, "commands", {}).items():
        yield from commands(command, (*path, name))


COMMANDS = list(commands())
GROUPS = [path for path in COMMANDS if path in {(), *((path[0],) for path in COMMANDS if len(path) == 2)}]
LEAVES = [path for path in COMMANDS if path not in GROUPS]


def data(output: Output) -> Any:
    """The JSON that a command printed, and nothing else."""
    assert output.code == 0, output.err
    return json.loads(output.out)


def table(output: Output) -> list[str]:
    """The lines below title and header."""
    assert output.code == 0, output.err
    return [line.rstrip() for line in output.out.splitlines()[2:]]


def test_all_commands_are_there() -> None:
    names = {" ".join(path) for path in LEAVES}
    assert names >= {
        *("demo", "load", "enrich", "embed", "evaluate", "recommend", "similar", "similar-users", "profile"),
        *("explain", "trending", "status", "doctor", "walks export", "loaders list", "loaders show"),
        *("query list", "query show", "query run", "browser"),
        *(f"db {name}" for name in ("start", "stop", "status", "reset", "logs", "path")),
    }


@pytest.mark.parametrize("path", LEAVES, ids=" ".join)
@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_help_of_a_command_has_an_example_of_it(ig: Run, path: tuple[str, ...], flag: str) -> None:
    output = ig(*path, flag)
    assert (output.code, output.err) == (0, "")
    words = output.out.split()
    assert words[:2] == ["Usage:", "interestgraph"]
    example = output.out.split("Example:")[1].split("Options:")[0].split("Arguments:")[0].split()
    assert example[: len(path) + 1] == ["interestgraph", *path]


@pytest.mark.parametrize("path", GROUPS, ids=" ".join)
def test_a_group_alone_prints_its_commands(ig: Run, path: tuple[str, ...]) -> None:
    output = ig(*path)
    assert output.code == 2
    assert "Commands:" in output.out + output.err
    assert ig(*path, "--help").code == 0


def test_version(ig: Run) -> None:
    assert ig("--version") == Output(0, f"interestgraph {__version__}\n", "")


def test_recommend(ig: Run, shop: InterestGraph) -> None:
    expected = shop.recommend("tea-fan-1", 4)
    output = ig("recommend", "tea-fan-1", "-n", "4")
    assert output.err == ""
    assert output.out.startswith("recommended to user tea-fan-1\n")
    lines = table(output)
    assert len(lines) == 4, "one row, one line"
    for line, row in zip(lines, expected, strict=True):
        assert f"{row.item_id} " in line
        assert str(row.title) in line
        assert "Drinks > Tea" in line
        assert line.endswith(row.reason)
    found = data(ig("recommend", "tea-fan-1", "-n", "4", "--json"))
    assert found["user_id"] == "tea-fan-1"
    assert found["notes"] == []
    assert [item["item_id"] for item in found["items"]] == [row.item_id for row in expected]
    assert all(item["title"] and item["category"] and item["reason"] for item in found["items"])


def test_recommend_with_options(ig: Run, shop: InterestGraph) -> None:
    found = data(ig("recommend", "tea-fan-1", "--category", "Cake", "--json"))
    assert {item["category"] for item in found["items"]} == {"Food > Cake"}
    own = {row["i"] for row in shop.cypher("MATCH (:User {userId: 'tea-fan-1'})-->(i:Item) RETURN i.itemId AS i")}
    fresh = data(ig("recommend", "tea-fan-1", "--exclude-seen", "--json"))
    assert not own & {item["item_id"] for item in fresh["items"]}
    assert own & {item["item_id"] for item in data(ig("recommend", "tea-fan-1", "--include-seen", "--json"))["items"]}
    later = data(ig("recommend", "tea-fan-1", "--as-of", "2024-07-01", "--json"))
    assert later["items"][0]["category"] == "Drinks > Tea"


def test_a_stranger_is_told_on_stderr(ig: Run, shop: InterestGraph) -> None:
    note = "user stranger is not in the graph: trending items"
    output = ig("recommend", "stranger", "-n", "3")
    assert (output.code, output.err) == (0, f"note: {note}\n")
    assert len(table(output)) == 3
    output = ig("recommend", "stranger", "-n", "3", "--json")
    assert output.err == f"note: {note}\n"
    assert data(output)["notes"] == [note]


def test_similar(ig: Run, shop: InterestGraph) -> None:
    lines = table(ig("similar", "soap-2", "-n", "3"))
    assert len(lines) == 3
    assert all("Soap" in line and "Home > Bath" in line for line in lines)
    found = data(ig("similar", "soap-2", "-n", "3", "--json"))
    assert found["item_id"] == "soap-2"
    assert [item["item_id"] for item in found["items"]] == [line.split()[0] for line in lines]
    assert all(item["title"] and item["category"] and item["together"] > 0 for item in found["items"])


def test_similar_users(ig: Run, shop: InterestGraph) -> None:
    lines = table(ig("similar-users", "soap-fan-2", "--count", "3"))
    found = data(ig("similar-users", "soap-fan-2", "--count", "3", "--json"))
    assert [user["user_id"] for user in found["users"]] == [line.split()[0] for line in lines]
    assert all(-1 <= user["cosine"] <= 1 and user["shared_items"] >= 0 for user in found["users"])


def test_profile(ig: Run, shop: InterestGraph) -> None:
    output = ig("profile", "cake-fan-3")
    assert (output.code, output.err) == (0, "")
    for heading in ("user cake-fan-3", "activity", "interests", "communities"):
        assert f"\n{heading}\n" in f"\n{output.out}"
    assert "last active  2024-05-" in output.out
    assert "Food > Cake" in output.out
    found = data(ig("profile", "cake-fan-3", "--json"))
    assert found["interests"][0]["name"] == "Food"
    assert {part["behaviour"] for part in found["activity"]} == {"PURCHASED", "VIEWED"}
    assert found["last_active"].startswith("2024-05-")


def test_explain(ig: Run, shop: InterestGraph) -> None:
    output = ig("explain", "tea-fan-1", "tea-2")
    assert (output.code, output.err) == (0, "")
    assert output.out.startswith("Tea 2 ")
    found = data(ig("explain", "tea-fan-1", "tea-2", "--json"))
    assert (found["title"], found["category"]) == ("Tea 2", "Drinks > Tea")
    assert output.out.splitlines()[0] == found["sentence"]
    assert all(path["text"] in output.out for path in found["paths"])
    (drawn,) = shop.cypher(output.out.split("in Neo4j Browser:\n")[1])
    assert drawn["item"]["title"] == "Tea 2"


def test_trending(ig: Run, shop: InterestGraph) -> None:
    lines = table(ig("trending", "-n", "3", "--category", "drinks"))
    assert len(lines) == 3
    found = data(ig("trending", "-n", "3", "--category", "drinks", "--json"))
    assert [item["item_id"] for item in found["items"]] == [line.split()[0] for line in lines]
    assert {item["category"] for item in found["items"]} == {"Drinks > Tea"}
    assert all(item["title"] and item["buyers"] > 0 for item in found["items"])


def test_status(ig: Run, shop: InterestGraph) -> None:
    output = ig("status")
    assert (output.code, output.err) == (0, "")
    rows = dict(re.split(r"\s{2,}", line.strip(), maxsplit=1) for line in output.out.splitlines()[1:])
    assert (rows["users"], rows["items"], rows["categories"]) == ("24", "18", "6")
    found = data(ig("status", "--json"))
    assert (found["users"], found["items"]) == (24, 18)
    assert found["embedding_run"] in output.out
    assert found["last_event_at"] == "2024-05-28T17:00:00+00:00"
    assert rows["SIMILAR_TO relationships"] == f"{found['similar_to']:,}"


def test_loaders(ig: Run, shop: InterestGraph, tmp_path: Path) -> None:
    output = ig("loaders", "list")
    names = [line.split()[0] for line in table(output)]
    assert {"complete_journey", "events"} <= set(names)
    assert [spec["name"] for spec in data(ig("loaders", "list", "--json"))] == names
    text = ig("loaders", "show", "events").out
    mine = tmp_path / "mine.toml"
    mine.write_text(text, encoding="utf-8")
    assert ig("loaders", "show", str(mine)).out == text
    assert 'name = "events"' in text


def test_queries(ig: Run, shop: InterestGraph) -> None:
    lines = table(ig("query", "list", "--all"))
    listed = {line.split()[0]: line for line in lines}
    assert listed["serve/trending"].endswith(
        "Items still sold with the strongest trend, all or of one category and below it."
    )
    text = ig("query", "show", "serve/trending").out
    assert text.startswith("// purpose: ")
    assert len(shop.cypher(text, category=None, limit=2)) == 2


@pytest.mark.parametrize(
    "name", ["[bold]Tea[/bold]", "Tea [/red]", ":tea: [Tea] 50 % \\[x]", "茶" * 90, "T" * 300], ids=repr
)
def test_names_are_printed_as_they_are(ig: Run, shop: InterestGraph, name: str) -> None:
    rename = "MATCH (i:Item {itemId: 'tea-0'}) SET i.title = $name"
    shop.database.write(rename, name=name)
    try:
        (line,) = [line for line in table(ig("trending", "--category", "Drinks")) if line.startswith("tea-0 ")]
        assert name in line
        assert name in ig("explain", "tea-fan-1", "tea-0").out
        items = data(ig("trending", "--category", "Drinks", "--json"))["items"]
        assert name in {item["title"] for item in items}
    finally:
        shop.database.write(rename, name="Tea 0")


def test_users_may_have_attributes_of_any_type(ig: Run, shop: InterestGraph) -> None:
    change = "MATCH (u:User {userId: 'tea-fan-2'}) SET u.born = "
    shop.database.write(f"{change} date('1990-02-03'), u.seen = datetime('2024-05-28T10:00Z'), u.tags = ['a', 'b']")
    try:
        attributes = data(ig("profile", "tea-fan-2", "--json"))["attributes"]
        assert attributes["born"] == "1990-02-03"
        assert attributes["seen"].startswith("2024-05-28T10:00:00")
        assert attributes["tags"] == ["a", "b"]
        assert "1990-02-03" in ig("profile", "tea-fan-2").out
    finally:
        shop.database.write(f"{change} null, u.seen = null, u.tags = null")


def test_a_reader_that_goes_away_is_no_error(ig: Run, shop: InterestGraph) -> None:
    command = f"{sys.executable} -m interestgraph query list"
    script = f"({command}; echo code $? >&2) | head -1"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "questions\n"
    assert done.stderr in ("code 0\n", "code 1\n")

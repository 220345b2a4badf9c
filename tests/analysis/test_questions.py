"""Asking questions: headers, parameters, limits, forms of output; on the small log of the shop."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import neo4j
import pytest

from interestgraph import AsyncInterestGraph, ConfigurationError, InterestGraph, QueryError
from interestgraph.analysis.question import AREAS, load_question, parse_question, question_names
from interestgraph.analysis.values import checked
from interestgraph.neo4j.queries import load_query, parse_query
from tests.conftest import Output

Run = Callable[..., Output]
ROOT = Path(__file__).parents[2]


def test_there_are_questions_of_all_areas() -> None:
    areas = [load_question(name).area for name in question_names()]
    assert len(areas) >= 40
    assert {area: areas.count(area) >= 5 for area in AREAS} == dict.fromkeys(AREAS, True)


@pytest.mark.parametrize("name", question_names())
def test_headers_are_complete(name: str) -> None:
    question = load_question(name)
    assert question.query.mode == "READ"
    assert question.query.purpose.endswith(".")
    assert len(question.query.purpose) < 160
    assert not {"timeout", "rows", "behaviour", "name"} & set(question.query.parameters)
    for parameter in question.parameters:
        assert parameter.required <= (parameter.example is not None), f"{parameter.name} has an example"
        values = checked(question, {parameter.name: parameter.example} | _needed(name))
        assert (
            values[parameter.name]
            == checked(question, {parameter.name: _typed(parameter.example)} | _needed(name))[parameter.name]
        )
    if question.query.relationship:
        # What stands for any behaviour stands for it everywhere.
        text = question.query.for_relationship("RATED").text
        assert "PURCHASED" not in text


def _needed(name: str) -> dict[str, Any]:
    return {part.name: part.example for part in load_question(name).parameters if part.required}


def _typed(value: Any) -> Any:
    """As it comes from the command line."""
    return ",".join(value) if isinstance(value, list) else None if value is None else str(value)


@pytest.mark.parametrize("name", question_names())
def test_a_small_graph_is_answered_too(shop: InterestGraph, name: str) -> None:
    given = {
        "userId": "tea-fan-1",
        "itemId": "tea-1",
        "category": "Drinks",
        "from": "User:tea-fan-1",
        "to": "Item:cake-2",
    }
    question = load_question(name)
    needed = {part.name: given.get(part.name, part.example) for part in question.parameters if part.required}
    answer = shop.query(name, **needed)
    assert answer.columns == question.columns
    assert list(answer.to_pandas().columns) == list(question.columns)


def test_what_is_asked_can_be_narrowed(shop: InterestGraph) -> None:
    ends: dict[str, Any] = {"from": "User:tea-fan-1", "to": "Category:Drinks > Tea"}
    both = shop.query("path_between", **ends)
    assert both[0]["nodes"][0] == "User tea-fan-1"
    assert both[0]["relationships"] == ["PURCHASED", "IN_CATEGORY"]
    facts = {row["fact"]: row["value"] for row in shop.query("item_facts", itemId="tea-1")}
    expected = shop.cypher("MATCH (:Item {itemId: 'tea-1'})<-[r:PURCHASED]-() RETURN count(*) AS u, sum(r.count) AS e")[
        0
    ]
    assert (facts["users"], facts["events"]) == (str(expected["u"]), str(expected["e"]))
    assert len(shop.query("item_facts", itemId="tea-1", rows=3)) == 3
    assert "only the first 3 rows" in shop.query("item_facts", itemId="tea-1", rows=3).notes[-1]


def test_other_behaviours_can_be_asked_of(shop: InterestGraph) -> None:
    bought, viewed = (shop.query("weekdays", behaviour=name) for name in ("PURCHASED", "VIEWED"))
    events = {
        row["b"]: row["n"]
        for row in shop.cypher("MATCH ()-[r:PURCHASED|VIEWED]->() RETURN type(r) AS b, sum(r.count) AS n")
    }
    assert sum(row["events"] for row in bought) == events["PURCHASED"]
    assert sum(row["events"] for row in viewed) == events["VIEWED"]
    with pytest.raises(ConfigurationError, match=r"no behaviour RETURNED: it has .*PURCHASED"):
        shop.query("weekdays", behaviour="RETURNED")
    with pytest.raises(ConfigurationError, match="asks of no single behaviour"):
        shop.query("campaign_reach", behaviour="VIEWED")


@pytest.mark.parametrize(
    ("name", "given", "message"),
    [
        ("rising_itms", {}, "no question rising_itms; did you mean rising_items"),
        ("portrait", {}, r"portrait needs userId \(the user\), for example -p userId=1228"),
        (
            "portrait",
            {"userid": "1"},
            r"no parameter userid \(did you mean userId\?\); it takes, for example: userId=1228",
        ),
        (
            "rising_items",
            {"days": "a week"},
            "days of rising_items is a whole number, not negative, got 'a week': give for",
        ),
        ("rising_items", {"days": -7}, "whole number, not negative, got -7"),
        ("rising_items", {"days": 1.5}, "whole number"),
        ("rising_items", {"minZ": "nan"}, "minZ of rising_items is a number, got 'nan'"),
        ("rising_items", {"asOf": "soon"}, "asOf of rising_items is a date or time, got 'soon': .*2017-10-01"),
        ("rising_users", {"falling": "perhaps"}, "yes or no"),
        ("lookalikes", {"users": 7}, "a list separated by commas"),
    ],
)
def test_wrong_parameters_are_told_with_an_example(
    shop: InterestGraph, name: str, given: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigurationError, match=message):
        shop.query(name, **given)


def test_limits_hold(shop: InterestGraph) -> None:
    with pytest.raises(ConfigurationError, match="both must be above 0"):
        shop.query("weekdays", timeout=0)
    with pytest.raises(QueryError, match="TransactionTimedOut"):
        shop.database.ask("UNWIND range(1, 1000000000) AS n RETURN sum(sin(n)) AS s", {}, timeout=0.2, rows=1)
    with pytest.raises(QueryError, match=r"(?i)writ"):
        shop.database.ask("CREATE (n:User {userId: 'x'}) RETURN n.userId AS id", {}, timeout=5, rows=1)


def test_a_question_that_takes_too_long_is_told(shop: InterestGraph, monkeypatch: pytest.MonkeyPatch) -> None:
    endless = "// purpose: x.\n// parameters: none\n// returns: s FLOAT\n// mode: READ\n// area: items\n// cost: fast\n// rows: 1\nUNWIND range(1, 1000000000) AS n RETURN sum(sin(n)) AS s"
    question = parse_question("endless", parse_query("analysis/endless", endless), endless)
    monkeypatch.setattr("interestgraph.analysis.ask.load_question", lambda _: question)
    with pytest.raises(QueryError, match=r"endless took longer than 0\.2 s: narrow it with a parameter, or allow more"):
        shop.query("endless", timeout=0.2)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("// area: items\n// cost: fast\n", "lacks rows"),
        ("// area: cars\n// cost: fast\n// rows: 1\n", "area or cost of the header is wrong"),
        ("// area: items\n// cost: slow\n// rows: 1\n", "area or cost of the header is wrong"),
        ("// area: items\n// cost: fast\n// rows: 1\n// people: minUsers\n", "names no parameter: minUsers"),
        ("// area: items\n// cost: fast\n// rows: 1\n", "describes nothing, the parameters are days"),
    ],
)
def test_a_wrong_header_is_told(text: str, message: str) -> None:
    whole = (
        f"// purpose: x.\n// parameters: days INTEGER\n// returns: n INTEGER\n// mode: READ\n{text}RETURN $days AS n"
    )
    with pytest.raises(ConfigurationError, match=message):
        parse_question("mine", parse_query("mine", whole), whole)


def test_asyncio(shop: InterestGraph, driver: neo4j.Driver) -> None:
    async def both() -> list[Any]:
        async with AsyncInterestGraph(driver=driver) as graph:
            return list(await asyncio.gather(graph.query("weekdays"), graph.query("long_tail")))

    weekdays, tail = asyncio.run(both())
    assert len(weekdays) > 3
    assert tail[-1]["cumulativePercent"] == 100


def test_the_command_prints_all_forms(ig: Run, shop: InterestGraph) -> None:
    table = ig("query", "run", "portrait", "-p", "userId=tea-fan-1")
    assert table.code == 0
    assert table.out.startswith("Who this user is, on one page")
    assert "favourite weekday" in table.out
    assert "note: Price level" in table.err
    answer = json.loads(ig("query", "run", "portrait", "-p", "userId=tea-fan-1", "--json").out)
    assert answer["parameters"] == {"userId": "tea-fan-1", "asOf": None}
    assert {row["section"] for row in answer["rows"]} >= {"interests", "rhythm", "channels", "communities"}
    csv = ig("query", "run", "path_between", "-p", "from=User:tea-fan-1", "-p", "to=Item:cake-2", "--csv").out
    assert csv.splitlines()[0] == "path,steps,nodes,relationships"
    assert "; " in csv.splitlines()[1]
    page = ig("query", "run", "item_facts", "-p", "itemId=tea-1", "--html").out
    assert page.startswith("<!doctype html>")
    assert "<th>Section</th>" in page
    assert "Tea 1" in page
    assert "http" not in page
    plan = ig("query", "run", "item_facts", "-p", "itemId=tea-1", "--explain").out
    assert plan.startswith("ProduceResults")
    assert "NodeUniqueIndexSeek" in plan


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("query run portrait", "error: portrait needs userId"),
        ("query run portrait -p 1228", "-p 1228: write NAME=VALUE"),
        ("query run portrait -p userId=1 -p userId=2", "userId is given twice"),
        ("query run portrait -p userId=tea-fan-1 --csv --json", "give one of --table, --csv, --json and --html"),
        ("query list --area cars", "no area cars: one of neighbourhood"),
    ],
)
def test_wrong_commands(ig: Run, shop: InterestGraph, command: str, message: str) -> None:
    done = ig(*command.split())
    assert (done.code, done.out) == (1, "")
    assert message in done.err
    assert len(done.err.splitlines()) == 1


def test_titles_are_escaped_on_the_page(shop: InterestGraph) -> None:
    rename = "MATCH (i:Item {itemId: 'tea-0'}) SET i.title = $name"
    shop.database.write(rename, name="<script>alert(1)</script>")
    try:
        assert "<script>" not in shop.query("item_facts", itemId="tea-0").to_html()
    finally:
        shop.database.write(rename, name="Tea 0")


def test_nobody_there_is_no_error(ig: Run, shop: InterestGraph) -> None:
    done = ig("query", "run", "portrait", "-p", "userId=nobody")
    assert done.code == 0
    assert "note: no rows" in done.err


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("interestgraph query run ris", {"rising_items", "rising_users"}),
        ("interestgraph query run portrait -p user", {"userId=1228"}),
    ],
)
def test_the_shell_completes(words: str, expected: set[str]) -> None:
    environment = {
        **os.environ,
        "_INTERESTGRAPH_COMPLETE": "complete_bash",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split()) - 1),
    }
    done = subprocess.run(
        [sys.executable, "-m", "interestgraph"], env=environment, capture_output=True, text=True, check=False
    )
    assert {line.split("\t")[0] for line in done.stdout.split()} >= expected


def test_the_list_in_the_documentation_is_up_to_date() -> None:
    call = [sys.executable, str(ROOT / "docs" / "make_analysis_reference.py"), "--check"]
    done = subprocess.run(call, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert load_query("analysis/portrait").purpose in (ROOT / "docs" / "analysis.md").read_text(encoding="utf-8")

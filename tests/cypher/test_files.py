"""Every file of ``cypher/`` against the live server: header, parameters, columns, mode, names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import neo4j
import pytest

from interestgraph import InterestGraph
from interestgraph.errors import ConfigurationError
from interestgraph.model import BEHAVIOURS
from interestgraph.neo4j.queries import load_query, parse_query, query_names, query_path

DERIVED = {"IN_CATEGORY", "CHILD_OF", "SIMILAR_TO", "INTERESTED_IN", "IN_COMMUNITY", "PART_OF", "HISTORY"}
MARKETING = {"RECEIVED", "PROMOTES", "REDEEMED"}
LABELS = {
    *("User", "Item", "Category", "Community", "Campaign", "Behaviour"),
    *("Load", "LoadBatch", "LogPart", "EmbeddingRun", "VectorPart", "EnrichRun", "Evaluation", "Stream"),
    *("Ranker", "ItemModel", "ServingPack", "Pruned", "Alias", "CategoryAlias"),
}
QUERY_TYPES = {"READ": {"r"}, "WRITE": {"w", "rw"}, "SCHEMA": {"s"}}
"""Mode of the header -> what the server calls such a statement."""
WRITE_OPERATORS = re.compile(r"Create|Merge|Delete|Set(?!Op)|Remove|Foreach")
VALUES: dict[str, Any] = {
    **{"userId": "tea-fan-1", "itemId": "tea-1", "userIds": ["tea-fan-1"], "itemIds": ["tea-1"], "via": ["tea-2"]},
    **{"category": "Drinks", "name": "tea", "asOf": 1_717_200_000_000, "halfLives": {"PURCHASED": 120, "VIEWED": 30}},
    **{"useVectors": True, "excludeSeen": False, "limit": 5, "seeds": 5, "interests": 5},
    **{"key": "none", "loadId": "none", "streamId": "none", "partId": "none"},
    "rows": [
        {"userId": "tea-fan-1", "itemId": "tea-1", "categoryId": "Drinks", "categoryIds": ["Drinks"], "properties": {}}
    ],
    **{"kinds": ["events"], "source": None, "first": None, "last": None, "without": []},
    **{
        "id": "tea-1",
        "ids": ["tea-fan-1", "tea-1", "Drinks"],
        "vector": [0.5] * 64,
        "factors": {"PURCHASED": 1, "VIEWED": 1},
    },
    **{"runId": "none", "kind": "User", "place": 3, "behaviour": "PURCHASED", "halfLife": 120.0},
    **{"now": 1_717_200_000_000, "below": 0.1},
    **{
        "version": "none",
        "target": "tea-1",
        "strength": {"tea-2": 1.0},
        "counted": ["tea-1"],
        "after": "",
        "campaignId": None,
    },
    **{
        "maxContacts": 9,
        "since": 0,
        "minPrice": None,
        "maxPrice": 5.0,
        "brands": [],
        "inStock": False,
        "attributes": [],
    },
}
"""Parameters that fit the shop graph."""
NOTHING = {
    *("evaluate/find_report", "evaluate/list_reports", "ingest/list_batches", "ingest/read_part"),
    *("ingest/find_aliases", "ingest/list_aliases", "ingest/list_category_aliases"),
    *("reshape/empty_categories", "reshape/pruned_users"),
    *("serve/pack_parts", "serve/ranker"),
    *("embed/run_status", "embed/list_parts", "embed/read_part"),
    *("embed/new_users", "embed/new_items", "embed/new_categories", "embed/around_items"),
}
"""Statements that find nothing in it, or nothing under the name `none`."""


def statement(name: str) -> str:
    """The text below the header, without comments and string literals."""
    text = query_path(name).read_text(encoding="utf-8")
    return re.sub(r"'(?:\\.|[^'\\])*'|//[^\n]*", "", text)


@pytest.fixture(scope="module", autouse=True)
def graph(shop: InterestGraph) -> InterestGraph:
    """All tests plan on a graph with its schema and its counts."""
    return shop


def explain(driver: neo4j.Driver, name: str) -> tuple[list[str], neo4j.ResultSummary]:
    """Columns and plan; parameters are there but empty."""
    query = load_query(name)
    with driver.session() as session:
        result = session.run(neo4j.Query("EXPLAIN " + query.text), dict.fromkeys(query.parameters))
        return list(result.keys()), result.consume()


def operators(plan: Any) -> Iterator[str]:
    yield plan["operatorType"].partition("@")[0]
    for child in plan.get("children", ()):
        yield from operators(child)


@pytest.mark.parametrize("name", query_names())
def test_the_server_takes_it_and_agrees_with_the_header(driver: neo4j.Driver, name: str) -> None:
    query = load_query(name)
    columns, summary = explain(driver, name)
    assert columns == list(query.returns)
    # A procedure that only waits is a read for the server.
    expected = {"r"} if name == "schema/await_indexes" else QUERY_TYPES[query.mode]
    assert summary.query_type in expected
    if query.mode == "READ":
        assert summary.plan is not None
        assert not [name for name in operators(summary.plan) if WRITE_OPERATORS.search(name)]


@pytest.mark.parametrize("name", query_names())
def test_the_header_names_the_parameters_with_their_types(name: str) -> None:
    query = load_query(name)
    assert set(re.findall(r"\$(\w+)", statement(name))) == set(query.parameters)
    assert len(query.purpose) > 10
    header = query_path(name).read_text(encoding="utf-8")
    for key, names in (("parameters", query.parameters), ("returns", query.returns)):
        (line,) = re.findall(rf"^// {key}: (.*)$", header, re.MULTILINE)
        typed = re.findall(r"(\w+) (?:[A-Z]+(?:<[A-Z<>]+>)?)", line)
        assert typed == list(names), f"every name of the line {key} has a Cypher type"


@pytest.mark.parametrize("name", query_names())
def test_it_is_one_statement_of_known_names(name: str) -> None:
    text = statement(name)
    assert ";" not in text
    assert not re.search(r"\b(?:elementId|id)\s*\(", text), "internal ids never leave the database"
    types = {part for found in re.findall(r"\[\w*:([\w|]+)", text) for part in found.split("|")}
    assert types <= {*BEHAVIOURS, *DERIVED, *MARKETING}
    assert set(re.findall(r"\(\w*:(\w+)", text)) <= LABELS


@pytest.mark.parametrize(
    "name",
    [name for name in query_names() if load_query(name).mode == "READ" and not name.startswith("analysis/")],
)
def test_reading_files_answer_with_the_columns_that_they_promise(shop: InterestGraph, name: str) -> None:
    query = load_query(name)
    rows = shop.cypher(name, **{parameter: VALUES[parameter] for parameter in query.parameters})
    assert all(tuple(row) == query.returns for row in rows)
    assert bool(rows) == (name not in NOTHING)


@pytest.mark.parametrize("name", [name for name in query_names() if "count store" in load_query(name).purpose])
def test_what_says_so_reads_the_count_store_only(driver: neo4j.Driver, name: str) -> None:
    _, summary = explain(driver, name)
    sources = {name for name in operators(summary.plan) if name not in ("ProduceResults", "Apply", "Projection")}
    assert sources <= {"NodeCountFromCountStore", "RelationshipCountFromCountStore"}


@pytest.mark.parametrize("name", [name for name in query_names() if name.startswith("serve/")])
def test_serving_finds_users_and_items_by_index(shop: InterestGraph, driver: neo4j.Driver, name: str) -> None:
    _, summary = explain(driver, name)
    found = set(operators(summary.plan))
    assert not [operator for operator in found if re.search(r"All(Nodes|Relationships)Scan", operator)]
    if re.search(r"\((\w*):(User|Item|Category) \{\w+Id: [$\w.\[\]]+\}\)", statement(name)):
        assert found & {"NodeUniqueIndexSeek", "MultiNodeIndexSeek"}


def test_a_relationship_slot_takes_the_closed_list_only(driver: neo4j.Driver) -> None:
    slotted = [load_query(name) for name in query_names() if load_query(name).relationship]
    slotted = [query for query in slotted if not query.name.startswith("analysis/")]
    assert {query.name for query in slotted} >= {"ingest/interactions", "enrich/export_interactions"}
    for query in slotted:
        for behaviour in BEHAVIOURS:
            text = query.for_relationship(behaviour).text
            assert set(re.findall(r"\[\w*:(\w+)", text)) == {behaviour}
            with driver.session() as session:
                session.run(neo4j.Query("EXPLAIN " + text), dict.fromkeys(query.parameters)).consume()
        with pytest.raises(ConfigurationError, match="unknown behaviour type HATED: one of VIEWED"):
            query.for_relationship("HATED")
        with pytest.raises(ConfigurationError, match="unknown behaviour type"):
            query.for_relationship("VIEWED]->() DETACH DELETE n //")
    with pytest.raises(ConfigurationError, match="serve/trending has no relationship slot"):
        load_query("serve/trending").for_relationship("VIEWED")


def test_a_name_that_no_file_has_is_told() -> None:
    with pytest.raises(ConfigurationError, match="no query serve/nothing: `interestgraph query list`"):
        load_query("serve/nothing")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("// purpose: x\n// mode: READ\nRETURN 1", "lacks parameters, returns"),
        ("// purpose: x\n// parameters: none\n// returns: none\n// mode: MAYBE\nRETURN 1", "mode MAYBE is not one of"),
        ("RETURN 1", "lacks purpose, parameters, returns, mode"),
    ],
)
def test_a_wrong_header_is_told(text: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=f"query mine: .*{message}"):
        parse_query("mine", text)

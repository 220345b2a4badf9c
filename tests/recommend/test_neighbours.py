"""Nearest nodes of users, items and categories, by any name that a user may give."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from interestgraph import ConfigurationError, InterestGraph, UnknownIdError
from tests.conftest import Output


@pytest.fixture(scope="module")
def graph(shop: InterestGraph) -> Iterator[InterestGraph]:
    """With a user that has an item's id, and two categories of one name."""
    shop.database.write(
        "MATCH (u:User {userId: 'tea-fan-1'}), (c:Category {name: 'Cake'}) "
        "CREATE (:User {userId: 'tea-1', embedding: u.embedding}), (:User {userId: 'silent'}), "
        "(:Category {categoryId: 'Drinks > Cake', name: 'Cake', level: 2, path: ['Drinks', 'Cake'], "
        "embedding: c.embedding})"
    )
    yield shop
    shop.database.write(
        "MATCH (n) WHERE n.userId IN ['tea-1', 'silent'] OR n.categoryId = 'Drinks > Cake' DETACH DELETE n"
    )


@pytest.mark.parametrize(
    ("node", "options", "kind", "first"),
    [
        ("tea-fan-2", {}, "user", "tea"),
        ("soap-2", {}, "item", "soap"),
        ("item:tea-1", {}, "item", "tea"),
        ("Item: tea-1", {}, "item", "tea"),
        ("tea-1", {"kind": "item"}, "item", "tea"),
        ("soap-fan-2", {"among": "item"}, "user", "soap"),
        ("soap-2", {"among": "user"}, "item", "soap"),
        ("Bath", {"among": "item"}, "category", "soap"),
        ("Home > Bath", {"among": "user"}, "category", "soap"),
        ("category:Bath", {"among": "item"}, "category", "soap"),
    ],
)
def test_neighbours(graph: InterestGraph, node: str, options: dict[str, Any], kind: str, first: str) -> None:
    found = graph.neighbours(node, 4, **options)
    assert (found.kind, len(found)) == (kind, 4)
    assert {row.kind for row in found} == {options.get("among", kind)}
    assert found[0].node_id.startswith(first)
    cosines = [row.cosine for row in found]
    assert cosines == sorted(cosines, reverse=True)
    assert found.node_id not in {row.node_id for row in found if row.kind == kind}


def test_categories_among_themselves(graph: InterestGraph) -> None:
    found = graph.neighbours("Tea", 3)
    assert len(found) == 3
    assert {row.kind for row in found} == {"category"}
    assert "Drinks" in {row.node_id for row in found}


def test_what_may_mean_several_nodes_is_asked_back(graph: InterestGraph) -> None:
    with pytest.raises(ConfigurationError, match="tea-1 may be any of: item:tea-1; user:tea-1; give"):
        graph.neighbours("tea-1")
    with pytest.raises(ConfigurationError, match="Cake may be any of: category:Drinks > Cake; category:Food > Cake"):
        graph.neighbours("Cake")
    with pytest.raises(UnknownIdError, match="no user, item or category nobody"):
        graph.neighbours("nobody")
    with pytest.raises(UnknownIdError, match="no user soap-2"):
        graph.neighbours("soap-2", kind="user")
    with pytest.raises(ConfigurationError, match="kind 'shop' is none of user, item, category"):
        graph.neighbours("soap-2", kind="shop")  # type: ignore[arg-type]


def test_the_command(graph: InterestGraph, ig: Callable[..., Output]) -> None:
    table = ig("neighbours", "soap-fan-2", "-n", "3", "--among", "item")
    assert (table.code, table.err) == (0, "")
    assert table.out.startswith("nearest to user soap-fan-2\n")
    assert "Home > Bath" in table.out
    found = json.loads(ig("neighbours", "soap-fan-2", "-n", "3", "--json").out)
    assert (found["kind"], found["node_id"], len(found["neighbours"])) == ("user", "soap-fan-2", 3)
    refused = ig("neighbours", "tea-1")
    assert (refused.code, refused.out) == (1, "")
    assert refused.err.count("\n") == 1
    silent = ig("neighbours", "silent")
    assert "embed --new" in silent.err

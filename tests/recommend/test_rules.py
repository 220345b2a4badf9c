"""Business rules, anonymous visitors, new users and items."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime

import pytest

from interestgraph import ConfigurationError, InterestGraph, UnknownItemError
from interestgraph.neo4j.connection import Database
from interestgraph.recommend.filters import Filters
from interestgraph.recommend.recommend import Recommendation, RecommendConfig, recommend
from interestgraph.recommend.visitor import recommend_for

USER = "tea-fan-1"


@pytest.fixture(scope="module")
def goods(shop: InterestGraph) -> Database:
    """The small log, with prices, brands and stock: items 0 to 5 of a group cost 1 to 6."""
    shop.database.write(
        "MATCH (i:Item) WITH i, split(i.itemId, '-') AS parts "
        "SET i.price = 1.0 + toInteger(parts[1]), i.brand = CASE WHEN toInteger(parts[1]) < 3 THEN 'A' ELSE 'B' END, "
        "i.stock = CASE WHEN i.itemId = 'tea-1' THEN 0 ELSE 5 END, i.colour = parts[0]"
    )
    # Brands also count among the arrays of the client, which follow loads: here nothing was loaded.
    shop.database.write("serve/drop_packs")
    return shop.database


def ids(rows: Iterable[Recommendation]) -> list[str]:
    """Item ids in order."""
    return [row.item_id for row in rows]


def ask(database: Database, n: int = 18, **rules: object) -> list[str]:
    """Item ids for one user under some rules."""
    filters = Filters(**rules)  # type: ignore[arg-type]
    return ids(recommend(database, USER, RecommendConfig(n=n, filters=filters, exclude_seen=False, explain=False)))


def test_rules_are_obeyed_and_do_not_shorten_the_list(goods: Database) -> None:
    every = set(ask(goods))
    assert len(every) == 18
    assert set(ask(goods, max_price=2)) == {f"{word}-{at}" for word in ("tea", "cake", "soap") for at in (0, 1)}
    assert set(ask(goods, min_price=5, max_price=5)) == {"tea-4", "cake-4", "soap-4"}
    assert {item.split("-")[1] for item in ask(goods, brands=("B",))} == {"3", "4", "5"}
    assert set(ask(goods, in_stock=True)) == every - {"tea-1"}
    assert set(ask(goods, where={"colour": "soap"})) == {f"soap-{at}" for at in range(6)}
    assert set(ask(goods, include=("tea-1", "soap-2"))) == {"tea-1", "soap-2"}
    assert set(ask(goods, exclude=("tea-1", "soap-2"))) == every - {"tea-1", "soap-2"}
    assert set(ask(goods, category="Food")) == {f"cake-{at}" for at in range(6)}
    assert len(ask(goods, n=6, max_price=2)) == 6


def test_limits_hold_and_look_further_for_items(goods: Database) -> None:
    assert max(Counter(item.split("-")[0] for item in ask(goods, n=6, max_per_category=2)).values()) == 2
    assert len(ask(goods, n=6, max_per_category=2)) == 6
    assert len(ask(goods, n=10, max_per_category=2)) == 6
    assert Counter(item[-1] in "012" for item in ask(goods, n=6, max_per_brand=3)) == {True: 3, False: 3}


def test_diversity_mixes_and_boosts_move(goods: Database) -> None:
    plain, varied = ask(goods, n=6), ask(goods, n=6, diversity=0.7)
    assert len({item.split("-")[0] for item in varied}) == 3
    assert varied[0] == plain[0]
    assert len({item.split("-")[0] for item in plain}) < 3
    assert ask(goods, n=3, boosts={"soap-5": 100})[0] == "soap-5"
    assert {item.split("-")[0] for item in ask(goods, n=6, boosts={"Home": 100})} == {"soap"}
    assert not set(ask(goods, n=6, boosts={plain[0]: -100})) & {plain[0]}


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ({"diversity": 1.5}, "diversity must be from 0 to 1"),
        ({"max_per_brand": 0}, "max_per_brand must be at least 1"),
        ({"min_price": 3, "max_price": 2}, "min_price 3 is above max_price 2"),
        ({"boosts": {"A": float("nan")}}, "the boost of A must be a number"),
    ],
)
def test_rules_that_make_no_sense_are_refused(rules: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        Filters(**rules)  # type: ignore[arg-type]


def test_a_visitor_gets_what_fits_the_session(goods: Database) -> None:
    found = recommend_for(goods, ["tea-1", "tea-2"], RecommendConfig(n=4))
    assert {item.split("-")[0] for item in ids(found)[:3]} == {"tea"}
    assert not set(ids(found)) & {"tea-1", "tea-2"}
    assert found[0].reason
    turned = recommend_for(goods, ["tea-1", "tea-2", "soap-0", "soap-1"], RecommendConfig(n=4))
    assert {item.split("-")[0] for item in ids(turned)} >= {"soap"}
    with pytest.raises(UnknownItemError, match="no item beer-1"):
        recommend_for(goods, ["beer-1"], RecommendConfig())
    with pytest.raises(ConfigurationError, match="at least one item"):
        recommend_for(goods, [], RecommendConfig())


def test_a_new_user_and_a_new_item_count_at_once(goods: Database, shop: InterestGraph) -> None:
    at = datetime(2024, 5, 29, tzinfo=UTC)
    before = recommend(goods, "newcomer", RecommendConfig(n=3))
    assert before.notes[0] == "user newcomer is not in the graph: trending items"
    shop.record("newcomer", "soap-0", at=at)
    shop.record("newcomer", "soap-9", at=at)
    after = recommend(goods, "newcomer", RecommendConfig(n=10, mode="discover"))
    assert not any("trending items" in note for note in after.notes)
    assert ids(after)[0].startswith("soap-")
    assert "soap-9" in ids(recommend(goods, "newcomer", RecommendConfig(n=3, mode="again")))
    assert "soap-9" in ids(recommend(goods, "soap-fan-1", RecommendConfig(n=50, mode="discover")))

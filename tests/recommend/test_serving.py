"""Questions to a graph that is loaded, enriched and embedded."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import numpy as np
import pytest

from interestgraph import ConfigurationError, StateError, UnknownIdError, UnknownItemError, UnknownUserError
from interestgraph.embed.run import EmbedConfig, embed
from interestgraph.embed.skipgram import SkipGramConfig
from interestgraph.embed.walks import WalkConfig
from interestgraph.enrich.enrich import EnrichConfig, enrich
from interestgraph.ingest.load import LoadConfig, load
from interestgraph.neo4j.connection import Database
from interestgraph.recommend.blend import BlendConfig, blend
from interestgraph.recommend.explain import explain
from interestgraph.recommend.profile import profile
from interestgraph.recommend.recommend import RecommendConfig, recommend, recommend_many, trending
from interestgraph.recommend.similar import similar_items, similar_users
from interestgraph.recommend.sources import Scores
from tests.conftest import empty

ODD_USER, ODD_ITEM = "o'brien\\7", 'it"em $itemId'


@pytest.fixture(scope="module")
def shop(connection: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """Three groups with tastes of their own, and a user and an item whose ids need care."""
    folder = tmp_path_factory.mktemp("shop")
    rows = ["user,item,behaviour,time,value,title,category"]
    groups = {"tea": "Drinks > Tea", "cake": "Food > Cake", "soap": "Home > Bath"}
    for word, category in groups.items():
        for user in range(8):
            for item in range(6):
                if (user + item) % 4 == 3:
                    continue
                for turn in range(1 + (user * item) % 2):
                    day = 1 + (3 * user + 5 * item + 7 * turn) % 27
                    rows.append(
                        f"{word}-fan-{user},{word}-{item},purchase,2024-05-{day:02d}T10:00:00,{2 + item}.5,"
                        f"{word.title()} {item},{category}"
                    )
    for name in (ODD_USER, "tea-fan-1", "tea-fan-2", "tea-fan-3"):
        rows.append(f'{name},"{ODD_ITEM.replace(chr(34), chr(34) * 2)}",purchase,2024-05-20,3,Odd one,Drinks > Tea')
    rows += [f"{ODD_USER},tea-{item},purchase,2024-05-21,3,Tea {item},Drinks > Tea" for item in range(3)]
    # A second category of the same name, elsewhere.
    rows += ["cake-fan-0,cake-9,purchase,2024-05-22,3,Tea cake,Food > Tea"]
    log = folder / "shop.csv"
    log.write_text("\n".join(rows) + "\n", encoding="utf-8")
    empty(connection)
    load(connection, LoadConfig("events", log), rejected_folder=folder)
    enrich(connection, EnrichConfig())
    config = EmbedConfig(walk=WalkConfig(workers=1), skipgram=SkipGramConfig(dimensions=16, workers=1))
    embed(connection, config)
    yield connection
    empty(connection)


def test_the_blend_worked_out_by_hand() -> None:
    said = {"own": [4.0, 1.0, 0.0, 0.0], "vector": [0.1, 0.9, 0.7, 0.5], "trend": [10.0, 0.0, 0.0, 0.0]}
    proposed = {"own": [1, 1, 0, 0], "vector": [0, 1, 1, 1], "trend": [1, 0, 0, 0]}
    scores = Scores(
        np.arange(4, dtype=np.int32),
        {name: np.array(values) for name, values in said.items()},
        {name: np.array(values, dtype=np.bool_) for name, values in proposed.items()},
    )
    parts = blend(scores, BlendConfig({"own": 0.5, "vector": 0.4, "trend": 0.1}))
    # Item 1: own 0.5 * 1/4, vector 0.4 * (0.9 - 0.5) / (0.9 - 0.5); 0: own 0.5, trend 0.1; 2: vector 0.4 * 0.2 / 0.4.
    assert sum(parts.values()) == pytest.approx(np.array([0.6, 0.525, 0.2, 0.0]))
    assert parts["vector"] == pytest.approx(np.array([0.0, 0.4, 0.2, 0.0]))
    with pytest.raises(ConfigurationError, match="blend weight taste=1"):
        BlendConfig({"taste": 1.0})


def test_what_a_user_keeps_choosing_comes_first_and_says_why(shop: Database) -> None:
    found = recommend(shop, "tea-fan-1", RecommendConfig(n=8))
    assert found.notes == ()
    assert found[0].item_id.startswith("tea-")
    assert found[0].reason.startswith("Bought ")
    for item in found:
        assert item.title
        assert item.category
        assert item.reason
        assert item.score == pytest.approx(sum(item.sources.values()), abs=1e-5)
    scores = [item.score for item in found]
    assert scores == sorted(scores, reverse=True)
    assert len({item.item_id for item in found}) == len(found)


def test_seen_items_are_left_out_on_request(shop: Database) -> None:
    seen = {
        row["item"]
        for row in shop.read("MATCH (:User {userId: 'tea-fan-1'})-[:PURCHASED]->(i:Item) RETURN i.itemId AS item")
    }
    found = recommend(shop, "tea-fan-1", RecommendConfig(n=20, exclude_seen=True))
    # 20 items, of which the user chose 6.
    assert len(found) == 14
    assert not seen & {item.item_id for item in found}
    assert found[0].item_id.startswith("tea-")


def test_a_category_limits_the_list(shop: Database) -> None:
    by_name = recommend(shop, "tea-fan-1", RecommendConfig(category="food"))
    assert {item.category.split(" > ")[0] for item in by_name if item.category} == {"Food"}
    # Enough items match, so the list is as long as they are many.
    assert len(by_name) == 7
    by_id = recommend(shop, "tea-fan-1", RecommendConfig(category="Food > Tea"))
    assert [item.item_id for item in by_id] == ["cake-9"]
    with pytest.raises(ConfigurationError, match="category tea may be any of: Drinks > Tea; Food > Tea"):
        recommend(shop, "tea-fan-1", RecommendConfig(category="tea"))
    with pytest.raises(UnknownIdError, match="no category Shoes"):
        recommend(shop, "tea-fan-1", RecommendConfig(category="Shoes"))


def test_an_unknown_user_gets_trending_items_and_is_told_so(shop: Database) -> None:
    found = recommend(shop, "stranger", RecommendConfig(n=5))
    assert found.notes[0] == "user stranger is not in the graph: trending items"
    assert [item.item_id for item in found] == [item.item_id for item in trending(shop, 5)]
    assert all(list(item.sources) == ["trend"] for item in found)


def test_the_moment_of_the_weights_can_be_later_but_not_earlier(shop: Database) -> None:
    later = recommend(shop, "tea-fan-1", RecommendConfig(n=3, as_of=datetime(2024, 9, 1, tzinfo=UTC)))
    assert "days ago" in later[0].reason
    with pytest.raises(StateError, match="lies before the latest event"):
        recommend(shop, "tea-fan-1", RecommendConfig(as_of=datetime(2024, 5, 1, tzinfo=UTC)))
    with pytest.raises(ConfigurationError, match="from 1 to 1000"):
        RecommendConfig(n=0)


def test_many_users_get_the_lists_that_each_gets_alone(shop: Database) -> None:
    users = [row["userId"] for row in shop.read("enrich/export_users")]
    many = dict(recommend_many(shop, [*users, "stranger"], RecommendConfig(n=5)))
    assert list(many) == [*users, "stranger"]
    for user in ("tea-fan-0", "cake-fan-3", ODD_USER):
        alone = recommend(shop, user, RecommendConfig(n=5))
        assert [entry.item for entry in many[user]] == [item.item_id for item in alone]


def test_similar_items_and_users_are_of_the_same_taste(shop: Database) -> None:
    near = similar_items(shop, "tea-1", 4)
    assert {item.item_id.split("-")[0] for item in near} <= {"tea", ODD_ITEM}
    assert near[0].together is not None
    assert all(item.cosine is not None and -1 <= item.cosine <= 1.000001 for item in near)
    people = similar_users(shop, "tea-fan-1", 4)
    assert all(row.user_id.startswith("tea-fan-") or row.user_id == ODD_USER for row in people)
    assert all(row.shared_items > 0 and "Tea" in row.interests for row in people)
    with pytest.raises(UnknownItemError, match="no item tea-99"):
        similar_items(shop, "tea-99")
    with pytest.raises(UnknownUserError, match="no user nobody"):
        similar_users(shop, "nobody")


def test_a_profile_says_what_the_log_says(shop: Database) -> None:
    found = profile(shop, "tea-fan-1")
    (activity,) = found.activity
    assert (activity.behaviour, activity.items, activity.events) == ("PURCHASED", 6, 9)
    assert found.last_active == activity.last_at == datetime(2024, 5, 26, 10, tzinfo=UTC)
    assert [(interest.name, interest.share) for interest in found.interests] == [("Drinks", 1.0), ("Tea", 1.0)]
    assert [community.level for community in found.communities] == [1, 2]
    assert found.campaigns == ()
    with pytest.raises(UnknownUserError, match="no user nobody"):
        profile(shop, "nobody")


@pytest.mark.parametrize(("user", "item"), [("tea-fan-1", "tea-3"), (ODD_USER, ODD_ITEM), ("tea-fan-0", "cake-1")])
def test_every_path_of_an_explanation_is_in_the_graph_with_its_weight(shop: Database, user: str, item: str) -> None:
    found = explain(shop, user, item)
    assert found.sentence.endswith(".")
    last = shop.read("serve/context")[0]["lastEventAt"]
    for path in found.paths:
        if path.kind == "own":
            rows = shop.read(
                "MATCH (:User {userId: $user})-[r:PURCHASED]->(:Item {itemId: $item}) "
                "RETURN r.weight * 2.0 ^ (-($last - r.lastAt.epochMillis) / 86400000.0 / 120) AS weight",
                user=user,
                item=item,
                last=last,
            )
            assert path.weight == pytest.approx(rows[0]["weight"])
        elif path.kind == "similar":
            rows = shop.read(
                "MATCH (:User {userId: $user})-[r:PURCHASED]->(via:Item {itemId: $via}) "
                "MATCH (via)-[s:SIMILAR_TO]->(:Item {itemId: $item}) "
                "WITH s, r.weight * 2.0 ^ (-($last - r.lastAt.epochMillis) / 86400000.0 / 120) AS strength "
                "RETURN s.score * log(1 + strength) AS weight",
                user=user,
                item=item,
                via=path.via[0],
                last=last,
            )
            assert path.weight == pytest.approx(rows[0]["weight"])
        elif path.kind == "category":
            rows = shop.read(
                "MATCH (:User {userId: $user})-[w:INTERESTED_IN]->(:Category {categoryId: $via}) "
                "RETURN w.share AS weight",
                user=user,
                via=path.via[0],
            )
            assert path.weight == pytest.approx(rows[0]["weight"])
    if user != "tea-fan-0":
        assert {"own", "similar", "category"} <= {path.kind for path in found.paths}


@pytest.mark.parametrize(("user", "item"), [("tea-fan-1", "tea-3"), (ODD_USER, ODD_ITEM)])
def test_the_pasted_cypher_draws_exactly_that_subgraph(shop: Database, user: str, item: str) -> None:
    found = explain(shop, user, item)
    assert "$userId" not in found.cypher.replace(ODD_ITEM, "")
    keys = "[n IN nodes(p) | coalesce(n.userId, n.itemId, n.categoryId, n.communityId)]"
    text = found.cypher.replace("RETURN p }", f"RETURN {keys} }}").replace("RETURN p\n", f"RETURN {keys}\n")
    (row,) = shop.read(text)
    drawn = {key for part in ("own", "similar", "categories", "communities") for path in row[part] for key in path}
    explained = {user, item} | {via for path in found.paths for via in path.via}
    assert drawn == explained


def test_unknown_ids_are_named(shop: Database) -> None:
    with pytest.raises(UnknownUserError, match="the graph has no user nobody"):
        explain(shop, "nobody", "tea-1")
    with pytest.raises(UnknownItemError, match="the graph has no item nothing"):
        explain(shop, "tea-fan-1", "nothing")


def test_trending_counts_recent_buyers(shop: Database) -> None:
    found = trending(shop, 30)
    assert [item.trend for item in found] == sorted((item.trend for item in found), reverse=True)
    odd = next(item for item in found if item.item_id == ODD_ITEM)
    assert (odd.title, odd.buyers, odd.repeat_rate) == ("Odd one", 4, 0.0)
    assert {item.category for item in trending(shop, 9, "Home")} == {"Home > Bath"}

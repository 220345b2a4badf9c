"""The Python client on a real Neo4j."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import neo4j
import pytest

from interestgraph import (
    AuthenticationError,
    ConfigurationError,
    InterestGraph,
    QueryError,
    SchemaMismatchError,
    StateError,
    UnavailableError,
    UnknownIdError,
    UnknownItemError,
    UnknownUserError,
)
from interestgraph.embed.run import EmbedConfig
from interestgraph.embed.skipgram import SkipGramConfig
from interestgraph.neo4j.connection import Database
from interestgraph.recommend.blend import BlendConfig
from interestgraph.recommend.recommend import RecommendConfig
from interestgraph.settings import Settings


def test_the_life_of_a_graph_by_uri(
    database: Database, password: str, settings: Settings, shop_log: Path, environment: None
) -> None:
    steps: list[tuple[str, int, int]] = []

    def progress(step: str, done: int, total: int) -> None:
        steps.append((step, done, total))

    with InterestGraph(database.uri, username=settings.neo4j_username, password=password) as graph:
        assert graph.status().users == 0
        with pytest.raises(StateError, match="no events yet: `interestgraph load`"):
            graph.recommend("tea-fan-1")
        loaded = graph.load("events", shop_log, progress=progress)
        assert (loaded.route, loaded.rejected, loaded.users, loaded.items) == ("bolt", 0, 24, 18)
        assert loaded.last_event_at == datetime(2024, 5, 28, 17, tzinfo=UTC)
        enriched = graph.enrich(progress=progress)
        assert enriched.similar.total > 0
        embedded = graph.embed(progress=progress)
        found = graph.status()
    assert (found.users, found.items, found.categories, found.campaigns) == (24, 18, 6, 0)
    assert found.behaviours["PURCHASED"] + found.behaviours["VIEWED"] == loaded.relationships
    assert found.behaviours["CARTED"] == 0
    assert found.similar_to == enriched.similar.total
    assert found.interested_in == enriched.interests.total > 0
    assert found.communities == enriched.communities + enriched.subcommunities > 0
    assert (found.enrich_run, found.embedding_run) == (enriched.run_id, embedded.run_id)
    assert (found.loads, found.unfinished_loads) == ((loaded.load_id,), ())
    assert found.last_event_at == loaded.last_event_at
    assert found.version.startswith(("2026.", "5.26."))
    assert found.relationships > loaded.relationships
    finished = {step for step, done, total in steps if done == total > 0}
    assert {"users", "items", "PURCHASED relationships", "vectors", "vector index"} <= finished
    assert all(0 <= done <= total for _, done, total in steps)


def test_it_reads_uri_and_password_from_the_environment(environment: None) -> None:
    with InterestGraph() as graph:
        assert graph.cypher("RETURN 40 + $more AS answer", more=2) == [{"answer": 42}]


def test_a_driver_from_outside_is_used_and_stays_open(driver: neo4j.Driver) -> None:
    with InterestGraph(driver=driver) as graph:
        assert graph.cypher("RETURN 1 AS one") == [{"one": 1}]
    graph.close()
    with driver.session() as session:
        record = session.run("RETURN 2 AS two").single()
    assert record is not None
    assert record["two"] == 2


def test_its_own_driver_is_closed(environment: None) -> None:
    with InterestGraph() as graph:
        pass
    with pytest.raises(QueryError, match="closed"):
        graph.cypher("RETURN 1 AS one")


def test_a_uri_and_a_driver_are_too_much(driver: neo4j.Driver) -> None:
    with pytest.raises(ConfigurationError, match="a URI or a driver, not both"):
        InterestGraph("bolt://localhost:7687", driver=driver)


def test_what_keeps_it_from_connecting_is_told(
    database: Database, settings: Settings, environment: None, monkeypatch: pytest.MonkeyPatch, free_port: int
) -> None:
    with pytest.raises(AuthenticationError, match="refused the sign-in of user nobody: check NEO4J_USERNAME"):
        InterestGraph(username="nobody", password="wrong")
    with pytest.raises(UnavailableError, match=f"Neo4j at bolt://127.0.0.1:{free_port} does not answer"):
        InterestGraph(f"bolt://127.0.0.1:{free_port}")
    for uri in ("127.0.0.1:7687", "http://127.0.0.1:7474", "bolt://127.0.0.1:no-port"):
        with pytest.raises(ConfigurationError, match=r"NEO4J_URI .* is not a Bolt address"):
            InterestGraph(uri)
    with pytest.raises(ConfigurationError, match="no database elsewhere: check NEO4J_DATABASE"):
        InterestGraph(database="elsewhere")
    monkeypatch.delenv("NEO4J_PASSWORD")
    with pytest.raises(ConfigurationError, match="NEO4J_PASSWORD is not set"):
        InterestGraph()


class TestQuestions:
    """One method per command; the graph is only read."""

    def test_recommend(self, shop: InterestGraph) -> None:
        found = shop.recommend("tea-fan-1", n=5)
        assert len(found) == 5
        assert found.notes == ()
        assert [row.score for row in found] == sorted((row.score for row in found), reverse=True)
        assert found[0].title == f"Tea {found[0].item_id[-1]}"
        assert found[0].category == "Drinks > Tea"
        assert all(row.reason and sum(row.sources.values()) == pytest.approx(row.score, abs=1e-4) for row in found)
        frame = found.to_pandas()
        assert frame["item_id"].tolist() == [row.item_id for row in found]
        assert {"title", "category", "score", "reason", "sources"} <= set(frame.columns)

    def test_recommend_leaves_out_what_was_seen_and_other_categories(self, shop: InterestGraph) -> None:
        seen = {row["i"] for row in shop.cypher("MATCH (:User {userId: 'tea-fan-1'})-->(i:Item) RETURN i.itemId AS i")}
        fresh = shop.recommend("tea-fan-1", exclude_seen=True)
        assert fresh
        assert not seen & {row.item_id for row in fresh}
        assert seen & {row.item_id for row in shop.recommend("tea-fan-1")}
        for category in ("Home", "Home > Bath", "bath"):
            assert {row.category for row in shop.recommend("tea-fan-1", category=category)} == {"Home > Bath"}

    def test_recommend_later_fades_all_alike(self, shop: InterestGraph) -> None:
        now = [row.item_id for row in shop.recommend("tea-fan-1", 3)]
        later = shop.recommend("tea-fan-1", 3, as_of=datetime(2024, 8, 1, tzinfo=UTC))
        assert {row.item_id[:3] for row in later} == {"tea"}
        assert set(now) & {row.item_id for row in later}
        with pytest.raises(StateError, match=r"2024-05-02 .* lies before the latest event .*2024-05-28 17:00:00 UTC"):
            shop.recommend("tea-fan-1", as_of=datetime(2024, 5, 2))

    def test_recommend_with_a_configuration(self, shop: InterestGraph) -> None:
        config = RecommendConfig(n=4, blend=BlendConfig({"own": 1.0}))
        found = shop.recommend_with("tea-fan-1", config)
        assert {tuple(row.sources) for row in found} == {("own",)}
        assert found[0].reason.startswith("Bought ")

    def test_a_stranger_gets_trending_items_and_is_told_so(self, shop: InterestGraph) -> None:
        found = shop.recommend("stranger", 4)
        assert found.notes == ("user stranger is not in the graph: trending items",)
        assert [row.item_id for row in found] == [row.item_id for row in shop.trending(4)]

    def test_trending(self, shop: InterestGraph) -> None:
        found = shop.trending(3)
        assert [row.trend for row in found] == sorted((row.trend for row in found), reverse=True)
        assert all(row.buyers > 0 and 0 <= row.repeat_rate <= 1 and row.title and row.category for row in found)
        assert {row.category for row in shop.trending(3, "Food")} == {"Food > Cake"}
        assert list(found.to_pandas()["trend"]) == [row.trend for row in found]

    def test_similar(self, shop: InterestGraph) -> None:
        found = shop.similar("cake-2", 4)
        assert {row.category for row in found} == {"Food > Cake"}
        assert "cake-2" not in {row.item_id for row in found}
        assert all(row.together is not None and row.cosine is not None and -1 <= row.cosine <= 1 for row in found)

    def test_similar_users(self, shop: InterestGraph) -> None:
        found = shop.similar_users("soap-fan-3", 4)
        assert "soap-fan-3" not in {row.user_id for row in found}
        assert sum(row.user_id.startswith("soap") for row in found) >= 3
        assert found[0].shared_items > 0
        assert "Bath" in found[0].interests

    def test_profile(self, shop: InterestGraph) -> None:
        found = shop.profile("tea-fan-1", 2)
        bought = next(part for part in found.activity if part.behaviour == "PURCHASED")
        assert bought.items <= bought.events
        assert found.last_active is not None
        assert bought.first_at < bought.last_at <= found.last_active
        strongest = found.interests[0]
        assert (strongest.level, strongest.name) == (1, "Drinks")
        assert 0.5 < strongest.share <= 1
        assert [part.level for part in found.communities] == [1, 2]

    def test_explain_and_the_cypher_that_draws_it(self, shop: InterestGraph) -> None:
        item = shop.recommend("tea-fan-1", 1)[0].item_id
        found = shop.explain("tea-fan-1", item)
        assert found.sentence.startswith(f"Tea {item[-1]} was bought ")
        assert {"own", "similar", "category", "vector", "trend"} <= {path.kind for path in found.paths}
        (drawn,) = shop.cypher(found.cypher)
        assert drawn["user"]["userId"] == "tea-fan-1"
        assert drawn["item"]["itemId"] == item
        via = {step for path in found.paths if path.kind == "similar" for step in path.via}
        assert {path[2]["itemId"] for path in drawn["similar"]} == via

    @pytest.mark.parametrize(
        ("method", "arguments", "error", "message"),
        [
            ("similar", ("nothing",), UnknownItemError, "no item nothing"),
            ("similar_users", ("nobody",), UnknownUserError, "no user nobody"),
            ("profile", ("nobody",), UnknownUserError, "no user nobody"),
            ("explain", ("nobody", "tea-1"), UnknownUserError, "no user nobody"),
            ("explain", ("tea-fan-1", "nothing"), UnknownItemError, "no item nothing"),
            ("trending", (10, "Cars"), UnknownIdError, "no category Cars"),
            ("trending", (0,), ConfigurationError, "n must be from 1 to 1000, got 0"),
            ("recommend", ("tea-fan-1", 1001), ConfigurationError, "n must be from 1 to 1000, got 1001"),
        ],
    )
    def test_unknown_names(
        self, shop: InterestGraph, method: str, arguments: tuple[Any, ...], error: type[Exception], message: str
    ) -> None:
        with pytest.raises(error, match=message):
            getattr(shop, method)(*arguments)

    def test_results_are_frozen(self, shop: InterestGraph) -> None:
        found = shop.trending(1)
        with pytest.raises(FrozenInstanceError):
            found[0].title = "Other"  # type: ignore[misc]
        assert found[:1] == (found[0],)

    def test_cypher_only_reads_and_takes_any_text_or_the_name_of_a_file(self, shop: InterestGraph) -> None:
        assert len(shop.cypher("serve/trending", category=None, limit=2)) == 2
        assert shop.cypher("MATCH\n(u:User)\nRETURN\ncount(u) AS n")[0]["n"] == 24
        assert shop.cypher("MATCH(u:User)RETURN(count(u))AS\tn")[0]["n"] == 24
        with pytest.raises(QueryError, match="refused the query"):
            shop.cypher("CREATE (n:User {userId: 'x'}) RETURN n")
        with pytest.raises(QueryError, match="Invalid input"):
            shop.cypher("SELECT * FROM users")
        with pytest.raises(ConfigurationError, match="no query serve/none"):
            shop.cypher("serve/none")
        assert shop.status().users == 24

    def test_walks_can_be_exported(self, shop: InterestGraph, tmp_path: Path) -> None:
        count = shop.export_walks(tmp_path / "walks.txt")
        assert count == len((tmp_path / "walks.txt").read_text(encoding="utf-8").splitlines()) == 480

    def test_vectors_of_other_dimensions_are_refused(self, shop: InterestGraph) -> None:
        with pytest.raises(SchemaMismatchError, match="holds 64 dimensions"):
            shop.embed(EmbedConfig(skipgram=SkipGramConfig(dimensions=8)))

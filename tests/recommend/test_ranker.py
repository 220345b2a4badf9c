"""A trained ranker in the graph: who it serves, what its scores are made of, modes and dials."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from interestgraph import ConfigurationError, InterestGraph
from interestgraph.neo4j.connection import Database
from interestgraph.recommend.features import FEATURES
from interestgraph.recommend.filters import Filters
from interestgraph.recommend.rank import RankConfig, find_pool, score_pools
from interestgraph.recommend.recommend import RecommendConfig, recommend, recommend_many
from interestgraph.recommend.serving import serving
from interestgraph.train.activity import learn_activity
from interestgraph.train.learn import TreeConfig, learn
from interestgraph.train.train import TrainConfig, TrainReport, collect, store

SMALL = TreeConfig(rounds=20, min_data_in_leaf=5, held_out=0.3)


def train_here(database: Database, log: Path) -> TrainReport:
    """A ranker for the small log: that fans choose all of their group next is what it learns."""
    users = [row["userId"] for row in database.read("enrich/export_users")]
    truth = {user: {f"{user.split('-')[0]}-{item}" for item in range(6)} for user in users}
    config = TrainConfig("events", log, trees=SMALL)
    found = collect(database, truth, config)
    sets = found.sets
    learnt = {name: learn(samples, SMALL, config.seed) for name, samples in sets.items()}
    report = TrainReport(
        ranker_id="",
        serves=True,
        labels="window",
        cut=None,
        users=len(sets["mixed"].total),
        candidates=len(sets["mixed"].user),
        quality={name: model.quality for name, model in learnt.items()},
        repeat=found.repeat,
        explore=found.explore,
        importance={},
    )
    # Half of the users came back, those with the most items.
    active = found.users[:, 0] > np.median(found.users[:, 0])
    return store(database, report, learnt, learn_activity(found.users, active, 1), config)


@pytest.fixture(scope="module")
def trained(shop: InterestGraph, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """The small log with a ranker."""
    from tests.conftest import write_shop_log

    train_here(shop.database, write_shop_log(tmp_path_factory.mktemp("train") / "shop.csv"))
    yield shop.database
    shop.database.write("MATCH (r:Ranker) DELETE r")


def test_the_ranker_serves_where_it_is_and_the_blend_on_request(trained: Database) -> None:
    (node,) = trained.read("MATCH (r:Ranker) RETURN r {.*} AS r")
    assert node["r"]["features"] == list(FEATURES)
    assert node["r"]["status"] == "active"
    learnt = recommend(trained, "tea-fan-1", RecommendConfig(n=6))
    plain = recommend(trained, "tea-fan-1", RecommendConfig(n=6, ranker=False))
    assert {item.item_id for item in learnt} == {f"tea-{number}" for number in range(6)}
    assert "base" in learnt[0].sources
    assert "base" not in plain[0].sources


def test_shares_of_the_sources_sum_to_the_score(trained: Database) -> None:
    for mode in ("mixed", "discover", "again"):
        for item in recommend(trained, "cake-fan-3", RecommendConfig(n=8, mode=mode)):
            assert sum(item.sources.values()) == pytest.approx(item.score, abs=1e-4)


def test_without_explanations_the_list_is_the_same(trained: Database) -> None:
    full = recommend(trained, "soap-fan-2", RecommendConfig(n=8))
    bare = recommend(trained, "soap-fan-2", RecommendConfig(n=8, explain=False))
    assert [(item.item_id, item.score, item.title) for item in full] == [
        (item.item_id, item.score, item.title) for item in bare
    ]
    assert {(item.reason, item.cypher) for item in bare} == {("", "")}
    many = dict(recommend_many(trained, ["soap-fan-2", "cake-fan-1"], RecommendConfig(n=8, explain=False)))
    assert [entry.item for entry in many["soap-fan-2"]] == [item.item_id for item in full]


def test_training_and_serving_see_the_same_rows(trained: Database) -> None:
    state, (person,), _ = serving(trained).people(["tea-fan-4"], None)
    config = TrainConfig("events")
    found = collect(trained, {f"{word}-fan-{at}": {f"{word}-0"} for word in ("tea", "cake") for at in range(8)}, config)
    place = sorted(f"{word}-fan-{at}" for word in ("tea", "cake") for at in range(8)).index("tea-fan-4")
    pool = find_pool(state.catalogue, person, RankConfig(), None, trained=True, fresh=False)
    np.testing.assert_array_equal(found.sets["mixed"].rows[found.sets["mixed"].user == place], pool.rows)
    (score,) = score_pools([pool], state.ranker, RankConfig())
    served = recommend(trained, "tea-fan-4", RecommendConfig(n=100))
    assert [item.score for item in served] == pytest.approx(sorted(score.tolist(), reverse=True)[:100], abs=1e-5)


def chosen_by(database: Database, user: str) -> set[str]:
    """Items that the user has a relationship to."""
    rows = database.read("MATCH (:User {userId: $user})-->(i:Item) RETURN i.itemId AS item", user=user)
    return {row["item"] for row in rows}


def test_modes_divide_the_items(trained: Database) -> None:
    own = chosen_by(trained, "tea-fan-1")
    again = {item.item_id for item in recommend(trained, "tea-fan-1", RecommendConfig(n=50, mode="again"))}
    new = {item.item_id for item in recommend(trained, "tea-fan-1", RecommendConfig(n=50, mode="discover"))}
    assert again == own
    assert not new & own
    assert len(new) == 18 - len(own)


def test_dials_set_the_shares_of_the_list(trained: Database) -> None:
    own = chosen_by(trained, "tea-fan-1")
    for repeat, expected in ((0.0, 0), (0.5, 3), (1.0, len(own))):
        found = recommend(trained, "tea-fan-1", RecommendConfig(n=6, repeat=repeat))
        assert len({item.item_id for item in found} & own) == min(expected, 6)
    familiar = {item.category for item in recommend(trained, "tea-fan-1", RecommendConfig(mode="again"))}
    strange = recommend(trained, "tea-fan-1", RecommendConfig(n=4, mode="discover", explore=1.0))
    assert not {item.category for item in strange} & familiar
    with pytest.raises(ConfigurationError, match="repeat must be auto or from 0 to 1, got 2"):
        RecommendConfig(repeat=2)
    with pytest.raises(ConfigurationError, match="mode must be one of mixed, again, discover, got new"):
        RecommendConfig(mode="new")  # type: ignore[arg-type]


def test_a_ranker_of_another_version_does_not_serve(trained: Database) -> None:
    trained.write("MATCH (r:Ranker) SET r.features = ['other'], r.rankerId = r.rankerId + 'x'")
    found = recommend(trained, "tea-fan-1", RecommendConfig(n=3))
    assert "base" not in found[0].sources
    assert any("another version" in note for note in found.notes)
    trained.write("MATCH (r:Ranker) SET r.features = $features, r.rankerId = r.rankerId + 'y'", features=list(FEATURES))
    assert "base" in recommend(trained, "tea-fan-1", RecommendConfig(n=3))[0].sources


def test_the_parts_of_the_trees_add_up(trained: Database) -> None:
    state, (person,), _ = serving(trained).people(["tea-fan-4"], None)
    rows = find_pool(state.catalogue, person, RankConfig(), None, trained=True, fresh=False).rows
    assert state.ranker is not None
    assert rows is not None
    whole = state.ranker.score(rows, new=False)
    for share in (0.0, 0.01, 0.3, 1.0):
        first = state.ranker.score(rows, new=False, trees=(0.0, share))
        np.testing.assert_allclose(first + state.ranker.score(rows, new=False, trees=(share, 1.0)), whole, atol=1e-9)


def test_screened_lists_are_those_of_all_trees(trained: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Candidates that are far behind after the first trees are left out, as no list would reach them."""
    state, people, _ = serving(trained).people(["tea-fan-4", "cake-fan-2", "soap-fan-1"], None)
    config = RankConfig(n=2)
    pools = [find_pool(state.catalogue, person, config, None, trained=True, fresh=False) for person in people]
    whole = score_pools(pools, state.ranker, config)
    assert state.ranker is not None
    trees = state.ranker.trees(new=False)
    assert trees > 2
    monkeypatch.setattr("interestgraph.recommend.rank.SCREENS", ((trees - 2, 14, 1), (trees - 1, 3, 5), (trees, 0, 0)))
    screened = score_pools(pools, state.ranker, config)
    for every, some in zip(whole, screened, strict=True):
        assert len(every) > 10 == int(np.isfinite(some).sum())
        np.testing.assert_allclose(some[np.isfinite(some)], every[np.isfinite(some)], atol=1e-9)
        assert set(np.argsort(-some)[:2]) == set(np.argsort(-every)[:2])
    for mixed in (
        RankConfig(n=2, repeat=0.5),
        RankConfig(n=2, explore=0.5),
        RankConfig(n=2, filters=Filters(diversity=0.2)),
    ):
        assert all(np.isfinite(score).all() for score in score_pools(pools, state.ranker, mixed))

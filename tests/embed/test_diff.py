"""Drift between runs: the arithmetic, and what is told about a graph that changed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import neo4j
import numpy as np
import pytest

from interestgraph import ConfigurationError, InterestGraph, SchemaMismatchError, StateError
from interestgraph.embed.drift import group_drift, moves, neighbours, overlap
from interestgraph.neo4j.connection import Database
from tests.conftest import Output, empty, write_shop_log
from tests.embed.test_run import config

DRAW = np.random.default_rng(3)
OLD = DRAW.normal(size=(60, 6)).astype(np.float32)
OLD /= np.linalg.norm(OLD, axis=1, keepdims=True)
TURN = np.linalg.qr(DRAW.normal(size=(6, 6)))[0].astype(np.float32)
EVERY = np.arange(60)


class TestArithmetic:
    """Arrays only."""

    def test_a_rotation_moves_nobody(self) -> None:
        found = moves(OLD, OLD @ TURN)
        assert found.distance == pytest.approx(np.zeros(60), abs=1e-5)
        assert found.residual == pytest.approx(0, abs=1e-5)
        assert overlap(OLD, OLD @ TURN, EVERY, 10) == pytest.approx(np.ones(60))

    def test_neighbours_are_the_nearest_others(self) -> None:
        cosines = OLD @ OLD.T
        np.fill_diagonal(cosines, -2)
        expected = np.argsort(-cosines, axis=1)[:, :5]
        found = neighbours(OLD, EVERY, 5)
        assert [set(row) for row in found.tolist()] == [set(row) for row in expected.tolist()]
        assert neighbours(OLD[:3], np.arange(3), 10).shape == (3, 2)

    def test_one_node_that_turns_around_is_found(self) -> None:
        new = OLD.copy()
        new[17] = -new[17]
        found = moves(OLD, new @ TURN)
        assert found.distance.argmax() == 17
        assert found.distance[17] > 1.5
        assert overlap(OLD, new, np.array([17]), 10)[0] < 0.3

    def test_a_member_that_goes_over_to_another_group_is_told(self) -> None:
        corners = np.eye(3, dtype=np.float32)
        group = np.repeat([0, 1, 2], 10)
        old = corners[group]
        new = old.copy()
        new[:3] = corners[2]
        outside = np.concatenate([group, [-1]])
        old, new = np.vstack([old, corners[:1]]), np.vstack([new, corners[1:2]])
        found = group_drift(old, new, outside, 1 - np.einsum("ij,ij->i", old, new))
        assert found.size.tolist() == [10, 10, 10]
        assert found.left.tolist() == pytest.approx([0.3, 0, 0])
        assert found.toward.tolist() == [2, -1, -1]
        assert found.distance.tolist() == pytest.approx([0.3, 0, 0])


@pytest.fixture(scope="module")
def graph(
    connection: Database, driver: neo4j.Driver, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[InterestGraph]:
    """Two runs: between them a tea fan takes to soap, and a user comes."""
    empty(connection)
    made = InterestGraph(driver=driver)
    folder = tmp_path_factory.mktemp("shop")
    made.load("events", write_shop_log(folder / "shop.csv"))
    made.enrich()
    with pytest.raises(StateError, match="no vectors"):
        made.diff_runs()
    made.embed(config())
    with pytest.raises(StateError, match="no other run of 16 dimensions"):
        made.diff_runs()
    lines = ["user,item,behaviour,time"]
    lines += [f"{user},soap-{n},purchase,2024-05-28T18:0{n}:00" for user in ("tea-fan-3", "late") for n in range(6)] * 3
    (folder / "more.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    made.load("events", folder / "more.csv")
    made.embed(config())
    yield made
    empty(connection)


def test_who_moved_and_what_is_new(graph: InterestGraph) -> None:
    after, before = graph.runs()
    found = graph.diff_runs(n=5)
    assert (found.old_run, found.new_run) == (before.run_id, after.run_id)
    kinds = {kind.kind: kind for kind in found.kinds}
    assert {name: (kind.common, kind.new, kind.gone) for name, kind in kinds.items()} == {
        "user": (24, 1, 0),
        "item": (18, 0, 0),
        "category": (6, 0, 0),
    }
    assert found.moved[0].node_id == "tea-fan-3"
    assert found.moved[0].community
    assert found.moved[0].distance > 2 * kinds["user"].moved
    assert [row.distance for row in found.moved] == sorted((row.distance for row in found.moved), reverse=True)
    assert all(0 <= row.overlap <= 1 for row in found.moved)
    assert found.communities
    assert sum(row.size for row in found.communities) <= 42
    back = graph.diff_runs(after.run_id, before.run_id)
    assert [(kind.new, kind.gone) for kind in back.kinds] == [(0, 1), (0, 0), (0, 0)]
    assert back.residual == pytest.approx(found.residual, abs=1e-4)


def test_the_commands_print_a_table_and_json(graph: InterestGraph, ig: Callable[..., Output]) -> None:
    found = json.loads(ig("embed", "--diff", "--json").out)
    assert found["moved"][0]["node_id"] == "tea-fan-3"
    assert found == json.loads(ig("runs", "diff", found["old_run"], found["new_run"], "--json").out)
    table = ig("embed", "--diff")
    assert (table.code, table.err) == (0, "")
    assert "overlap@10" in table.out
    assert "moved most" in table.out
    assert "communities that changed most" in table.out


def test_what_cannot_be_compared_is_refused(graph: InterestGraph) -> None:
    after, before = graph.runs()
    with pytest.raises(ConfigurationError, match="is one run: give two"):
        graph.diff_runs(after.run_id, after.run_id)
    with pytest.raises(ConfigurationError, match="n must be from 1 to 1000, got 0"):
        graph.diff_runs(n=0)
    other = graph.embed(config(dimensions=8), replace_index=True)
    with pytest.raises(SchemaMismatchError, match=r"has 16 dimensions, .* has 8"):
        graph.diff_runs(before.run_id, other.run_id)
    with pytest.raises(StateError, match="no other run of 8 dimensions"):
        graph.diff_runs()


def test_the_runs_commands(graph: InterestGraph, ig: Callable[..., Output], tmp_path: Path) -> None:
    listed = json.loads(ig("runs", "list", "--json").out)
    assert [run["run_id"] for run in listed] == [run.run_id for run in graph.runs()]
    latest, first = listed[0]["run_id"], listed[-1]["run_id"]
    table = ig("runs", "list")
    assert (table.code, table.err, len(table.out.splitlines())) == (0, "", 2 + len(listed))
    shown = ig("runs", "show", first).out
    assert "walk_length" in shown
    assert json.loads(ig("runs", "show", first, "--json").out)["parameters"]["walk_length"] == 20
    refused = ig("runs", "delete", latest)
    assert (refused.code, refused.out, refused.err.count("\n")) == (1, "", 1)
    assert ig("runs", "delete", first).out == f"run {first} is deleted\n"
    gone = ig("runs", "activate", first)
    assert (gone.code, gone.out) == (1, "")
    assert f"no embedding run {first}" in gone.err
    done = ig("runs", "activate", latest)
    assert done.out.startswith(f"embedding {latest} serves\n")

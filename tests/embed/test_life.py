"""The life of vectors on a real graph: going back to a run, refusals, what a killed run leaves, other dimensions."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import neo4j
import numpy as np
import pytest

from interestgraph import InterestGraph, SchemaMismatchError, StateError, UnknownRunError
from interestgraph.embed import write
from interestgraph.embed.store import stored_vectors
from interestgraph.neo4j import vectors as on_nodes
from interestgraph.neo4j.connection import Database
from interestgraph.neo4j.schema import list_indexes
from interestgraph.neo4j.vectors import VectorWire
from tests.conftest import empty, write_shop_log
from tests.embed.test_run import active_runs, config, same, vectors


@pytest.fixture(scope="module")
def loaded(
    connection: Database, driver: neo4j.Driver, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[InterestGraph]:
    """The small log, loaded and embedded once; the first run is the one that most tests come back to."""
    empty(connection)
    graph = InterestGraph(driver=driver)
    graph.load("events", write_shop_log(tmp_path_factory.mktemp("shop") / "shop.csv"))
    graph.embed(config())
    yield graph
    empty(connection)


@pytest.fixture
def graph(loaded: InterestGraph) -> Iterator[InterestGraph]:
    """The first run serves, whatever the test does."""
    yield loaded
    first = loaded.runs()[-1]
    for run in loaded.runs()[:-1]:
        if run.status == "active":
            if run.dimensions != first.dimensions:
                loaded.database.run("MATCH (r:EmbeddingRun {status: 'active'}) SET r.status = 'replaced'")
            loaded.activate_run(first.run_id)
    for run in loaded.runs()[:-1]:
        loaded.delete_run(run.run_id)


def test_going_back_to_a_run_gives_its_vectors_to_the_bit(graph: InterestGraph) -> None:
    (first,) = graph.runs()
    assert (first.status, first.stored, first.users, first.items, first.categories) == ("active", True, 24, 18, 6)
    before = vectors(graph)
    second = graph.embed(config(seed=8))
    after = vectors(graph)
    assert not same(before, after)
    assert second.common == 48
    done = graph.activate_run(first.run_id)
    assert (done.replaced, done.users, done.items, done.categories) == (second.run_id, 24, 18, 6)
    assert same(vectors(graph), before)
    assert active_runs(graph) == [first.run_id]
    assert graph.status().embedding_run == first.run_id
    assert [run.status for run in graph.runs()] == ["replaced", "active"]
    graph.activate_run(second.run_id)
    assert same(vectors(graph), after)
    assert graph.run(second.run_id).residual == pytest.approx(second.residual)


def test_what_cannot_be_activated_is_refused_with_the_reason(graph: InterestGraph, tmp_path: Path) -> None:
    (first,) = graph.runs()
    with pytest.raises(UnknownRunError, match=f"no embedding run nothing .the latest: {first.run_id}"):
        graph.activate_run("nothing")
    log = tmp_path / "more.csv"
    log.write_text("user,item,behaviour,time\nnew,tea-1,purchase,2024-05-28T10:00:00\n", encoding="utf-8")
    more = graph.load("events", log)
    with_more = graph.embed(config(), keep_runs=1)
    assert not graph.run(first.run_id).stored
    with pytest.raises(StateError, match=r"vectors are not kept .*--keep-runs"):
        graph.activate_run(first.run_id)
    with pytest.raises(StateError, match=f"{with_more.run_id} serves: activate another"):
        graph.delete_run(with_more.run_id)
    graph.unload(more.load_id)
    other = graph.embed(config(dimensions=8), replace_index=True)
    with pytest.raises(SchemaMismatchError, match=r"has 16 dimensions, .* have 8: .*--dimensions 16 --replace-index"):
        graph.activate_run(with_more.run_id)
    again = graph.embed(config(), replace_index=True)
    with pytest.raises(StateError, match=f"made from another graph: load {more.load_id} was in it"):
        graph.activate_run(with_more.run_id)
    assert active_runs(graph) == [again.run_id]
    graph.delete_run(other.run_id)
    assert stored_vectors(graph.database, other.run_id, "User").ids == []
    with pytest.raises(UnknownRunError):
        graph.run(other.run_id)
    # The fixture goes back to the oldest run that is left.
    for run in graph.runs()[1:]:
        graph.delete_run(run.run_id)


KILLED = """
import os, sys
from interestgraph import InterestGraph
from interestgraph.neo4j import vectors
from tests.embed.test_run import config

vectors.ROWS_PER_BATCH, vectors.WORKERS, batches = 5, 1, 0
write = vectors.VectorWire.query

def query(self, name, beside=False):
    global batches
    return write(self, name, beside)

again = vectors._again

def dies(call):
    global batches
    batches += 1
    if batches == 4:
        os.kill(os.getpid(), 9)
    return again(call)

vectors._again = dies
InterestGraph().embed(config(seed=8, dimensions=int(sys.argv[1])), replace_index=True)
"""


def killed(dimensions: int) -> None:
    """Embed in a process that is killed after three of its ten batches."""
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(dimensions)], cwd=root, capture_output=True, text=True, check=False
    )
    assert done.returncode == -9, done.stderr


def test_killed_in_the_middle_of_a_write_the_run_before_serves(graph: InterestGraph, environment: None) -> None:
    (first,) = graph.runs()
    before = vectors(graph)
    killed(16)
    left = vectors(graph)
    changed = [key for key in before if left[key].tobytes() != before[key].tobytes()]
    assert 0 < len(changed) < len(before)
    assert active_runs(graph) == [first.run_id]
    # Old and new vectors are of one space: everybody still finds their own group.
    for user in ("tea-fan-1", "soap-fan-6"):
        assert {row.user_id.split("-")[0] for row in graph.similar_users(user, 4)} == {user.split("-")[0]}
    dead = graph.runs()[0]
    assert (dead.status, dead.stored, dead.seconds) == ("writing", True, None)
    # Its vectors were stored before, so that the rest can be written without training again.
    graph.activate_run(dead.run_id)
    assert graph.run(dead.run_id).status == "active"
    graph.activate_run(first.run_id)
    assert same(vectors(graph), before)


def test_killed_with_other_dimensions_nothing_of_the_run_before_is_touched(
    graph: InterestGraph, environment: None
) -> None:
    before = vectors(graph)
    killed(8)
    assert same(vectors(graph), before)
    assert {index.dimensions for index in list_indexes(graph.database) if index.state == "ONLINE"} >= {16}
    assert graph.similar_users("tea-fan-1", 3)[0].user_id.startswith("tea")
    graph.embed(config(dimensions=8), replace_index=True)
    found = vectors(graph)
    assert {len(vector) for vector in found.values()} == {8}
    assert_nothing_beside(graph)


def assert_nothing_beside(graph: InterestGraph) -> None:
    assert [index.name for index in list_indexes(graph.database) if index.name.endswith("_next")] == []
    left = "MATCH (n) WHERE n.embeddingNext IS NOT NULL OR n.embeddingNextRun IS NOT NULL RETURN count(n) AS n"
    assert graph.cypher(left) == [{"n": 0}]


def test_readers_always_have_vectors_while_other_dimensions_come_in(
    graph: InterestGraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At every step of the change, answers are full, and of one run."""
    steps: list[bool] = []

    def then_ask(step: Callable[..., None]) -> Callable[..., None]:
        def stepped(*arguments: object, **options: object) -> None:
            step(*arguments, **options)
            near = graph.similar_users("tea-fan-1", 5)
            assert len(near) == 5
            assert sum(row.user_id.startswith("tea") for row in near) >= 4
            assert graph.similar("tea-1", 3)[0].cosine is not None
            assert "vector" in {name for row in graph.recommend("tea-fan-1", 20) for name in row.sources}
            steps.append(bool(graph.database.read("serve/context")[0]["vectorsBeside"]))

        return stepped

    for name in ("put_vectors", "ensure_vector_indexes", "drop_vector_indexes", "activate", "clear_beside"):
        monkeypatch.setattr(write, name, then_ask(getattr(write, name)))
    graph.embed(config(dimensions=8), replace_index=True)
    assert (steps[0], steps[-1]) == (False, False)
    assert True in steps
    assert_nothing_beside(graph)


def test_a_run_that_another_one_overtakes_stops(graph: InterestGraph, monkeypatch: pytest.MonkeyPatch) -> None:
    (first,) = graph.runs()
    real = on_nodes.put_vectors
    second: list[str] = []

    def overtaken(*arguments: object, **options: object) -> None:
        monkeypatch.setattr(write, "put_vectors", real)
        second.append(graph.embed(config(seed=9)).run_id)
        real(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(write, "put_vectors", overtaken)
    with pytest.raises(StateError, match="another run has begun to write"):
        graph.embed(config(seed=8))
    assert active_runs(graph) == second
    runs = {
        row["r"] for row in graph.cypher("MATCH (n) WHERE n.embedding IS NOT NULL RETURN DISTINCT n.embeddingRun AS r")
    }
    assert runs == set(second)
    graph.activate_run(first.run_id)


def test_the_server_goes_away_for_a_moment(graph: InterestGraph, monkeypatch: pytest.MonkeyPatch) -> None:
    from interestgraph import UnavailableError

    lost = threading.Event()
    real = Database.write

    def flaky(self: Database, query: object, **parameters: object) -> object:
        if "rows" in parameters and not lost.is_set():
            lost.set()
            raise UnavailableError("gone")
        return real(self, query, **parameters)  # type: ignore[arg-type]

    monkeypatch.setattr(Database, "write", flaky)
    monkeypatch.setattr(time, "sleep", lambda _: None)
    (first,) = graph.runs()
    before = vectors(graph)
    graph.activate_run(first.run_id)
    assert lost.is_set()
    assert same(vectors(graph), before)


def test_vectors_can_be_sent_as_lists_to_older_servers(graph: InterestGraph, monkeypatch: pytest.MonkeyPatch) -> None:
    (first,) = graph.runs()
    before = vectors(graph)
    monkeypatch.setattr(VectorWire, "__init__", lambda self, _: setattr(self, "packed", False))
    graph.activate_run(first.run_id)
    assert same(vectors(graph), before)


def test_stored_vectors_are_those_of_the_nodes(graph: InterestGraph) -> None:
    (run,) = graph.runs()
    found = vectors(graph)
    for label in ("User", "Item", "Category"):
        ids, stored = stored_vectors(graph.database, run.run_id, label)
        assert {f"{label}:{name}" for name in ids} == {key for key in found if key.startswith(label)}
        for name, vector in zip(ids, stored, strict=True):
            assert np.array_equal(found[f"{label}:{name}"], vector)
    assert run.started_at < datetime.now(UTC)
    assert run.parameters["dimensions"] == 16

"""Offline import, dump and load on a real private server, and the swap of graphs at every point of a kill."""

import gzip
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import neo4j
import pytest

from interestgraph.errors import DataError, DiskSpaceError, ServerError, StateError
from interestgraph.neo4j import admin, swap
from interestgraph.neo4j.server import PrivateServer
from interestgraph.settings import load_settings

USERS = "userId:ID(User),age:long\nu1,33\nu2,44\n"
ITEMS_HEADER = "itemId:ID(Item),title,vector:float[]\n"
ITEMS = 'i1,"a ""quoted"", title",0.5\x1f0.25\ni2,plain,1.0\x1f2.0\n'
VIEWED = (
    ":START_ID(User),:END_ID(Item),count:long,lastAt:datetime\n"
    "u1,i1,2,2024-05-01T12:30:00Z\n"
    "u2,i2,1,2024-05-02T00:00:00Z\n"
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivateServer]:
    """One server for this module."""
    private = PrivateServer(load_settings(home=tmp_path_factory.mktemp("admin") / "home"))
    private.start()
    yield private
    private.stop(force=True)


def query(server: PrivateServer, text: str) -> list[list[Any]]:
    info = server.start()
    with neo4j.GraphDatabase.driver(info.bolt_uri, auth=(info.username, info.password)) as driver:
        return [list(record) for record in driver.execute_query(text).records]


def write(folder: Path, **texts: str) -> dict[str, Path]:
    paths = {}
    for name, text in texts.items():
        paths[name] = folder / f"{name}.csv"
        paths[name].write_text(text, encoding="utf-8")
    return paths


def import_sample(server: PrivateServer, folder: Path, **changed: str) -> admin.ImportReport:
    files = write(folder, **{"users": USERS, "header": ITEMS_HEADER, "viewed": VIEWED, **changed})
    items = folder / "items.csv.gz"
    items.write_bytes(gzip.compress(ITEMS.encode()))
    return admin.import_full(
        server.settings,
        nodes={"User": [files["users"]], "Item:Product": [files["header"], items]},
        relationships={"VIEWED": [files["viewed"]]},
    )


def test_an_import_replaces_the_graph_and_leaves_the_server_running(server: PrivateServer, tmp_path: Path) -> None:
    query(server, "CREATE (:Old)")
    report = import_sample(server, tmp_path)
    assert (report.nodes, report.relationships, report.properties) == (4, 2, 14)
    assert server.is_running()
    assert query(server, "MATCH (n:Old) RETURN count(n)") == [[0]]
    rows = query(
        server,
        "MATCH (u:User {userId: 'u1'})-[r:VIEWED]->(i:Item&Product)"
        " RETURN u.age, i.itemId, i.title, i.vector, r.count, toString(r.lastAt)",
    )
    assert rows == [[33, "i1", 'a "quoted", title', [0.5, 0.25], 2, "2024-05-01T12:30:00Z"]]
    # The graph is a full one: it takes writes and constraints, and is there after a restart.
    query(server, "CREATE CONSTRAINT FOR (u:User) REQUIRE u.userId IS UNIQUE")
    query(server, "CREATE (:User {userId: 'u3'})")
    server.stop()
    assert query(server, "MATCH (u:User) RETURN count(u)") == [[3]]
    assert not swap.staging_folder(server.home).exists()


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"viewed": VIEWED + "u1,i9,1,2024-05-02T00:00:00Z\n"}, r"viewed.csv.*missing node i9"),
        ({"users": USERS + "u9,old\n"}, r"users.csv.*`age`: `old`"),
        ({"users": USERS + "u1,33\n"}, r"'u1' is defined more than once"),
        ({"users": "age:long\n1\n"}, r"Group 'User' not found"),
    ],
    ids=["missing node", "wrong type", "twice", "no id column"],
)
def test_a_failed_import_keeps_the_old_graph_and_says_where(
    server: PrivateServer, tmp_path: Path, changed: dict[str, str], message: str
) -> None:
    query(server, "MERGE (:Kept)")
    before = server.status()
    with pytest.raises(DataError, match=message):
        import_sample(server, tmp_path, **changed)
    assert server.status() == before
    assert query(server, "MATCH (n:Kept) RETURN count(n)") == [[1]]
    assert not swap.staging_folder(server.home).exists()


def test_a_graph_that_does_not_start_is_taken_back(
    server: PrivateServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    query(server, "MERGE (:Kept)")
    put_in = swap.put_in

    def put_in_broken(home: Path) -> None:
        put_in(home)
        for file in (home / "data" / "databases" / "neo4j").glob("neostore*"):
            file.write_bytes(b"broken")

    monkeypatch.setattr(swap, "put_in", put_in_broken)
    with pytest.raises(ServerError, match="cannot open the graph"):
        import_sample(server, tmp_path)
    assert server.is_running()
    assert query(server, "MATCH (n:Kept) RETURN count(n)") == [[1]]


def test_a_missing_file_and_a_full_disk_are_told(
    server: PrivateServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(DataError, match=r"absent\.csv is not a file"):
        admin.import_full(server.settings, nodes={"User": [tmp_path / "absent.csv"]}, relationships={})
    usage = shutil.disk_usage(tmp_path)._replace(free=1 << 20)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage)
    with pytest.raises(DiskSpaceError, match=r"1 MiB free"):
        import_sample(server, tmp_path)


def test_a_dump_can_be_loaded_again(server: PrivateServer, tmp_path: Path) -> None:
    query(server, "CREATE (:Dumped)")
    with pytest.raises(StateError, match="db stop"):
        admin.dump(server.settings, tmp_path / "graph.dump")
    server.stop()
    admin.dump(server.settings, tmp_path / "graph.dump")
    query(server, "MATCH (n:Dumped) DELETE n")
    server.stop()
    admin.load(server.settings, tmp_path / "graph.dump")
    assert query(server, "MATCH (n:Dumped) RETURN count(n)") == [[1]]


def graph(home: Path) -> list[str | None]:
    places = [home / "data" / name / "neo4j" / "mark" for name in ("databases", "transactions")]
    return [place.read_text(encoding="utf-8") if place.exists() else None for place in places]


def place(folder: Path, mark: str) -> None:
    for name in ("databases", "transactions"):
        (folder / "data" / name / "neo4j").mkdir(parents=True)
        (folder / "data" / name / "neo4j" / "mark").write_text(mark, encoding="utf-8")


@pytest.mark.parametrize("had_graph", [True, False])
@pytest.mark.parametrize("moves", range(5))
def test_a_kill_between_any_two_moves_leaves_the_graph_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moves: int, had_graph: bool
) -> None:
    if had_graph:
        place(tmp_path, "old")
    place(swap.staging_folder(tmp_path), "new")
    left = iter(range(moves))
    rename = Path.rename

    def rename_until_killed(self: Path, target: Path) -> Path:
        if next(left, None) is None:
            raise KeyboardInterrupt
        return rename(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", rename_until_killed)
        if moves < (4 if had_graph else 2):
            with pytest.raises(KeyboardInterrupt):
                swap.put_in(tmp_path)
        else:
            swap.put_in(tmp_path)
            assert graph(tmp_path) == ["new", "new"]
    assert swap.restore(tmp_path)
    assert graph(tmp_path) == (["old", "old"] if had_graph else [None, None])
    assert not swap.restore(tmp_path)


def test_a_committed_graph_stays(tmp_path: Path) -> None:
    place(tmp_path, "old")
    place(swap.staging_folder(tmp_path), "new")
    swap.put_in(tmp_path)
    swap.commit(tmp_path)
    assert not swap.restore(tmp_path)
    assert graph(tmp_path) == ["new", "new"]

"""The jars: fetched through jgo, checked, repaired. A web server on loopback plays the Maven repository."""

import os
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import jgo.maven._core
import pytest
from jgo.env import LockFile

from interestgraph.errors import DownloadError
from interestgraph.neo4j import jars
from interestgraph.settings import NEO4J_VERSION, load_settings


class Repository(ThreadingHTTPServer):
    """Serves a folder, counts requests, and cuts off the first answers for the paths in `broken`."""

    asked: Counter[str]
    broken: Counter[str]


class Handler(SimpleHTTPRequestHandler):
    server: Repository

    def do_GET(self) -> None:
        name = Path(self.path).name
        self.server.asked[name] += 1
        if self.server.broken[name] <= 0:
            super().do_GET()
            return
        self.server.broken[name] -= 1
        content = Path(self.translate_path(self.path)).read_bytes()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content) // 2))
        self.end_headers()
        self.wfile.write(content[: len(content) // 2])

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> list[jars.Jar]:
    """The smallest five jars stand for all, so that a test moves kilobytes."""
    lib = jars.ensure_jars(load_settings().cache)
    chosen = sorted(jars.locked_jars(), key=lambda jar: (lib / jar.name).stat().st_size)[:5]
    monkeypatch.setattr(jars, "locked_jars", lambda: tuple(chosen))
    return chosen


@pytest.fixture
def repository(tmp_path: Path, few: list[jars.Jar], monkeypatch: pytest.MonkeyPatch) -> Iterator[Repository]:
    """A Maven repository with those jars, and an empty local one."""
    root = tmp_path / "repository"
    for jar in few:
        place = root / jar.repository_path
        place.parent.mkdir(parents=True, exist_ok=True)
        os.link(jars.lib_folder(load_settings().cache) / jar.name, place)
    with Repository(("127.0.0.1", 0), partial(Handler, directory=str(root))) as server:
        server.asked, server.broken = Counter(), Counter()
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}"
        monkeypatch.setattr(jgo.maven._core, "DEFAULT_REMOTE_REPOS", {"central": url})
        monkeypatch.setenv("M2_REPO", str(tmp_path / "local"))
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        yield server
        server.shutdown()
        thread.join()


def test_the_lock_file_is_one_of_jgo_and_has_a_sum_for_every_jar() -> None:
    lock = LockFile.load(Path(jars.__file__).with_name(f"neo4j-{NEO4J_VERSION}.lock.toml"))
    names = [jar.name for jar in jars.locked_jars()]
    assert len(names) == len(set(names)) == len(lock.dependencies)
    assert all(len(dependency.sha256) == 64 for dependency in lock.dependencies)


def test_fetches_all_once_and_then_nothing(tmp_path: Path, repository: Repository) -> None:
    seen: list[tuple[int, int]] = []
    lib = jars.ensure_jars(tmp_path / "cache", lambda done, total: seen.append((done, total)))
    assert seen == [(done, 5) for done in range(1, 6)]
    assert jars.check_jars(tmp_path / "cache") == []
    assert jars.class_path_file(lib).read_text(encoding="utf-8").count(".jar") == 5
    repository.asked.clear()
    assert jars.ensure_jars(tmp_path / "cache") == lib
    assert not repository.asked
    assert [path.name for path in (tmp_path / "cache").iterdir() if "fetch" in path.name] == []


def cut(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("damage", [cut, flip, Path.unlink], ids=["cut off", "one bit", "gone"])
def test_a_broken_jar_is_found_and_fetched_again(
    tmp_path: Path, few: list[jars.Jar], repository: Repository, damage: Callable[[Path], None]
) -> None:
    lib = jars.ensure_jars(tmp_path / "cache")
    repository.asked.clear()
    damage(lib / few[2].name)
    assert jars.check_jars(tmp_path / "cache") == [few[2].name]
    jars.ensure_jars(tmp_path / "cache")
    assert jars.check_jars(tmp_path / "cache") == []
    assert {name for name in repository.asked if name.endswith(".jar")} == {few[2].name}


def test_a_download_that_breaks_off_is_repeated(tmp_path: Path, few: list[jars.Jar], repository: Repository) -> None:
    repository.broken[few[0].name] = 2
    jars.ensure_jars(tmp_path / "cache")
    assert jars.check_jars(tmp_path / "cache") == []
    assert repository.asked[few[0].name] == 3


def test_a_wrong_sum_is_refused_by_name(tmp_path: Path, few: list[jars.Jar], repository: Repository) -> None:
    repository.broken[few[1].name] = 99
    with pytest.raises(DownloadError, match=rf"{few[1].name}.*SHA-256"):
        jars.ensure_jars(tmp_path / "cache")
    assert not (jars.lib_folder(tmp_path / "cache") / few[1].name).exists()


@pytest.mark.usefixtures("repository")
def test_a_dead_network_is_told(tmp_path: Path, few: list[jars.Jar], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jgo.maven._core, "DEFAULT_REMOTE_REPOS", {"central": "http://127.0.0.1:9"})
    with pytest.raises(DownloadError, match="check the network"):
        jars.ensure_jars(tmp_path / "cache")
    assert sorted(jars.check_jars(tmp_path / "cache")) == sorted(jar.name for jar in few)


def test_good_jars_of_the_local_maven_repository_are_used(
    tmp_path: Path, few: list[jars.Jar], repository: Repository
) -> None:
    for jar in few[:2]:
        place = tmp_path / "local" / jar.repository_path
        place.parent.mkdir(parents=True)
        place.write_bytes((tmp_path / "repository" / jar.repository_path).read_bytes())
    cut(tmp_path / "local" / few[1].repository_path)
    jars.ensure_jars(tmp_path / "cache")
    assert jars.check_jars(tmp_path / "cache") == []
    assert repository.asked[few[0].name] == 0
    assert repository.asked[few[1].name] == 1


def test_two_at_once_fetch_each_jar_once(tmp_path: Path, few: list[jars.Jar], repository: Repository) -> None:
    with ThreadPoolExecutor(2) as pool:
        folders = list(pool.map(jars.ensure_jars, [tmp_path / "cache"] * 2))
    assert folders[0] == folders[1]
    assert {repository.asked[jar.name] for jar in few} == {1}

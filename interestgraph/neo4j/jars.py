"""The private server's jars: fetched once through `jgo`, checked against the lock file, kept in one folder.

The lock file beside this module is in jgo's own format (``jgo.env.LockFile`` reads it). Against what jgo's
resolver found, test libraries that no running server loads (mockito, junit and what they bring) are left out.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import tempfile
import threading
import tomllib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache as cached
from pathlib import Path
from typing import TYPE_CHECKING

from interestgraph.errors import DiskSpaceError, DownloadError, ServerError
from interestgraph.settings import NEO4J_VERSION

if TYPE_CHECKING:
    from jgo.maven import MavenContext

_THREADS = 8
_ATTEMPTS = 3
_NEEDED_BYTES = 500 << 20  # jars 190 MB, archive of loaded classes 145 MB
_STAMPS = "verified.json"


@dataclass(frozen=True)
class Jar:
    """One artifact of the lock file."""

    group: str
    artifact: str
    version: str
    classifier: str
    sha256: str

    @property
    def name(self) -> str:
        """File name in the cache folder and in a Maven repository."""
        suffix = f"-{self.classifier}" if self.classifier else ""
        return f"{self.artifact}-{self.version}{suffix}.jar"

    @property
    def repository_path(self) -> Path:
        """Path below the root of a Maven repository."""
        return Path(*self.group.split("."), self.artifact, self.version, self.name)


@cached
def locked_jars() -> tuple[Jar, ...]:
    """Return the jars of the lock file, in class path order."""
    lock = tomllib.loads(Path(__file__).with_name(f"neo4j-{NEO4J_VERSION}.lock.toml").read_text(encoding="utf-8"))
    return tuple(
        Jar(
            entry["groupId"],
            entry["artifactId"],
            entry["version"],
            entry.get("classifier", ""),
            entry["sha256"],
        )
        for entry in lock["dependencies"]
    )


def lib_folder(cache: Path) -> Path:
    """Return the folder of the jars (it may not exist yet)."""
    return cache / f"neo4j-{NEO4J_VERSION}"


def class_path_file(lib: Path) -> Path:
    """Return the file with the ``-cp`` option for Java's launcher (``@file``).

    The order is fixed, as archives of loaded classes need it, and a stray file in the folder has no effect.
    """
    return lib / "class-path.args"


def check_jars(cache: Path) -> list[str]:
    """Return the names of missing or broken jars, by reading every file (about half a second)."""
    lib = lib_folder(cache)
    with ThreadPoolExecutor(_THREADS) as pool:
        good = pool.map(lambda jar: _is_good(lib / jar.name, jar), locked_jars())
    return [jar.name for jar, fine in zip(locked_jars(), good, strict=True) if not fine]


def ensure_jars(cache: Path, progress: Callable[[int, int], None] | None = None) -> Path:
    """Return the folder of the jars, after fetching those that are missing or broken.

    A jar whose size and time are as when its SHA-256 was last checked counts as good; any other is read
    again. Jars come from the Maven repository of this user when they are there with the right sum, else
    over the network.

    Args:
        cache: folder for what can be fetched again.
        progress: called with (jars done, jars to fetch), only when something is to be fetched.

    Raises:
        DownloadError: a jar cannot be fetched or has a wrong sum.
        DiskSpaceError: less than 500 MiB are free.
        ServerError: the folder cannot be written.
    """
    lib = lib_folder(cache)
    if not _suspects(lib) and class_path_file(lib).exists():
        return lib
    try:
        lib.mkdir(parents=True, exist_ok=True)
        with exclusive(cache / f"{lib.name}.lock"):
            broken = [jar for jar in _suspects(lib) if not _is_good(lib / jar.name, jar)]
            if broken:
                _fetch_all(broken, lib, progress)
            _write_class_path(lib)
            _write_stamps(lib)
    except PermissionError as error:
        raise ServerError(f"cannot write {error.filename}: set INTERESTGRAPH_CACHE to a folder of yours") from error
    return lib


@contextmanager
def exclusive(lock: Path) -> Iterator[None]:
    """Hold the file `lock` against other processes and threads; waits for it. A killed holder frees it."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _suspects(lib: Path) -> list[Jar]:
    """Return the jars whose file differs from the one that was checked (a missing file is one)."""
    try:
        stamps = json.loads((lib / _STAMPS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        stamps = {}
    return [jar for jar in locked_jars() if stamps.get(jar.name, [0]) != [*_stamp(lib / jar.name), jar.sha256]]


def _stamp(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except OSError:
        return (-1, -1)
    return (status.st_size, status.st_mtime_ns)


def _write_stamps(lib: Path) -> None:
    stamps = {jar.name: [*_stamp(lib / jar.name), jar.sha256] for jar in locked_jars()}
    _write_whole(lib / _STAMPS, json.dumps(stamps))


def _write_class_path(lib: Path) -> None:
    path = os.pathsep.join(str(lib / jar.name) for jar in locked_jars())
    quoted = path.replace("\\", "\\\\").replace('"', '\\"')
    _write_whole(class_path_file(lib), f'-cp\n"{quoted}"\n')


def _write_whole(path: Path, text: str) -> None:
    part = path.with_suffix(".part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)


def _is_good(path: Path, jar: Jar) -> bool:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == jar.sha256
    except OSError:
        return False


def _fetch_all(jars: Sequence[Jar], lib: Path, progress: Callable[[int, int], None] | None) -> None:
    free = shutil.disk_usage(lib).free
    if free < _NEEDED_BYTES:
        raise DiskSpaceError(
            f"{free >> 20} MiB free in {lib}, the Neo4j server's files need {_NEEDED_BYTES >> 20} MiB:"
            " free some, or set INTERESTGRAPH_CACHE to another disk"
        )
    # Beside the cache folder: the same file system, so that a finished jar moves in at one stroke.
    with (
        tempfile.TemporaryDirectory(prefix="fetch-", dir=lib.parent) as scratch,
        ThreadPoolExecutor(_THREADS) as pool,
    ):
        fetch = _fetcher(Path(scratch), lib)
        stop = threading.Event()
        tasks = [pool.submit(fetch, jar, stop) for jar in jars]
        try:
            for done, task in enumerate(as_completed(tasks), start=1):
                task.result()
                if progress:
                    progress(done, len(jars))
        except BaseException:
            stop.set()
            raise


def _fetcher(scratch: Path, lib: Path) -> Callable[[Jar, threading.Event], None]:
    from jgo.maven import MavenContext  # brings in requests: only needed when something is to be fetched

    repository = MavenContext().repo_cache
    context = MavenContext(repo_cache=scratch, local_repos=[])

    def fetch(jar: Jar, stop: threading.Event) -> None:
        part = scratch / jar.repository_path
        part.parent.mkdir(parents=True, exist_ok=True)
        own = repository / jar.repository_path
        if _is_good(own, jar):
            shutil.copyfile(own, part)
        reason = "cancelled"
        for _ in range(_ATTEMPTS):
            if not stop.is_set() and not _is_good(part, jar):
                reason = _download(context, jar, part)
        if not _is_good(part, jar):
            raise DownloadError(
                f"cannot fetch {jar.group}:{jar.artifact}:{jar.version} ({jar.name}): {reason}; check the"
                f" network or proxy and try again, or copy the file into {lib}"
            )
        part.replace(lib / jar.name)

    return fetch


def _download(context: MavenContext, jar: Jar, part: Path) -> str:
    """Let jgo fetch `jar` to `part` in its scratch repository; return what would explain a bad result."""
    part.unlink(missing_ok=True)  # jgo would take a half-written file for a finished one
    component = context.project(jar.group, jar.artifact).at_version(jar.version)
    try:
        component.artifact(jar.classifier, "jar").resolve()
    except Exception as error:  # whatever requests, urllib3 or jgo's own asserts raise
        return f"{type(error).__name__}: {error}".splitlines()[0]
    return "its SHA-256 is not that of the lock file"

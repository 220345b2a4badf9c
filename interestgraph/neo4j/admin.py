"""Offline work on the private server's graph with ``neo4j-admin``: import, dump, load.

`import_full` builds the new graph beside the old one while the server may still run, and puts it in place by
renames. It reads CSV, plain or gzipped (equally fast), or Parquet, which takes three quarters of the time where there
are moments: they need no parsing.
"""

from __future__ import annotations

import fcntl
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from interestgraph.errors import DataError, DiskSpaceError, ServerError, StateError
from interestgraph.neo4j import swap
from interestgraph.neo4j.jars import ensure_jars
from interestgraph.neo4j.java import (
    LOG_SETTINGS,
    admin_command,
    find_java,
    java_environment,
    memory_sizes,
    run_streaming,
    telling_line,
)
from interestgraph.neo4j.server import PrivateServer
from interestgraph.settings import Settings

ARRAY_SEPARATOR = "\x1f"
"""Between the elements of an array in a field of an import file: the unit separator, which no text has."""

_DATABASE = "neo4j"
_MIB = 1 << 20
_NO_SPACE = ("No space left on device", "not enough space", "disk is full")
# How the importer begins its account of a fault in the files, as against a fault of its own.
_INPUT_FAULTS = ("Error importing csv file", "Check that the file", "Input error", "InputException")

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class ImportReport:
    """What an offline import put into the graph; `import_seconds` of the `total_seconds` went to building."""

    nodes: int
    relationships: int
    properties: int
    import_seconds: float
    total_seconds: float


def import_full(
    settings: Settings,
    *,
    nodes: Mapping[str, Sequence[Path]],
    relationships: Mapping[str, Sequence[Path]],
    check: Callable[[], None] = lambda: None,
    progress: Progress | None = None,
) -> ImportReport:
    """Replace the private server's graph by what the files hold, and leave the server running on it.

    Indexes and constraints of the old graph go with it: create the schema again afterwards. The old graph is
    kept until the new one answers queries; after any failure, a kill included, it is what is served.

    Args:
        settings: which private server.
        nodes: label (``A:B`` for several) to files. The first file begins with the header line, such as
            ``userId:ID(User),age:long``, and all files of one label share it; a name that ends in ``.gz``
            is a gzipped file. Or all files are Parquet, with such names of columns.
        relationships: type to files, with a header such as ``:START_ID(User),:END_ID(Item),count:long,
            lastAt:datetime,vector:float[]``. Ids are strings; `ARRAY_SEPARATOR` separates the elements of an array; a
            quote within quotes is doubled; a field holds no line break.
        check: called when the new graph is built, before it takes the place of the old one; what it raises keeps the
            old one.
        progress: called with a step's name and the share of it that is done, 0 to 1.

    Raises:
        DataError: a file is missing or wrong; the message names file, line and value.
        DiskSpaceError: the disk is full or would be.
        StateError: another import into this home is running.
        ServerError: the importer failed otherwise, or the server does not start on the new graph.
    """
    started = time.monotonic()
    tell = progress or (lambda _step, _share: None)
    server = PrivateServer(settings)
    groups = [f"--nodes={label}={_file_list(files)}" for label, files in nodes.items()]
    groups += [f"--relationships={name}={_file_list(files)}" for name, files in relationships.items()]
    with _only_import(settings.home) as lock:
        _settle_earlier(server)
        _check_space(settings.home, [file for files in (*nodes.values(), *relationships.values()) for file in files])
        output = _build(settings, groups, tell, lock)
        built = time.monotonic()
        _put_in_place(server, check, tell)
    counts = [int(found) for found in re.findall(r"^ +(\d+) (?:nodes|relationships|properties)$", output, re.MULTILINE)]
    nodes_made, relationships_made, properties_made = (*counts, 0, 0, 0)[:3]
    return ImportReport(nodes_made, relationships_made, properties_made, built - started, time.monotonic() - started)


def dump(settings: Settings, path: Path) -> None:
    """Write the private server's graph to the file `path` (replacing it), in ``neo4j-admin``'s format.

    Raises:
        StateError: the server is running.
        ServerError, DiskSpaceError: the dump failed.
    """
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("wb") as file:
            _offline(settings, ["database", "dump", _DATABASE, "--to-stdout"], stdout=file.fileno())
        part.replace(path)
    except OSError as error:
        raise DataError(f"cannot write {path}: {error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)


def load(settings: Settings, path: Path) -> None:
    """Replace the private server's graph by the dump in the file `path`.

    Raises:
        StateError: the server is running.
        DataError: the file cannot be read.
        ServerError, DiskSpaceError: loading failed.
    """
    try:
        with path.open("rb") as file:
            arguments = ["database", "load", _DATABASE, "--from-stdin", "--overwrite-destination=true"]
            _offline(settings, arguments, stdin=file.fileno())
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}") from error


def _offline(
    settings: Settings,
    arguments: list[str],
    stdin: int = subprocess.DEVNULL,
    stdout: int = subprocess.DEVNULL,
) -> None:
    server = PrivateServer(settings)
    with server.locked():
        if server.is_running():
            raise StateError(f"the server in {settings.home} is running: stop it first (`interestgraph db stop`)")
        command = admin_command(find_java(), ensure_jars(settings.cache), arguments, settings.java_flags)
        result = subprocess.run(
            command,
            env=java_environment(settings.home),
            stdin=stdin,
            stdout=stdout,
            stderr=subprocess.PIPE,
            text=True,
        )
    if result.returncode != 0:
        _raise_failed(f"neo4j-admin {' '.join(arguments[:2])}", result.stderr, settings.home)


def _raise_failed(what: str, output: str, folder: Path) -> None:
    line = telling_line(output)
    if any(text in output for text in _NO_SPACE):
        raise DiskSpaceError(f"{what}: the disk of {folder} is full: free some space and try again")
    if any(text in output for text in _INPUT_FAULTS):
        raise DataError(f"{what}: {line}")
    raise ServerError(f"{what} failed: {line}")


def _file_list(files: Sequence[Path]) -> str:
    for file in files:
        if not file.is_file():
            raise DataError(f"{file} is not a file")
        if "," in str(file):
            raise DataError(f"{file}: the importer cannot take a path with a comma; rename it")
    return ",".join(str(file.absolute()) for file in files)


@contextmanager
def _only_import(home: Path) -> Iterator[int]:
    """Keep others from importing; yields the lock's file descriptor."""
    (home / "run").mkdir(parents=True, exist_ok=True)
    with (home / "run" / "import.lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StateError(f"another import into {home} is running: wait for it to end") from error
        yield handle.fileno()


def _check_space(home: Path, files: Sequence[Path]) -> None:
    # Measured: a store takes 2.4 times its CSV, and CSV of such logs 3 times its gzip or Parquet.
    need = sum(file.stat().st_size * (9 if file.suffix in (".gz", ".parquet") else 3) for file in files) + 512 * _MIB
    free = shutil.disk_usage(home).free
    if free < need:
        raise DiskSpaceError(
            f"{free // _MIB} MiB free in {home}, this import may need {need // _MIB} MiB: free some, or set"
            " INTERESTGRAPH_HOME to another disk"
        )


def _settle_earlier(server: PrivateServer) -> None:
    """Decide about the graph of an import that was killed, before its staging folder is used again."""
    with server.locked():
        if swap.is_pending(server.home):
            server.start()


def _build(settings: Settings, groups: list[str], tell: Progress, lock: int) -> str:
    staging = swap.staging_folder(settings.home)
    parquet = any(".parquet" in group for group in groups)
    shutil.rmtree(staging, ignore_errors=True)
    (staging / "conf").mkdir(parents=True)
    settings_text = "".join(f"{name}={value}\n" for name, value in LOG_SETTINGS.items())
    (staging / "conf" / "neo4j.conf").write_text(settings_text, encoding="utf-8")
    heap, page_cache = memory_sizes()
    options = [
        "--id-type=string",
        f"--array-delimiter=U+{ord(ARRAY_SEPARATOR):04X}",
        "--skip-bad-relationships=false",
        "--input-type=parquet" if parquet else "--multiline-fields=false",
        "--path-pattern-style=none",
        f"--max-off-heap-memory={max(2 * page_cache, 1024 * _MIB)}",
        f"--report-file={staging / 'import.report'}",
    ]
    java, lib = find_java(), ensure_jars(settings.cache)
    command = admin_command(
        java,
        lib,
        ["database", "import", "full", _DATABASE, *options, *groups],
        [f"-Xmx{heap // _MIB}m", *settings.java_flags],
    )
    log = settings.home / "logs" / "import.log"
    try:
        # The importer outlives this process when it is killed, and keeps the lock until it has ended.
        status, output = run_streaming(command, java_environment(staging), log, _step_reader(tell), keep=(lock,))
        if status != 0:
            _raise_failed("import", output, settings.home)
    except BaseException:
        shutil.rmtree(staging, ignore_errors=True)
        raise
    return output


def _step_reader(tell: Progress) -> Callable[[str], None]:
    step = "import"

    def read(line: str) -> None:
        nonlocal step
        if found := re.match(r"\((\d/\d)\) ([A-Za-z ]+?) \d{4}-", line):
            step = f"{found[2]} ({found[1]})"
            tell(step, 0.0)
        elif found := re.search(r" (\d+)% ", line):
            tell(step, int(found[1]) / 100)

    return read


def _put_in_place(server: PrivateServer, check: Callable[[], None], tell: Progress) -> None:
    with server.locked():
        tell("putting the new graph in place", 0.0)
        try:
            check()
        except BaseException:
            shutil.rmtree(swap.staging_folder(server.home), ignore_errors=True)
            raise
        was_running = server.halt()
        try:
            swap.put_in(server.home)
            server.launch(lambda _: None)
        except BaseException:
            server.halt(force=True)
            swap.restore(server.home)
            if was_running:
                server.launch(lambda _: None)
            raise
        shutil.rmtree(swap.staging_folder(server.home), ignore_errors=True)
        tell("putting the new graph in place", 1.0)

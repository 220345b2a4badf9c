"""Tables of results, on the screen and in docs/benchmarks.md."""

from __future__ import annotations

import platform
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

from interestgraph.neo4j.connection import Database
from interestgraph.neo4j.server import PrivateServer
from interestgraph.settings import Settings, load_settings

DOCUMENT = Path(__file__).parents[1] / "docs" / "benchmarks.md"


def versions(*packages: str) -> str:
    """Versions of Python and packages, and the machine, on one line."""
    import psutil

    parts = [f"Python {platform.python_version()}", *(f"{name} {version(name)}" for name in packages)]
    memory = round(psutil.virtual_memory().total / 2**30)
    return f"{', '.join(parts)}; {psutil.cpu_count()} cores, {memory} GiB, {platform.machine()}"


def markdown(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A Markdown table."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def publish(name: str, text: str) -> None:
    """Print a section and put it in place of the last one of that name in docs/benchmarks.md."""
    print(f"\n{text}\n")
    begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    document = DOCUMENT.read_text(encoding="utf-8")
    section = f"{begin}\n{text}\n{end}"
    if begin in document:
        head, rest = document.split(begin, 1)
        document = head + section + rest.split(end, 1)[1]
    else:
        document = f"{document.rstrip()}\n\n{section}\n"
    DOCUMENT.write_text(document, encoding="utf-8")


def environment(name: str, *requirements: str) -> Path:
    """The interpreter of an environment of a peer's own, made at the first call.

    Raises:
        subprocess.CalledProcessError: it does not install.
    """
    folder = Path(__file__).parent / ".envs" / name
    python = folder / "bin" / "python"
    if not (folder / ".complete").exists():
        print(f"installing {', '.join(requirements)}", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        subprocess.run(
            [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", *requirements], check=True
        )
        (folder / ".complete").touch()
    return python


@contextmanager
def scratch_server() -> Iterator[tuple[Settings, PrivateServer]]:
    """A private server in a folder of its own, removed afterwards."""
    with TemporaryDirectory(prefix="interestgraph-benchmark-") as folder:
        settings = load_settings(home=Path(folder)).model_copy(update={"neo4j_uri": None})
        server = PrivateServer(settings)
        try:
            yield settings, server
        finally:
            server.stop(force=True)


def open_database(server: PrivateServer) -> Database:
    """Start the server and connect."""
    info = server.start()
    return Database.connect(info.bolt_uri, info.username, info.password)

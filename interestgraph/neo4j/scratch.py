"""A private server for one piece of work: empty at its begin, gone at its end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from interestgraph.neo4j.connection import Database
from interestgraph.neo4j.server import PrivateServer
from interestgraph.settings import Settings


@contextmanager
def scratch_database(settings: Settings, prefix: str) -> Iterator[tuple[Database, Settings]]:
    """An empty database on a server of its own, with the settings that name it; both are removed afterwards.

    Args:
        settings: where the jars are; its own server and graph are not touched.
        prefix: of the folder's name, below ``settings.home``.

    Raises:
        ServerError: the server cannot be provided.
    """
    settings.home.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=f"{prefix}-", dir=settings.home) as folder:
        scratch = settings.model_copy(
            update={"home": Path(folder), "neo4j_uri": None, "bolt_port": None, "http_port": None}
        )
        server = PrivateServer(scratch)
        try:
            info = server.start()
            with Database.connect(info.bolt_uri, info.username, info.password) as database:
                yield database, scratch
        finally:
            server.stop(force=True)

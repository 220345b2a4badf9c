"""A private server beside that of the run: for the offline route, and to compare with."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from interestgraph.ingest.offline import OfflineImporter
from interestgraph.neo4j.connection import Database, connect
from interestgraph.neo4j.server import PrivateServer
from interestgraph.settings import load_settings
from tests.conftest import empty


@pytest.fixture(scope="package")
def private_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Database, OfflineImporter]]:
    """The server, and what imports into it."""
    settings = load_settings(home=tmp_path_factory.mktemp("private")).model_copy(update={"neo4j_uri": None})
    try:
        with connect(settings) as database:
            yield database, OfflineImporter(settings)
    finally:
        PrivateServer(settings).stop(force=True)


@pytest.fixture
def private(
    private_server: tuple[Database, OfflineImporter], monkeypatch: pytest.MonkeyPatch
) -> tuple[Database, OfflineImporter]:
    """The same with an empty graph; small logs go by the offline route too."""
    monkeypatch.setattr("interestgraph.ingest.load.OFFLINE_FROM", 0)
    empty(private_server[0])
    return private_server

"""Serving the files for Neo4j Browser on loopback, and the address that opens it with them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import quote, urlsplit

from interestgraph.browser.kit import FAVOURITES, GUIDE, STYLE, write_kit
from interestgraph.errors import PortError
from interestgraph.neo4j.connection import Database
from interestgraph.neo4j.server import PrivateServer
from interestgraph.settings import Settings

HOST = "localhost"
"""Neo4j Browser fetches guides and style sheets from this name, and not from 127.0.0.1."""
HTTP_PORT = 7474
"""Where a server of one's own serves Neo4j Browser, unless it was configured otherwise."""
TYPES = {STYLE: "text/plain", GUIDE: "text/html", FAVOURITES: "application/zip"}


class _Handler(SimpleHTTPRequestHandler):
    """The three files and nothing else, for pages of any origin on this machine."""

    def do_GET(self) -> None:
        """Send a file of the kit."""
        if self.path.partition("?")[0].strip("/") in TYPES:
            super().do_GET()
        else:
            self.send_error(404)

    def do_OPTIONS(self) -> None:
        """Browsers ask this before a request with headers of its own."""
        self.send_response(204)
        self.send_header("Access-Control-Allow-Headers", "*")
        self.end_headers()

    def end_headers(self) -> None:
        """Allow other origins, which Neo4j Browser's page is."""
        self.send_header("Access-Control-Allow-Origin", "*")
        self.send_header("Cache-Control", "no-store")
        super().end_headers()

    def guess_type(self, path: Any) -> str:
        """By name; the standard table knows no GraSS."""
        return TYPES[Path(path).name]

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing."""


@contextmanager
def served(folder: Path, port: int = 0) -> Iterator[str]:
    """Serve a folder with the kit; gives its URL, with a final slash.

    Args:
        folder: with the files of `interestgraph.browser.kit`.
        port: 0: any free one.

    Raises:
        PortError: the port is taken.
    """
    try:
        server = ThreadingHTTPServer(("127.0.0.1", port), partial(_Handler, directory=str(folder)))
    except (OSError, OverflowError) as error:
        raise PortError(
            f"port {port} cannot be used for the guide: {error}; leave --port out for any free one"
        ) from error
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, name="guide", daemon=True)
    thread.start()
    try:
        yield f"http://{HOST}:{server.server_address[1]}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def browser_address(http_url: str, bolt_uri: str, username: str, guide: str | None) -> str:
    """The address that opens Neo4j Browser, filled in for signing in, with the guide."""
    scheme, _, where = bolt_uri.partition("://")
    address = f"{http_url}/browser/?connectURL={quote(f'{scheme}://{username}@{where}', safe='')}"
    return address if guide is None else f"{address}&cmd=play&arg={quote(guide, safe='')}"


@dataclass(frozen=True)
class BrowserPage:
    """Where Neo4j Browser is, and what it was given."""

    address: str
    """Opens it, filled in for signing in, with the guide."""
    username: str
    password_file: str | None
    """None: the password is that of the server that was named."""
    favourites: Path
    """A file to drop onto its window."""
    style: str
    """URL for ``:style``."""
    guide: str
    """URL for ``:play``."""


@contextmanager
def opened(database: Database, settings: Settings, *, port: int = 0) -> Iterator[BrowserPage]:
    """Write the files and serve them for as long as the context lasts.

    Args:
        database: the graph.
        settings: for the home folder, and to tell a private server from another one.
        port: of the guide; 0: any free one.

    Raises:
        PortError: the port is taken.
    """
    folder = settings.home / "browser"
    folder.mkdir(parents=True, exist_ok=True)
    with served(folder, port) as url:
        write_kit(database, folder, url)
        guide = f"{url}{GUIDE}"
        if settings.neo4j_uri is None:
            info = PrivateServer(settings).start()
            address = browser_address(info.http_url, info.bolt_uri, info.username, guide)
            secret: str | None = str(info.password_file)
            user = info.username
        else:
            user, secret = settings.neo4j_username, None
            host = urlsplit(settings.neo4j_uri).hostname or HOST
            address = browser_address(f"http://{host}:{HTTP_PORT}", settings.neo4j_uri, user, guide)
        yield BrowserPage(address, user, secret, folder / FAVOURITES, f"{url}{STYLE}", guide)

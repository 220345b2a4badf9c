"""Whether a private server can be used; where it cannot, whether waiting, a restart or a person helps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import neo4j
from neo4j.exceptions import AuthError, DatabaseUnavailable, DriverError, Neo4jError

from interestgraph.errors import ServerError

if TYPE_CHECKING:
    from interestgraph.neo4j.server import ServerInfo

_STARTED = "Logging config in use"
"""Begins each start's lines in debug.log."""
_CUT_OFF = "Error reading transaction logs, recovery not possible"
_PANIC = "needs to be restarted"


class UnusableError(ServerError):
    """The server runs, but waiting will not make it usable."""


class RestartError(UnusableError):
    """The server gave the graph up, as it does when its disk is full; started again it is usable."""


class CutOffError(UnusableError):
    """The transaction log ends in the middle of a transaction, as one does that a full disk cut off."""


class HeapError(UnusableError):
    """Java's memory ran out while the graph was opened, as a cut-off transaction may make it."""


def answers(info: ServerInfo) -> bool:
    """Say whether the server answers a query; False: not yet.

    Raises:
        UnusableError: it never will; the message says what to do.
    """
    auth = (info.username, info.password)
    try:
        with neo4j.GraphDatabase.driver(info.bolt_uri, auth=auth, connection_timeout=5.0) as driver:
            return _graph_answers(driver, info)
    except AuthError as error:
        raise UnusableError(
            f"the server in {info.home} refuses the password in {info.password_file}: put the right file"
            " back, or delete the graph with `interestgraph db reset`"
        ) from error
    except (DriverError, Neo4jError, OSError):
        return False


def _graph_answers(driver: neo4j.Driver, info: ServerInfo) -> bool:
    # Sessions, because the driver's own retries would print warnings while the graph is coming up.
    try:
        with driver.session(database="neo4j") as session:
            session.run("RETURN 1").consume()
        return True
    except DatabaseUnavailable as error:
        if message := _status(driver):
            log = info.log_file.with_name("debug.log")
            text = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
            kind = CutOffError if text.rfind(_CUT_OFF) > text.rfind(_STARTED) else UnusableError
            raise kind(f"Neo4j cannot open the graph in {info.home / 'data'} ({message}): see {log}") from error
        return False
    except Neo4jError as error:
        if _PANIC in (error.message or ""):
            why = _status(driver) or error.message
            raise RestartError(f"Neo4j gave up the graph in {info.home / 'data'} ({why})") from error
        return False


def _status(driver: neo4j.Driver) -> str:
    """What the server says about the graph."""
    with driver.session(database="system") as session:
        record = session.run("SHOW DATABASE neo4j YIELD statusMessage").single()
    return str(record["statusMessage"] or "") if record is not None else ""

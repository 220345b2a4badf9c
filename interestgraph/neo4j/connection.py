"""One Neo4j database reached over Bolt; every driver error leaves here as one of `interestgraph.errors`."""

from __future__ import annotations

import logging
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

import neo4j
from neo4j import exceptions as driver_errors

from interestgraph.errors import (
    AuthenticationError,
    ConfigurationError,
    DiskSpaceError,
    InterestGraphError,
    QueryError,
    UnavailableError,
)
from interestgraph.neo4j.queries import Query, load_query
from interestgraph.settings import Settings

# The driver logs every transaction that it tries again; without a handler Python would print that on stderr.
logging.getLogger("neo4j").addHandler(logging.NullHandler())

RETRY_SECONDS = 10.0
"""How long a transaction is tried again after a transient error."""

FREE_BYTES = 256 << 20
"""Free disk below which nothing is written to a private server."""

SCHEMES = ("bolt://", "neo4j://", "bolt+s://", "neo4j+s://", "bolt+ssc://", "neo4j+ssc://")
"""What the URI of a server begins with."""

_NAME = re.compile(r"^\w+/\w+$")
"""The form of a query file's name, which no statement has."""

T = TypeVar("T")
Row = dict[str, Any]


class Database:
    """One database of a Neo4j server, with queries by name.

    Args:
        driver: a connected driver.
        name: the database's name.
        owned: whether `close` closes the driver; a driver that was handed in stays open.
    """

    def __init__(self, driver: neo4j.Driver, name: str = "neo4j", *, owned: bool = False, uri: str = "") -> None:
        self._driver = driver
        self._owned = owned
        self.name = name
        self.uri = uri
        self._reopen: Callable[[], neo4j.Driver] | None = None
        self.disk: Path | None = None
        """Folder of the server's data, where it is known; nothing is written when its disk is nearly full."""

    @classmethod
    def connect(cls, uri: str, username: str, password: str, name: str = "neo4j") -> Database:
        """Connect and check that the server answers.

        Raises:
            ConfigurationError: the URI is malformed or there is no such database.
            AuthenticationError: user name or password is wrong.
            UnavailableError: nothing answers.
        """
        where = f"Neo4j at {uri}"
        if not uri.startswith(SCHEMES):
            raise ConfigurationError(
                f"NEO4J_URI {uri!r} is not a Bolt address: it begins with one of {', '.join(SCHEMES)}"
            )

        def open_driver() -> neo4j.Driver:
            return neo4j.GraphDatabase.driver(
                uri,
                auth=(username, password),
                connection_timeout=10.0,
                max_transaction_retry_time=RETRY_SECONDS,
                # Soon again after a deadlock, seldom after a while without an answer.
                initial_retry_delay=0.05,
                notifications_min_severity="OFF",
                user_agent="interestgraph",
            )

        try:
            driver = open_driver()
        except (ValueError, driver_errors.ConfigurationError) as error:
            raise ConfigurationError(f"NEO4J_URI {uri!r} is not a Bolt address: {error}") from error
        database = cls(driver, name, owned=True, uri=uri)
        database._reopen = open_driver
        try:
            with _mapped(where, username, name):
                driver.verify_connectivity()
                database.read("RETURN 1 AS one")
        except ValueError as error:  # what the driver makes of a port that is no number
            driver.close()
            raise ConfigurationError(f"NEO4J_URI {uri!r} is not a Bolt address: {error}") from error
        except InterestGraphError:
            driver.close()
            raise
        return database

    def __enter__(self) -> Database:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the driver, if this object opened it."""
        if self._owned:
            self._driver.close()

    def reconnect(self) -> None:
        """Drop connections to a server that was restarted; only where this object opened the driver."""
        if self._reopen is not None:
            self._driver.close()
            self._driver = self._reopen()

    def read(self, query: str | Query, **parameters: Any) -> list[Row]:
        """Run a read-only statement, tried again on transient errors; returns its rows.

        Args:
            query: name of a file in ``cypher/``, a `Query`, or Cypher text.
        """
        text = text_of(query)
        with self._session(neo4j.READ_ACCESS) as session:
            return session.execute_read(lambda tx: _rows(tx.run(text, parameters)))

    def write(self, query: str | Query, **parameters: Any) -> list[Row]:
        """Run one writing statement in one transaction; returns its rows.

        It is tried again only where the server says that nothing was committed.
        """
        return self.transact(lambda run: run(query, **parameters))

    def transact(self, work: Callable[[Callable[..., list[Row]]], T]) -> T:
        """Run several statements in one transaction: `work` gets a function that runs one of them.

        `work` may be called again if the server reports a transient error before committing.
        """
        with self._session(neo4j.WRITE_ACCESS) as session:

            def unit(tx: neo4j.ManagedTransaction) -> T:
                return work(lambda query, **parameters: _rows(tx.run(text_of(query), parameters)))

            return session.execute_write(unit)

    def run(self, query: str | Query, **parameters: Any) -> list[Row]:
        """Run a statement that manages its own transactions: schema commands, CALL IN TRANSACTIONS."""
        with self._session(neo4j.WRITE_ACCESS) as session:
            return _rows(session.run(neo4j.Query(text_of(query)), parameters))

    def stream(self, query: str | Query, **parameters: Any) -> Iterator[list[Any]]:
        """Yield the values of each record of a read-only statement, without keeping them all."""
        with self._session(neo4j.READ_ACCESS) as session:
            for record in session.run(neo4j.Query(text_of(query)), parameters):
                yield record.values()

    def ask(
        self, query: str | Query, parameters: Row, *, timeout: float, rows: int
    ) -> tuple[tuple[str, ...], list[list[Any]]]:
        """Run a read-only statement with limits; returns its columns, and the values of each of its rows.

        Args:
            query: name of a file in ``cypher/``, a `Query`, or Cypher text.
            parameters: of the statement.
            timeout: seconds after which the server stops it.
            rows: most rows that are fetched.

        Raises:
            QueryError: it took longer (``TransactionTimedOut`` is in the message), or the server refused it.
        """
        text = text_of(query)

        @neo4j.unit_of_work(timeout=timeout)
        def unit(tx: neo4j.ManagedTransaction) -> tuple[tuple[str, ...], list[list[Any]]]:
            result = tx.run(text, parameters)
            return tuple(result.keys()), [[_native(value) for value in record] for record in result.fetch(rows)]

        with self._session(neo4j.READ_ACCESS) as session:
            return session.execute_read(unit)

    def plan(self, query: str | Query, parameters: Row) -> list[str]:
        """The operators of the server's plan for a statement, indented, with the rows that it expects of each."""
        with self._session(neo4j.READ_ACCESS) as session:
            root = session.run(neo4j.Query("EXPLAIN " + text_of(query)), parameters).consume().plan

        def lines(node: dict[str, Any], depth: int) -> Iterator[str]:
            about = node.get("args", {})
            name = node["operatorType"].partition("@")[0]
            yield f"{'  ' * depth}{name}  {about.get('Details', '')}  [{about.get('EstimatedRows', 0):,.0f} rows]"
            for child in node.get("children", ()):
                yield from lines(child, depth + 1)

        return list(lines(root, 0)) if root else []

    def write_batches(
        self,
        query: str | Query,
        rows: Iterable[Any],
        *,
        size: int,
        workers: int = 1,
        progress: Callable[[int], None] | None = None,
        **parameters: Any,
    ) -> int:
        """Run a statement that takes a list parameter `rows` for every `size` rows; returns their number.

        With more than one worker, batches must not touch the same nodes' relationships (see the callers).
        """

        def one(batch: Sequence[Any]) -> int:
            self.write(query, rows=batch, **parameters)
            if progress:
                progress(len(batch))
            return len(batch)

        batches = batched(rows, size)
        if workers == 1:
            return sum(one(batch) for batch in batches)
        done = 0
        with ThreadPoolExecutor(workers) as pool:
            while window := list(islice(batches, workers * 2)):
                done += sum(pool.map(one, window))
        return done

    def server_version(self) -> tuple[str, str]:
        """The server's version (``2026.09.0``) and edition (``community`` or ``enterprise``)."""
        row = self.read("CALL dbms.components() YIELD versions, edition RETURN versions[0] AS version, edition")[0]
        return row["version"], row["edition"]

    def _check_disk(self) -> None:
        """Stop in good time: a Neo4j whose disk is full gives the database up, and may not open it again."""
        if self.disk is not None and (free := shutil.disk_usage(self.disk).free) < FREE_BYTES:
            raise DiskSpaceError(
                f"{free >> 20} MiB free in {self.disk}, writing needs {FREE_BYTES >> 20} MiB: free some, then run the "
                "same command again"
            )

    @contextmanager
    def _session(self, mode: str) -> Iterator[neo4j.Session]:
        if mode == neo4j.WRITE_ACCESS:
            self._check_disk()
        with _mapped(f"Neo4j at {self.uri}" if self.uri else "Neo4j", "", self.name, self._condition):
            session = self._driver.session(database=self.name, default_access_mode=mode, fetch_size=5000)
            try:
                yield session
            finally:
                _close(session)

    def _condition(self) -> str:
        """What the server says about the database that gave up; empty where it says nothing."""
        try:
            with self._driver.session(database="system") as session:
                record = session.run("SHOW DATABASE $name YIELD statusMessage", name=self.name).single()
        except (driver_errors.Neo4jError, driver_errors.DriverError):
            return ""
        return str(record["statusMessage"] or "") if record is not None else ""


def _native(value: Any) -> Any:
    """A value of a record with Python's own times, also within lists and maps."""
    if isinstance(value, list):
        return [_native(part) for part in value]
    if isinstance(value, dict):
        return {name: _native(part) for name, part in value.items()}
    return value.to_native() if hasattr(value, "to_native") else value


def batched(rows: Iterable[T], size: int) -> Iterator[list[T]]:
    """Lists of up to `size` rows."""
    iterator = iter(rows)
    while batch := list(islice(iterator, size)):
        yield batch


def connect(settings: Settings, progress: Callable[[str], None] | None = None) -> Database:
    """The database that the settings name; without ``NEO4J_URI`` the private server, started when it is not up.

    Raises:
        ServerError, DatabaseError, ConfigurationError: it cannot be had; the message says why.
    """
    if settings.neo4j_uri:
        if settings.neo4j_password is None:
            raise ConfigurationError(f"NEO4J_PASSWORD is not set, but NEO4J_URI is ({settings.neo4j_uri})")
        password = settings.neo4j_password.get_secret_value()
        return Database.connect(settings.neo4j_uri, settings.neo4j_username, password, settings.neo4j_database)
    from interestgraph.neo4j.server import PrivateServer

    info = PrivateServer(settings).start(progress)
    database = Database.connect(info.bolt_uri, info.username, info.password)
    database.disk = info.home
    return database


def _close(session: neo4j.Session) -> None:
    """Close a session; the driver leaves it open when its server died in a transaction, unless it is asked twice."""
    try:
        session.close()
    except driver_errors.DriverError:
        session.close()


def _rows(result: neo4j.Result) -> list[Row]:
    """The records as dictionaries. `neo4j.Record.data` goes through bytes one by one, so they are left out of it."""
    return [_row(record) for record in result]


def _row(record: neo4j.Record) -> Row:
    names = record.keys()
    heavy = {
        name: value for name, value in zip(names, record.values(), strict=True) if isinstance(value, bytes | bytearray)
    }
    if not heavy:
        return record.data()
    others = [name for name in names if name not in heavy]
    return {**(record.data(*others) if others else {}), **heavy}


def text_of(query: str | Query) -> str:
    """Cypher text of a file in ``cypher/``, given by its name, of a `Query`, or the text itself."""
    if isinstance(query, Query):
        return query.text
    return load_query(query).text if _NAME.match(query) else query


@contextmanager
def _mapped(where: str, username: str, database: str, condition: Callable[[], str] = str) -> Iterator[None]:
    """Turn driver errors into the package's own; `condition` tells how the database is when it gave up."""
    try:
        yield
    except driver_errors.AuthError as error:
        raise AuthenticationError(
            f"{where} refused the sign-in{f' of user {username}' if username else ''}: "
            "check NEO4J_USERNAME and NEO4J_PASSWORD"
        ) from error
    except (
        driver_errors.ServiceUnavailable,
        driver_errors.SessionExpired,
        driver_errors.ConnectionPoolError,
        driver_errors.DatabaseUnavailable,
        OSError,
    ) as error:
        raise UnavailableError(
            f"{where} does not answer ({_first_line(error)}): check that it runs and that NEO4J_URI is right; "
            "a private server starts with `interestgraph db start`"
        ) from error
    except driver_errors.Neo4jError as error:
        gave_up = (error.code or "").startswith("Neo.DatabaseError.Transaction.")
        raise _server_error(error, where, database, condition() if gave_up else "") from error
    except driver_errors.DriverError as error:
        raise QueryError(f"{where}: {_first_line(error)}") from error


def _server_error(error: driver_errors.Neo4jError, where: str, database: str, condition: str) -> InterestGraphError:
    message, code = error.message or "", error.code or ""
    told = f"{message} {condition}".lower()
    if "DatabaseNotFound" in code:
        return ConfigurationError(f"{where} has no database {database}: check NEO4J_DATABASE")
    if "AuthenticationRateLimit" in code:
        return AuthenticationError(
            f"{where} refuses to sign in after too many wrong passwords: check NEO4J_PASSWORD, and wait some seconds"
        )
    again = "free some, restart it (`interestgraph db stop` for a private one), then run the same command again"
    if any(sign in told for sign in ("no space left", "disk is full", "out of disk space")):
        return DiskSpaceError(f"{where} has no disk space left: {again}")
    if "ReadOnly" in code or "read only mode" in told:
        return DiskSpaceError(f"{where} takes no writes, as when its disk is full: {again}")
    if "needs to be restarted" in message:
        return UnavailableError(
            f"{where} gave up its database ({condition or _first_line(error)}): see its log, restart it, then run the "
            "same command again"
        )
    if "MemoryPool" in code or "OutOfMemory" in message:
        return QueryError(
            f"{where} has too little memory for this transaction: use smaller batches, or give the server more "
            f"(dbms.memory.transaction.total.max): {_first_line(error)}"
        )
    return QueryError(f"{where} refused the query: {_first_line(error)} ({code})")


def _first_line(error: BaseException) -> str:
    # Only what the server says is in `message`; errors of the driver itself have a text that says nothing there.
    message = error.message if isinstance(error, driver_errors.Neo4jError) else None
    text = (message or str(error)).strip()
    return text.splitlines()[0].rstrip(" :") if text else type(error).__name__

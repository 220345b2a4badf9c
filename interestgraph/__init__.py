"""interestgraph: a graph-database-backed interest graph platform.

::

    from interestgraph import InterestGraph

    with InterestGraph() as graph:
        graph.load("complete_journey")
        graph.enrich()
        graph.embed()
        graph.recommend("1228", n=10)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from interestgraph.errors import (
    AuthenticationError,
    ConfigurationError,
    DatabaseError,
    DataError,
    DiskSpaceError,
    DownloadError,
    InterestGraphError,
    JavaError,
    LoaderError,
    PortError,
    QueryError,
    SchemaMismatchError,
    ServerError,
    StateError,
    UnavailableError,
    UnknownIdError,
    UnknownItemError,
    UnknownRunError,
    UnknownUserError,
)

if TYPE_CHECKING:
    from interestgraph.async_client import AsyncInterestGraph
    from interestgraph.client import InterestGraph

__version__ = "0.1.0"

__all__ = [
    "AsyncInterestGraph",
    "AuthenticationError",
    "ConfigurationError",
    "DataError",
    "DatabaseError",
    "DiskSpaceError",
    "DownloadError",
    "InterestGraph",
    "InterestGraphError",
    "JavaError",
    "LoaderError",
    "PortError",
    "QueryError",
    "SchemaMismatchError",
    "ServerError",
    "StateError",
    "UnavailableError",
    "UnknownIdError",
    "UnknownItemError",
    "UnknownRunError",
    "UnknownUserError",
    "__version__",
]


def __getattr__(name: str) -> Any:
    # The client brings pydantic along; a program that only needs the errors or the version does not wait for it.
    if name == "InterestGraph":
        from interestgraph.client import InterestGraph

        return InterestGraph
    if name == "AsyncInterestGraph":
        from interestgraph.async_client import AsyncInterestGraph

        return AsyncInterestGraph
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

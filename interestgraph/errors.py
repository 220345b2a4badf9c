"""Every error that interestgraph raises.

::

    InterestGraphError
    ├── ConfigurationError          a setting or option is wrong or missing
    ├── LoaderError                 a loader specification is unknown or wrong
    ├── DataError                   a data file is missing, unreadable or has wrong columns or values
    ├── UnknownIdError              the graph has no such node
    │   ├── UnknownUserError
    │   ├── UnknownItemError
    │   └── UnknownRunError
    ├── StateError                  the graph is not in the state that the call needs
    │   └── SchemaMismatchError     an index or a stored parameter disagrees with the call
    ├── DiskSpaceError              not enough free disk
    ├── ServerError                 the private Neo4j server cannot be provided
    │   ├── JavaError               no usable Java
    │   ├── DownloadError           a jar cannot be fetched or has a wrong checksum
    │   └── PortError               a port is taken
    └── DatabaseError               a Neo4j server answered with an error
        ├── UnavailableError        it cannot be reached, or went away
        ├── AuthenticationError     it refused the user name or password
        └── QueryError              it refused a query

A message says what happened, to which file, row or id, and what to do about it, in one line. Errors of
lower levels are mapped to this tree by class, in `interestgraph.neo4j`, and kept as ``__cause__``.
"""

from __future__ import annotations


class InterestGraphError(Exception):
    """Base of all errors of this package."""


class ConfigurationError(InterestGraphError):
    """A setting or option is wrong or missing."""


class LoaderError(InterestGraphError):
    """A loader specification is unknown or wrong."""


class DataError(InterestGraphError):
    """A data file is missing, unreadable, or has wrong columns or values."""


class UnknownIdError(InterestGraphError):
    """The graph has no node with that id."""


class UnknownUserError(UnknownIdError):
    """The graph has no such user."""


class UnknownItemError(UnknownIdError):
    """The graph has no such item."""


class UnknownRunError(UnknownIdError):
    """The graph has no such embedding run."""


class StateError(InterestGraphError):
    """The graph is not in the state that the call needs."""


class SchemaMismatchError(StateError):
    """An index or a stored parameter disagrees with the call."""


class DiskSpaceError(InterestGraphError):
    """Not enough free disk."""


class ServerError(InterestGraphError):
    """The private Neo4j server cannot be provided."""


class JavaError(ServerError):
    """No usable Java was found."""


class DownloadError(ServerError):
    """A jar cannot be fetched or has a wrong checksum."""


class PortError(ServerError):
    """A port that was asked for is taken."""


class DatabaseError(InterestGraphError):
    """A Neo4j server answered with an error."""


class UnavailableError(DatabaseError):
    """The Neo4j server cannot be reached, or went away."""


class AuthenticationError(DatabaseError):
    """The Neo4j server refused the user name or the password."""


class QueryError(DatabaseError):
    """The Neo4j server refused a query."""

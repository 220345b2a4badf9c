"""The query files in ``cypher/``: one statement a file, with a header that says what it is.

A header is the block of ``//`` lines at the top, ``// key: text`` each::

    // purpose: one line, or several lines that begin with //
    // parameters: userId STRING, limit INTEGER
    // returns: itemId STRING, score FLOAT
    // mode: READ | WRITE | SCHEMA
    // batched: rows            (optional) written in batches over that list parameter
    // relationship: PURCHASED  (optional) the type that stands for any behaviour type

The last key exists because Cypher takes no parameter for an index-friendly relationship type: the
file is runnable as it stands, and `Query.for_relationship` puts another type of the closed list
`interestgraph.model.BEHAVIOURS` in its place, also where it stands as the text of a name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from pathlib import Path

from interestgraph.errors import ConfigurationError
from interestgraph.model import BEHAVIOURS

_HEADER = re.compile(r"^//\s*(\w+):\s*(.*)$")
_CONTINUATION = re.compile(r"^//\s*(.*)$")
_VECTORS = re.compile(r"\.embedding(Run|Folded)?\b")
_VECTOR_INDEX = re.compile(r"\b(\w+_embedding)\b")
MODES = ("READ", "WRITE", "SCHEMA")


@dataclass(frozen=True)
class Query:
    """One statement of ``cypher/`` and what its header says about it."""

    name: str
    text: str
    purpose: str
    parameters: tuple[str, ...]
    """Names of the parameters, without ``$``."""
    returns: tuple[str, ...]
    """Names of the columns."""
    mode: str
    relationship: str | None = None

    def for_relationship(self, behaviour: str) -> Query:
        """The same statement for another behaviour type.

        Raises:
            ConfigurationError: `behaviour` is not in the closed list, or the file has no such slot.
        """
        if behaviour not in BEHAVIOURS:
            raise ConfigurationError(f"unknown behaviour type {behaviour}: one of {', '.join(BEHAVIOURS)}")
        if self.relationship is None:
            raise ConfigurationError(f"query {self.name} has no relationship slot")
        text = self.text.replace(f":{self.relationship}", f":{behaviour}")
        return replace(self, text=text.replace(f"'{self.relationship}'", f"'{behaviour}'"))

    def beside(self) -> Query:
        """The same statement for the vectors and vector indexes that are built beside those that serve.

        While vectors of other dimensions come in, property `embedding` and index `item_embedding` are called
        `embeddingNext` and `item_embedding_next`.
        """
        text = _VECTORS.sub(r".embeddingNext\1", self.text)
        return replace(self, text=_VECTOR_INDEX.sub(r"\1_next", text))

    def cypher25(self) -> Query:
        """The same statement in the Cypher that takes VECTOR parameters (Neo4j 2025.10 and newer)."""
        return replace(self, text=f"CYPHER 25 {self.text}")


def data_folder(name: str) -> Path:
    """Folder ``cypher`` or ``loaders``: in an installed wheel inside the package, else in the checkout."""
    packaged = Path(str(resources.files("interestgraph"))) / "_data" / name
    return packaged if packaged.is_dir() else Path(__file__).parents[2] / name


def query_names() -> list[str]:
    """Names of all query files, such as ``serve/trending``, sorted."""
    root = data_folder("cypher")
    return sorted(path.relative_to(root).with_suffix("").as_posix() for path in root.rglob("*.cypher"))


def query_path(name: str) -> Path:
    """The file of a query."""
    return data_folder("cypher") / f"{name}.cypher"


@cache
def load_query(name: str) -> Query:
    """Read ``cypher/<name>.cypher``.

    Raises:
        ConfigurationError: there is no such file, or its header lacks a key.
    """
    path = query_path(name)
    if not path.is_file():
        raise ConfigurationError(f"no query {name}: `interestgraph query list` names them all")
    return parse_query(name, path.read_text(encoding="utf-8"))


def parse_query(name: str, text: str) -> Query:
    """Split `text` into header and statement.

    Raises:
        ConfigurationError: the header lacks a key, or names an unknown mode.
    """
    header: dict[str, str] = {}
    key = ""
    lines = text.splitlines()
    end = next((n for n, line in enumerate(lines) if line.strip() and not line.startswith("//")), len(lines))
    for line in lines[:end]:
        if match := _HEADER.match(line):
            key = match[1]
            header[key] = match[2].strip()
        elif key and (match := _CONTINUATION.match(line)):
            header[key] = f"{header[key]} {match[1].strip()}".strip()
    missing = [wanted for wanted in ("purpose", "parameters", "returns", "mode") if wanted not in header]
    if missing:
        raise ConfigurationError(f"query {name}: header lacks {', '.join(missing)}")
    if header["mode"] not in MODES:
        raise ConfigurationError(f"query {name}: mode {header['mode']} is not one of {', '.join(MODES)}")
    return Query(
        name=name,
        text="\n".join(lines[end:]).strip().rstrip(";"),
        purpose=header["purpose"],
        parameters=_names(header["parameters"]),
        returns=_names(header["returns"]),
        mode=header["mode"],
        relationship=header.get("relationship"),
    )


def _names(listing: str) -> tuple[str, ...]:
    """``a STRING, b LIST<MAP>`` -> (a, b); ``none`` -> ()."""
    if listing.strip() in ("", "none"):
        return ()
    return tuple(part.split()[0] for part in re.split(r",\s*(?![^<(\[]*[>)\]])", listing))

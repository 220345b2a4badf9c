"""The files for Neo4j Browser: favourites in folders, a style sheet, a guide.

Browser 5.24 takes them as its own code does (`FileDrop`, `fetchRemoteGrass`, `:play`): a ``.zip`` of ``.cypher`` files
dropped onto its window becomes favourites, the folders in it folders; ``:style URL`` and ``:play URL`` fetch from
hosts of its list, which has localhost.
"""

from __future__ import annotations

import json
import re
import zipfile
from dataclasses import dataclass
from html import escape
from importlib import resources
from pathlib import Path
from typing import Any

from interestgraph.analysis.question import load_question, question_names
from interestgraph.neo4j.connection import Database
from interestgraph.neo4j.queries import Query, load_query, query_names

STYLE, GUIDE, FAVOURITES = "interestgraph.grass", "guide.html", "favourites.zip"
PICTURES = "pictures"
"""Folder of the favourites that draw."""
LIMIT = 12
"""How much a picture shows."""


@dataclass(frozen=True)
class Examples:
    """Ids of this graph that favourites and guide begin with."""

    user: str
    item: str
    category: str

    @classmethod
    def of(cls, database: Database) -> Examples:
        """A much-used user, item and category; empty where there are none."""
        (row,) = database.read("browser/examples")
        return cls(*(row[name] or "" for name in ("userId", "itemId", "category")))


def write_kit(database: Database, folder: Path, address: str) -> None:
    """Write the three files.

    Args:
        database: the graph, for ids to begin with.
        folder: where to.
        address: URL under which the folder is served, with a final slash.
    """
    examples = Examples.of(database)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / STYLE).write_text(_file(STYLE), encoding="utf-8")
    guide = _file(GUIDE).replace("{style}", f"{address}{STYLE}")
    for mark, value in (("{user}", examples.user), ("{item}", examples.item)):
        guide = guide.replace(mark, escape(_quoted(value)))
    (folder / GUIDE).write_text(guide, encoding="utf-8")
    with zipfile.ZipFile(folder / FAVOURITES, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in sorted(favourites(examples).items()):
            # The same graph gives the same bytes.
            archive.writestr(zipfile.ZipInfo(name), text)


def favourites(examples: Examples) -> dict[str, str]:
    """Path in the archive -> statement, with a title and values for its parameters."""
    found = {}
    for name in query_names():
        group, _, short = name.partition("/")
        if group == "browser" and short != "examples":
            found[f"{PICTURES}/{short}.cypher"] = _favourite(load_query(name), _values(load_query(name), examples))
    for name in question_names():
        question = load_question(name)
        values = {part.name: part.example if part.required else part.default for part in question.parameters}
        values |= _values(question.query, examples, tuple(values))
        found[f"{question.area}/{name}.cypher"] = _favourite(question.query, values)
    return found


def _values(query: Query, examples: Examples, known: tuple[str, ...] | None = None) -> dict[str, Any]:
    """Ids of this graph for the parameters that name one, and limits."""
    given: dict[str, Any] = {"userId": examples.user, "itemId": examples.item}
    if known is None:
        given |= {"category": examples.category, "limit": LIMIT}
    return {name: given[name] for name in query.parameters if given.get(name)}


def _favourite(query: Query, values: dict[str, Any]) -> str:
    """A title, what it asks, and the statement with its values: Browser hides what several commands answer."""
    title = query.name.partition("/")[2].replace("_", " ").capitalize()
    lines = [f"// {title}", f"// {query.purpose}"]
    if values:
        lines.append(f"// with {', '.join(f'{name} = {_literal(value)}' for name, value in values.items())}")
    text = re.sub(r"\$(\w+)", lambda found: _literal(values[found[1]]), query.text)
    return "\n".join([*lines, f"{text};\n"])


def _literal(value: Any) -> str:
    if isinstance(value, str):
        return f"'{_quoted(value)}'"
    if isinstance(value, list):
        return f"[{', '.join(_literal(part) for part in value)}]"
    return json.dumps(value)


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace("'", "\\'")


def _file(name: str) -> str:
    return (resources.files("interestgraph") / "browser" / "files" / name).read_text(encoding="utf-8")

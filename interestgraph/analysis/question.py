"""Questions: the files of ``cypher/analysis/``, whose headers say more than those of other statements.

After the keys of `interestgraph.neo4j.queries` come::

    // area: items
    // where:
    //   days = 28: length of both periods, in whole weeks
    //   category = null, such as "GROCERY": only items of this category and below it
    //   userId, such as "1228": the user (no default: it has to be given)
    // cost: moderate                   (or fast, or `slow: why`)
    // rows: 200                        (most rows that are returned)
    // people: minUsers                 (optional: the parameter below which groups of people are left out)
    // caveats: what to keep in mind when reading the answer (optional; printed with it)

Defaults and examples are JSON. A time that is null is that of the latest event.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from interestgraph.errors import ConfigurationError
from interestgraph.neo4j.queries import Query, load_query, query_names, query_path

FOLDER = "analysis"
AREAS = ("neighbourhood", "people", "items", "communities", "marketing")
COSTS = ("fast", "moderate", "slow")
"""About 0.1 s, 1 s, and longer, on the Complete Journey."""

_TYPED = re.compile(r"(\w+) ([A-Z]+(?:<[A-Z]+>)?)")
_WHERE = re.compile(r"^//\s+(\w+)(?: = (.+?))?(?:, such as (.+?))?: (.+)$")


@dataclass(frozen=True)
class Parameter:
    """One parameter of a question."""

    name: str
    kind: str
    """Cypher type: STRING, INTEGER, FLOAT, BOOLEAN, DATETIME or LIST<STRING>."""
    about: str
    required: bool
    default: Any
    example: Any
    """Something that could be given; the default where the header has no other."""

    @property
    def shown(self) -> str:
        """An example as it is typed on the command line: ``userId=1228``."""
        value = self.example
        text = ",".join(value) if isinstance(value, list) else value if isinstance(value, str) else json.dumps(value)
        return f"{self.name}='{text}'" if re.search(r"[^\w.:+-]", text) else f"{self.name}={text}"


@dataclass(frozen=True)
class Question:
    """One file of ``cypher/analysis/``."""

    name: str
    query: Query
    area: str
    parameters: tuple[Parameter, ...]
    rows: int
    """Most rows that are returned."""
    people: str | None
    """The parameter with the least number of people in a group that is shown."""
    cost: str
    reason: str
    """Why it is slow, if it is."""
    caveats: str

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns."""
        return self.query.returns

    @property
    def command(self) -> str:
        """How to ask it, with examples for what has to be given."""
        needed = "".join(f" -p {parameter.shown}" for parameter in self.parameters if parameter.required)
        return f"interestgraph query run {self.name}{needed}"


def question_names() -> list[str]:
    """Names of all questions, such as ``rising_items``, sorted."""
    return [name.removeprefix(f"{FOLDER}/") for name in query_names() if name.startswith(f"{FOLDER}/")]


@cache
def load_question(name: str) -> Question:
    """Read ``cypher/analysis/<name>.cypher``.

    Raises:
        ConfigurationError: there is no such question (close names are told), or its header is not complete.
    """
    from difflib import get_close_matches

    name = name.removeprefix(f"{FOLDER}/")
    names = question_names()
    if name not in names:
        close = get_close_matches(name.replace("-", "_"), names, 3, 0.5)
        hint = f"; did you mean {' or '.join(close)}?" if close else ""
        raise ConfigurationError(f"no question {name}{hint} (`interestgraph query list` names them all)")
    query = load_query(f"{FOLDER}/{name}")
    return parse_question(name, query, query_path(query.name).read_text(encoding="utf-8"))


def parse_question(name: str, query: Query, text: str) -> Question:
    """Read what the header of a question says beside the keys of all statements.

    Raises:
        ConfigurationError: a key is missing, or names something that there is not.
    """
    header = dict(re.findall(r"^// (area|cost|rows|people|caveats): (.+)$", text, re.MULTILINE))
    caveats = re.search(r"^// caveats: (.+(?:\n//(?! \w+:).+)*)", text, re.MULTILINE)
    missing = [key for key in ("area", "cost", "rows") if key not in header]
    if missing:
        raise ConfigurationError(f"question {name}: header lacks {', '.join(missing)}")
    cost, _, reason = header["cost"].partition(": ")
    if header["area"] not in AREAS or cost not in COSTS or (cost == "slow") != bool(reason):
        raise ConfigurationError(f"question {name}: area or cost of the header is wrong: {header}")
    people = header.get("people")
    if people is not None and people not in query.parameters:
        raise ConfigurationError(f"question {name}: people names no parameter: {people}")
    parameters = _parameters(name, query, text)
    told = re.sub(r"\s*\n//\s*", " ", caveats[1]) if caveats else ""
    return Question(name, query, header["area"], parameters, int(header["rows"]), people, cost, reason, told)


def _parameters(name: str, query: Query, text: str) -> tuple[Parameter, ...]:
    line = re.search(r"^// parameters: (.*)$", text, re.MULTILINE)
    kinds = dict(_TYPED.findall(line[1])) if line else {}
    lines = text.split("// where:\n", 1)[1].splitlines() if "// where:\n" in text else []
    found: dict[str, Parameter] = {}
    for entry in lines:
        match = _WHERE.match(entry)
        if not match or match[1] not in kinds or not entry.startswith("//   "):
            break
        default, example = (json.loads(part) if part else None for part in match.groups()[1:3])
        required = match[2] is None
        shown = example if match[3] else default
        found[match[1]] = Parameter(match[1], kinds[match[1]], match[4], required, default, shown)
    if list(found) != list(query.parameters):
        raise ConfigurationError(
            f"question {name}: `where` describes {', '.join(found) or 'nothing'}, the parameters are "
            f"{', '.join(query.parameters) or 'none'}"
        )
    return tuple(found.values())

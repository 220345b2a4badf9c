"""Write docs/analysis.md from the headers of cypher/analysis/; `--check` says whether it is up to date."""

from __future__ import annotations

import sys
from pathlib import Path

from interestgraph.analysis.question import AREAS, Question, load_question, question_names

TARGET = Path(__file__).with_name("analysis.md")
HEAD = """# Questions

Written by `make docs` from the headers of `cypher/analysis/`. Each is one Cypher statement that only reads, for Neo4j
Community without plugins. The same question is asked in three ways:

- `interestgraph query run rising_items -p days=28` (`--csv`, `--json`, `--html`; see also `query list`, `query show`),
- `graph.query("rising_items", days=28).to_pandas()` in Python, and as a coroutine of `AsyncInterestGraph`,
- pasted into Neo4j Browser from `query show`, with `:param` for its parameters.

Parameters in **bold** have to be given; the others show their defaults. `asOf` is the moment that a question is asked
for, by default that of the latest event; periods are whole weeks before it where events are counted by week. Where
people are counted, groups below `minUsers` (or what the header names) are left out. Questions about purchases are asked
of any other behaviour with `--behaviour RATED`. What is slow says why.
"""


def row(question: Question) -> str:
    """One line of the table."""
    parameters = []
    for part in question.parameters:
        parameters.append(f"**{part.name}**" if part.required else f"{part.name}={_text(part.default)}")
    columns = ", ".join(question.columns)
    cost = f"slow: {question.reason}" if question.reason else question.cost
    cells = (f"`{question.name}`", question.query.purpose, ", ".join(parameters) or "none", columns, cost)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _text(value: object) -> str:
    return "none" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def reference() -> str:
    """The whole page."""
    questions = sorted((load_question(name) for name in question_names()), key=lambda q: (AREAS.index(q.area), q.name))
    lines = [HEAD]
    for area in AREAS:
        lines += [
            f"## {area.title()}\n",
            "| name | question | parameters | columns | cost |",
            "| --- | --- | --- | --- | --- |",
        ]
        lines += [row(question) for question in questions if question.area == area]
        lines.append("")
    return "\n".join(lines)


if __name__ == "__main__":
    text = reference()
    if "--check" in sys.argv:
        sys.exit(
            0 if TARGET.read_text(encoding="utf-8") == text else "docs/analysis.md is out of date: run `make docs`"
        )
    TARGET.write_text(text, encoding="utf-8")

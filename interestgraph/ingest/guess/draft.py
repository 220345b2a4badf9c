"""A guessed specification as TOML, with comments that say what was taken and what was not."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from interestgraph.ingest.guess.layout import Layout
from interestgraph.ingest.guess.profile import Column
from interestgraph.ingest.guess.roles import Choice, Roles
from interestgraph.ingest.guess.words import worth
from interestgraph.model import BEHAVIOURS


@dataclass(frozen=True)
class Draft:
    """What a specification is written from."""

    path: Path
    name: str
    layout: Layout
    columns: Sequence[Column]
    roles: Roles
    renamed: Mapping[str, str]
    """Columns of a file without names -> what they are called in the specification."""
    undated: datetime

    def text(self, head: Sequence[str]) -> str:
        """The TOML file; `head` are comments at its beginning."""
        parts = [
            [f"# {line}" for line in head],
            [f"name = {_quoted(self.name)}", f"title = {_quoted(self.path.name)}"],
            ["[files]", f"events = {_quoted(self.path.name)}"],
            list(self._format()),
            list(self._events()),
            *(list(self._behaviour(name)) for name in BEHAVIOURS if name in self._behaviours()),
            list(self._items()),
            list(self._unused()),
        ]
        return "\n\n".join("\n".join(part) for part in parts if part) + "\n"

    def _format(self) -> Iterator[str]:
        form = self.layout.form
        if form is None:
            return
        yield "[formats.events]"
        yield from (f"# {line}" for line in self.layout.why)
        if form.adjacency:
            yield "adjacency = true"
        else:
            yield f"delimiter = {_quoted(form.delimiter or ',')}"
        if form.columns:
            yield f"columns = {_listed([self.renamed.get(column, column) for column in form.columns])}"
        if form.encoding != "utf-8":
            yield f"encoding = {_quoted(form.encoding)}"

    def _events(self) -> Iterator[str]:
        chosen, roles = self.roles.chosen, self.roles
        yield "[events]"
        yield 'file = "events"'
        yield from self._column("user", chosen["user"])
        yield from self._column("item", chosen["item"])
        yield from self._time()
        if "behaviour" in chosen:
            yield from self._column("behaviour_column", chosen["behaviour"])
            yield from self._unknown()
        else:
            yield f"# {roles.behaviour_why}"
            yield f"behaviour = {_quoted(str(roles.behaviour))}"
        if "quantity" in chosen:
            yield from self._column("quantity", chosen["quantity"])
        if roles.returns:
            yield "# Some quantities are negative: taken for returns, which lower interest."
            yield 'negative_quantity = "RETURNED"'
        yield from self._value()

    def _time(self) -> Iterator[str]:
        times = self.roles.times
        if times is None:
            yield "# CHECK: no column holds times, so all events are of this moment (that of the file), without decay."
            for column, why in self.roles.unused.items():
                if why.startswith("named like a time"):
                    yield f"# {_line(column)}: {_line(why)}."
            yield f"undated = {self.undated:%Y-%m-%d}"
            return
        yield from self._column("time", self.roles.chosen["time"])
        yield f"# From {times.first:%Y-%m-%d %H:%M} to {times.last:%Y-%m-%d %H:%M} in the rows looked at."
        if times.pattern != "auto":
            if times.other:
                yield f"# CHECK: {times.other} fits as well; this is the one by which the log spans less time."
            yield f"time_format = {_quoted(times.pattern)}"
        if not times.epoch and "%z" not in times.pattern:
            yield '# Of times without a zone of their own, such as "Europe/Berlin".'
            yield 'timezone = "UTC"'

    def _unknown(self) -> Iterator[str]:
        if self.roles.unknown:
            listed = ", ".join(f"{value} ({count:,})" for value, count in self.roles.unknown)
            yield f"# CHECK: rejected as unknown until they stand under a behaviour's values: {_line(listed)}"

    def _value(self) -> Iterator[str]:
        chosen, roles = self.roles.chosen, self.roles
        if "rating" in chosen and roles.scale is not None:
            yield from self._column("value", chosen["rating"])
            yield 'value_meaning = "rating"'
            yield "# Ratings below `neutral` lower interest; `high` counts the full strength."
            yield f"rating = {{ neutral = {roles.scale / 2:g}, high = {roles.scale:g} }}"
        elif "value" in chosen:
            yield from self._column("value", chosen["value"])
        elif "price" in chosen and "quantity" in chosen:
            yield from self._column("unit_price", chosen["price"])
        elif "price" in chosen:
            yield from self._column("value", chosen["price"])

    def _behaviours(self) -> set[str]:
        roles = self.roles
        named = set(roles.behaviours) or {str(roles.behaviour)}
        return named | ({"RETURNED"} if roles.returns else set())

    def _behaviour(self, name: str) -> Iterator[str]:
        strength, half_life = worth(name)
        alone = len(self._behaviours() - {"RETURNED"}) == 1 and name != "RETURNED"
        yield f"[behaviours.{name}]"
        values = self.roles.behaviours.get(name, [])
        if values:
            yield f"# {sum(count for _, count in values):,} of the rows looked at."
            yield f"values = {_listed([value for value, _ in values])}"
        yield f"strength = {1.0 if alone else strength}"
        yield f"half_life = {half_life:g}"
        if name == "PURCHASED" or alone:
            yield "primary = true"

    def _items(self) -> Iterator[str]:
        chosen, categories = self.roles.chosen, self.roles.categories
        described = [key for key in ("title", "brand", "price") if key in chosen]
        if not described and categories is None:
            return
        yield "[items]"
        yield 'file = "events"'
        yield f"id = {_quoted(self._named(chosen['item'].column))}"
        for key in described:
            yield from self._column(key, chosen[key])
        if categories is None:
            return
        yield f"# {_line(categories.why)}"
        names = [self._named(column) for column in categories.columns]
        if categories.form == "levels":
            yield f"categories = {_listed(names)}"
        elif categories.form == "path":
            yield f"category_path = {_quoted(names[0])}"
            yield f"separator = {_quoted(categories.separator)}"
        else:
            yield f"category_list = {_quoted(names[0])}"
            yield f"list_separator = {_quoted(categories.separator)}"

    def _unused(self) -> Iterator[str]:
        rest = [column for column in self.columns if self.roles.free(column)]
        if self.roles.scale is not None:
            # One number an event: the rating stands for it.
            rest += [column for column in self.columns if column.name == self._beside_rating()]
        if not rest:
            return
        yield "# Not used:"
        for column in rest:
            why = self.roles.unused.get(column.name, column.told)
            yield f"#   {_line(self._named(column.name))}: {_line(why)}"

    def _beside_rating(self) -> str | None:
        choice = self.roles.chosen.get("value")
        return None if choice is None else choice.column

    def _column(self, key: str, choice: Choice) -> Iterator[str]:
        yield f"# {_line(choice.why)}"
        yield f"{key} = {_quoted(self._named(choice.column))}"

    def _named(self, column: str) -> str:
        return self.renamed.get(column, column)


def _quoted(text: str) -> str:
    """A basic string; TOML has the escapes of JSON."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _listed(texts: Sequence[str]) -> str:
    return f"[{', '.join(_quoted(text) for text in texts)}]"


def _line(text: str) -> str:
    """Text that can stand in a comment."""
    return "".join(letter if letter.isprintable() else " " for letter in text)

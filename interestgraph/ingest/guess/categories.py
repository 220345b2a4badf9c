"""Which columns hold the category of an item, and how: levels, a path in one column, or a list."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import ibis.expr.types as ir

from interestgraph.ingest.guess.profile import Column, dependent
from interestgraph.ingest.guess.words import fit, words
from interestgraph.ingest.read import as_text

PATH_SIGNS = (">", "/", ".", "|", ";", ",", " ")
"""What may stand between levels or entries, the surest first."""
_TAGS = {"genre", "genres", "tag", "tags"}
"""Words of columns with several categories side by side."""
_PLURALS = {"categories", "kategorien", "categorias", "class"}
"""Words of columns with several categories, or with a path."""
_LEVELS = {
    "main",
    "sub",
    "subcategory",
    "subcat",
    "level",
    "department",
    "aisle",
    "section",
    "class",
    "subclass",
    "top",
}


@dataclass(frozen=True)
class Categories:
    """Where the categories are."""

    columns: tuple[str, ...]
    form: Literal["levels", "path", "list"]
    separator: str
    """Between levels or entries of text; ``>`` where there is nothing to separate."""
    why: str


def find_categories(table: ir.Table, columns: Sequence[Column], item: str, unused: dict[str, str]) -> Categories | None:
    """Find category columns by name, of which items have one value each; others get a reason in `unused`."""
    named = []
    for column in sorted(columns, key=lambda column: -fit("category", column.name)):
        if not fit("category", column.name) or not column.filled:
            continue
        if column.kind == "other" or (column.kind == "list" and _nested(table, column)):
            unused.setdefault(column.name, "named like a category, but its values are records or lists of lists")
            continue
        share = dependent(table, [item], column.name)
        if share is not None and share < 0.6:
            unused.setdefault(column.name, f"named like a category, but {1 - share:.0%} of the items have several")
            continue
        named.append(column)
    for column in named:
        structured = _structured(table, column)
        if structured is not None:
            return structured
    levels = [column for column in named if set(words(column.name)) & _LEVELS or words(column.name)[-1].isdigit()]
    if levels and len(named) > 1:
        # Top levels have the fewest values.
        ordered = sorted(named, key=lambda column: column.distinct)
        counts = ", ".join(f"{column.distinct:,}" for column in ordered)
        names = tuple(column.name for column in ordered)
        return Categories(names, "levels", ">", f"Named like categories; {counts} different values, fewest on top.")
    if named:
        return Categories((named[0].name,), "path", ">", f"Named like a category; {named[0].told}.")
    return None


def _nested(table: ir.Table, column: Column) -> bool:
    return not table[column.name].type().value_type.is_string()


def _structured(table: ir.Table, column: Column) -> Categories | None:
    """A column whose values have parts."""
    if column.kind == "list":
        return _path_or_list(column, ">", _sampled(table[column.name]), "a list of texts")
    texts: list[str] = _sampled(as_text(table[column.name]))
    # RecBole writes lists of words with a space between them.
    signs = PATH_SIGNS if column.name.endswith(":token_seq") else PATH_SIGNS[:-1]
    for sign in signs:
        parts = [text.split(sign) for text in texts]
        sentence = sign == "." and any(". " in text for text in texts)
        needed = 0.3 if sign != "," or set(words(column.name)) & (_TAGS | _PLURALS) else 1.1
        if not sentence and sum(len(part) > 1 for part in parts) >= needed * max(1, len(parts)):
            return _path_or_list(column, sign, parts, f"its parts are separated by {sign!r}")
    return None


def _sampled(column: ir.Value) -> list[Any]:
    values = column.name("value").as_table().distinct().drop_null().order_by("value").limit(2000)
    return [row["value"] for row in values.to_pyarrow().to_pylist()]


def _path_or_list(column: Column, sign: str, parts: list[list[str]], told: str) -> Categories:
    """A path where the name does not speak of several and each part is below one other; else a list."""
    above = defaultdict(set)
    for names in parts:
        for upper, lower in pairwise(names):
            above[lower].add(upper)
    tree = sum(len(found) == 1 for found in above.values()) >= 0.9 * len(above)
    named = set(words(column.name))
    if sign in (",", " ") or named & _TAGS:
        is_list = True
    else:
        is_list = bool(named & _PLURALS) and (not tree or sign in ("|", ";"))
    form: Literal["path", "list"] = "list" if is_list else "path"
    meant = "read as a list" if is_list else "read as a path from the top down"
    return Categories((column.name,), form, sign, f"Named like a category; {told}, {meant}; {column.told}.")

"""Which column is what: by its name where the content agrees, else by the content alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import ibis.expr.types as ir

from interestgraph.ingest.guess.categories import Categories, find_categories
from interestgraph.ingest.guess.layout import Layout
from interestgraph.ingest.guess.profile import Column, Times, dependent, times
from interestgraph.ingest.guess.words import CODES, behaviour_of, fit, words

SURE = 0.9
"""Share of a column's values that have to be what its name says."""
SCALES = (1.0, 5.0, 10.0, 100.0)
_WORDS_OF_FILES = {
    "PLAYED": "play plays playcount listen listens listening stream streams watch hours spotify lastfm song "
    "track artist",
    "VISITED": "checkin checkins visit visits poi venue gowalla foursquare restaurant hotel",
    "CLICKED": "click clicks clicklog",
    "VIEWED": "view views pageview pageviews impressions",
    "REVIEWED": "review reviews reviewer",
    "FAVOURITED": "favorites favourites likes wishlist",
    "PURCHASED": "order orders purchase purchases sales transactions transaction basket baskets invoice invoices "
    "receipt bestellung bestellungen kauf kaeufe rechnung verkauf commande commandes achat achats pedido pedidos "
    "compra compras",
}


@dataclass(frozen=True)
class Choice:
    """A column for a role."""

    column: str
    why: str


@dataclass
class Roles:
    """What the columns of a log were taken for."""

    chosen: dict[str, Choice] = field(default_factory=dict)
    """Role, as in `interestgraph.ingest.guess.words.NAMES`, -> column; categories are apart."""
    unused: dict[str, str] = field(default_factory=dict)
    """Column -> why it was not taken, though its name spoke for it."""
    times: Times | None = None
    behaviours: dict[str, list[tuple[str, int]]] = field(default_factory=dict)
    """Behaviour -> values that mean it, with their numbers of rows."""
    unknown: list[tuple[str, int]] = field(default_factory=list)
    """Values of the behaviour column whose meaning is not known."""
    behaviour: str | None = None
    """What every row is, where no column says it."""
    behaviour_why: str = ""
    scale: float | None = None
    """The best rating."""
    returns: bool = False
    """Whether some quantities are negative."""
    categories: Categories | None = None

    def free(self, column: Column) -> bool:
        """Whether a column has no role yet."""
        return column.name not in {choice.column for choice in self.chosen.values()} and (
            self.categories is None or column.name not in self.categories.columns
        )


def find_roles(table: ir.Table, columns: list[Column], layout: Layout, path: Path, now: datetime) -> Roles:
    """Find out what the columns of a sample are."""
    roles = Roles()
    _find_time(roles, table, columns, now)
    _find_behaviour(roles, columns)
    for role in ("rating", "quantity", "value", "price"):
        _find_number(roles, columns, role)
    for role in ("user", "item"):
        _by_name(roles, columns, role, _is_id)
    _find_ids(roles, columns)
    if not layout.has_names:
        _find_rating(roles, columns)
    _find_descriptions(roles, table, columns, layout)
    if not roles.behaviours:
        roles.behaviour, roles.behaviour_why = _one_behaviour(roles, columns, path)
    return roles


def _by_name(roles: Roles, columns: list[Column], role: str, refusal: Callable[[Column], str | None]) -> Column | None:
    """Take the free column whose name fits best, of those that `refusal` says nothing against."""
    ranked = sorted(
        (column for column in columns if fit(role, column.name) and roles.free(column)),
        key=lambda column: -fit(role, column.name),
    )
    for column in ranked:
        reason = refusal(column)
        if reason is None:
            roles.unused.pop(column.name, None)
            roles.chosen[role] = Choice(column.name, f"Named like {_a(role)}; {column.told}.")
            return column
        roles.unused.setdefault(column.name, f"named like {_a(role)}, but {reason}")
    return None


def _a(role: str) -> str:
    return f"an {role}" if role == "item" else f"a {role}"


def _find_time(roles: Roles, table: ir.Table, columns: list[Column], now: datetime) -> None:
    named: dict[str, Times] = {}

    def refusal(column: Column) -> str | None:
        found = times(table, column, now)
        if found is None or found.share < SURE:
            share = 0.0 if found is None else found.share
            return f"only {share:.0%} of its values can be read as times, such as {column.example!r}"
        named[column.name] = found
        return None

    column = _by_name(roles, columns, "time", refusal)
    if column is not None:
        roles.times = named[column.name]
        return
    guessed = {}
    for other in columns:
        # Numbers are as likely ids; they have to be times of the internet.
        found = times(table, other, now) if not fit("time", other.name) else None
        if found is not None and found.share >= SURE and not (found.epoch and found.first.year < 1995):
            guessed[other.name] = found
    if guessed:
        name = max(guessed, key=lambda key: (not guessed[key].epoch, guessed[key].share))
        roles.times = guessed[name]
        roles.chosen["time"] = Choice(name, f"By its values: {guessed[name].share:.0%} can be read as times.")


def _find_behaviour(roles: Roles, columns: list[Column]) -> None:
    def known(column: Column) -> float:
        rows = sum(count for value, count in column.values if behaviour_of(value))
        return rows / max(1, column.filled)

    likely = [
        column for column in columns if column.values and column.kind in ("text", "number") and roles.free(column)
    ]
    named = sorted(
        (column for column in likely if fit("behaviour", column.name)), key=lambda c: -fit("behaviour", c.name)
    )
    for column in named:
        if known(column) > 0:
            _take_behaviours(roles, column, f"Named like a behaviour; values {_listed(column)}.", behaviour_of)
            return
        if {value for value, _ in column.values} <= set(CODES) and column.distinct > 1:
            why = f"Named like a behaviour, with the numbers {_listed(column)}: CHECK, meant as in Alibaba's logs."
            _take_behaviours(roles, column, why, CODES.get)
            return
        roles.unused.setdefault(
            column.name, f"named like a behaviour, but its values say nothing known: {_listed(column)}"
        )
    for column in likely:
        if column not in named and known(column) >= 0.6:
            _take_behaviours(roles, column, f"By its values: {_listed(column)}.", behaviour_of)
            return


def _take_behaviours(roles: Roles, column: Column, why: str, meaning: Callable[[str], str | None]) -> None:
    roles.chosen["behaviour"] = Choice(column.name, why)
    for value, count in column.values:
        name = meaning(value)
        if name is None:
            roles.unknown.append((value, count))
        else:
            roles.behaviours.setdefault(name, []).append((value, count))


def _listed(column: Column) -> str:
    shown = ", ".join(value for value, _ in column.values[:6])
    return shown + (", …" if len(column.values) > 6 else "")


def _find_number(roles: Roles, columns: list[Column], role: str) -> None:
    def refusal(column: Column) -> str | None:
        if column.decimal_commas > 0.05:
            return f"its numbers have a decimal comma ({column.example}), which cannot be read: write them with a point"
        if column.filled and column.numbers < 0.98:
            return f"only {column.numbers:.0%} of its values are numbers, such as {column.example!r}"
        if role == "rating" and (column.kind == "list" or column.high is None or not 0 < column.high <= 100):
            return "its values are no rating scale"
        return None if column.filled else "it is empty"

    column = _by_name(roles, columns, role, refusal)
    if column is None:
        return
    low, high = column.low or 0.0, column.high or 0.0
    if role == "rating":
        roles.scale = next(scale for scale in SCALES if high <= scale)
    roles.returns |= role == "quantity" and low < 0
    roles.chosen[role] = Choice(column.name, f"Named like a {role}; numbers from {low:g} to {high:g}.")


def _is_id(column: Column) -> str | None:
    """What speaks against ids."""
    if column.kind in ("list", "other"):
        return "its values are lists or records"
    if column.filled < 0.05 * column.rows or not column.filled:
        return "it is nearly empty"
    if column.numbers > SURE and column.whole < SURE:
        return "its values are numbers with decimals"
    return None


def _find_ids(roles: Roles, columns: list[Column]) -> None:
    """User and item by content: values that repeat, but are more than a few; the user comes first."""
    for role in ("user", "item"):
        if role in roles.chosen:
            continue
        for column in columns:
            if roles.free(column) and column.name not in roles.unused and _repeats(column):
                why = f"By its values: {column.told}; CHECK."
                roles.chosen[role] = Choice(column.name, why)
                break


def _repeats(column: Column) -> bool:
    if _is_id(column) is not None or column.filled < 0.5 * column.rows or column.kind == "time" or column.length > 64:
        return False
    many = column.rows >= 20
    single, constant = column.distinct == column.filled, column.distinct < 2
    other = any(
        fit(role, column.name) for role in ("title", "brand", "category", "quantity", "price", "value", "rating")
    )
    return not (other or constant or (many and (single or column.distinct < 3)))


def _find_rating(roles: Roles, columns: list[Column]) -> None:
    """A rating without a name: a few numbers from 0 or 1 up to 5 or 10."""
    if "rating" in roles.chosen or "behaviour" in roles.chosen:
        return
    for column in columns:
        low, high = column.low or 0.0, column.high or 0.0
        if roles.free(column) and column.numbers == 1 and 2 <= column.distinct <= 11 and 0 <= low < 5 <= high <= 10:
            roles.scale = 5.0 if high <= 5 else 10.0
            why = f"By its values: {_listed(column)} look like a rating; CHECK."
            roles.chosen["rating"] = Choice(column.name, why)
            return


def _find_descriptions(roles: Roles, table: ir.Table, columns: list[Column], layout: Layout) -> None:
    """Category, brand and title: what has one value for each item."""
    if "item" not in roles.chosen:
        return
    item = roles.chosen["item"].column

    def refusal(column: Column) -> str | None:
        if column.kind in ("list", "other"):
            return "its values are lists or records"
        share = dependent(table, [item], column.name)
        return None if share is None or share >= 0.6 else f"items have several of its values ({1 - share:.0%} of them)"

    roles.categories = find_categories(table, [column for column in columns if roles.free(column)], item, roles.unused)
    for role in ("brand", "title"):
        column = _by_name(roles, columns, role, refusal)
        if column is not None and column.name == item:
            del roles.chosen[role]
    if roles.categories is None and not layout.has_names:
        for column in columns:
            id_like = roles.free(column) and _repeats(column) and column.distinct > 2
            if id_like and (dependent(table, [item], column.name) or 0) > 0.95:
                roles.categories = Categories((column.name,), "path", ">", "By its values: each item has one; CHECK.")
                return


def _one_behaviour(roles: Roles, columns: list[Column], path: Path) -> tuple[str, str]:
    """What every row is, by the other columns and the words of the file's name."""
    named = set(words(path.name.split(".")[0]))
    headed = {word for column in columns for word in words(column.name)}
    if "rating" in roles.chosen:
        if {"review", "reviews", "reviewer"} & (named | headed):
            return "REVIEWED", "There are ratings, and reviews by the names."
        return "RATED", "There are ratings."
    for place, given in (("name of the file", named), ("names of the columns", headed)):
        for behaviour, listed in _WORDS_OF_FILES.items():
            found = sorted(given & set(listed.split()))
            if found:
                return behaviour, f"By the {place}: {found[0]}."
    if {"quantity", "price", "value"} & set(roles.chosen):
        return "PURCHASED", "There are quantities or prices."
    return "VIEWED", "CHECK: no column says what users did."

"""Plain sentences for what speaks for an item."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from interestgraph.model import SECONDS_PER_DAY

VERBS = {
    "VIEWED": "viewed",
    "CLICKED": "clicked",
    "SEARCHED": "searched for",
    "CARTED": "put in the cart",
    "FAVOURITED": "favourited",
    "SHARED": "shared",
    "COMMENTED": "commented on",
    "REVIEWED": "reviewed",
    "RATED": "rated",
    "PLAYED": "played",
    "VISITED": "visited",
    "PURCHASED": "bought",
    "RETURNED": "returned",
}
"""Behaviour -> past tense."""


def times(count: int) -> str:
    """``once``, ``twice``, ``5 times``."""
    return {1: "once", 2: "twice"}.get(count, f"{count} times")


def days_ago(last_at: int, at: int) -> str:
    """How long before `at` something was; both epoch milliseconds."""
    days = int((at - last_at) / 1000 // SECONDS_PER_DAY)
    return {0: "today", 1: "yesterday"}.get(days, f"{days} days ago")


def own_text(own: Mapping[str, Any], at: int) -> str:
    """A relationship of the user to the item itself."""
    verb = VERBS.get(own["behaviour"], own["behaviour"].lower())
    return f"{verb} {times(own['count'])}, last {days_ago(own['lastAt'], at)}"


def name_of(item: str, title: str | None) -> str:
    """The title, or the id where there is none."""
    return title or f"item {item}"


def share_text(share: float) -> str:
    """A share of interest as a percentage."""
    return f"{share * 100:.1f} %" if share < 0.1 else f"{share * 100:.0f} %"


def path_text(path: list[str] | None) -> str | None:
    """A category path on one line."""
    return " > ".join(path) if path else None


def reason(sources: Mapping[str, float], facts: Mapping[str, Any], at: int) -> str:
    """One sentence from the strongest sources of a recommendation that the graph has facts for.

    Args:
        sources: source -> share of the score, largest first.
        facts: a row of the query ``serve/reasons``.
        at: moment of the recommendation, epoch milliseconds.
    """
    found = []
    for source in sources:
        text = _phrase(source, facts, at)
        if text:
            found.append(text)
        if len(found) == 2:
            break
    sentence = "; ".join(found) or "close to what you like"
    return sentence[0].upper() + sentence[1:]


def _phrase(source: str, facts: Mapping[str, Any], at: int) -> str | None:
    if source == "own" and facts["own"]:
        return own_text(facts["own"][0], at)
    if source == "similar" and facts["near"]:
        names = dict.fromkeys(name_of(near["itemId"], near["title"]) for near in facts["near"])
        return f"goes with {' and '.join(list(names)[:2])}"
    if source in ("linear", "recent"):
        return "fits what you choose together" if source == "linear" else "fits what you chose lately"
    if source == "vector":
        return "its place in the graph is near yours"
    if source == "category" and facts["share"] and facts["path"]:
        return f"{facts['path'][-1]} is {share_text(facts['share'])} of your interest"
    if source == "trend" and facts["buyers"]:
        return f"popular now ({facts['buyers']} users)"
    return None


def with_literals(text: str, **values: Any) -> str:
    """`text` with its ``$parameters`` replaced by literals, so that it can be pasted as it is.

    Only for showing: statements that the package runs carry their parameters apart.
    """
    for name, value in values.items():
        text = text.replace(f"${name}", _literal(value))
    return text


def _literal(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(_literal(part) for part in value)}]"
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace("'", "\\'").replace("$", "\\u0024")
        return f"'{escaped}'"
    return str(value)

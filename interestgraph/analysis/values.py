"""Parameters as people give them, checked and turned into what a statement takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from difflib import get_close_matches
from typing import Any

from interestgraph.analysis.question import Parameter, Question
from interestgraph.errors import ConfigurationError
from interestgraph.model import utc


def checked(question: Question, given: Mapping[str, Any]) -> dict[str, Any]:
    """All parameters of a question: those given, as their types want them, and defaults for the rest.

    Args:
        question: the question.
        given: values by name; texts are converted.

    Raises:
        ConfigurationError: a parameter is unknown, missing, or of another type; the message has an example.
    """
    known = {parameter.name: parameter for parameter in question.parameters}
    for name in given:
        if name not in known:
            close = get_close_matches(name, known, 1, 0.5)
            hint = f" (did you mean {close[0]}?)" if close else ""
            listed = ", ".join(parameter.shown for parameter in question.parameters) or "none"
            raise ConfigurationError(f"{question.name} has no parameter {name}{hint}; it takes, for example: {listed}")
    values = {}
    for parameter in question.parameters:
        value = given.get(parameter.name)
        if value is None or value == "":
            if parameter.required:
                raise ConfigurationError(
                    f"{question.name} needs {parameter.name} ({parameter.about}), for example -p {parameter.shown}"
                )
            value = parameter.default
        values[parameter.name] = None if value is None else _converted(question, parameter, value)
    return values


def _converted(question: Question, parameter: Parameter, value: Any) -> Any:
    try:
        return _CONVERSIONS[parameter.kind](value)
    except (ValueError, TypeError):
        raise ConfigurationError(
            f"{parameter.name} of {question.name} is {_KINDS[parameter.kind]}, got {value!r}: give for example "
            f"-p {parameter.shown}"
        ) from None


def _text(value: Any) -> str:
    if isinstance(value, (list, dict, tuple, float)):
        raise TypeError
    return str(value)


def _integer(value: Any) -> int:
    if isinstance(value, bool) or (isinstance(value, float) and value != int(value)):
        raise TypeError
    number = int(value)
    if number < 0:
        raise ValueError
    return number


def _float(value: Any) -> float:
    number = float(value)
    if isinstance(value, bool) or number != number or abs(number) == float("inf"):
        raise ValueError
    return number


def _boolean(value: Any) -> bool:
    words = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
    if isinstance(value, bool):
        return value
    if str(value).lower() not in words:
        raise ValueError
    return words[str(value).lower()]


def _moment(value: Any) -> str:
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day, tzinfo=UTC)
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return utc(moment).isoformat()


def _list(value: Any) -> list[str]:
    parts = value.split(",") if isinstance(value, str) else [_text(part) for part in value]
    return [part.strip() for part in parts if part.strip()]


_CONVERSIONS: dict[str, Callable[[Any], Any]] = {
    "STRING": _text,
    "INTEGER": _integer,
    "FLOAT": _float,
    "BOOLEAN": _boolean,
    "DATETIME": _moment,
    "LIST<STRING>": _list,
}
_KINDS = {
    "STRING": "a text",
    "INTEGER": "a whole number, not negative",
    "FLOAT": "a number",
    "BOOLEAN": "yes or no",
    "DATETIME": "a date or time",
    "LIST<STRING>": "a list separated by commas",
}

"""What a model is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from interestgraph.evaluate.log import Log
from interestgraph.evaluate.ranking import Scorer

Parameters = Mapping[str, float | int | str | bool | None]
Fit = Callable[[Parameters], Scorer]
"""Fits a model to the log it was started with."""


def _always(log: Log) -> str | None:
    del log
    return None


@dataclass(frozen=True)
class Model:
    """A model that learns from a log alone."""

    name: str
    """As in ``--models`` and reports."""
    title: str
    """What it is, and whose."""
    start: Callable[[Log], Fit]
    """Gives the function that fits; what several settings share is computed once."""
    grid: tuple[Parameters, ...]
    """Settings that are tried on the validation window; the first is taken where nothing can be tuned."""
    refuses: Callable[[Log], str | None] = _always
    """Why it cannot be fitted to a log; None: it can."""
    personal: bool = True
    """Whether users get lists of their own."""
    again_only: bool = False
    """Whether it knows nothing but what the user had before."""


def combinations(**choices: tuple[float | int | str | bool | None, ...]) -> tuple[Parameters, ...]:
    """Every combination of values, the first values first."""
    from itertools import product

    return tuple(dict(zip(choices, values, strict=True)) for values in product(*choices.values()))

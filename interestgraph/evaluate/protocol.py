"""What is learnt from and what is tested on: a cut in time, a random holdout, or the last baskets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from interestgraph.errors import DataError
from interestgraph.evaluate.config import DAYS, EvaluateConfig
from interestgraph.evaluate.given import Window, split_events, split_window
from interestgraph.evaluate.log import Log, to_log
from interestgraph.evaluate.models.baskets import basket_numbers
from interestgraph.evaluate.tune import Validation
from interestgraph.ingest.events import read_events
from interestgraph.ingest.read import workspace
from interestgraph.ingest.spec import find_files, load_spec
from interestgraph.model import SECONDS_PER_DAY, utc

HOLDOUT = 0.2
FEWEST_BASKETS = 3
"""Baskets that a user must have for the last to be tested on and the one before to be tuned on."""


@dataclass(frozen=True)
class Protocol:
    """A split, of which only the part to learn from has been read."""

    kind: str
    """``cut``, ``holdout`` or ``baskets``."""
    log: Log
    """What is learnt from."""
    validation: Validation | None
    later: Callable[[], Log]
    """Reads the events that are tested on; called when all lists are made."""
    window: Window | None = None
    validation_since: datetime | None = None
    keep: NDArray[np.uint64] | None = None
    """Identities of the events to load; None: those before the window."""
    notes: tuple[str, ...] = ()


def read_protocol(config: EvaluateConfig) -> Protocol:
    """Split the log as the configuration says.

    Raises:
        DataError: the log has no usable event, or none on one side of the split.
        StateError: a given split is one of another log.
    """
    undated = load_spec(config.loader).events.undated is not None
    if config.baskets:
        if undated:
            raise DataError(f"loader {config.loader} has no times, so no basket is the last: use --holdout")
        return _baskets(config)
    if config.holdout is not None or (undated and config.split is None and config.cut is None):
        return _holdout(config, undated)
    if undated:
        raise DataError(f"loader {config.loader} has no times, so its log cannot be cut in time: use --holdout")
    return _cut(config)


def read_log(config: EvaluateConfig, since: datetime | None = None, until: datetime | None = None) -> Log:
    """The cleaned events of the log, of a period (UTC) or all, as arrays."""
    spec = load_spec(config.loader)
    period = {name: utc(at).replace(tzinfo=None) for name, at in (("since", since), ("until", until)) if at is not None}
    with workspace() as backend:
        return to_log(read_events(backend, spec, find_files(spec, config.data), **period).events, spec.primary)


def _cut(config: EvaluateConfig) -> Protocol:
    window = _window(config)
    log = read_log(config, until=window.learn_until)
    if not len(log):
        raise DataError(f"the log has no event before {window.learn_until:%Y-%m-%d %H:%M}: choose a later cut")
    end = window.learn_until.timestamp()
    days = min(max((window.until - window.since).total_seconds() / SECONDS_PER_DAY, 1e-3), log.days / 4)
    begin = end - days * SECONDS_PER_DAY
    early = log.only(log.at < begin)

    def later() -> Log:
        if config.split is not None:
            return split_events(config.split, load_spec(config.loader).primary)
        return read_log(config, window.since, window.until)

    return Protocol(
        kind="cut",
        log=log,
        validation=Validation(early, log.only(log.at >= begin)) if len(early) else None,
        window=window,
        validation_since=datetime.fromtimestamp(begin, UTC),
        later=later,
    )


def _window(config: EvaluateConfig) -> Window:
    if config.split is not None:
        return split_window(config.split, config.loader, config.data)
    if config.cut is not None:
        cut = utc(config.cut)
        return Window(cut, cut, cut + timedelta(days=config.days or DAYS))
    first, last = _ends(config)
    # The last event itself belongs to the window, so the window ends just after it.
    until = last + timedelta(milliseconds=1)
    length = timedelta(days=config.days) if config.days else min(timedelta(days=DAYS), (last - first) / 5)
    return Window(until - length, until - length, until)


def _ends(config: EvaluateConfig) -> tuple[datetime, datetime]:
    """Moments of the first and the last event; nothing else of the log is looked at."""
    spec = load_spec(config.loader)
    with workspace() as backend:
        events: Any = read_events(backend, spec, find_files(spec, config.data)).events
        (row,) = events.agg(first=events["at"].min(), last=events["at"].max()).to_pyarrow().to_pylist()
    if row["last"] is None:
        raise DataError(f"the log has no usable event for loader {config.loader}")
    return row["first"].replace(tzinfo=UTC), row["last"].replace(tzinfo=UTC)


def _held(log: Log, share: float, generator: np.random.Generator) -> NDArray[np.bool_]:
    """Rows of a random share of each user's items; one item at least stays, and users with one item keep it."""
    pairs = log.user.astype(np.int64) * log.shape[1] + log.item
    distinct, place = np.unique(pairs, return_inverse=True)
    user = distinct // log.shape[1]
    order = np.lexsort((generator.random(len(distinct)), user))
    count = np.bincount(user, minlength=log.shape[0])
    rank = np.arange(len(order)) - (np.cumsum(count) - count)[user[order]]
    out = np.empty(len(distinct), dtype=bool)
    out[order] = rank < np.minimum(np.maximum(np.rint(share * count), 1), count - 1)[user[order]]
    return out[place]


def _holdout(config: EvaluateConfig, undated: bool) -> Protocol:
    whole = read_log(config)
    if not len(whole):
        raise DataError(f"the log has no usable event for loader {config.loader}")
    share = config.holdout if config.holdout is not None else HOLDOUT
    generator = np.random.default_rng(config.seed)
    held = _held(whole, share, generator)
    log = whole.only(~held)
    again = _held(log, share, generator)
    early = log.only(~again)
    why = "the log has no times: " if undated else ""
    return Protocol(
        kind="holdout",
        log=log,
        validation=Validation(early, log.only(again)),
        keep=log.event,
        later=lambda: whole.only(held),
        notes=(
            f"{why}{share:.0%} of each user's items, drawn at random, are the test; models may learn from events that "
            "are later than those of the test, as nobody could in practice",
        ),
    )


def _baskets(config: EvaluateConfig) -> Protocol:
    """Source: Li et al., "A next basket recommendation reality check", ACM TOIS 41(4), 2023."""
    whole = read_log(config)
    chosen = whole.only(whole.primary & (whole.strength > 0))
    newer, count = basket_numbers(chosen)
    enough = count >= FEWEST_BASKETS
    if not enough.any():
        raise DataError(f"no user has {FEWEST_BASKETS} baskets (choices of one moment): use --cut or --holdout")
    begin = {back: _begins(chosen, newer, back) for back in (0, 1)}
    # Of the users with too few baskets all is learnt from.
    end = np.where(enough, begin[0], np.inf)
    before = np.where(enough, begin[1], np.inf)
    log = whole.only(whole.at < end[whole.user])
    early = whole.only(whole.at < before[whole.user])
    last = chosen.only((newer == 0) & enough[chosen.user])
    validation = chosen.only((newer == 1) & enough[chosen.user])
    return Protocol(
        kind="baskets",
        log=log,
        validation=Validation(early, validation),
        keep=log.event,
        later=lambda: last,
        notes=(
            f"the last basket of each user with {FEWEST_BASKETS} or more is the test, the one before it was tuned on; "
            "a basket is what a user chose at one moment; models may learn from other users' events that are later",
        ),
    )


def _begins(chosen: Log, newer: NDArray[np.int64], back: int) -> NDArray[np.float64]:
    """Seconds at which each user's basket with `back` newer ones begins, shape (users,); inf: there is none."""
    found = np.full(chosen.shape[0], np.inf)
    rows = newer == back
    np.minimum.at(found, chosen.user[rows], chosen.at[rows])
    return found

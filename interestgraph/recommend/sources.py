"""Where candidates come from: scores of items for one person, by source."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from interestgraph.errors import ConfigurationError
from interestgraph.neo4j.connection import batched
from interestgraph.recommend.catalogue import Catalogue, Flags, Floats, Ints, top
from interestgraph.recommend.person import Person

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController

SOURCES = ("own", "similar", "linear", "recent", "vector", "category", "trend")
"""Own time-weighted relationships; ``SIMILAR_TO`` of the strongest of them; the deeper item model over all of them; the
same over the latest ones; nearest embeddings; share of interest in a category times the item's share of the
category's trend; trend over all."""

NEAR_PEOPLE, NEAR_BYTES = 50, 64 << 20
"""For so many people, or so many bytes, the products of tastes and all items are made at a time."""
SAMPLED, SAMPLE = 100, 2_000
"""Where so many times as many items have a score as are wanted, a sample of so many says where the highest begin."""
RECENT = 10
"""How many of the latest items the source ``recent`` starts from."""
FADING = 0.8
"""Strength of each of them, relative to the one after it."""


@dataclass(frozen=True)
class CandidateConfig:
    """How many candidates each source gives."""

    limit: int = 100
    """Most candidates per source; of own items three times as many."""
    seeds: int = 50
    """How many of the user's strongest items look for similar ones."""
    interests: int = 20
    """How many categories of the user propose items."""
    sources: tuple[str, ...] = SOURCES
    """Which sources take part; features of the others are missing."""

    def __post_init__(self) -> None:
        if self.limit < 1 or self.seeds < 1 or self.interests < 1:
            raise ConfigurationError("limit, seeds and interests of candidates must be at least 1")
        for name in self.sources:
            if name not in SOURCES:
                raise ConfigurationError(f"unknown source {name}: sources are {', '.join(SOURCES)}")


@dataclass(frozen=True)
class Scores:
    """Candidates of one person and what each source says of every one of them; arrays of shape (candidates,)."""

    item: Ints
    """Numbers of the items, ascending."""
    by_source: dict[str, NDArray[np.float64]]
    """Source -> raw score; 0 where it says nothing."""
    proposed: dict[str, NDArray[np.bool_]]
    """Source -> whether it is among the source's own candidates."""


def near_tastes(
    catalogue: Catalogue, people: Sequence[Person], config: CandidateConfig, threads: Executor
) -> Iterator[Floats | None]:
    """For each person the products of the taste and all items' unit vectors, shape (items,); None without vectors, or
    where they are no source.

    All vectors are read once for many people, instead of once for each: that is most of what a source costs. While the
    caller goes on with some people, a thread has the next.
    """
    if "vector" not in config.sources or catalogue.unit is None or not len(catalogue.items):
        yield from (None for _ in people)
        return
    size = min(NEAR_PEOPLE, max(1, NEAR_BYTES // (4 * len(catalogue.items))))
    waiting: Future[list[Floats | None]] | None = None
    for some in [*batched(people, size), None]:
        begun = None if some is None else threads.submit(_products, catalogue, catalogue.unit, some)
        if waiting is not None:
            yield from waiting.result()
        waiting = begun


def _products(catalogue: Catalogue, unit: Floats, people: Sequence[Person]) -> list[Floats | None]:
    none = np.zeros(unit.shape[1], dtype=np.float32)
    tastes = [taste(catalogue, person) for person in people]
    # One thread, since another of BLAS spins for milliseconds after each product, on a core that others could use.
    with _ONE_THREAD, _libraries().limit(limits=1, user_api="blas"):
        products = np.stack([none if found is None else found for found in tastes]) @ unit.T
    return [None if found is None else row for found, row in zip(tastes, products, strict=True)]


_ONE_THREAD = threading.Lock()
"""Held while BLAS has one thread: of two who limit it, the later would take the limit for the number to go back to."""


@cache
def _libraries() -> ThreadpoolController:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def dense_scores(
    catalogue: Catalogue, person: Person, config: CandidateConfig, near: Floats | None = None
) -> dict[str, NDArray[np.floating]]:
    """What each source says of every item, shape (items,); near: from `near_tastes`, where it was asked."""
    n = len(catalogue.items)
    liked = np.flatnonzero(person.liked)
    strength = np.log1p(person.weight[liked])
    strongest = liked[np.argsort(-strength, kind="stable")[: config.seeds]]
    found: dict[str, NDArray[np.floating]] = {}
    chosen = set(config.sources)
    if "own" in chosen:
        own = np.zeros(n)
        own[person.item[liked]] = person.weight[liked]
        found["own"] = own
    if "similar" in chosen:
        found["similar"] = catalogue.near.spread(person.item[strongest], np.log1p(person.weight[strongest]), n)
    if "linear" in chosen:
        total = float(strength.sum()) or 1.0
        found["linear"] = catalogue.linear.spread(person.item[liked], strength / total, n)
    if "recent" in chosen:
        latest = liked[np.argsort(person.latest[liked], kind="stable")[:RECENT]]
        found["recent"] = catalogue.linear.spread(person.item[latest], FADING ** np.arange(len(latest)), n)
    if "vector" in chosen and near is not None:
        found["vector"] = near
    elif "vector" in chosen and catalogue.unit is not None and (vector := taste(catalogue, person)) is not None:
        # Not a BLAS product, whose second thread would spin as in `_products`.
        found["vector"] = np.einsum("ij,j->i", catalogue.unit, vector)
    if "category" in chosen and len(person.category):
        # Of all items those of the user's categories only: few of many.
        links = catalogue.category_items
        wished = inhabited(catalogue, person)[: config.interests]
        found["category"] = links.spread(wished, person_share(catalogue, person)[wished], n)
    if "trend" in chosen:
        found["trend"] = catalogue.sold_trend
    return found


def find_scores(
    catalogue: Catalogue,
    person: Person,
    config: CandidateConfig,
    *,
    allowed: Flags | None = None,
    own: bool = True,
    new: bool = True,
    need: int = 0,
    also: Ints | None = None,
    near: Floats | None = None,
) -> Scores:
    """The best candidates of each source, together, with the scores of all sources.

    Args:
        catalogue: the items.
        person: the user.
        config: limits.
        allowed: items that may be proposed, shape (items,); None: all that are still sold.
        own: whether items that the user has a relationship to may be proposed.
        new: whether others may.
        also: numbers of items that are candidates in any case.
        near: from `near_tastes`, where many people are ranked.
        need: where the sources propose fewer, the most popular others come along, as long as there are any.
    """
    dense = dense_scores(catalogue, person, config, near)
    fit = np.array(catalogue.open if allowed is None else allowed & catalogue.open)
    # What returns or bad ratings outweigh is not proposed by any source.
    fit[person.item[~person.liked]] = False
    if not own:
        fit[person.item] = False
    if not new:
        mine = np.zeros_like(fit)
        mine[person.item] = True
        fit &= mine
    proposals = {name: _proposals(catalogue, person, config, name, score, fit) for name, score in dense.items()}
    parts = [part for part in (*proposals.values(), also) if part is not None and len(part)]
    item = np.unique(np.concatenate(parts)) if parts else np.zeros(0, dtype=np.int32)
    if len(item) < need:
        fit[item] = False
        item = np.union1d(item, most_popular(catalogue, fit, need - len(item)))
    by_source, proposed = {}, {}
    for name, score in dense.items():
        by_source[name] = score[item].astype(np.float64)
        flags = np.zeros(len(item), dtype=np.bool_)
        flags[np.searchsorted(item, proposals[name])] = True
        proposed[name] = flags
    return Scores(item.astype(np.int32), by_source, proposed)


def _proposals(
    catalogue: Catalogue, person: Person, config: CandidateConfig, name: str, score: NDArray[np.floating], fit: Flags
) -> Ints:
    """Numbers of the source's own candidates."""
    if name == "own":
        mine = person.item[person.liked]
        mine = mine[fit[mine]]
        return mine[top(score[mine], 3 * config.limit)]
    if name == "trend":
        short = catalogue.by_trend[fit[catalogue.by_trend]]
        return short[: config.limit] if len(short) >= config.limit else top(score * fit, config.limit)
    touched = _highest(score, fit, config.limit)
    return touched[top(score[touched], config.limit)].astype(np.int32)


def _highest(score: NDArray[np.floating], fit: Flags, most: int) -> NDArray[np.int64]:
    """Items that may be proposed and score above 0: all, or, of very many, enough of the highest to choose from."""
    n = len(score)
    if n > SAMPLED * most:
        # A floor that some times as many items are above as are wanted, by the look of a sample.
        sample = score[:: n // SAMPLE]
        place = max(1, len(sample) * 8 * most // n)
        floor = np.partition(sample, -place)[-place]
        high = np.flatnonzero(score > floor) if floor > 0 else np.zeros(0, dtype=np.int64)
        high = high[fit[high]]
        if len(high) >= most:
            return high
    positive = np.flatnonzero(score > 0)
    return positive[fit[positive]]


def most_popular(catalogue: Catalogue, fit: Flags, most: int) -> Ints:
    """Numbers of items that may be proposed: by trend, then by users, then by number."""
    free = np.flatnonzero(fit)
    order = np.lexsort((-catalogue.buyers[free], -catalogue.trend[free]))
    return free[order[:most]].astype(np.int32)


def inhabited(catalogue: Catalogue, person: Person) -> Ints:
    """The user's categories that items with a trend lie in themselves, those of the largest share first."""
    start = catalogue.category_items.start
    chosen = person.category[np.argsort(-person.share, kind="stable")]
    return chosen[start[chosen + 1] > start[chosen]]


def person_share(catalogue: Catalogue, person: Person) -> NDArray[np.float64]:
    """Share of the user's interest by category, shape (categories + 1,): the last is for items without one."""
    share = np.zeros(len(catalogue.categories) + 1)
    share[person.category] = person.share
    return share


def taste(catalogue: Catalogue, person: Person) -> Floats | None:
    """The user's vector; of a user who has none yet, the mean of the items', by strength."""
    if person.vector is not None or catalogue.unit is None:
        return person.vector
    liked = np.flatnonzero(person.liked)
    mean = np.log1p(person.weight[liked]).astype(np.float32) @ catalogue.unit[person.item[liked]]
    length = float(np.linalg.norm(mean))
    return mean / length if length > 0 else None

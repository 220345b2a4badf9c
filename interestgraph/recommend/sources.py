"""Where candidates come from: scores of items for one person, by source."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from interestgraph.errors import ConfigurationError
from interestgraph.neo4j.connection import batched
from interestgraph.recommend.catalogue import Catalogue, Flags, Floats, Ints, Links, top
from interestgraph.recommend.person import Person

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController

SOURCES = ("own", "similar", "linear", "recent", "vector", "category", "trend")
"""Own time-weighted relationships; ``SIMILAR_TO`` of the strongest of them; the deeper item model over all of them; the
same over the latest ones; nearest embeddings; share of interest in a category times the item's share of the
category's trend; trend over all."""

AHEAD_PEOPLE, AHEAD_BYTES = 50, 64 << 20
"""For so many people, or so many bytes of products of tastes and all items, sources are looked at at once."""
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


@dataclass(frozen=True)
class Ahead:
    """What is computed of one person's sources for many people at once."""

    near: Floats | None
    """Products of the taste and all items' unit vectors, shape (items,); None without vectors."""
    spread: Mapping[str, tuple[Ints, NDArray[np.float64]]]
    """Source -> items in ascending order, and what the source says of them."""


def look_ahead(
    catalogue: Catalogue, people: Sequence[Person], config: CandidateConfig, threads: Executor
) -> Iterator[Ahead]:
    """What can be computed for many people at once, person by person.

    All vectors are read once for many people, instead of once for each: that is most of what the source costs. A
    thread begins with the first people before anything is asked of the iterator, and has the next while the caller
    goes on with some.
    """
    size = min(AHEAD_PEOPLE, max(1, AHEAD_BYTES // (4 * max(1, len(catalogue.items)))))

    def begin(some: Sequence[Person]) -> Future[list[Ahead]]:
        return threads.submit(_together, catalogue, some, config)

    groups = list(batched(people, size))
    return _one_ahead(begin(groups[0]), groups[1:], begin) if groups else iter(())


def _one_ahead(
    waiting: Future[list[Ahead]],
    others: Sequence[Sequence[Person]],
    begin: Callable[[Sequence[Person]], Future[list[Ahead]]],
) -> Iterator[Ahead]:
    for some in others:
        begun = begin(some)
        yield from waiting.result()
        waiting = begun
    yield from waiting.result()


def _together(catalogue: Catalogue, people: Sequence[Person], config: CandidateConfig) -> list[Ahead]:
    begun = [starts(catalogue, person, config) for person in people]
    spread: list[dict[str, tuple[Ints, NDArray[np.float64]]]] = [{} for _ in people]
    for name in dict.fromkeys(name for found in begun for name in found):
        those = [at for at, found in enumerate(begun) if name in found]
        links = begun[those[0]][name].links
        rows = links.spread_each([(begun[at][name].rows, begun[at][name].strength) for at in those])
        for at, row in zip(those, rows, strict=True):
            spread[at][name] = row
    near: Sequence[Floats | None] = [None] * len(people)
    if "vector" in config.sources and catalogue.unit is not None and len(catalogue.items):
        near = _products(catalogue, catalogue.unit, people)
    return [Ahead(*found) for found in zip(near, spread, strict=True)]


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


@dataclass(frozen=True)
class Start:
    """Rows of links that a source follows."""

    links: Links
    rows: Ints
    strength: NDArray[np.float64]


def starts(catalogue: Catalogue, person: Person, config: CandidateConfig) -> dict[str, Start]:
    """What the sources that follow links start from."""
    liked = np.flatnonzero(person.liked)
    item, strength = person.item[liked], np.log1p(person.weight[liked])
    found: dict[str, Start] = {}
    if "similar" in config.sources:
        strongest = np.argsort(-strength, kind="stable")[: config.seeds]
        found["similar"] = Start(catalogue.near, item[strongest], strength[strongest])
    if "linear" in config.sources:
        found["linear"] = Start(catalogue.linear, item, strength / (float(strength.sum()) or 1.0))
    if "recent" in config.sources:
        latest = item[np.argsort(person.latest[liked], kind="stable")[:RECENT]]
        found["recent"] = Start(catalogue.linear, latest, np.power(FADING, np.arange(len(latest), dtype=np.float64)))
    if "category" in config.sources and len(person.category):
        # Of all items those of the user's categories only: few of many.
        wished = inhabited(catalogue, person)[: config.interests]
        found["category"] = Start(catalogue.category_items, wished, person_share(catalogue, person)[wished])
    return found


@dataclass(frozen=True)
class Said:
    """What a source says of all items."""

    score: NDArray[np.floating]
    """Shape (items,)."""
    touched: Ints | None = None
    """Items in ascending order, beyond which there is nothing above 0; None: any."""


def dense_scores(
    catalogue: Catalogue, person: Person, config: CandidateConfig, ahead: Ahead | None = None
) -> dict[str, Said]:
    """What each source says of every item; ahead: from `look_ahead`, where it was asked."""
    n = len(catalogue.items)
    found: dict[str, Said] = {}
    if "own" in config.sources:
        own = np.zeros(n)
        own[person.item] = np.maximum(person.weight, 0)
        found["own"] = Said(own, person.item)
    if ahead is None:
        for name, start in starts(catalogue, person, config).items():
            found[name] = Said(start.links.spread(start.rows, start.strength, n))
        near = _near(catalogue, person) if "vector" in config.sources else None
    else:
        for name, (touched, score) in ahead.spread.items():
            dense = np.zeros(n)
            dense[touched] = score
            found[name] = Said(dense, touched)
        near = ahead.near
    if near is not None:
        found["vector"] = Said(near)
    if "trend" in config.sources:
        found["trend"] = Said(catalogue.sold_trend)
    return {name: found[name] for name in SOURCES if name in found}


def _near(catalogue: Catalogue, person: Person) -> Floats | None:
    """`Ahead.near` of one person. Not a BLAS product, whose second thread would spin as in `_products`."""
    vector = taste(catalogue, person)
    return None if vector is None or catalogue.unit is None else np.einsum("ij,j->i", catalogue.unit, vector)


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
    ahead: Ahead | None = None,
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
        ahead: from `look_ahead`, where many people are ranked.
        need: where the sources propose fewer, the most popular others come along, as long as there are any.
    """
    dense = dense_scores(catalogue, person, config, ahead)
    fit = np.array(catalogue.open if allowed is None else allowed & catalogue.open)
    # What returns or bad ratings outweigh is not proposed by any source.
    fit[person.item[~person.liked]] = False
    if not own:
        fit[person.item] = False
    if not new:
        mine = np.zeros_like(fit)
        mine[person.item] = True
        fit &= mine
    proposals = {name: _proposals(catalogue, config, name, said, fit) for name, said in dense.items()}
    parts = [part for part in (*proposals.values(), also) if part is not None and len(part)]
    item = np.unique(np.concatenate(parts)) if parts else np.zeros(0, dtype=np.int32)
    if len(item) < need:
        fit[item] = False
        item = np.union1d(item, most_popular(catalogue, fit, need - len(item)))
    by_source, proposed = {}, {}
    for name, said in dense.items():
        by_source[name] = said.score[item].astype(np.float64)
        flags = np.zeros(len(item), dtype=np.bool_)
        flags[np.searchsorted(item, proposals[name])] = True
        proposed[name] = flags
    return Scores(item.astype(np.int32), by_source, proposed)


def _proposals(catalogue: Catalogue, config: CandidateConfig, name: str, said: Said, fit: Flags) -> Ints:
    """Numbers of the source's own candidates."""
    score = said.score
    if name == "trend":
        short = catalogue.by_trend[fit[catalogue.by_trend]]
        return short[: config.limit] if len(short) >= config.limit else top(score * fit, config.limit)
    touched = _highest(score, fit, config.limit) if said.touched is None else said.touched[fit[said.touched]]
    most = 3 * config.limit if name == "own" else config.limit
    return touched[top(score[touched], most)].astype(np.int32)


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

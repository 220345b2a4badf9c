"""Recommendations for users, and trending items."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from interestgraph.model import Table
from interestgraph.neo4j.connection import Database, batched
from interestgraph.recommend.catalogue import Flags
from interestgraph.recommend.context import check_count, read_context, resolve_category
from interestgraph.recommend.filters import allowed_items
from interestgraph.recommend.person import Person
from interestgraph.recommend.rank import (
    Pool,
    RankConfig,
    Scored,
    bare,
    choose,
    explained,
    find_pool,
    make_list,
    score_pools,
)
from interestgraph.recommend.ranker import Ranker
from interestgraph.recommend.reasons import Path, Reason, reasons
from interestgraph.recommend.serving import State, serving
from interestgraph.recommend.sources import Ahead, look_ahead
from interestgraph.recommend.texts import path_text

USERS_PER_QUERY = 200


@dataclass(frozen=True)
class RecommendConfig(RankConfig):
    """How to recommend."""

    exclude_seen: bool | None = None
    """Leave out items that the user has a relationship to; None: where hardly anything is chosen twice, as with films
    (see `interestgraph.recommend.context.RARELY_REPEATED`)."""
    category: str | None = None
    """Only items of this category (id, or a name that only one has) and below it."""
    as_of: datetime | None = None
    """Moment the weights are read at; None: the latest event."""
    explain: bool = True
    """Whether each item comes with sources, paths, a sentence and Cypher, a second question."""


@dataclass(frozen=True)
class Recommendation:
    """One recommended item."""

    item_id: str
    title: str | None
    category: str | None
    """Path of the category, joined by " > "."""
    brand: str | None
    price: float | None
    score: float
    sources: dict[str, float] = field(default_factory=dict)
    """Source -> what it adds to the score, largest first; they sum to it."""
    reason: str = ""
    paths: tuple[Path, ...] = ()
    """The strongest paths in the graph that join user and item."""
    cypher: str = ""
    """A statement that draws them in Neo4j Browser."""


@dataclass(frozen=True)
class TrendingItem:
    """One item of the trend list."""

    item_id: str
    title: str | None
    category: str | None
    brand: str | None
    price: float | None
    trend: float
    """Recent users, see `interestgraph.enrich.trends`."""
    buyers: int
    repeat_rate: float


def recommend(database: Database, user: str, config: RecommendConfig) -> Table[Recommendation]:
    """Recommend items to a user; an unknown or new user gets trending items, and a note that says so.

    Raises:
        UnknownIdError: there is no such category.
        StateError: the graph holds no events, or `as_of` lies before the latest.
    """
    state, (person,), at = serving(database).people([user], config.as_of)
    return recommend_to(database, state, person, at, config)


def recommend_to(
    database: Database, state: State, person: Person, at: int, config: RecommendConfig
) -> Table[Recommendation]:
    """Recommend to a person who need not be in the graph."""
    allowed = _rules(database, state, config)
    fresh = state.context.leaves_out_seen(config.exclude_seen)
    ranked = make_list(state.catalogue, person, state.ranker, config, allowed, fresh=fresh)
    notes = list(state.notes)
    if not ranked.led:
        notes.insert(0, f"{_why_trending(person)}: trending items")
    rows: Sequence[Recommendation]
    if config.explain:
        scored = explained(ranked, state.catalogue, _served(state, config), config)
        found = reasons(database, state, person, scored, at, config.candidates.seeds)
        rows = [_row(state, entry, reason) for entry, reason in zip(scored, found, strict=True)]
    else:
        rows = [_row(state, entry, None) for entry in bare(ranked, state.catalogue)]
    return Table(tuple(rows), tuple(notes))


def recommend_many(
    database: Database, users: Sequence[str], config: RecommendConfig
) -> Iterator[tuple[str, list[Scored]]]:
    """The lists of many users in their order, as item ids and scores without titles and reasons.

    Several times as fast per user as `recommend`: the graph is asked for `USERS_PER_QUERY` users at once, and while
    their candidates are found, it is asked for the next ones and the trees score those of the ones before. Unknown
    and new users get trending items.

    Raises:
        UnknownIdError, StateError: see `recommend`.
    """
    held = serving(database)
    checked: tuple[State, Flags | None] | None = None
    asked: Future[tuple[State, list[Person], Iterator[Ahead]]] | None = None
    scored: _Scoring | None = None
    with ThreadPoolExecutor(3) as threads:

        def ask(users: Sequence[str]) -> tuple[State, list[Person], Iterator[Ahead]]:
            state, people, _ = held.people(users, config.as_of)
            return state, people, look_ahead(state.catalogue, people, config.candidates, threads)

        for batch in [*batched(users, USERS_PER_QUERY), None, None]:
            waiting, found = asked, None
            asked = threads.submit(ask, batch) if batch is not None else None
            if waiting is not None:
                state, people, ahead = waiting.result()
                if checked is None or checked[0].catalogue is not state.catalogue:
                    checked = (state, _rules(database, state, config))
                found = _Scoring.begun(threads, state, people, ahead, config, checked[1])
            if scored is not None:
                yield from scored.lists()
            scored = found


@dataclass(frozen=True)
class _Scoring:
    """Candidates of some users whose scores are on their way."""

    state: State
    config: RecommendConfig
    allowed: Flags | None
    fresh: bool
    """Whether what users have already is left out."""
    pools: Sequence[Pool]
    scores: Future[list[NDArray[np.float64]]]

    @classmethod
    def begun(
        cls,
        threads: ThreadPoolExecutor,
        state: State,
        people: Sequence[Person],
        sources: Iterable[Ahead],
        config: RecommendConfig,
        allowed: Flags | None,
    ) -> _Scoring:
        """Find the candidates, and have them scored."""
        ranker, fresh = _served(state, config), state.context.leaves_out_seen(config.exclude_seen)
        pools = [
            find_pool(state.catalogue, person, config, allowed, trained=ranker is not None, fresh=fresh, ahead=ahead)
            for person, ahead in zip(people, sources, strict=True)
        ]
        return cls(state, config, allowed, fresh, pools, threads.submit(score_pools, pools, ranker, config))

    def lists(self) -> Iterator[tuple[str, list[Scored]]]:
        """Each user with the list."""
        state, config, ranker = self.state, self.config, _served(self.state, self.config)
        for pool, score in zip(self.pools, self.scores.result(), strict=True):
            ranked = choose(state.catalogue, pool, score, config)
            if len(ranked.chosen) < min(config.n, len(pool.scores.item)):
                ranked = make_list(state.catalogue, pool.person, ranker, config, self.allowed, fresh=self.fresh)
            yield (
                pool.person.user,
                explained(ranked, state.catalogue, ranker, config) if config.explain else bare(ranked, state.catalogue),
            )


def _served(state: State, config: RecommendConfig) -> Ranker | None:
    """The ranker, where there is one and it is asked for."""
    return state.ranker if config.ranker else None


def _rules(database: Database, state: State, config: RecommendConfig) -> Flags | None:
    """The items that obey all rules; None: any."""
    category = resolve_category(database, config.category or config.filters.category)
    if category is not None and category not in state.catalogue.category_position:
        return np.zeros(len(state.catalogue.items), dtype=np.bool_)
    filters = config.filters
    plain = replace(filters, boosts={}, max_per_category=None, max_per_brand=None, diversity=0.0, freshness=0.0)
    if category is None and plain == type(filters)():
        return None
    return allowed_items(database, state.catalogue, filters, category)


def _why_trending(person: Person) -> str:
    if not person.known:
        return f"user {person.user} is not in the graph"
    if len(person.item):
        return f"nothing that user {person.user} did leads to such items"
    return f"user {person.user} has no events yet"


def _row(state: State, entry: Scored, why: Reason | None) -> Recommendation:
    catalogue = state.catalogue
    number = catalogue.position[entry.item]
    price = float(catalogue.price[number])
    return Recommendation(
        item_id=entry.item,
        title=why.title if why else catalogue.titles[number] or None,
        category=path_text(catalogue.path(number)),
        brand=why.brand if why else catalogue.brands[number] or None,
        price=why.price if why else (round(price, 6) if price == price else None),
        score=round(entry.score, 6),
        sources={name: round(part, 6) for name, part in entry.parts.items()},
        reason=why.sentence if why else "",
        paths=why.paths if why else (),
        cypher=why.cypher if why else "",
    )


def trending(database: Database, n: int = 10, category: str | None = None) -> Table[TrendingItem]:
    """Items with the strongest trend.

    Raises:
        UnknownIdError: there is no such category.
        ConfigurationError: `n` is out of range.
    """
    check_count(n)
    context = read_context(database)
    rows = database.read("serve/trending", category=resolve_category(database, category), limit=n)
    items = tuple(
        TrendingItem(
            item_id=row["itemId"],
            title=row["title"],
            category=path_text(row["path"]),
            brand=row["brand"],
            price=row["price"],
            trend=row["score"],
            buyers=row["buyers"],
            repeat_rate=row["repeatRate"],
        )
        for row in rows
    )
    return Table(items, () if context.enrich_run else context.notes[:1])

"""One user's list, from arrays to arrays: candidates, features, scores, order. No database in here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from interestgraph.errors import ConfigurationError
from interestgraph.recommend.blend import BlendConfig, blend
from interestgraph.recommend.catalogue import Catalogue, Flags
from interestgraph.recommend.features import features
from interestgraph.recommend.filters import Filters
from interestgraph.recommend.person import Person
from interestgraph.recommend.ranker import Ranker
from interestgraph.recommend.select import arrange, by_score, share_places
from interestgraph.recommend.sources import Ahead, CandidateConfig, Scores, find_scores

SCREENS = ((15, 200, 20), (45, 60, 6))
"""Candidates are screened after so many trees; so many of a user come through, or so many times the list's length where
that is more."""
Mode = Literal["mixed", "again", "discover"]
Dial = float | Literal["auto"]


@dataclass(frozen=True)
class RankConfig:
    """How a list is made."""

    n: int = 10
    """Length of the list, 1 to 1000."""
    mode: Mode = "mixed"
    """``again``: only items that the user has a relationship to; ``discover``: only others; ``mixed``: both."""
    repeat: Dial = "auto"
    """Share of the list for items that the user chose before, 0 to 1; ``auto``: as the scores have it."""
    explore: Dial = "auto"
    """Share of the other places for categories that the user chose nothing of yet; ``auto``: as the scores have it."""
    ranker: bool = True
    """Whether the trained ranker serves, where there is one; else the blend."""
    candidates: CandidateConfig = field(default_factory=CandidateConfig)
    blend: BlendConfig = field(default_factory=BlendConfig)
    filters: Filters = field(default_factory=Filters)

    def __post_init__(self) -> None:
        if not 1 <= self.n <= 1000:
            raise ConfigurationError(f"n must be from 1 to 1000, got {self.n}")
        if self.mode not in get_args(Mode):
            raise ConfigurationError(f"mode must be one of {', '.join(get_args(Mode))}, got {self.mode}")
        for name in ("repeat", "explore"):
            value = getattr(self, name)
            if value != "auto" and not (isinstance(value, int | float) and 0 <= value <= 1):
                raise ConfigurationError(f"{name} must be auto or from 0 to 1, got {value}")

    @property
    def by_score(self) -> bool:
        """Whether the list is simply the candidates of the highest scores."""
        return self.repeat == self.explore == "auto" and not self.filters.reorders


@dataclass(frozen=True)
class Scored:
    """An item and what each source adds to its score."""

    item: str
    score: float
    parts: dict[str, float]
    """Source -> share of the score, largest first; they sum to `score`. Empty where nobody asked."""


@dataclass(frozen=True)
class Pool:
    """Candidates of one user, ready to be scored."""

    person: Person
    scores: Scores
    rows: NDArray[np.float32] | None
    """Features; None where the blend serves."""
    new: bool
    """Only items that the user has no relationship to."""


@dataclass(frozen=True)
class Ranked:
    """A list and what it was made from."""

    pool: Pool
    score: NDArray[np.float64]
    """Of every candidate, see `score_pools`."""
    chosen: list[int]
    """Positions of the list's items among the candidates."""

    @property
    def led(self) -> bool:
        """Whether anything but the trend leads to an item of the list."""
        found = self.pool.scores
        return any(flags[self.chosen].any() for name, flags in found.proposed.items() if name != "trend")


def find_pool(
    catalogue: Catalogue,
    person: Person,
    config: RankConfig,
    allowed: Flags | None,
    *,
    trained: bool,
    fresh: bool,
    need: int | None = None,
    ahead: Ahead | None = None,
) -> Pool:
    """The candidates of a user with their features.

    Args:
        catalogue: the items.
        person: the user.
        config: what is asked.
        allowed: items that obey the filters; None: all.
        trained: whether the ranker serves, which needs features.
        fresh: leave out what the user has a relationship to.
        need: at least so many candidates, as long as there are items; None: ``config.n``.
        ahead: from `look_ahead`, where many users are ranked.
    """
    fresh = (fresh or config.mode == "discover") and config.mode != "again"
    candidates = replace(config.candidates, limit=max(config.candidates.limit, config.n))
    scores = find_scores(
        catalogue,
        person,
        candidates,
        allowed=allowed,
        own=not fresh,
        new=config.mode != "again",
        need=config.n if need is None else need,
        ahead=ahead,
    )
    # Someone without any events has nothing that a ranker could weigh.
    rows = features(catalogue, person, scores) if trained and len(person.item) else None
    return Pool(person, scores, rows, fresh)


def score_pools(pools: Sequence[Pool], ranker: Ranker | None, config: RankConfig) -> list[NDArray[np.float64]]:
    """Scores of the candidates of some users; those with features in one pass over the trees.

    For a list that is simply the highest scores, all candidates meet the first trees only, and those that are far
    behind then get minus infinity: few meet the rest of the trees too, which is most of the work.
    """
    found: list[NDArray[np.float64]] = [np.zeros(0)] * len(pools)
    for new in (False, True):
        group = [at for at, pool in enumerate(pools) if pool.rows is not None and pool.new is new]
        if not group or ranker is None:
            continue
        rows = [pool.rows for at in group if (pool := pools[at]).rows is not None]
        joined = rows[0] if len(rows) == 1 else np.concatenate(rows)
        ends = np.cumsum([len(row) for row in rows])[:-1]
        made = _screened(joined, ends, ranker, new, config.n) if config.by_score else ranker.score(joined, new=new)
        for at, part in zip(group, np.split(made, ends), strict=True):
            found[at] = part
    for at, pool in enumerate(pools):
        if pool.rows is None:
            found[at] = sum(blend(pool.scores, config.blend).values(), np.zeros(len(pool.scores.item)))
    return found


def _screened(
    rows: NDArray[np.float32], ends: NDArray[np.int64], ranker: Ranker, new: bool, n: int
) -> NDArray[np.float64]:
    """Scores of the candidates that come through all screens, minus infinity for the others; `ends` of users but the
    last."""
    trees = ranker.trees(new=new)
    left, made, done = np.arange(len(rows)), np.zeros(len(rows)), 0.0
    for first, least, times in SCREENS:
        if first >= trees:
            break
        most = max(least, times * n)
        made[left] += ranker.score(rows, new=new, trees=(done, first / trees))
        done = first / trees
        behind = [
            part[np.argpartition(made[part], -most)[:-most]]
            for part in np.split(left, np.searchsorted(left, ends))
            if len(part) > most
        ]
        if behind:
            made[np.concatenate(behind)] = -np.inf
            through = made[left] > -np.inf
            left, rows = left[through], rows[through]
    made[left] += ranker.score(rows, new=new, trees=(done, 1.0))
    return made


def choose(catalogue: Catalogue, pool: Pool, score: NDArray[np.float64], config: RankConfig) -> Ranked:
    """The list out of scored candidates."""
    item = pool.scores.item
    order = by_score(score)
    mine = np.isin(item, pool.person.item, assume_unique=True)
    if config.explore != "auto":
        fresh = order[~mine[order]]
        order = np.concatenate(
            [share_places(fresh, unfamiliar(catalogue, pool), float(config.explore)), order[mine[order]]]
        )
        if config.repeat == "auto":
            # The places stay those of own and of new items; only which new item stands there is another.
            rank = by_score(score)
            new_places = ~mine[rank]
            made = rank.copy()
            made[new_places] = order[: int(new_places.sum())]
            order = made
    if config.repeat != "auto":
        order = share_places(order, mine, float(config.repeat))
    return Ranked(pool, score, arrange(catalogue, item, order, config.n, config.filters))


def unfamiliar(catalogue: Catalogue, pool: Pool) -> NDArray[np.bool_]:
    """Which candidates are of categories that the user chose nothing of; without a category: those that nothing but
    the trend proposes."""
    own = np.unique(catalogue.category[pool.person.item])
    category = catalogue.category[pool.scores.item]
    led = np.zeros(len(category), dtype=np.bool_)
    for name, flags in pool.scores.proposed.items():
        if name != "trend":
            led |= flags
    return np.where(category >= 0, ~np.isin(category, own), ~led)


def make_list(
    catalogue: Catalogue,
    person: Person,
    ranker: Ranker | None,
    config: RankConfig,
    allowed: Flags | None,
    *,
    fresh: bool,
) -> Ranked:
    """One user's list; limits per category look further when the candidates do not fill it."""
    served = ranker if config.ranker else None
    need = config.n
    while True:
        pool = find_pool(catalogue, person, config, allowed, trained=served is not None, fresh=fresh, need=need)
        (score,) = score_pools([pool], served, config)
        ranked = choose(catalogue, pool, score, config)
        if len(ranked.chosen) >= config.n or len(pool.scores.item) < need or need >= len(catalogue.items):
            return ranked
        need = min(max(8 * need, 2 * len(pool.scores.item)), len(catalogue.items))


def explained(ranked: Ranked, catalogue: Catalogue, ranker: Ranker | None, config: RankConfig) -> list[Scored]:
    """The list with what each source adds to each score."""
    pool, chosen = ranked.pool, ranked.chosen
    names = [catalogue.items[number] for number in pool.scores.item[chosen].tolist()]
    if pool.rows is not None and ranker is not None:
        shares = ranker.shares(pool.rows[chosen], new=pool.new)
    else:
        parts = blend(pool.scores, config.blend)
        shares = [
            dict(sorted(((name, float(part[at])) for name, part in parts.items() if part[at] > 0), key=lambda p: -p[1]))
            for at in chosen
        ]
    return [Scored(name, float(ranked.score[at]), share) for name, at, share in zip(names, chosen, shares, strict=True)]


def bare(ranked: Ranked, catalogue: Catalogue) -> list[Scored]:
    """The list without sources."""
    numbers = ranked.pool.scores.item[ranked.chosen].tolist()
    return [
        Scored(catalogue.items[number], float(ranked.score[at]), {})
        for number, at in zip(numbers, ranked.chosen, strict=True)
    ]

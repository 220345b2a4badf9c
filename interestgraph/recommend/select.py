"""From scores to a list: dials, boosts, limits per category and brand, diversity."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from interestgraph.recommend.catalogue import Catalogue, Ints
from interestgraph.recommend.filters import Filters

POOL = 5
"""Lists are rearranged among this many times as many items as they have."""


def by_score(score: NDArray[np.float64]) -> NDArray[np.int64]:
    """Positions by falling score, ties by position."""
    return np.argsort(-score, kind="stable")


def share_places(order: NDArray[np.int64], chosen: NDArray[np.bool_], share: float) -> NDArray[np.int64]:
    """`order` rearranged so that any beginning of it has about `share` of chosen ones, while both kinds last.

    Args:
        order: positions, best first.
        chosen: by position, whether it is of the first kind.
        share: 0 to 1.
    """
    first, second = order[chosen[order]], order[~chosen[order]]
    # Place k of the first kind is due after (k + 1/2) / share places, of the second after (k + 1/2) / (1 - share); both
    # are taken times share * (1 - share), which is never a division by nothing.
    due = np.concatenate([(np.arange(len(first)) + 0.5) * (1 - share), (np.arange(len(second)) + 0.5) * share])
    return np.concatenate([first, second])[np.argsort(due, kind="stable")]


def arrange(catalogue: Catalogue, item: Ints, order: NDArray[np.int64], n: int, filters: Filters) -> list[int]:
    """Positions of the n that make the list.

    Boosts and freshness move items within the first ``POOL * n``; diversity then picks one after the other by
    (1 - d) * relevance - d * likeness to what is picked already, both 0 to 1 (Carbonell and Goldstein, "The use of
    MMR", SIGIR 1998); limits leave items out until nothing else is left.

    Args:
        catalogue: the items.
        item: numbers of the candidates.
        order: positions of the candidates, best first.
        n: length of the list.
        filters: the rules.
    """
    if not filters.reorders:
        return [int(at) for at in order[:n]]
    order = _moved(catalogue, item, order, filters)
    if filters.diversity:
        order = _diverse(catalogue, item, order, n, filters.diversity)
    kept, rest = [], []
    seen_category: dict[int, int] = {}
    seen_brand: dict[int, int] = {}
    for at in order.tolist():
        category, brand = int(catalogue.category[item[at]]), int(catalogue.brand[item[at]])
        if _full(seen_category, category, filters.max_per_category) or _full(seen_brand, brand, filters.max_per_brand):
            rest.append(at)
            continue
        seen_category[category] = seen_category.get(category, 0) + 1
        seen_brand[brand] = seen_brand.get(brand, 0) + 1
        kept.append(at)
        if len(kept) == n:
            break
    return kept


def _full(seen: dict[int, int], group: int, most: int | None) -> bool:
    return most is not None and group >= 0 and seen.get(group, 0) >= most


def _moved(catalogue: Catalogue, item: Ints, order: NDArray[np.int64], filters: Filters) -> NDArray[np.int64]:
    """The order after boosts and freshness, in places."""
    if not filters.boosts and not filters.freshness:
        return order
    place = np.arange(len(order), dtype=np.float64)
    numbers = item[order]
    for name, places in filters.boosts.items():
        for at, number in enumerate(numbers.tolist()):
            if name in _names(catalogue, number):
                place[at] -= places
    if filters.freshness:
        # An item that nobody has yet gains ten places at 1, one with nine users half of them.
        place -= 10 * filters.freshness / (1 + np.log10(1 + catalogue.buyers[numbers]))
    return order[np.argsort(place, kind="stable")]


def _names(catalogue: Catalogue, number: int) -> Iterator[str]:
    """What a boost may name: the item, its brand, its categories and all above them."""
    yield catalogue.items[number]
    if catalogue.brands[number]:
        yield catalogue.brands[number]
    start = catalogue.member.start
    for category in catalogue.member.other[start[number] : start[number + 1]].tolist():
        while category >= 0:
            yield catalogue.categories[category]
            category = int(catalogue.category_parent[category])


def _diverse(catalogue: Catalogue, item: Ints, order: NDArray[np.int64], n: int, weight: float) -> NDArray[np.int64]:
    pool = order[: max(POOL * n, 50)]
    # Relevance by place: scores of different rankers have different scales.
    relevance = 1 - np.arange(len(pool)) / len(pool)
    numbers = item[pool]
    likeness = (catalogue.category[numbers][:, None] == catalogue.category[numbers][None, :]).astype(np.float64)
    likeness[catalogue.category[numbers] < 0] = 0.0
    if catalogue.unit is not None:
        vectors = catalogue.unit[numbers]
        likeness = np.maximum(likeness, np.clip(vectors @ vectors.T, 0, 1))
    closest = np.zeros(len(pool))
    left = np.ones(len(pool), dtype=np.bool_)
    picked = []
    for _ in range(len(pool)):
        worth = np.where(left, (1 - weight) * relevance - weight * closest, -np.inf)
        best = int(np.argmax(worth))
        picked.append(best)
        left[best] = False
        closest = np.maximum(closest, likeness[best])
    return np.concatenate([pool[picked], order[len(pool) :]])

"""What the ranker sees of a person and a candidate. The same code makes the rows of training and of serving."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from interestgraph.recommend.catalogue import Catalogue, Floats
from interestgraph.recommend.person import Person
from interestgraph.recommend.sources import SOURCES, Scores, person_share

OWN = (
    "own_weight",
    "own_share",
    "own_rank",
    "own_count",
    "own_first",
    "own_last",
    "own_gap",
    "own_overdue",
    "own_rate",
    "own_fast",
    "own_slow",
    "own_last_rank",
    "side_weight",
    "side_count",
    "side_last",
)
ITEM = ("item_trend", "item_buyers", "item_heat", "item_repeat", "item_price", "item_price_ratio", "item_community")
CATEGORY = (
    "category_share",
    "category_parent_share",
    "category_trend_share",
    "category_last",
    "category_count",
    "category_own_share",
    "category_item_share",
    "parent_last",
    "brand_share",
)
USER = ("user_items", "user_events", "user_repeat", "user_last", "user_pace", "user_baskets", "user_basket")
SCORES = tuple(f"{name}_score" for name in SOURCES[1:])
RANKS = tuple(f"{name}_place" for name in SOURCES[1:])
FEATURES = (*OWN, *ITEM, *CATEGORY, *USER, *SCORES, *RANKS)
"""Names of the columns, in order."""

SOURCE_OF = {
    **dict.fromkeys(OWN, "own"),
    **dict.fromkeys(ITEM, "trend"),
    **dict.fromkeys(CATEGORY, "category"),
    **dict.fromkeys(USER, "user"),
    **{f"{name}_{kind}": name for name in SOURCES[1:] for kind in ("score", "place")},
}
"""Feature -> the source that an explanation counts it under."""

FAST, SLOW = 14.0, 90.0
"""Half-lives in days of two more weights beside the graph's own."""


def features(catalogue: Catalogue, person: Person, scores: Scores) -> Floats:
    """One row per candidate, shape (candidates, len(FEATURES)), float32; NaN where nothing is known."""
    item = scores.item
    columns: dict[str, Any] = {
        **_own(person, item),
        **_item(catalogue, person, item),
        **_category(catalogue, person, item),
        **_user(person),
    }
    made = np.empty((len(item), len(FEATURES)), dtype=np.float32)
    for at, name in enumerate(FEATURES):
        if name in columns:
            made[:, at] = columns[name]
    start = len(FEATURES) - len(SCORES) - len(RANKS)
    for at, name in enumerate(SOURCES[1:]):
        score = scores.by_source.get(name)
        if score is None:
            made[:, start + at] = np.nan
            made[:, start + len(SCORES) + at] = np.nan
            continue
        made[:, start + at] = score
        found = np.flatnonzero(score > 0)
        place = made[:, start + len(SCORES) + at]
        place[:] = np.nan
        place[found] = _places(-score[found])
    return made


def user_row(person: Person) -> Floats:
    """What is known of a user as such, shape (len(USER),)."""
    known = _user(person)
    return np.array([known[name] for name in USER], dtype=np.float32)


def _own(person: Person, item: NDArray[np.int32]) -> dict[str, NDArray[np.float64]]:
    """The user's own relationship to the item. The graph keeps count, first and last event, and one weight."""
    m = len(person.item)
    where = np.searchsorted(person.item, item)
    mine = np.zeros(len(item), dtype=np.bool_)
    inside = where < m
    mine[inside] = person.item[where[inside]] == item[inside]
    where = where[mine]
    count, first, last = person.count, person.first, person.last
    with np.errstate(invalid="ignore", divide="ignore"):
        gap = np.where(count > 1, (first - last) / np.maximum(count - 1, 1), np.nan)
        values = {
            "own_weight": person.weight,
            "own_share": person.weight / (np.maximum(person.weight, 0).sum() or 1.0),
            "own_rank": _places(-person.weight),
            "own_count": count,
            "own_first": first,
            "own_last": last,
            "own_gap": gap,
            "own_overdue": last / np.maximum(gap, 0.5),
            "own_rate": count / (first + 7.0),
            "own_fast": faded(count, first, last, FAST),
            "own_slow": faded(count, first, last, SLOW),
            "own_last_rank": _places(person.latest),
            "side_weight": np.where(person.side_count > 0, person.side_weight, np.nan),
            "side_count": np.where(person.side_count > 0, person.side_count, np.nan),
            "side_last": person.side_last,
        }
    found = {}
    for name, value in values.items():
        column = np.full(len(item), np.nan)
        column[mine] = value[where]
        found[name] = column
    return found


def faded(
    count: NDArray[np.float64], first: NDArray[np.float64], last: NDArray[np.float64], half_life: float
) -> NDArray[np.float64]:
    """About what the weight would be with another half-life, if the events were evenly spaced.

    The graph keeps the sum for one half-life only. With gap g the events have the ages last + k * g, so the sum is
    the geometric series 2^(-last / h) * (1 - q^count) / (1 - q) with q = 2^(-g / h).

    Args:
        count: events.
        first, last: days since the first and the last event.
        half_life: days.
    """
    gap = (first - last) / np.maximum(count - 1, 1)
    q = np.exp2(-gap / half_life)
    series = np.where(q < 1 - 1e-9, (1 - q**count) / np.maximum(1 - q, 1e-9), count)
    return np.asarray(np.exp2(-last / half_life) * series)


def _places(value: NDArray[np.float64]) -> NDArray[np.float64]:
    place = np.empty(len(value))
    place[np.argsort(value, kind="stable")] = np.arange(len(value))
    return place


def _item(catalogue: Catalogue, person: Person, item: NDArray[np.int32]) -> dict[str, NDArray[np.floating]]:
    trend, buyers, price = catalogue.trend[item], catalogue.buyers[item], catalogue.price[item]
    usual = catalogue.price[person.item]
    known = np.isfinite(usual)
    middle = float(np.median(usual[known])) if known.any() else float("nan")
    community = catalogue.community_position.get(person.community or "", -1)
    same = (catalogue.community[item] == community) & (community >= 0)
    return {
        "item_trend": trend / catalogue.total_trend * 1e4,
        "item_buyers": np.log1p(buyers),
        "item_heat": trend / np.maximum(buyers, 1),
        "item_repeat": catalogue.repeat_rate[item],
        "item_price": price,
        "item_price_ratio": price / middle if middle else np.full(len(item), np.nan),
        "item_community": same.astype(np.float64),
    }


def _category(catalogue: Catalogue, person: Person, item: NDArray[np.int32]) -> dict[str, NDArray[np.floating]]:
    """What the user does in the item's category and the one above, and with its brand."""
    own, above = catalogue.category[item], catalogue.parent[item]
    size = len(catalogue.categories) + 1
    share = person_share(catalogue, person)
    mine, mine_above = catalogue.category[person.item], catalogue.parent[person.item]
    weight = np.maximum(person.weight, 0)
    count = person.count + person.side_count
    by_weight = np.bincount(mine + 1, weights=weight, minlength=size)
    by_count = np.bincount(mine + 1, weights=count, minlength=size)
    own_weight = np.zeros(len(catalogue.items))
    own_weight[person.item] = weight
    brand = catalogue.brand[person.item] + 1
    by_brand = np.bincount(brand, weights=weight, minlength=int(catalogue.brand.max(initial=-1)) + 2)
    by_brand[0] = np.nan
    total = weight.sum() or 1.0
    none = own < 0
    found = {
        "category_share": catalogue.per_item(catalogue.member, share, item),
        "category_parent_share": share[above],
        "category_trend_share": catalogue.per_item(catalogue.shares, np.ones(size), item),
        "category_last": _latest(mine, person.latest, size)[own + 1],
        "category_count": by_count[own + 1],
        "category_own_share": by_weight[own + 1] / total,
        "category_item_share": own_weight[item] / np.maximum(by_weight[own + 1], 1e-9),
        "parent_last": _latest(mine_above, person.latest, size)[above + 1],
        "brand_share": by_brand[catalogue.brand[item] + 1] / total,
    }
    for name in found:
        if name != "brand_share":
            found[name][none] = np.nan
    return found


def _latest(group: NDArray[np.int32], days: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    """Fewest days by group, NaN for groups without any; group -1 is at 0."""
    found = np.full(size, np.inf)
    np.minimum.at(found, group + 1, days)
    found[~np.isfinite(found)] = np.nan
    found[0] = np.nan
    return found


def _user(person: Person) -> dict[str, float]:
    """The same for all candidates of a user."""
    count = person.count
    latest = person.latest
    moments = np.unique(np.round(latest * 24))
    baskets = len(moments)
    return {
        "user_items": float(len(person.item)),
        "user_events": float(count.sum()),
        "user_repeat": float((count > 1).mean()) if len(count) else np.nan,
        "user_last": float(np.nanmin(latest)) if len(latest) else np.nan,
        "user_pace": float((latest < 30).sum()),
        "user_baskets": float(baskets),
        "user_basket": float((latest <= (np.nanmin(latest) + 0.05)).sum()) if len(latest) else np.nan,
    }

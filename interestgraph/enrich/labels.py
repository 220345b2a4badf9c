"""Labels of communities: the categories, and where those say little the words of titles, that they hold more of."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy import sparse

LITTLE = 0.1
"""Categories say little when the best one's share times the logarithm of its lift is less."""
WORDS = 3
"""Most names in a label, and most words."""
_WORD = re.compile(r"[^\W\d_]{3,}")


def community_labels(
    group: NDArray[np.int32],
    weight: NDArray[np.float64],
    membership: sparse.csr_array,
    names: Sequence[str],
    titles: Sequence[str | None],
    words: int = WORDS,
) -> list[str]:
    """Name each group of items by what it holds more of than the whole does.

    The score of a category is its share of the group times the logarithm of that share over its share of everything
    (the pointwise Kullback-Leibler divergence), so a label needs to be both typical and large. Words of titles are
    scored alike. They stand behind the categories where those say little or are those of another group too, and alone
    where there are none. What has neither is named by its heaviest item.

    Args:
        group: group of each item, -1 for none, shape (items,).
        weight: weight of each item, shape (items,).
        membership: items x categories, of one level of the tree.
        names: names of the categories.
        titles: titles of the items.
        words: most names in a label, and most words.
    """
    count = int(group.max(initial=-1)) + 1
    by_category = _typical(group, weight, membership, names, words)
    vocabulary, occurrences = _words(titles)
    by_word = _typical(group, weight, occurrences, vocabulary, words)
    labels = []
    twice = Counter(", ".join(found) for found, _ in by_category)
    for at in range(count):
        (found, score), (said, _) = by_category[at], by_word[at]
        label = ", ".join(found)
        if not found:
            labels.append(", ".join(said) or _heaviest(group == at, weight, titles))
        elif said and (score < LITTLE or twice[label] > 1):
            labels.append(f"{label}: {', '.join(said)}")
        else:
            labels.append(label)
    return labels


def _typical(
    group: NDArray[np.int32],
    weight: NDArray[np.float64],
    membership: sparse.csr_array,
    names: Sequence[str],
    most: int,
) -> list[tuple[list[str], float]]:
    """The names that each group holds more of than the whole, the best first, and the score of that one."""
    from scipy import sparse

    count = int(group.max(initial=-1)) + 1
    inside = group >= 0
    grouped = sparse.csr_array((weight[inside], (group[inside], np.flatnonzero(inside))), shape=(count, len(group)))
    mass = sparse.csr_array(grouped @ membership)
    overall = mass.sum(axis=0)
    total = overall.sum()
    made: list[tuple[list[str], float]] = []
    for at in range(count):
        row = slice(mass.indptr[at], mass.indptr[at + 1])
        column, amount = mass.indices[row], mass.data[row]
        if amount.sum() <= 0:
            made.append(([], 0.0))
            continue
        share = amount / amount.sum()
        score = share * np.log(share / (overall[column] / total), where=share > 0, out=np.zeros(len(share)))
        order = np.lexsort((column, -score))
        chosen = [names[column[place]] for place in order if score[place] > 0 or place == order[0]]
        made.append((list(dict.fromkeys(chosen))[:most], float(score[order[0]])))
    return made


def _words(titles: Sequence[str | None]) -> tuple[list[str], sparse.csr_array]:
    """Words of three letters or more, and which item's title has which, items x words."""
    from scipy import sparse

    place: dict[str, int] = {}
    items, columns = [], []
    for item, title in enumerate(titles):
        for word in set(_WORD.findall((title or "").lower())):
            items.append(item)
            columns.append(place.setdefault(word, len(place)))
    order = sorted(place)  # a set has no order of its own
    renamed = np.empty(len(place), dtype=np.int64)
    renamed[[place[word] for word in order]] = np.arange(len(order))
    column = renamed[columns] if columns else np.zeros(0, dtype=np.int64)
    ones = np.ones(len(items))
    return order, sparse.csr_array(sparse.coo_array((ones, (items, column)), shape=(len(titles), len(order))))


def _heaviest(member: NDArray[np.bool_], weight: NDArray[np.float64], titles: Sequence[str | None]) -> str:
    members = np.flatnonzero(member)
    return (titles[members[np.argmax(weight[members])]] or "") if len(members) else ""

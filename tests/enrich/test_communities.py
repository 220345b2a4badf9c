"""Communities by hand: what a partition is worth, which resolution is chosen, and which community is which."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from interestgraph.enrich.agreement import stability
from interestgraph.enrich.labels import community_labels
from interestgraph.enrich.matching import Matching, match
from interestgraph.enrich.partition import quality_of
from interestgraph.enrich.resolution import CommunityConfig, Trial, choose, trials


def group(*labels: int) -> np.ndarray:
    return np.array(labels, dtype=np.int32)


def two_triangles() -> sparse.csr_array:
    """Nodes 0-2 and 3-5, each a triangle, joined by one edge of weight 1."""
    graph = np.zeros((6, 6))
    for a, b in [(0, 1), (0, 2), (1, 2), (3, 4), (3, 5), (4, 5), (2, 3)]:
        graph[a, b] = graph[b, a] = 1
    return sparse.csr_array(graph)


def test_quality_worked_out_by_hand() -> None:
    # 7 edges, 6 of them inside; each triangle has volume 7 of 14, and one edge leaves it.
    found = quality_of(two_triangles(), group(0, 0, 0, 1, 1, 1))
    assert found.communities == 2
    assert found.coverage == pytest.approx(6 / 7)
    assert found.modularity == pytest.approx(6 / 7 - 2 * (7 / 14) ** 2)
    assert found.conductance == pytest.approx(1 / 7)
    whole = quality_of(two_triangles(), group(*[0] * 6))
    assert (whole.modularity, whole.coverage, whole.conductance) == (0, 1, 0)
    # Nodes in no community count as alone: one triangle, and degrees 3, 2 and 2 by themselves.
    half = quality_of(two_triangles(), group(0, 0, 0, -1, -1, -1))
    assert half.modularity == pytest.approx(3 / 7 - (7**2 + 3**2 + 2**2 + 2**2) / 14**2)
    assert quality_of(sparse.csr_array((2, 2)), group(-1, -1)).modularity == 0


def test_stability_is_the_mean_over_pairs() -> None:
    same, other = group(0, 0, 1, 1), group(0, 1, 0, 1)
    assert stability([same, same[::-1].copy()]) == 1
    assert stability([same, same, other]) == pytest.approx((1 - 0.5 - 0.5) / 3)
    assert stability([same]) == 1


def trial(resolution: float, stability: float, modularity: float, largest: float = 0.2, communities: int = 9) -> Trial:
    return Trial(resolution, stability, modularity, communities, largest, group(0))


def test_the_resolution_is_the_most_stable_one_within_limits() -> None:
    config = CommunityConfig(tolerance=0.02, largest_share=0.5)
    coarse, middle, fine = trial(0.5, 0.99, 0.3, largest=0.7), trial(1, 0.90, 0.5), trial(2, 0.80, 0.6)
    assert choose([coarse, middle, fine], config) == middle, "the most stable one has too large a community"
    near = trial(2, 0.885, 0.6)
    assert choose([middle, near], config) == near, "equally stable: modularity decides"
    assert choose([middle, near], config, last=1) == middle, "equally stable: that of the last run stays"
    assert choose([middle, fine], config, last=2) == middle, "the last one goes where another is more stable"
    many = [trial(1, 0.8, 0.4, communities=160), trial(2, 0.9, 0.5, communities=300)]
    assert choose([middle, *many], CommunityConfig(most=150)) == middle, "others have too many for people to look at"
    assert choose(many, CommunityConfig(most=150)) == many[0], "all have too many: the fewest"
    lumps = [trial(0.5, 1, 0.1, largest=0.9), trial(1, 1, 0.1, largest=0.6)]
    assert choose(lumps, config) == lumps[1], "none within limits: the smallest lump"


def test_trials_are_of_the_grid_or_of_the_one_that_is_given() -> None:
    graph = two_triangles()
    tried = trials(graph, CommunityConfig(grid=(0.1, 1.0), min_size=3))
    assert [(one.resolution, one.communities, one.stability) for one in tried] == [(0.1, 1, 1), (1.0, 2, 1)]
    assert tried[1].modularity == pytest.approx(6 / 7 - 0.5)
    assert choose(tried, CommunityConfig()).resolution == 1.0
    (given,) = trials(graph, CommunityConfig(resolution=3.0))
    assert given.resolution == 3.0


def test_communities_keep_their_numbers_and_new_ones_get_numbers_never_used() -> None:
    before = np.array([4, 4, 4, 4, 7, 7, 7, 9, 9, -1])
    # The first four stay together, 7 loses one to a new group with the newcomer, 9 is no more.
    now = group(1, 1, 1, 1, 0, 0, 2, -1, -1, 2)
    assert match(before, now, 3, last=12, least_overlap=0.4) == Matching((7, 4, 13), kept=2, new=1, gone=1, last=13)
    # A third of 7 is enough of an overlap for nobody else to claim it, but the other part overlaps more.
    assert match(before, now, 3, last=12, least_overlap=0.3).numbers == (7, 4, 13)
    assert match(np.full(3, -1), group(0, 0, 1), 2, last=0, least_overlap=0.3) == Matching((1, 2), 0, 2, 0, 2)


def test_a_community_that_grows_stays_itself_and_of_a_split_the_larger_part_does() -> None:
    before = np.array([1, 1, *[-1] * 8])
    assert match(before, group(*[0] * 10), 1, last=1, least_overlap=0.3).numbers == (1,)
    split = np.array([1] * 10)
    assert match(split, group(*[1] * 6, *[0] * 4), 2, last=1, least_overlap=0.3).numbers == (2, 1)
    assert match(split, group(*[1] * 6, *[0] * 4), 2, last=1, least_overlap=0.7).numbers == (2, 3)


@given(st.lists(st.integers(-1, 5), min_size=1, max_size=30))
def test_the_same_partition_keeps_all_numbers(labels: list[int]) -> None:
    _, dense = np.unique(group(-1, *labels), return_inverse=True)
    now = (dense[1:] - 1).astype(np.int32)
    count = int(now.max()) + 1
    first = match(np.full(len(now), -1), now, count, last=3, least_overlap=0.3)
    numbers = np.array([*first.numbers, -1])
    again = match(numbers[now], now, count, first.last, least_overlap=0.3)
    assert again == Matching(first.numbers, count, 0, 0, first.last)


def test_titles_tell_what_categories_do_not() -> None:
    # Everything is of one category, so it says nothing; the words of the titles do.
    groups, weight = group(0, 0, 1, 1), np.ones(4)
    grocery = sparse.csr_array(np.ones((4, 1)))
    titles = ("Green tea 20 bags", "Black tea", "Hand soap 2", "Bar soap")
    assert community_labels(groups, weight, grocery, ("Grocery",), titles, words=1) == ["Grocery: tea", "Grocery: soap"]
    assert community_labels(groups, weight, sparse.csr_array((4, 1)), ("Grocery",), titles, words=1) == ["tea", "soap"]
    # Two groups of the same category are told apart, a third that has its own needs no words.
    groups, weight = group(0, 1, 2, 2), np.ones(4)
    membership = sparse.csr_array(np.array([[1.0, 0], [1, 0], [0, 1], [0, 1]]))
    labels = community_labels(groups, weight, membership, ("Food", "Bath"), ("Cake", "Bread", "Soap", "Towel"))
    assert labels == ["Food: cake", "Food: bread", "Bath"]

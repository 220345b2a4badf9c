"""The compiled loops of walks and skip-gram. Arrays only; imported by the functions that run them.

All of them are in this one file on purpose: numba's disk cache notices a change of the file a function is
in, not of the files whose functions it inlines.

Random numbers are splitmix64 (Steele, Lea, Flood 2014), one stream per walk, so that a walk and the
draws of its training depend on the seed and its number only, not on blocks, threads or their order. All
random arithmetic is uint64; a stray int64 would turn it into float64.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

GAMMA = np.uint64(0x9E3779B97F4A7C15)
_HALF = np.uint64(32)
_LOW = np.uint64(0xFFFFFFFF)
_TO_UNIT = 1.0 / 9007199254740992.0  # 2**-53
_TRIES = 64
"""Rejections after which a second-order step is drawn by going through all neighbours."""


@njit(inline="always")
def _mix(z):  # type: ignore[no-untyped-def]
    """The output function of splitmix64: uint64 -> uint64."""
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@njit(inline="always")
def _stream(seed, number):  # type: ignore[no-untyped-def]
    """State of the stream `number` of `seed`."""
    return _mix(_mix(np.uint64(seed) + GAMMA) ^ _mix(np.uint64(number) * GAMMA + np.uint64(1)))


@njit(inline="always")
def _below(random, bound):  # type: ignore[no-untyped-def]
    """An integer in [0, bound) from the high 32 bits of `random`; bound < 2**31."""
    return np.int64(((random >> _HALF) * np.uint64(bound)) >> _HALF)


@njit(inline="always")
def _unit(random):  # type: ignore[no-untyped-def]
    """A float64 in [0, 1) from 53 bits of `random`."""
    return np.float64(random >> np.uint64(11)) * _TO_UNIT


@njit(cache=True, nogil=True)
def build_alias(indptr, indices, weights, first, last, table, totals):  # type: ignore[no-untyped-def]
    """Fill the alias tables (Vose 1991) of the rows [first, last) of a CSR matrix, in O(entries).

    ``table[e] = (threshold, other)``, both uint32: a draw that lands on entry e stays there when 32 random
    bits are below the threshold, else it is `other` (a column, not an entry). ``totals[row]`` is the sum.
    """
    widest = 1
    for row in range(first, last):
        widest = max(widest, indptr[row + 1] - indptr[row])
    scaled = np.empty(widest, np.float64)
    stack = np.empty(widest, np.int64)
    for row in range(first, last):
        start = indptr[row]
        degree = indptr[row + 1] - start
        total = 0.0
        for k in range(degree):
            total += weights[start + k]
        totals[row] = total
        small, large = 0, degree  # the stack holds the small entries from the left, the large from the right
        for k in range(degree):
            scaled[k] = weights[start + k] / total * degree
            table[start + k, 0] = _LOW
            table[start + k, 1] = indices[start + k]
            if scaled[k] < 1.0:
                stack[small] = k
                small += 1
            else:
                large -= 1
                stack[large] = k
        while small > 0 and large < degree:
            small -= 1
            less, more = stack[small], stack[large]
            table[start + less, 0] = np.uint32(min(scaled[less] * 4294967296.0, 4294967295.0))
            table[start + less, 1] = indices[start + more]
            scaled[more] -= 1.0 - scaled[less]
            if scaled[more] < 1.0:
                large += 1
                stack[small] = more
                small += 1


@njit(cache=True, nogil=True)
def shuffled(starts, seed, number):  # type: ignore[no-untyped-def]
    """A copy of `starts` in random order (Fisher-Yates), the same for the same seed and number."""
    order = starts.copy()
    state = _stream(seed, ~np.uint64(number))
    for k in range(order.shape[0] - 1, 0, -1):
        state += GAMMA
        other = _below(_mix(state), k + 1)
        order[k], order[other] = order[other], order[k]
    return order


@njit(inline="always")
def _draw(indptr, indices, table, node, random):  # type: ignore[no-untyped-def]
    """A neighbour of `node` with probability proportional to its weight; equal ones when `table` is empty."""
    start = indptr[node]
    entry = start + _below(random, indptr[node + 1] - start)
    if table.shape[0] > 0 and (random & _LOW) >= np.uint64(table[entry, 0]):
        return np.int64(table[entry, 1])
    return np.int64(indices[entry])


@njit(inline="always")
def _find(indptr, indices, node, other):  # type: ignore[no-untyped-def]
    """The entry of the edge node -> other, or -1."""
    low, high = indptr[node], indptr[node + 1]
    while low < high:
        middle = (low + high) >> 1
        if indices[middle] < other:
            low = middle + 1
        else:
            high = middle
    if low < indptr[node + 1] and indices[low] == other:
        return low
    return np.int64(-1)


@njit(nogil=True)
def _enumerate(indptr, indices, weights, before, node, back, inverse_q, random):  # type: ignore[no-untyped-def]
    """One second-order step by going through all neighbours twice: exact, O(degree), no memory."""
    threshold = math.inf
    total = 0.0
    for _ in range(2):
        total = 0.0
        for entry in range(indptr[node], indptr[node + 1]):
            if indices[entry] == before:
                bias = back
            elif _find(indptr, indices, before, indices[entry]) >= 0:
                bias = 1.0
            else:
                bias = inverse_q
            total += bias * weights[entry]
            if total > threshold:
                return np.int64(indices[entry])
        threshold = random * total
    return np.int64(indices[indptr[node + 1] - 1])


@njit(cache=True, nogil=True)
def walk_block(indptr, indices, weights, table, totals, order, first, out, seed, p, q):  # type: ignore[no-untyped-def]
    """Write one walk per row of `out`, starting at ``order``; row k is walk number ``first + k``.

    Second-order steps by rejection (KnightKing, Yang et al. 2019): propose a neighbour by its weight,
    accept with probability bias / bound. What a return bias has above the bound is proposed as a mass of
    its own and always accepted, so that a small p does not cost rejections.
    """
    length = out.shape[1]
    back, far = 1.0 / p, 1.0 / q
    bound, sure = max(1.0, far), min(1.0, far)
    first_order = p == 1.0 and q == 1.0
    for k in range(order.shape[0]):
        state = _stream(seed, first + k)
        before, node = np.int64(-1), np.int64(order[k])
        out[k, 0] = node
        step = 1
        while step < length and indptr[node + 1] > indptr[node]:
            state += GAMMA
            if first_order or step == 1:
                following = _draw(indptr, indices, table, node, _mix(state))
            else:
                following = np.int64(-1)
                extra = 0.0  # mass of the return above the bound, as a share of all that is proposed from
                if back > bound:
                    entry = _find(indptr, indices, node, before)
                    if entry >= 0:
                        extra = (back - bound) * weights[entry]
                        extra /= extra + bound * totals[node]
                tries = 0
                while following < 0 and tries < _TRIES:
                    tries += 1
                    if extra > 0.0:
                        chance = _unit(_mix(state))
                        state += GAMMA
                        if chance < extra:
                            following = before
                            break
                    other = _draw(indptr, indices, table, node, _mix(state))
                    state += GAMMA
                    height = _unit(_mix(state)) * bound
                    state += GAMMA
                    if other == before:
                        accepted = height < back
                    else:
                        accepted = height < sure
                        if not accepted:
                            near = _find(indptr, indices, before, other) >= 0
                            accepted = height < (1.0 if near else far)
                    if accepted:
                        following = other
                if following < 0:
                    following = _enumerate(indptr, indices, weights, before, node, back, far, _unit(_mix(state)))
            out[k, step] = following
            before, node = node, following
            step += 1
        for rest in range(step, length):
            out[k, rest] = -1


@njit(cache=True, nogil=True)
def count_tokens(walks, counts, ends):  # type: ignore[no-untyped-def]
    """Add the occurrences of each node to `counts`; ``ends[k]`` becomes the tokens up to and with walk k.

    Returns the first id outside ``counts``, or -1.
    """
    total = 0
    for k in range(walks.shape[0]):
        for step in range(walks.shape[1]):
            node = walks[k, step]
            if node < 0:
                break
            if node >= counts.shape[0]:
                return np.int64(node)
            counts[node] += 1
            total += 1
        ends[k] = total
    return np.int64(-1)

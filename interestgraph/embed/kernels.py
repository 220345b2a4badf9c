"""The compiled loops of walks and skip-gram. Arrays only; imported by the functions that run them.

All of them are in this one file on purpose: numba's disk cache notices a change of the file a function is
in, not of the files whose functions it inlines.

Random numbers are splitmix64 (Steele, Lea, Flood 2014), one stream per walk, so that a walk and the
draws of its training depend on the seed and its number only, not on blocks, threads or their order. All
random arithmetic is uint64; a stray int64 would turn it into float64.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba import njit, types
from numba.extending import intrinsic

GAMMA = np.uint64(0x9E3779B97F4A7C15)
_HALF = np.uint64(32)
_LOW = np.uint64(0xFFFFFFFF)
_TO_UNIT = 1.0 / 9007199254740992.0  # 2**-53
_INT32 = ir.IntType(32)
_LANES = 16
"""Walks that a thread takes together, so that it waits for the memory of all of them at once."""
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


@intrinsic  # type: ignore[untyped-decorator]
def _prefetch(_typing: Any, array: Any, _offset: Any) -> tuple[Any, Callable[..., Any]]:
    """Ask for the cache line of a flat offset, soon needed."""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, args[0]).data
        place = builder.bitcast(builder.gep(data, [args[1]]), ir.IntType(8).as_pointer())
        kind = ir.FunctionType(ir.VoidType(), [place.type, _INT32, _INT32, _INT32])
        ask = builder.module.declare_intrinsic("llvm.prefetch", [place.type], kind)
        builder.call(ask, [place, *(ir.Constant(_INT32, value) for value in (1, 3, 1))])
        return context.get_dummy_value()

    return types.void(array, types.intp), emit


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
def _resolve(indices, table, entry, random):  # type: ignore[no-untyped-def]
    """The column that a draw which landed on an entry gives; that of the entry when `table` is empty."""
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
def linked_types(indptr, indices, kinds):  # type: ignore[no-untyped-def]
    """bool (256, 256): whether there is any edge from a node of one type to a node of another."""
    linked = np.zeros((256, 256), np.bool_)
    for node in range(kinds.shape[0]):
        for entry in range(indptr[node], indptr[node + 1]):
            linked[kinds[node], kinds[indices[entry]]] = True
    return linked


@njit(cache=True, nogil=True)
def is_mirrored(indptr, indices, weights):  # type: ignore[no-untyped-def]
    """Whether every edge has the same weight in both directions, in one pass: a row is met in the order of its
    neighbours, as they are sorted."""
    place = indptr[:-1].copy()
    for node in range(place.shape[0]):
        for entry in range(indptr[node], indptr[node + 1]):
            other = indices[entry]
            back = place[other]
            if back == indptr[other + 1] or indices[back] != node or weights[back] != weights[entry]:
                return False
            place[other] += 1
    return True


@njit(inline="always")
def _weight(indptr, indices, weights, node, other):  # type: ignore[no-untyped-def]
    """Weight of an edge, 0 if there is none."""
    entry = _find(indptr, indices, node, other)
    return np.float64(weights[entry]) if entry >= 0 else 0.0


@njit(inline="always")
def _return_share(back, total, above, bound):  # type: ignore[no-untyped-def]
    """Share of the return's mass above the bound in all that a step is proposed from.

    Args:
        back: weight of the edge back.
        total: weight of all edges of the node.
        above: what the return bias has above the bound; not above 0: nothing.
    """
    extra = max(above, 0.0) * back
    return extra / (extra + bound * total)


@njit(cache=True, nogil=True)
def walk_block(  # type: ignore[no-untyped-def]
    indptr, indices, weights, table, totals, kinds, linked, mirrored, order, first, out, seed, p, q
):
    """Write one walk per row of `out`, starting at ``order``; row k is walk number ``first + k``.

    Second-order steps by rejection (KnightKing, Yang et al. 2019): propose a neighbour by its weight,
    accept with probability bias / bound. What a return bias has above the bound is proposed as a mass of
    its own and always accepted, so that a small p does not cost rejections. Whether two nodes are
    neighbours is only looked up if their types can be, and the weight of the way back only if the edges are not
    `mirrored` (the same in both directions).

    A thread has `_LANES` walks under way. Each sweep first proposes for all of them and asks for the
    memory, then decides for all of them.
    """
    length = out.shape[1]
    back, far = 1.0 / p, 1.0 / q
    bound, sure = max(1.0, far), min(1.0, far)
    first_order = p == 1.0 and q == 1.0
    rows, steps, tries = np.zeros(_LANES, np.int64), np.zeros(_LANES, np.int64), np.zeros(_LANES, np.int64)
    nodes, befores = np.zeros(_LANES, np.int64), np.zeros(_LANES, np.int64)
    entries, randoms = np.zeros(_LANES, np.int64), np.zeros(_LANES, np.uint64)
    states, extras = np.zeros(_LANES, np.uint64), np.zeros(_LANES, np.float64)
    came = np.zeros(_LANES, np.float64)  # weight of the edge from `nodes` to `befores`, -1: not looked up
    active, taken = 0, 0
    while True:
        while active < _LANES and taken < order.shape[0]:
            rows[active], steps[active], tries[active] = taken, 1, 0
            nodes[active], befores[active], extras[active], came[active] = order[taken], -1, 0.0, 0.0
            states[active] = _stream(seed, first + taken)
            out[taken, 0] = order[taken]
            active += 1
            taken += 1
        if active == 0:
            break
        if back > bound:
            for lane in range(active):
                if came[lane] < 0.0:
                    came[lane] = _weight(indptr, indices, weights, nodes[lane], befores[lane])
        lane = 0
        while lane < active:  # propose
            node = nodes[lane]
            start = indptr[node]
            degree = indptr[node + 1] - start
            if steps[lane] >= length or degree == 0:
                for rest in range(steps[lane], length):
                    out[rows[lane], rest] = -1
                active -= 1
                rows[lane], steps[lane], tries[lane] = rows[active], steps[active], tries[active]
                nodes[lane], befores[lane], extras[lane] = nodes[active], befores[active], extras[active]
                states[lane], came[lane] = states[active], came[active]
                continue
            entries[lane] = -1
            if tries[lane] == 0 and steps[lane] > 1:
                extras[lane] = _return_share(came[lane], totals[node], back - bound, bound)
            returns = False
            if extras[lane] > 0.0:
                states[lane] += GAMMA
                returns = _unit(_mix(states[lane])) < extras[lane]
            if not returns:
                states[lane] += GAMMA
                randoms[lane] = _mix(states[lane])
                entries[lane] = start + _below(randoms[lane], degree)
                _prefetch(indices, entries[lane])
                if table.shape[0] > 0:
                    _prefetch(table, 2 * entries[lane])
            lane += 1
        for lane in range(active):  # decide
            entry, node, before = entries[lane], nodes[lane], befores[lane]
            accepted = True
            if entry < 0:
                other = before
            else:
                other = _resolve(indices, table, entry, randoms[lane])
                if not first_order and steps[lane] > 1:
                    states[lane] += GAMMA
                    height = _unit(_mix(states[lane])) * bound
                    if other == before:
                        accepted = height < back
                    elif height >= sure:
                        near = linked[kinds[before], kinds[other]] and _find(indptr, indices, before, other) >= 0
                        accepted = height < (1.0 if near else far)
            if not accepted:
                tries[lane] += 1
                if tries[lane] < _TRIES:
                    continue
                states[lane] += GAMMA
                random = _unit(_mix(states[lane]))
                other = _enumerate(indptr, indices, weights, before, node, back, far, random)
                came[lane] = -1.0
            elif not mirrored:
                came[lane] = -1.0
            elif entry >= 0:  # a return is by the same edge
                came[lane] = weights[entry] if indices[entry] == other else -1.0
            out[rows[lane], steps[lane]] = other
            _prefetch(indptr, other)
            befores[lane], nodes[lane], tries[lane] = node, other, 0
            steps[lane] += 1


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

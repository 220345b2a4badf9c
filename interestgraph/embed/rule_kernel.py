"""The compiled loop of walks with rules: node2vec+, metapaths and time windows.

One walk after another, by the same rejection as `interestgraph.embed.kernels.walk_block`, which remains the faster
one for walks without rules.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from interestgraph.embed.kernels import _LOW, GAMMA, _below, _find, _mix, _return_share, _stream, _unit

_TRIES = 24
"""Rejections after which a step is drawn by going through all neighbours. Rules can forbid nearly all of them."""


@njit(cache=True, nogil=True)
def noise_levels(indptr, weights, gamma):  # type: ignore[no-untyped-def]
    """float64 (n,): mean weight of a node's edges plus `gamma` standard deviations (node2vec+)."""
    levels = np.zeros(indptr.shape[0] - 1)
    for node in range(levels.shape[0]):
        first, last = indptr[node], indptr[node + 1]
        if first == last:
            continue
        total, least, most = 0.0, math.inf, 0.0
        for entry in range(first, last):
            weight = np.float64(weights[entry])
            total += weight
            least, most = min(least, weight), max(most, weight)
        # Rounding must not put the mean of equal weights above them.
        mean = min(max(total / (last - first), least), most)
        square = 0.0
        for entry in range(first, last):
            square += (weights[entry] - mean) ** 2
        levels[node] = mean + gamma * math.sqrt(square / (last - first))
    return levels


@njit(inline="always")
def _bias(  # type: ignore[no-untyped-def]
    indptr, indices, weights, levels, linked, kinds, before, node, other, entry, back, far
):
    """node2vec's bias of the step node -> other (its edge is `entry`) after before -> node, or node2vec+'s."""
    if other == before:
        return back
    edge = np.int64(-1)
    if linked[kinds[before], kinds[other]]:
        edge = _find(indptr, indices, before, other)
    if levels.shape[0] == 0:
        return 1.0 if edge >= 0 else far
    if edge >= 0 and weights[edge] >= levels[other]:
        return 1.0
    if weights[entry] < levels[node]:
        return min(1.0, far)
    share = weights[edge] / levels[other] if edge >= 0 else 0.0
    return far + (1.0 - far) * share


@njit(inline="always")
def _allowed(indices, kinds, steps, times, entry, place, oldest):  # type: ignore[no-untyped-def]
    """Whether the metapath and the time window let a walk take an edge."""
    if steps.shape[0] > 0 and not steps[place, kinds[indices[entry]]]:
        return False
    return times.shape[0] == 0 or not times[entry] < oldest  # a missing time is NaN, which is not older


@njit(nogil=True)
def _go_through(  # type: ignore[no-untyped-def]
    indptr, indices, weights, levels, linked, kinds, steps, times, before, node, place, oldest, back, far, random
):
    """One step by going through all neighbours twice: exact; -1 if none is allowed."""
    threshold, total, last = math.inf, 0.0, -1
    for _ in range(2):
        total = 0.0
        for entry in range(indptr[node], indptr[node + 1]):
            if not _allowed(indices, kinds, steps, times, entry, place, oldest):
                continue
            bias = 1.0
            if before >= 0:
                bias = _bias(
                    indptr, indices, weights, levels, linked, kinds, before, node, np.int64(indices[entry]), entry,
                    back, far,
                )  # fmt: skip
            total += bias * weights[entry]
            last = entry
            if total > threshold:
                return np.int64(entry)
        threshold = random * total
    return last


@njit(inline="always")
def _propose(indptr, indices, table, node, random):  # type: ignore[no-untyped-def]
    """An edge of a node, drawn by its weight."""
    start = indptr[node]
    entry = start + _below(random, indptr[node + 1] - start)
    if table.shape[0] > 0 and (random & _LOW) >= np.uint64(table[entry, 0]):
        return _find(indptr, indices, node, np.int64(table[entry, 1]))
    return np.int64(entry)


@njit(nogil=True)
def _step(  # type: ignore[no-untyped-def]
    indptr, indices, weights, table, totals, kinds, linked, levels, steps, times, before, node, place, oldest, p, q,
    state,
):  # fmt: skip
    """(edge, state) of one step, -1 where the walk ends. `before` is -1 for steps without bias."""
    back, far = 1.0 / p, 1.0 / q
    bound = max(1.0, far)
    extra, way_back = 0.0, np.int64(-1)
    if before >= 0 and back > bound:
        way_back = _find(indptr, indices, node, before)
        if way_back >= 0 and _allowed(indices, kinds, steps, times, way_back, place, oldest):
            extra = _return_share(np.float64(weights[way_back]), totals[node], back - bound, bound)
    for _ in range(_TRIES):
        if extra > 0.0:
            state += GAMMA
            if _unit(_mix(state)) < extra:
                return way_back, state
        state += GAMMA
        entry = _propose(indptr, indices, table, node, _mix(state))
        if not _allowed(indices, kinds, steps, times, entry, place, oldest):
            continue
        if before < 0:
            return entry, state
        state += GAMMA
        height = _unit(_mix(state)) * bound
        if height < _bias(
            indptr, indices, weights, levels, linked, kinds, before, node, np.int64(indices[entry]), entry, back, far
        ):
            return entry, state
    state += GAMMA
    return _go_through(
        indptr, indices, weights, levels, linked, kinds, steps, times, before, node, place, oldest, back, far,
        _unit(_mix(state)),
    ), state  # fmt: skip


@njit(inline="always")
def _first_place(steps, kind, state):  # type: ignore[no-untyped-def]
    """(place in the metapath where a node of a type starts, state): at random among those of its type."""
    places = 0
    for at in range(steps.shape[0]):
        if steps[at, kind]:
            places += 1
    chosen = 0
    if places > 1:
        state += GAMMA
        chosen = _below(_mix(state), places)
    for at in range(steps.shape[0]):
        if steps[at, kind]:
            if chosen == 0:
                return np.int64(at), state
            chosen -= 1
    return np.int64(0), state


@njit(cache=True, nogil=True)
def walk_block_by_rules(  # type: ignore[no-untyped-def]
    indptr, indices, weights, table, totals, kinds, linked, levels, steps, times, window, order, first, out, seed, p, q
):
    """Write one walk per row of `out`, as `walk_block` does, under rules.

    Args:
        levels: float64 (n,) of `noise_levels` for node2vec+, or empty.
        steps: bool (places, 256), the node types of each place of the metapath, which repeats; or empty.
        times: float64 (m,), NaN where an edge has no time, or empty.
        window: seconds that an edge may be older than the last timed edge before it.
    """
    length = out.shape[1]
    second_order = p != 1.0 or q != 1.0
    for k in range(order.shape[0]):
        state = _stream(seed, first + k)
        node, before, place, oldest = np.int64(order[k]), np.int64(-1), np.int64(0), -math.inf
        out[k, :] = -1
        out[k, 0] = node
        if steps.shape[0] > 0:
            place, state = _first_place(steps, kinds[node], state)
        for step in range(1, length):
            if steps.shape[0] > 0:
                place = (place + 1) % steps.shape[0]
            if indptr[node] == indptr[node + 1]:
                break
            entry, state = _step(
                indptr, indices, weights, table, totals, kinds, linked, levels, steps, times,
                before if second_order else np.int64(-1), node, place, oldest, p, q, state,
            )  # fmt: skip
            if entry < 0:
                break
            if times.shape[0] > 0 and not math.isnan(times[entry]):
                oldest = times[entry] - window
            before, node = node, np.int64(indices[entry])
            out[k, step] = node

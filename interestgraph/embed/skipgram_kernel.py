"""The compiled loop of the skip-gram trainer, on vectors of 16 floats."""

from __future__ import annotations

import math

import numpy as np
from llvmlite.binding import get_host_cpu_features  # type: ignore[import-untyped]
from numba import njit

from interestgraph.embed.kernels import GAMMA, _below, _mix, _prefetch, _resolve, _stream, _unit
from interestgraph.embed.lanes import (
    GROUP,
    LANE,
    _fma,
    _follow,
    _gain,
    _load,
    _splat,
    _steps,
    _store,
    _sums,
    _zero,
)

TWO = bool(get_host_cpu_features().get("avx512f"))
"""Whether two pairs are trained at once: the sums of both need more registers than other machines have."""


@njit(inline="always")
def _pair(inputs, place, rows, top, dim, label, rate, offset):  # type: ignore[no-untyped-def]
    """One (context, centre) pair against six output rows; returns the likelihood.

    Six dot products in one pass, six steps, then the input and the rows are updated in one pass. All
    places are flat offsets.
    """
    t1, t2, t3, t4, t5 = top + dim, top + 2 * dim, top + 3 * dim, top + 4 * dim, top + 5 * dim
    s0, s1, s2, s3, s4, s5 = _zero(), _zero(), _zero(), _zero(), _zero(), _zero()
    for d in range(0, dim, LANE):
        x = _load(inputs, place + d)
        s0 = _fma(_load(rows, top + d), x, s0)
        s1 = _fma(_load(rows, t1 + d), x, s1)
        s2 = _fma(_load(rows, t2 + d), x, s2)
        s3 = _fma(_load(rows, t3 + d), x, s3)
        s4 = _fma(_load(rows, t4 + d), x, s4)
        s5 = _fma(_load(rows, t5 + d), x, s5)
    steps, likelihood = _steps(_sums(s0, s1, s2, s3, s4, s5, _zero()), label, rate, offset)
    g0, g1, g2 = _splat(steps, 0), _splat(steps, 1), _splat(steps, 2)
    g3, g4, g5 = _splat(steps, 3), _splat(steps, 4), _splat(steps, 5)
    for d in range(0, dim, LANE):
        x = _load(inputs, place + d)
        r0, r1, r2 = _load(rows, top + d), _load(rows, t1 + d), _load(rows, t2 + d)
        r3, r4, r5 = _load(rows, t3 + d), _load(rows, t4 + d), _load(rows, t5 + d)
        near = _fma(g0, r0, _fma(g1, r1, _fma(g2, r2, x)))
        far = _fma(g3, r3, _fma(g4, r4, _fma(g5, r5, near)))
        _store(inputs, place + d, far)
        _store(rows, top + d, _fma(g0, x, r0))
        _store(rows, t1 + d, _fma(g1, x, r1))
        _store(rows, t2 + d, _fma(g2, x, r2))
        _store(rows, t3 + d, _fma(g3, x, r3))
        _store(rows, t4 + d, _fma(g4, x, r4))
        _store(rows, t5 + d, _fma(g5, x, r5))
    return likelihood


@njit(inline="always")
def _two(inputs, place, after, rows, top, dim, label, rate, offset):  # type: ignore[no-untyped-def]
    """Two pairs of one centre, one after the other as two calls of `_pair` would do it, in one pass over the rows.

    What the first pair adds to row r is g_r * x, so the second pair's score is y . r + g_r * (y . x): all dot
    products can be made before either pair's steps are known. The inputs x and y must be different rows.
    """
    t1, t2, t3, t4, t5 = top + dim, top + 2 * dim, top + 3 * dim, top + 4 * dim, top + 5 * dim
    s0, s1, s2, s3, s4, s5 = _zero(), _zero(), _zero(), _zero(), _zero(), _zero()
    z0, z1, z2, z3, z4, z5 = _zero(), _zero(), _zero(), _zero(), _zero(), _zero()
    both = _zero()
    for d in range(0, dim, LANE):
        x, y = _load(inputs, place + d), _load(inputs, after + d)
        r0, r1, r2 = _load(rows, top + d), _load(rows, t1 + d), _load(rows, t2 + d)
        r3, r4, r5 = _load(rows, t3 + d), _load(rows, t4 + d), _load(rows, t5 + d)
        both = _fma(x, y, both)
        s0, s1, s2 = _fma(r0, x, s0), _fma(r1, x, s1), _fma(r2, x, s2)
        s3, s4, s5 = _fma(r3, x, s3), _fma(r4, x, s4), _fma(r5, x, s5)
        z0, z1, z2 = _fma(r0, y, z0), _fma(r1, y, z1), _fma(r2, y, z2)
        z3, z4, z5 = _fma(r3, y, z3), _fma(r4, y, z4), _fma(r5, y, z5)
    first = _sums(s0, s1, s2, s3, s4, s5, both)
    steps, likelihood = _steps(first, label, rate, offset)
    then, likelihood_then = _steps(_follow(_sums(z0, z1, z2, z3, z4, z5, _zero()), steps, first), label, rate, offset)
    g0, g1, g2 = _splat(steps, 0), _splat(steps, 1), _splat(steps, 2)
    g3, g4, g5 = _splat(steps, 3), _splat(steps, 4), _splat(steps, 5)
    h0, h1, h2 = _splat(then, 0), _splat(then, 1), _splat(then, 2)
    h3, h4, h5 = _splat(then, 3), _splat(then, 4), _splat(then, 5)
    for d in range(0, dim, LANE):
        x, y = _load(inputs, place + d), _load(inputs, after + d)
        r0, r1, r2 = _load(rows, top + d), _load(rows, t1 + d), _load(rows, t2 + d)
        r3, r4, r5 = _load(rows, t3 + d), _load(rows, t4 + d), _load(rows, t5 + d)
        near = _fma(g0, r0, _fma(g1, r1, _fma(g2, r2, x)))
        _store(inputs, place + d, _fma(g3, r3, _fma(g4, r4, _fma(g5, r5, near))))
        r0, r1, r2 = _fma(g0, x, r0), _fma(g1, x, r1), _fma(g2, x, r2)
        r3, r4, r5 = _fma(g3, x, r3), _fma(g4, x, r4), _fma(g5, x, r5)
        near = _fma(h0, r0, _fma(h1, r1, _fma(h2, r2, y)))
        _store(inputs, after + d, _fma(h3, r3, _fma(h4, r4, _fma(h5, r5, near))))
        _store(rows, top + d, _fma(h0, y, r0))
        _store(rows, t1 + d, _fma(h1, y, r1))
        _store(rows, t2 + d, _fma(h2, y, r2))
        _store(rows, t3 + d, _fma(h3, y, r3))
        _store(rows, t4 + d, _fma(h4, y, r4))
        _store(rows, t5 + d, _fma(h5, y, r5))
    return np.float64(likelihood) * np.float64(likelihood_then)


@njit(inline="always")
def _lines(size):  # type: ignore[no-untyped-def]
    """Zeros that begin at a cache line, which numba's own arrays need not do."""
    room = np.zeros(size + LANE, np.float32)
    skip = -np.int64(room.ctypes.data) % (4 * LANE) // 4
    return room[skip : skip + size]


@njit(inline="always")
def _copied(local, side, node, target):  # type: ignore[no-untyped-def]
    """Place of a node's row in a shard's own rows, copied at its first use."""
    sources, slots, touched, counts = local
    slot = np.int64(slots[side, node])
    if slot < 0:
        slot = counts[side]
        counts[side] += 1
        slots[side, node] = slot
        touched[side, slot] = node
        source, dim = sources[side], target.shape[1]
        for d in range(0, dim, LANE):
            _store(target, slot * dim + d, _load(source, node * dim + d))
    return slot


@njit(inline="always")
def _prepare(outputs, centre, chosen, nodes, table, window, state, sharded, local):  # type: ignore[no-untyped-def]
    """Draw the reach and the negatives of a centre and ask for their rows; returns (state, reach)."""
    dim = outputs.shape[1]
    state += GAMMA
    reach = 1 + _below(_mix(state), window)
    for r in range(chosen.shape[0]):
        node = np.int64(centre)
        if r > 0:
            state += GAMMA
            random = _mix(state)
            node = np.int64(_resolve(nodes, table, _below(random, nodes.shape[0]), random))
        chosen[r] = _copied(local, 1, node, outputs) if sharded else node
        for d in range(0, dim, LANE):
            _prefetch(outputs, chosen[r] * dim + d)
    return state, reach


@njit(cache=True, nogil=True)
def train_block(  # type: ignore[no-untyped-def]
    inputs, outputs, walks, number, done, total, high, low, window, negatives, nodes, table, keep, seed, local
):
    """Skip-gram with negative sampling over a block of walks; updates `inputs` and `outputs` in place.

    The negatives of a centre are drawn once and shared by the pairs of its window. Its output rows are
    copied to local rows, which every pair updates at once, and what they gained is added back at the end.
    They are drawn one centre ahead, so that the memory they are in can be asked for early.

    Args:
        inputs, outputs: float32 (n, dim), dim a multiple of 16.
        walks: int32 (B, length), -1 after the end; the first of them has the `number`.
        done, total: tokens before this block, tokens of the whole run: the learning rate goes linearly
            from `high` to `low` over them.
        nodes, table: alias table of the nodes that negatives are drawn from.
        keep: float32 (n,), chance to keep a token; empty keeps all.
        local: for a shard, whose own rows `inputs` and `outputs` then are: the two arrays to copy from, int32 (2, n)
            place of each node or -1, int32 (2, rows) node of each place, int64 (2,) places in use. No columns: none.

    Returns:
        (sum of the pairs' negative log likelihoods, pairs, tokens)
    """
    dim, length = inputs.shape[1], walks.shape[1]
    groups = (negatives + GROUP) // GROUP
    sharded = local[1].shape[1] > 0
    rows = _lines(groups * GROUP * dim)
    original = _lines(groups * GROUP * dim)
    label = np.zeros((groups, 8), np.float32)  # 1 for the centre, 0 for negatives
    rate = np.zeros((groups, 8), np.float32)  # learning rate; 0 for rows that take no part
    drawn = np.zeros((2, negatives + 1), np.int64)
    walk = np.zeros(length, np.int64)
    places = np.zeros(length, np.int64)  # of the walk's nodes in `inputs`
    context = np.zeros(min(2 * window, length), np.int64)  # flat offsets of the rows around the centre
    label[0, 0] = 1.0
    loss, likelihood, pairs, tokens = 0.0, 1.0, 0, 0
    for k in range(walks.shape[0]):
        state = _stream(seed, number + k)
        kept, reach = 0, 1
        alpha = np.float32(max(low, high - (high - low) * ((done + tokens) / total)))
        for step in range(length):
            if walks[k, step] < 0:
                break
            tokens += 1
            if keep.shape[0] > 0:
                state += GAMMA
                if _unit(_mix(state)) >= keep[walks[k, step]]:
                    continue
            walk[kept] = walks[k, step]
            places[kept] = _copied(local, 0, walk[kept], inputs) if sharded else walk[kept]
            kept += 1
        if kept > 0:
            state, reach = _prepare(outputs, walk[0], drawn[0], nodes, table, window, state, sharded, local)
        for position in range(kept):
            left, right = max(0, position - reach), min(kept, position + reach + 1)
            chosen = drawn[position % 2]
            if position + 1 < kept:
                state, reach = _prepare(
                    outputs, walk[position + 1], drawn[(position + 1) % 2], nodes, table, window, state, sharded, local
                )
            if position + window + 1 < kept:
                for d in range(0, dim, LANE):
                    _prefetch(inputs, places[position + window + 1] * dim + d)
            if right - left < 2:
                continue
            rate[0, 0] = alpha
            for r in range(1, negatives + 1):
                rate[r // GROUP, r % GROUP] = alpha if chosen[r] != chosen[0] else np.float32(0)
            for r in range(negatives + 1):
                for d in range(0, dim, LANE):
                    value = _load(outputs, chosen[r] * dim + d)
                    _store(rows, r * dim + d, value)
                    _store(original, r * dim + d, value)
            met = 0
            for other in range(left, right):
                if other != position:
                    context[met] = places[other] * dim
                    met += 1
            at = 0
            while at < met:
                double = TWO and at + 1 < met and context[at] != context[at + 1]
                for group in range(groups):
                    top = group * GROUP * dim
                    if double:
                        likelihood *= _two(inputs, context[at], context[at + 1], rows, top, dim, label, rate, group * 8)
                    else:
                        likelihood *= _pair(inputs, context[at], rows, top, dim, label, rate, group * 8)
                    if likelihood < 1e-200:
                        loss -= math.log(likelihood)
                        likelihood = 1.0
                at += 2 if double else 1
            pairs += right - left - 1
            for r in range(negatives + 1):
                place = chosen[r] * dim
                for d in range(0, dim, LANE):
                    here = r * dim + d
                    gained = _gain(_load(outputs, place + d), _load(rows, here), _load(original, here))
                    _store(outputs, place + d, gained)
    return loss - math.log(likelihood), pairs, tokens


@njit(cache=True, nogil=True)
def take_difference(inputs, outputs, slots, touched, counts, sources):  # type: ignore[no-untyped-def]
    """Turn a shard's own rows into what they gained over their sources, and forget their places."""
    dim = inputs.shape[1]
    for side in range(2):
        rows = inputs if side == 0 else outputs
        for slot in range(counts[side]):
            node = np.int64(touched[side, slot])
            slots[side, node] = -1
            for d in range(dim):
                rows[slot, d] -= sources[side][node, d]


@njit(cache=True, nogil=True)
def add_differences(sources, inputs, outputs, touched, counts, part, parts):  # type: ignore[no-untyped-def]
    """Add what all shards gained, in their order, to the rows of the nodes that are `part` modulo `parts`."""
    for shard in range(counts.shape[0]):
        for side in range(2):
            rows = inputs[shard] if side == 0 else outputs[shard]
            target = sources[side]
            for slot in range(counts[shard, side]):
                node = np.int64(touched[shard, side, slot])
                if node % parts == part:
                    for d in range(target.shape[1]):
                        target[node, d] += rows[slot, d]

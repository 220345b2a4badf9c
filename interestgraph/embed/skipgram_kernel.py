"""The compiled loop of the skip-gram trainer, on vectors of 16 floats.

numba has no vector type, and what LLVM makes of scalar loops here changes with every rewording, by a
factor of two. So this file gives numba one: `<16 x float>` (a cache line) with the few operations that the
loop needs, which LLVM maps to whatever the machine has (AVX-512, AVX2, SSE, NEON).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from llvmlite.binding import get_host_cpu_features  # type: ignore[import-untyped]
from numba import njit, types
from numba.extending import intrinsic, models, register_model

from interestgraph.embed.kernels import GAMMA, _below, _mix, _prefetch, _resolve, _stream, _unit

LANE = 16
"""Floats in a vector; the length of a row is a multiple of it."""
GROUP = 6
"""Output rows that are trained at once: a centre and five negatives."""
TWO = bool(get_host_cpu_features().get("avx512f"))
"""Whether two pairs are trained at once: the sums of both need more registers than other machines have."""
_FLOAT, _INT = ir.FloatType(), ir.IntType(32)
_FAST = ("fast",)


def _shape(lanes: int) -> Any:
    return ir.VectorType(_FLOAT, lanes)


class _Vector(types.Type):  # type: ignore[misc]
    def __init__(self, lanes: int) -> None:
        self.lanes = lanes
        super().__init__(name=f"interestgraph_float32x{lanes}")


@register_model(_Vector)
class _VectorModel(models.PrimitiveModel):  # type: ignore[misc]
    def __init__(self, manager: Any, kind: _Vector) -> None:
        super().__init__(manager, kind, _shape(kind.lanes))


_ROW, _SCORES = _Vector(LANE), _Vector(8)


def _constant(value: float, lanes: int) -> Any:
    return ir.Constant(_shape(lanes), [value] * lanes)


def _pick(builder: Any, a: Any, b: Any, lanes: list[int]) -> Any:
    return builder.shuffle_vector(a, b, ir.Constant(ir.VectorType(_INT, len(lanes)), lanes))


def _pointer(context: Any, builder: Any, kind: Any, array: Any, offset: Any, lanes: int) -> Any:
    data = context.make_array(kind)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [offset]), _shape(lanes).as_pointer())


def _read(context: Any, builder: Any, kind: Any, array: Any, offset: Any, lanes: int) -> Any:
    value = builder.load(_pointer(context, builder, kind, array, offset, lanes))
    value.align = 4
    return value


def _times_plus(builder: Any, a: Any, b: Any, c: Any) -> Any:
    return builder.fadd(builder.fmul(a, b, flags=_FAST), c, flags=_FAST)


@intrinsic  # type: ignore[untyped-decorator]
def _load(_typing: Any, array: Any, _offset: Any) -> tuple[Any, Callable[..., Any]]:
    """16 floats of a C array, from a flat offset."""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return _read(context, builder, signature.args[0], args[0], args[1], LANE)

    return _ROW(array, types.intp), emit


@intrinsic  # type: ignore[untyped-decorator]
def _store(_typing: Any, array: Any, _offset: Any, _value: Any) -> tuple[Any, Callable[..., Any]]:
    """Put 16 floats into a C array at a flat offset."""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        done = builder.store(args[2], _pointer(context, builder, signature.args[0], args[0], args[1], LANE))
        done.align = 4
        return context.get_dummy_value()

    return types.void(array, types.intp, _ROW), emit


@intrinsic  # type: ignore[untyped-decorator]
def _zero(_typing: Any) -> tuple[Any, Callable[..., Any]]:
    """16 zeros."""
    return _ROW(), lambda _context, _builder, _signature, _args: _constant(0.0, LANE)


@intrinsic  # type: ignore[untyped-decorator]
def _fma(_typing: Any, _a: Any, _b: Any, _c: Any) -> tuple[Any, Callable[..., Any]]:
    """a * b + c."""

    def emit(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return _times_plus(builder, *args)

    return _ROW(_ROW, _ROW, _ROW), emit


@intrinsic  # type: ignore[untyped-decorator]
def _gain(_typing: Any, _a: Any, _b: Any, _c: Any) -> tuple[Any, Callable[..., Any]]:
    """a + (b - c)."""

    def emit(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return builder.fadd(args[0], builder.fsub(args[1], args[2]))

    return _ROW(_ROW, _ROW, _ROW), emit


@intrinsic  # type: ignore[untyped-decorator]
def _splat(_typing: Any, _scores: Any, _lane: Any) -> tuple[Any, Callable[..., Any]]:
    """One lane of eight in all 16."""

    def emit(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        lane = builder.extract_element(args[0], args[1])
        row = builder.insert_element(ir.Constant(_shape(LANE), ir.Undefined), lane, ir.Constant(_INT, 0))
        return _pick(builder, row, row, [0] * LANE)

    return _ROW(_SCORES, types.intp), emit


@intrinsic  # type: ignore[untyped-decorator]
def _sums(
    _typing: Any, _a: Any, _b: Any, _c: Any, _d: Any, _e: Any, _f: Any, _g: Any
) -> tuple[Any, Callable[..., Any]]:
    """The sums of seven vectors as lanes 0 to 6 of eight; the last is 0."""

    def emit(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        def add(a: Any, b: Any, low: list[int], high: list[int]) -> Any:
            return builder.fadd(_pick(builder, a, b, low), _pick(builder, a, b, high), flags=_FAST)

        rows = [*args, _constant(0.0, LANE)]
        level = [add(row, row, list(range(8)), list(range(8, 16))) for row in rows]
        for width in (4, 2, 1):
            low = [lane for lane in range(16) if lane // width % 2 == 0]
            high = [lane + width for lane in low]
            level = [add(level[k], level[k + 1], low, high) for k in range(0, len(level), 2)]
        return level[0]

    return _SCORES(*[_ROW] * (GROUP + 1)), emit


_TOP = (-2.76076847742355e-16, 2.00018790482477e-13, -8.60467152213735e-11, 5.12229709037114e-08,
        1.48572235717979e-05, 6.37261928875436e-04, 4.89352455891786e-03)  # fmt: skip
_BOTTOM = (1.19825839466702e-06, 1.18534705686654e-04, 2.26843463243900e-03, 4.89352518554385e-03)


def _clamp(builder: Any, x: Any, low: Any, high: Any) -> Any:
    x = builder.select(builder.fcmp_ordered("<", x, low), low, x)
    return builder.select(builder.fcmp_ordered(">", x, high), high, x)


def _sigmoids(builder: Any, x: Any) -> Any:
    """1 / (1 + exp(-x)) to 1e-6, by tanh(x / 2) as Eigen's rational approximation (``ptanh_float``)."""

    def c(value: float) -> Any:
        return _constant(value, 8)

    def polynomial(square: Any, coefficients: tuple[float, ...]) -> Any:
        # Estrin's scheme: half as long a chain of dependent operations as Horner's.
        terms, power = [c(value) for value in reversed(coefficients)], square
        while len(terms) > 1:
            pairs = [terms[k : k + 2] for k in range(0, len(terms), 2)]
            terms = [_times_plus(builder, power, pair[1], pair[0]) if len(pair) > 1 else pair[0] for pair in pairs]
            power = builder.fmul(power, power)
        return terms[0]

    half = _clamp(builder, builder.fmul(x, c(0.5)), c(-7.9), c(7.9))
    square = builder.fmul(half, half)
    top = builder.fmul(half, polynomial(square, _TOP))
    tanh = builder.fdiv(top, polynomial(square, _BOTTOM), flags=("arcp",))
    return _times_plus(builder, tanh, c(0.5), c(0.5))


@intrinsic  # type: ignore[untyped-decorator]
def _steps(_typing: Any, _scores: Any, label: Any, rate: Any, _offset: Any) -> tuple[Any, Callable[..., Any]]:
    """(rate * (label - sigmoid(score)), product of 1 - |error| over the rows whose rate is above 0)."""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        labels = _read(context, builder, signature.args[1], args[1], args[3], 8)
        rates = _read(context, builder, signature.args[2], args[2], args[3], 8)
        error = builder.fsub(labels, _sigmoids(builder, args[0]))
        negative = builder.fsub(_constant(0.0, 8), error)
        size = builder.select(builder.fcmp_ordered("<", error, negative), negative, error)
        chance = _clamp(builder, builder.fsub(_constant(1.0, 8), size), _constant(1e-7, 8), _constant(1.0, 8))
        active = builder.fcmp_ordered(">", rates, _constant(0.0, 8))
        chance = builder.select(active, chance, _constant(1.0, 8))
        for width in (4, 2, 1):
            low, high = list(range(width)), list(range(width, 2 * width))
            chance = builder.fmul(_pick(builder, chance, chance, low), _pick(builder, chance, chance, high))
        product = builder.extract_element(chance, ir.Constant(_INT, 0))
        steps = builder.fmul(rates, error)
        return context.make_tuple(builder, signature.return_type, [steps, product])

    return types.Tuple([_SCORES, types.float32])(_SCORES, label, rate, types.intp), emit


@intrinsic  # type: ignore[untyped-decorator]
def _follow(_typing: Any, _scores: Any, _steps: Any, _first: Any) -> tuple[Any, Callable[..., Any]]:
    """scores + steps * lane 6 of the first scores."""

    def emit(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        scores, steps, first = args
        return _times_plus(builder, steps, _pick(builder, first, first, [GROUP] * 8), scores)

    return _SCORES(_SCORES, _SCORES, _SCORES), emit


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
    then, likelihood_then = _steps(
        _follow(_sums(z0, z1, z2, z3, z4, z5, _zero()), steps, first), label, rate, offset
    )
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
def _copied(local, side, node, target):  # type: ignore[no-untyped-def]
    """Place of a node's row in a shard's own rows, copied at its first use; without a shard, the node itself."""
    sources, slots, touched, counts = local
    if slots.shape[1] == 0:
        return node
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
def _prepare(outputs, centre, chosen, nodes, table, window, state, local):  # type: ignore[no-untyped-def]
    """Draw the reach and the negatives of a centre and ask for their rows; returns (state, reach)."""
    dim = outputs.shape[1]
    state += GAMMA
    reach = 1 + _below(_mix(state), window)
    chosen[0] = _copied(local, 1, centre, outputs)
    for r in range(chosen.shape[0]):
        if r > 0:
            state += GAMMA
            random = _mix(state)
            node = _resolve(nodes, table, _below(random, nodes.shape[0]), random)
            chosen[r] = _copied(local, 1, node, outputs)
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
    rows = np.zeros((groups * GROUP, dim), np.float32)
    original = np.zeros((groups * GROUP, dim), np.float32)
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
            places[kept] = _copied(local, 0, walk[kept], inputs)
            kept += 1
        if kept > 0:
            state, reach = _prepare(outputs, walk[0], drawn[0], nodes, table, window, state, local)
        for position in range(kept):
            left, right = max(0, position - reach), min(kept, position + reach + 1)
            chosen = drawn[position % 2]
            if position + 1 < kept:
                state, reach = _prepare(
                    outputs, walk[position + 1], drawn[(position + 1) % 2], nodes, table, window, state, local
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
                        likelihood *= _two(
                            inputs, context[at], context[at + 1], rows, top, dim, label, rate, group * 8
                        )
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

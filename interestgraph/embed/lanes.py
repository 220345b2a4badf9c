"""Vectors of 16 floats for the compiled loop of the skip-gram trainer.

numba has no vector type, and what LLVM makes of scalar loops there changes with every rewording, by a
factor of two. So this file gives numba one: `<16 x float>` (a cache line) with the few operations that the
loop needs, which LLVM maps to whatever the machine has (AVX-512, AVX2, SSE, NEON).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.extending import intrinsic, models, register_model

LANE = 16
"""Floats in a vector; the length of a row is a multiple of it."""
GROUP = 6
"""Output rows that are trained at once: a centre and five negatives."""
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

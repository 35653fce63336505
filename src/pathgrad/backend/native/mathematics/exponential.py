"""exp, expm1, sigmoid and tanh for native code (floor 4).

All four write ``x = k log 2 + r`` with an integer ``k`` and ``|r| <= (log 2)/2``; ``exp(r) - 1 - r`` is ``r²`` times a
polynomial (``tools/minimax.py``). ``k log 2`` is subtracted in two parts: the first leaves a remainder that is exact,
because the fused multiply-add rounds once and ``r`` has no bits below those of ``x`` and of ``log 2``.

There are no branches, so that a loop around a call becomes vector code by itself; nan runs through the arithmetic.
Arguments beyond the ends of the range are moved to where the result is already 0, infinite or one.
"""

from __future__ import annotations

from math import inf

from .notation import Function, Value, polynomial

__all__ = ["EXP_DOUBLE", "exp", "expm1", "reduced", "scales", "series", "sigmoid", "tanh"]

_LOG2_E = 1.4426950408889634
_LOG_2 = 0.6931471805599453
_LOG_2_REST = 2.3190468138462996e-17
#: Added and subtracted, it leaves the nearest integer; in between, that integer stands in the lowest bits.
_ROUNDER = 6755399441055744.0
_ONE = 0x3FF0000000000000
#: How far scales stay from the ends of the range of exponents.
_SPARE = 200

# (exp(r) - 1 - r) / r², error relative to exp(r) - 1: 1.8e-17 and 1.3e-8
EXP_DOUBLE = (
    0.5000000000000006,
    0.16666666666666588,
    0.04166666666657677,
    0.008333333333389648,
    0.0013888888931560088,
    0.00019841269718752068,
    2.4801505279221118e-05,
    2.7557407811567766e-06,
    2.762603585375532e-07,
    2.5053678062815597e-08,
)
_EXP_SINGLE = (
    0.49999998154113556,
    0.16666543621541718,
    0.041667199777412595,
    0.008366520554743039,
    0.0013882527963583453,
)


def reduced(f: Function, x: Value) -> tuple[Value, Value, Value]:
    """``k`` as an integer (above it the rounder's bits), ``r`` without the second part, and the second part."""
    f.note("x = k log 2 + r + rest")
    shifted = f.fma(x, _LOG2_E, _ROUNDER)
    k = shifted - _ROUNDER
    return shifted.bits, f.fma(-k, _LOG_2, x), k * -_LOG_2_REST


def series(f: Function, r: Value, start: Value, coefficients: tuple[float, ...]) -> Value:
    """``start + (exp(r) - 1 - r)``."""
    f.note("exp(r) - 1 - r")
    return f.fma(r * r, polynomial(r, coefficients), start)


def _power_of_two(k: Value) -> Value:
    """``2**k`` for the integer in the lowest bits of ``k``, if it is a normal number."""
    return ((k << 52) + _ONE).real


def _between(f: Function, x: Value, low: float | None, high: float | None) -> Value:
    """``x`` moved into the interval; nan stays nan."""
    if low is not None:
        x = f.select(x.compare("olt", low), low, x)
    if high is not None:
        x = f.select(x.compare("ogt", high), high, x)
    return x


def scales(f: Function, k: Value, x: Value) -> tuple[Value, Value]:
    """Two powers of two that scale ``exp(x)`` by ``2**k``, the first exactly: so that underflow rounds once."""
    negative = x.compare("olt", 0.0)
    bias = f.select(negative, f.number(_ONE + (_SPARE << 52), "i64"), _ONE - (_SPARE << 52))
    return ((k << 52) + bias).real, f.select(negative, f.number(2.0**-_SPARE), 2.0**_SPARE)


def exp(f: Function, x: Value, single: bool) -> Value:
    """``exp(x)``; the ends of the range are chosen last, which is shorter than to move the argument first."""
    if single:
        k, r, _ = reduced(f, _between(f, x, -180.0, 180.0))
        scale = _power_of_two(k)
        return f.fma(scale, series(f, r, r, _EXP_SINGLE), scale)
    k, r, rest = reduced(f, x)
    r = r + rest
    inner, outer = scales(f, k, x)
    value = f.fma(inner, series(f, r, r, EXP_DOUBLE), inner) * outer
    value = f.select(x.compare("ogt", 710.0), inf, value)
    return f.select(x.compare("olt", -746.0), 0.0, value)


def expm1(f: Function, x: Value, single: bool) -> Value:
    """``exp(x) - 1``: ``(2**k r + (2**k - 1)) + 2**k (exp(r) - 1 - r)``; tiny arguments are their own result."""
    argument = x
    x = _between(f, x, -50.0, 180.0) if single else _between(f, x, -50.0, 710.0)
    k, r, rest = reduced(f, x)
    if single:
        scale = _power_of_two(k)
        value = f.fma(scale, series(f, r, r, _EXP_SINGLE), scale - 1.0)
        return f.select(abs(argument).compare("olt", 2.0**-40), argument, value)
    f.note("2**1024 is out of range: half of the scale, and twice the sum")
    half = _power_of_two(k - 1)
    value = f.fma(half, series(f, r + rest, rest, EXP_DOUBLE), f.fma(half, r, half - 0.5)) * 2.0
    return f.select(abs(argument).compare("olt", 2.0**-54), argument, value)


def sigmoid(f: Function, x: Value, single: bool) -> Value:
    """``1/(1 + e)`` or ``e/(1 + e)`` with ``e = exp(-|x|)``, by the sign of ``x``; the quotient is corrected once."""
    negative = x.compare("olt", 0.0)
    y = _between(f, -abs(x), -180.0 if single else -800.0, None)
    k, r, rest = reduced(f, y)
    if single:
        scale = _power_of_two(k)
        e = f.fma(scale, series(f, r, r, _EXP_SINGLE), scale)
        return f.select(negative, e, 1.0) / (e + 1.0)
    r = r + rest
    mantissa = series(f, r, r, EXP_DOUBLE) + 1.0
    inner = ((k << 52) + (_ONE + (_SPARE << 52))).real
    e = (mantissa * inner) * 2.0**-_SPARE
    f.note("the denominator 1 + e and what its rounding lost")
    low = e + 1.0
    lost = e - (low - 1.0)
    inverse = 1.0 / low
    numerator = f.select(negative, mantissa * inner, 1.0)
    quotient = numerator * inverse
    remainder = f.fma(-quotient, lost, f.fma(-quotient, low, numerator))
    return f.fma(remainder, inverse, quotient) * f.select(negative, f.number(2.0**-_SPARE), 1.0)


def tanh(f: Function, x: Value, single: bool) -> Value:
    """``-u / (2 + u)`` with ``u = exp(-2|x|) - 1``, both in two parts, and the sign of ``x``."""
    size = abs(x)
    y = _between(f, size * -2.0, -60.0, None)
    k, r, rest = reduced(f, y)
    scale = _power_of_two(k)
    if single:
        u = f.fma(scale, series(f, r, r, _EXP_SINGLE), scale - 1.0)
        size = f.select(size.compare("olt", 2.0**-40), size, -u / (u + 2.0))
        return f.intrinsic("llvm.copysign.f64", size, x)
    tail = series(f, r + rest, rest, EXP_DOUBLE)
    f.note("u = high + low")
    above = scale - 1.0
    high = f.fma(scale, r, above)
    low = f.fma(scale, tail, f.fma(scale, r, above - high))
    f.note("2 + u = below + rest")
    below = high + 2.0
    rest = ((2.0 - below) + high) + low
    inverse = 1.0 / (below + rest)
    quotient = (high + low) * inverse
    remainder = f.fma(-quotient, rest, f.fma(-quotient, below, high) + low)
    size = f.select(size.compare("olt", 2.0**-28), size, -f.fma(remainder, inverse, quotient))
    return f.intrinsic("llvm.copysign.f64", size, x)

"""exp, expm1, sigmoid and tanh for native code (floor 4).

All four write ``x = k log 2 + r`` with an integer ``k`` and ``|r| <= (log 2)/2``; ``exp(r) - 1 - r`` is ``r²`` times a
polynomial (``tools/minimax.py``). ``k log 2`` is subtracted in two parts: the first leaves a remainder that is exact,
because the fused multiply-add rounds once and ``r`` has no bits below those of ``x`` and of ``log 2``.

There are no branches, so that a loop around a call becomes vector code by itself; nan runs through the arithmetic.
Arguments beyond the ends of the range are moved to where the result is already 0, infinite or one.
"""

from __future__ import annotations

from .notation import Function, Value, polynomial

__all__ = ["exp", "expm1", "sigmoid", "tanh"]

_LOG2_E = 1.4426950408889634
_LOG_2 = 0.6931471805599453
_LOG_2_REST = 2.3190468138462996e-17
#: Added and subtracted, it leaves the nearest integer; in between, that integer stands in the lowest bits.
_ROUNDER = 6755399441055744.0
_ONE = 0x3FF0000000000000

# (exp(r) - 1 - r) / r², error relative to exp(r) - 1: 1.8e-17 and 1.3e-8
_EXP_DOUBLE = (
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


def _reduced(f: Function, x: Value, single: bool) -> tuple[Value, Value, Value]:
    """``k`` as an integer (its bits above the rounder's), ``r`` and ``exp(r) - 1 - r``.

    ``r`` is the exact remainder of the first part, the second part of ``k log 2`` is in the third result.
    """
    f.note("x = k log 2 + r")
    shifted = f.fma(x, _LOG2_E, _ROUNDER)
    k = shifted - _ROUNDER
    r = f.fma(-k, _LOG_2, x)
    f.note("exp(r) - 1 - r")
    if single:
        return shifted.bits, r, (r * r) * polynomial(r, _EXP_SINGLE)
    full = f.fma(-k, _LOG_2_REST, r)
    return shifted.bits, r, f.fma(full * full, polynomial(full, _EXP_DOUBLE), full - r)


def _power_of_two(k: Value) -> Value:
    """``2**k`` for the integer in the lowest bits of ``k``, if it is a normal number."""
    return ((k << 52) + _ONE).real


def _halves(f: Function, k: Value) -> tuple[Value, Value]:
    """Two powers of two whose product is ``2**k``, also where that is subnormal or too large."""
    half = k.function.append(f"ashr i64 {(k << 32).name}, 33", "i64")
    return _power_of_two(half), _power_of_two(k - half)


def _between(f: Function, x: Value, low: float | None, high: float | None) -> Value:
    """``x`` moved into the interval; nan stays nan."""
    if low is not None:
        x = f.select(x.compare("olt", low), low, x)
    if high is not None:
        x = f.select(x.compare("ogt", high), high, x)
    return x


def exp(f: Function, x: Value, single: bool) -> Value:
    """``exp(x)``: ``2**k (1 + r + ...)``, scaled in two steps so that results underflow gradually, rounded once."""
    x = _between(f, x, -180.0, 180.0) if single else _between(f, x, -800.0, 800.0)
    k, r, tail = _reduced(f, x, single)
    if single:
        scale = _power_of_two(k)
        return f.fma(scale, r + tail, scale)
    first, second = _halves(f, k)
    return f.fma(first, r + tail, first) * second


def expm1(f: Function, x: Value, single: bool) -> Value:
    """``exp(x) - 1``: ``(2**k r + (2**k - 1)) + 2**k (exp(r) - 1 - r)``; tiny arguments are their own result."""
    argument = x
    x = _between(f, x, -50.0, 180.0) if single else _between(f, x, -50.0, 710.0)
    k, r, tail = _reduced(f, x, single)
    if single:
        scale = _power_of_two(k)
        value = f.fma(scale, r + tail, scale - 1.0)
        return f.select(abs(argument).compare("olt", 2.0**-40), argument, value)
    f.note("2**1024 is out of range: half of the scale, and twice the sum")
    half = _power_of_two(k - 1)
    value = f.fma(half, tail, f.fma(half, r, half - 0.5)) * 2.0
    return f.select(abs(argument).compare("olt", 2.0**-54), argument, value)


def sigmoid(f: Function, x: Value, single: bool) -> Value:
    """``1/(1 + e)`` or ``e/(1 + e)`` with ``e = exp(-|x|)``, by the sign of ``x``; the quotient is corrected once."""
    negative = x.compare("olt", 0.0)
    y = _between(f, -abs(x), -180.0 if single else -800.0, None)
    k, r, tail = _reduced(f, y, single)
    if single:
        scale = _power_of_two(k)
        e = f.fma(scale, r + tail, scale)
        return f.select(negative, e, 1.0) / (e + 1.0)
    first, second = _halves(f, k)
    scale = first * second
    e = (r + tail) + 1.0
    f.note("the denominator 1 + e and what its rounding lost")
    low = f.fma(scale, e, 1.0)
    lost = f.fma(scale, e, 1.0 - low)
    inverse = 1.0 / low
    numerator = f.select(negative, e, 1.0)
    quotient = numerator * inverse
    remainder = f.fma(-quotient, lost, f.fma(-quotient, low, numerator))
    quotient = f.fma(remainder, inverse, quotient)
    return quotient * f.select(negative, first, 1.0) * f.select(negative, second, 1.0)


def tanh(f: Function, x: Value, single: bool) -> Value:
    """``-u / (2 + u)`` with ``u = exp(-2|x|) - 1``, both in two parts, and the sign of ``x``."""
    size = abs(x)
    y = _between(f, size * -2.0, -60.0, None)
    k, r, tail = _reduced(f, y, single)
    scale = _power_of_two(k)
    if single:
        u = f.fma(scale, r + tail, scale - 1.0)
        quotient = -u / (u + 2.0)
        size = f.select(size.compare("olt", 2.0**-40), size, quotient)
    else:
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

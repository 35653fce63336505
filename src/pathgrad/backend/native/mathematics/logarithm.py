"""log and log1p for native code (floor 4).

Both write the argument as ``2**k (1 + f)`` with ``1 + f`` between √½ and √2. With ``s = f / (2 + f)``,
``log(1 + f) = 2 atanh(s) = f - (f²/2 - s (f²/2 + R(s²)))``, where ``R`` is a polynomial (``tools/minimax.py``): near
``x = 1`` the result is ``f``, which is exact, and a small correction. No branches; see `exponential`.
"""

from __future__ import annotations

from math import inf

from .notation import Function, Value, polynomial

__all__ = ["LOG_2_HIGH", "LOG_2_LOW", "log", "log1p", "logarithm", "normal", "split"]

#: log 2 to 42 bits, so that its products with exponents are exact, and the rest.
LOG_2_HIGH = 0.6931471805598903
LOG_2_LOW = 5.497923018708371e-14
_ROOT_HALF = 0x3FE6A09E667F3BCD
_MANTISSA = 0x000FFFFFFFFFFFFF
_ONE = 0x3FF0000000000000
_INFINITY = 0x7FF0000000000000
#: 2**52: with an integer in its mantissa it is 2**52 + the integer.
_HOLDER = 0x4330000000000000

# (2 atanh(s) - 2 s) / s³ in s², error relative to 2 atanh(s): 1.4e-18 and 8e-10
_ATANH_DOUBLE = (
    0.6666666666666713,
    0.3999999999952446,
    0.2857142872195131,
    0.222222004068443,
    0.18183478689911967,
    0.15316056321827126,
    0.147773301365381,
)
_ATANH_SINGLE = (0.6666677612338929, 0.3997756896425016, 0.2987108249425752)


def normal(f: Function, x: Value, single: bool) -> tuple[Value, Value | float]:
    """A normal number for `split`, and the bias that makes up for it; singles are normal as doubles."""
    bias = 2.0**52 + 1023
    if single:
        return x, bias
    small = x.compare("olt", 2.0**-1022)
    return f.select(small, x * 2.0**54, x), f.select(small, f.number(bias + 54), bias)


def split(f: Function, x: Value, bias: Value | float) -> tuple[Value, Value, Value]:
    """``k + bias - bias`` as a double, ``1 + f``, and the shifted representation of a normal ``x = 2**k (1 + f)``."""
    f.note("x = 2**k (1 + f), 1 + f between sqrt(1/2) and sqrt(2)")
    shifted = x.bits + (_ONE - _ROOT_HALF)
    k = ((shifted >> 52) | _HOLDER).real - bias
    return k, ((shifted & _MANTISSA) + _ROOT_HALF).real, shifted


def logarithm(f: Function, k: Value, part: Value, single: bool) -> Value:
    """``k log 2 + log(1 + part)``."""
    f.note("k log 2 + log(1 + f) by s = f / (2 + f)")
    s = part / (part + 2.0)
    z = s * s
    if single:
        return f.fma(k, LOG_2_HIGH + LOG_2_LOW, f.fma(s * z, polynomial(z, _ATANH_SINGLE), s + s))
    half_square = (part * 0.5) * part
    correction = f.fma(z, polynomial(z, _ATANH_DOUBLE), half_square)
    return f.fma(k, LOG_2_HIGH, part) - f.fma(-s, correction, f.fma(k, -LOG_2_LOW, half_square))


def log(f: Function, x: Value, single: bool) -> Value:
    """``log(x)``; subnormal numbers are scaled up first."""
    k, mantissa, _ = split(f, *normal(f, x, single))
    return _ends(f, x, logarithm(f, k, mantissa - 1.0, single))


def log1p(f: Function, x: Value, single: bool) -> Value:
    """``log(1 + x)``: the logarithm of the rounded sum, with what the rounding lost added to ``f``."""
    total = x + 1.0
    k, mantissa, shifted = split(f, total, 2.0**52 + 1023)
    part = mantissa - 1.0
    if single:
        value = logarithm(f, k, part, single)
        value = f.select(abs(x).compare("olt", 2.0**-29), x, value)
    else:
        f.note("1 + x = total + lost; f takes lost / 2**k")
        back = total - 1.0
        lost = (x - back) + (1.0 - (total - back))
        scale = (0x7FE0000000000000 - (shifted & ~_MANTISSA & 0x7FFFFFFFFFFFFFFF)).real
        scale = f.select(x.compare("olt", 2.0**60), scale, 0.0)
        value = logarithm(f, k, f.fma(lost, scale, part), single)
        value = f.select(abs(x).compare("olt", 2.0**-54), x, value)
    return _ends(f, total, value)


def _ends(f: Function, x: Value, value: Value) -> Value:
    """The value, or what the logarithm is where ``x`` is not a positive finite number.

    ``inf x + inf`` is infinite for infinity, and nan for negative numbers and nan.
    """
    outside = f.select(x.compare("oeq", 0.0), -inf, f.fma(x, inf, inf))
    return f.select((x.bits - 1).compare("ult", _INFINITY - 1), value, outside)

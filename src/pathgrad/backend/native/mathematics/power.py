"""The power function for native code (floor 4).

``|x|**y = exp(y log|x|)``. An exponent near 700 times the rounding of the logarithm would lose ten bits, so the
logarithm is kept in two doubles, to about 66 bits: ``log(1 + f) = 2 s + s t`` with ``s = f / (2 + f)`` and
``t = s² (2/3 + s² Q(s²))``, where ``s``, ``t`` and ``2/3`` have two parts each and ``Q`` has one. What C prescribes for
zeros, infinities, nan and negative ``x`` is chosen at the end; there are no branches.
"""

from __future__ import annotations

from math import inf, nan

from .exponential import EXP_DOUBLE, reduced, scales, series
from .logarithm import LOG_2_HIGH, LOG_2_LOW, logarithm, normal, split
from .notation import Function, Value, polynomial

__all__ = ["power"]

_INFINITY = 0x7FF0000000000000

#: 2/3 in two doubles.
_TWO_THIRDS = (0.6666666666666666, 3.700743415417188e-17)
# (2 atanh(s) - 2 s - 2 s³/3) / s⁵ in s²
_ATANH_REST = (
    0.40000000000000224,
    0.28571428570977303,
    0.22222222376826659,
    0.1818179591746549,
    0.15386262515431093,
    0.13267604980442407,
    0.13102073412241685,
)


def _two_parts(f: Function, k: Value, mantissa: Value) -> tuple[Value, Value]:
    """``k log 2 + log(mantissa)`` in two doubles."""
    part = mantissa - 1.0
    f.note("s = f / (2 + f)")
    below = mantissa + 1.0
    inverse = 1.0 / below
    s = part * inverse
    s_low = (f.fma(-s, below, part) - s * (part - (below - 2.0))) * inverse
    f.note("s^2")
    z = s * s
    z_low = f.fma(s + s, s_low, f.fma(s, s, -z))
    f.note("t = s^2 (2/3 + s^2 Q)")
    tail = z * polynomial(z, _ATANH_REST)
    c = tail + _TWO_THIRDS[0]
    c_low = (_TWO_THIRDS[0] - c) + tail
    t = z * c
    t_low = f.fma(z, c_low, f.fma(z_low, c, f.fma(z, _TWO_THIRDS[1], f.fma(z, c, -t))))
    f.note("2 s + s t")
    product = s * t
    product_low = f.fma(s, t_low, f.fma(s_low, t, f.fma(s, t, -product)))
    twice = s + s
    high = twice + product
    low = f.fma(s_low, 2.0, (twice - high) + product)
    f.note("+ k log 2")
    whole = k * LOG_2_HIGH
    total = whole + high
    return total, f.fma(k, LOG_2_LOW, ((whole - total) + high) + low) + product_low


def power(f: Function, x: Value, y: Value, single: bool) -> Value:
    """``x**y`` as C's ``pow``; for singles one double is enough for the logarithm."""
    size = abs(x)
    k, mantissa, _ = split(f, *normal(f, size, single))
    f.note("y log|x|, where beyond 1e25 only the sign of y matters")
    bounded = f.select(y.compare("ogt", 1e25), 1e25, y)
    bounded = f.select(bounded.compare("olt", -1e25), -1e25, bounded)
    if single:
        exponent = bounded * logarithm(f, k, mantissa - 1.0, single=False)
        k, r, rest = reduced(f, exponent)
    else:
        upper, lower = _two_parts(f, k, mantissa)
        exponent = bounded * upper
        k, r, rest = reduced(f, exponent)
        rest = f.fma(bounded, lower, f.fma(bounded, upper, -exponent) + rest)
    f.note("its exponential, 1 + r first: powers that are doubles come out exactly")
    tail = series(f, r + rest, rest, EXP_DOUBLE)
    above = r + 1.0
    inner, outer = scales(f, k, exponent)
    value = ((((1.0 - above) + r) + tail) + above) * inner * outer
    f.note("0 and infinity, also for numbers out of range")
    upwards = size.compare("ogt", 1.0) ^ y.compare("olt", 0.0)
    outside = exponent.compare("ogt", 710.0) | exponent.compare("olt", -746.0)
    outside = outside | ((size.bits - 1).compare("uge", _INFINITY - 1) & size.compare("ord", 0.0))
    value = f.select(outside, f.select(upwards, f.number(inf), 0.0), value)
    f.note("negative x: an odd integer y keeps the sign, y that is no integer has no value")
    half = y * 0.5
    integer = f.intrinsic("llvm.rint.f64", y).compare("oeq", y)
    odd = integer & f.intrinsic("llvm.rint.f64", half).compare("one", half)
    value = (value.bits ^ f.select(odd, x.bits ^ size.bits, 0)).real
    undefined = (x.compare("olt", 0.0) & (integer ^ 1)) & x.bits.compare("ne", _INFINITY | 1 << 63)
    f.note("nan; and 1 whatever the other is")
    one = y.compare("oeq", 0.0) | x.compare("oeq", 1.0)
    special = one | (undefined | x.compare("uno", y))
    return f.select(special, f.select(one, f.number(1.0), nan), value)

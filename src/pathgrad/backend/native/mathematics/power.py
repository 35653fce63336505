"""The power function for native code (floor 4).

``|x|**y = exp(y log|x|)``. An exponent near 700 times the rounding of the logarithm would lose ten bits, so the
logarithm is kept in two doubles, to about 66 bits: ``log(1 + f) = 2 s + s t`` with ``s = f / (2 + f)`` and
``t = s² (2/3 + s² Q(s²))``, where ``s``, ``t`` and ``2/3`` have two parts each and ``Q`` has one. What C prescribes for
zeros, infinities, nan and negative ``x`` is chosen at the end; there are no branches.
"""

from __future__ import annotations

from math import inf, nan

from .exponential import EXP_DOUBLE, reduced, scaled, series
from .logarithm import LOG_2_HIGH, LOG_2_LOW, split
from .notation import Function, Value, polynomial

__all__ = ["power"]

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


def _logarithm(f: Function, x: Value, single: bool) -> tuple[Value, Value]:
    """``log(x)`` for ``0 < x < inf`` in two doubles."""
    bias: Value | float = 2.0**52 + 1023
    if not single:
        small = x.compare("olt", 2.0**-1022)
        x = f.select(small, x * 2.0**54, x)
        bias = f.select(small, f.number(2.0**52 + 1023 + 54), 2.0**52 + 1023)
    k, mantissa, _ = split(f, x, bias)
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
    c_low = ((_TWO_THIRDS[0] - c) + tail) + _TWO_THIRDS[1]
    t = z * c
    t_low = f.fma(z_low, c, f.fma(z, c_low, f.fma(z, c, -t)))
    f.note("2 s + s t")
    product = s * t
    product_low = f.fma(s_low, t, f.fma(s, t_low, f.fma(s, t, -product)))
    twice = s + s
    high = twice + product
    low = ((twice - high) + product) + f.fma(s_low, 2.0, product_low)
    f.note("+ k log 2")
    whole = k * LOG_2_HIGH
    total = whole + high
    return total, ((whole - total) + high) + f.fma(k, LOG_2_LOW, low)


def power(f: Function, x: Value, y: Value, single: bool) -> Value:
    """``x**y`` as C's ``pow``."""
    size = abs(x)
    logarithm, lower = _logarithm(f, size, single)
    f.note("y log|x|; beyond 1e25 only the sign of y matters")
    bounded = f.select(y.compare("ogt", 1e25), 1e25, y)
    bounded = f.select(bounded.compare("olt", -1e25), -1e25, bounded)
    exponent = bounded * logarithm
    rest = f.fma(bounded, lower, f.fma(bounded, logarithm, -exponent))
    f.note("its exponential")
    k, r, constant_rest = reduced(f, exponent)
    rest = rest + constant_rest
    value = scaled(f, k, series(f, r + rest, r + rest, EXP_DOUBLE), exponent)
    f.note("0 and infinity")
    upwards = size.compare("ogt", 1.0) ^ y.compare("olt", 0.0)
    at_end = size.compare("oeq", 0.0) | size.compare("oeq", inf)
    value = f.select(at_end, f.select(upwards, f.number(inf), 0.0), value)
    f.note("negative x: y must be an integer, and an odd one keeps the sign")
    half = y * 0.5
    integer = f.intrinsic("llvm.rint.f64", y).compare("oeq", y)
    odd = integer & f.intrinsic("llvm.rint.f64", half).compare("one", half)
    value = f.select(odd, f.intrinsic("llvm.copysign.f64", value, x), value)
    undefined = (x.compare("olt", 0.0) & size.compare("one", inf)) & (integer ^ 1)
    value = f.select(undefined | x.compare("uno", y), nan, value)
    f.note("1 whatever the other is")
    return f.select(y.compare("oeq", 0.0) | x.compare("oeq", 1.0), 1.0, value)

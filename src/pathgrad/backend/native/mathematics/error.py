"""erf, erfc and the normal distribution function for native code (floor 4).

For all ``x >= 0``, ``erfc(x) = exp(-x²) P(t) / (1 + 2x)`` with ``t = (x - 3.5)/(x + 3.5)``: one polynomial, because the
quotient hardly changes from 0 to infinity (Shepherd and Laframboise, Mathematics of Computation 36, 1981). ``x²`` is
kept in two doubles, since the exponential multiplies its relative error by its size. Around 0, ``erf(x)/x`` is a
polynomial in ``x²``. No branches; see `exponential`.
"""

from __future__ import annotations

from .exponential import EXP_DOUBLE, reduced, series
from .notation import Function, Value, polynomial

__all__ = ["erf", "erfc", "ndtr"]

_CENTRE = 3.5
_ROOT_HALF = 0.7071067811865476
#: Up to here erf is taken from its own polynomial, and up to there its complement.
_SMALL, _HALF = 0.65, 0.46
_ONE = 0x3FF0000000000000
_SPARE = 200

# (1 + 2x) exp(x²) erfc(x) in (x - 3.5)/(x + 3.5), for x up to 28
_ERFC_DOUBLE = (
    1.2423492448711544,
    -0.14000918013761926,
    -0.010555596332215367,
    0.09751909515324077,
    -0.11508959816036646,
    0.08798315382548991,
    -0.048823325823752456,
    0.01909933093254327,
    -0.004215019959413291,
    -0.00030226779297121023,
    0.0005643847990687253,
    -0.00012151285130732337,
    -4.278401243643661e-05,
    2.4262294200001013e-05,
    2.333704618011728e-06,
    -3.817098116900299e-06,
    -5.4803684172536784e-08,
    6.034662628486472e-07,
    4.972027703751761e-09,
    -9.527618454108997e-08,
    -8.357867986096709e-09,
    1.1057701046687943e-08,
    2.676105951555492e-09,
)
_ERFC_SINGLE = (
    1.2423492444421063,
    -0.1400092733125673,
    -0.01055555281344507,
    0.09752195938760465,
    -0.11508990903944798,
    0.08795812553724122,
    -0.048825793491187215,
    0.019191094634855174,
    -0.004191983440969322,
    -0.00045755017295815586,
    0.0005090964513097774,
    -9.259486161472444e-06,
)
#: 2/√π in two doubles.
_SLOPE = (1.1283791670955126, 1.533545961316588e-17)
# (erf(x)/x - 2/√π) / x² in x², for x up to 0.65
_ERF_DOUBLE = (
    -0.3761263890318369,
    0.11283791670946619,
    -0.026866170641830604,
    0.0052239775673459865,
    -0.0008548321428198962,
    0.00012055012785106364,
    -1.4914445691317797e-05,
    1.6225910133754199e-06,
    -1.358115210237768e-07,
)
_ERF_SINGLE = (
    -0.37612635434981595,
    0.11283674930267473,
    -0.026853381679377685,
    0.005162412548320206,
    -0.0007180035281035388,
)


def _upper(f: Function, x: Value, square: Value, rest: Value, single: bool) -> Value:
    """``erfc(x)`` for ``0 <= x <= 28``, where ``x² = square - rest``."""
    f.note("P(t) / (1 + 2 x), and what the roundings lost")
    t = (x - _CENTRE) / (x + _CENTRE)
    first, *others = _ERFC_SINGLE if single else _ERFC_DOUBLE
    change = t * polynomial(t, others)
    top = change + first
    twice = x + x
    bottom = twice + 1.0
    inverse = 1.0 / bottom
    factor = top * inverse
    if not single:
        back = bottom - 1.0
        bottom_lost = (twice - back) + (1.0 - (bottom - back))
        top_lost = (first - top) + change
        lost = (f.fma(-factor, bottom, top) + f.fma(-factor, bottom_lost, top_lost)) * inverse
    f.note("exp(-x^2) in two parts")
    k, r, more = reduced(f, -square)
    rest = rest + more
    tail = series(f, r + rest, rest, EXP_DOUBLE)
    above = r + 1.0
    below = ((1.0 - above) + r) + tail
    f.note("their product, scaled by 2^k in two steps: it underflows gradually")
    scale = ((k << 52) + (_ONE + (_SPARE << 52))).real
    low = below * factor if single else f.fma(below, factor, above * lost)
    return f.fma(above, factor, low) * scale * 2.0**-_SPARE


def _small(f: Function, x: Value, single: bool) -> Value:
    """``erf(x)`` for ``|x|`` up to 0.65."""
    z = x * x
    correction = f.fma(z, polynomial(z, _ERF_SINGLE if single else _ERF_DOUBLE), _SLOPE[1])
    return f.fma(x, _SLOPE[0], x * correction)


def erfc(f: Function, x: Value, single: bool) -> Value:
    """``erfc(|x|)``, or 2 minus that for negative ``x``; ``1 - erf(x)`` around 0."""
    size = abs(x)
    bounded = f.select(size.compare("ogt", 28.0), 28.0, size)
    square = bounded * bounded
    value = _upper(f, bounded, square, -f.fma(bounded, bounded, -square), single)
    value = f.select(x.compare("olt", 0.0), 2.0 - value, value)
    return f.select(size.compare("olt", _HALF), 1.0 - _small(f, x, single), value)


def ndtr(f: Function, x: Value, single: bool) -> Value:
    """Half of ``erfc(-z)``, ``z = x/√2``; ``z²`` is taken from ``x``, its error would be magnified."""
    size = abs(x)
    bounded = f.select(size.compare("ogt", 39.5), 39.5, size)
    half = bounded * 0.5
    square = half * bounded
    value = _upper(f, bounded * _ROOT_HALF, square, -f.fma(half, bounded, -square), single) * 0.5
    value = f.select(x.compare("ogt", 0.0), 1.0 - value, value)
    inner = f.fma(_small(f, x * _ROOT_HALF, single), 0.5, 0.5)
    return f.select(size.compare("olt", _HALF), inner, value)


def erf(f: Function, x: Value, single: bool) -> Value:
    """``1 - erfc(|x|)`` with the sign of ``x``; its own polynomial around 0."""
    size = abs(x)
    bounded = f.select(size.compare("ogt", 28.0), 28.0, size)
    square = bounded * bounded
    value = 1.0 - _upper(f, bounded, square, -f.fma(bounded, bounded, -square), single)
    value = f.select(size.compare("olt", _SMALL), _small(f, size, single), value)
    return f.intrinsic("llvm.copysign.f64", value, x)

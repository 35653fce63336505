"""sin and cos for native code (floor 4).

``|x| = n π/2 + r`` with an integer ``n`` and ``|r| <= π/4``. Near zero, up to 2³², ``n π/2`` is subtracted in three
parts, and ``r`` is kept in two doubles: no double below that limit is so near to a multiple of π/2 that fewer than 53
good bits would be left. Beyond it the reduction is that of `distant`, in a function of its own behind a branch that is
never taken in ordinary programs. Its masked vector variants are named in its attributes, so that a loop around a call
still becomes vector code: every lane takes the short way, and the lanes behind the branch are handed over, if any.
"""

from __future__ import annotations

from .notation import Function, Value, polynomial

__all__ = ["LIMIT", "PARTS", "WIDTHS", "circular", "cos", "distant_name", "sin"]

#: Up to here ``n`` is computed in double.
LIMIT = 2.0**32
_TWO_OVER_PI = 0.6366197723675814
#: π/2 in three doubles.
PARTS = (1.5707963267948966, 6.123233995736766e-17, -1.4973849048591698e-33)
#: The lanes for which `distant` has a vector variant.
WIDTHS = (2, 4, 8)
_ROUNDER = 6755399441055744.0

# (sin(r) - r) / r³ and (cos(r) - 1 + r²/2) / r⁴ in r², relative errors 4e-18 and 1e-19; 4e-9 and 2e-10
_SIN_DOUBLE = (
    -0.16666666666666638,
    0.008333333333323435,
    -0.00019841269830418701,
    2.7557313860564847e-06,
    -2.505078001333723e-08,
    1.5897879624765757e-10,
)
_COS_DOUBLE = (
    0.04166666666666666,
    -0.0013888888888882551,
    2.480158729403431e-05,
    -2.755731551623502e-07,
    2.087586569416996e-09,
    -1.1366373178244733e-11,
)
_SIN_SINGLE = (-0.16666654602427664, 0.00833216029641609, -0.00019515218415307496)
_COS_SINGLE = (0.0416666512715169, -0.0013887541069960967, 2.4455153977442066e-05)


def circular(f: Function, n: Value, r: Value, rest: Value | None) -> Value:
    """``sin(n π/2 + r + rest)``; without ``rest``, to single precision.

    ``sin(r + rest) = r + (r³ S + rest (1 - r²/2))`` and ``cos(r + rest) = 1 - r²/2 + (r⁴ C - r rest)``.
    """
    z = r * r
    f.note("sine and cosine of r")
    if rest is None:
        sine = f.fma(r * z, polynomial(z, _SIN_SINGLE), r)
        cosine = f.fma(z * z, polynomial(z, _COS_SINGLE), f.fma(z, -0.5, 1.0))
    else:
        half = z * 0.5
        near_one = 1.0 - half
        sine = r + f.fma(r * z, polynomial(z, _SIN_DOUBLE), rest * near_one)
        lost = (1.0 - near_one) - half
        cosine = near_one + f.fma(z * z, polynomial(z, _COS_DOUBLE), f.fma(-r, rest, lost))
    f.note("the one that n asks for, with its sign")
    chosen = f.select((n & 1).compare("eq", 0), sine, cosine)
    return (chosen.bits ^ ((n & 2) << 62)).real


def _near(f: Function, size: Value, quarter: int, single: bool) -> Value:
    """``sin(size + quarter π/2)`` for ``0 <= size <= LIMIT``."""
    f.note("size = n pi/2 + r + rest")
    shifted = f.fma(size, _TWO_OVER_PI, _ROUNDER)
    n = shifted - _ROUNDER
    r = f.fma(-n, PARTS[0], size)
    rest = None
    if single:
        r = f.fma(-n, PARTS[1], r)
    else:
        part = n * PARTS[1]
        lost = f.fma(n, PARTS[2], f.fma(n, PARTS[1], -part))
        first, r = r, r - part
        rest = ((first - r) - part) - lost
    quadrant = shifted.bits
    return circular(f, quadrant + quarter if quarter else quadrant, r, rest)


def _everywhere(f: Function, x: Value, value: Value, quarter: int, single: bool) -> Value:
    """The value, or that of the function of `distant` where ``x`` is beyond the limit, infinite or nan."""
    name = distant_name(single)
    variants = ",".join(f"_ZGV_LLVM_M{lanes}vu_{name}({name}_{lanes})" for lanes in WIDTHS)
    f.write(f"br i1 {abs(x).compare('ugt', LIMIT).name}, label %distant, label %done")
    f.write("distant:")
    call = f"call double @{name}(double {x.name}, i64 {quarter})"
    distant = f.append(f'{call} "vector-function-abi-variant"="{variants}"', "double")
    f.write("br label %done")
    f.write("done:")
    return f.append(f"phi double [ {value.name}, %entry ], [ {distant.name}, %distant ]", "double")


def distant_name(single: bool) -> str:
    """The name of the function for huge arguments; each dtype has its own, so that a module can have both."""
    return "pg_distant_f32" if single else "pg_distant"


def sin(f: Function, x: Value, single: bool) -> Value:
    """``sin(x)`` as the sign of ``x`` times ``sin(|x|)``, so that zeros keep theirs."""
    size = abs(x)
    value = _near(f, size, 0, single)
    return _everywhere(f, x, (value.bits ^ (x.bits ^ size.bits)).real, 0, single)


def cos(f: Function, x: Value, single: bool) -> Value:
    """``cos(x) = sin(|x| + π/2)``."""
    return _everywhere(f, x, _near(f, abs(x), 1, single), 1, single)

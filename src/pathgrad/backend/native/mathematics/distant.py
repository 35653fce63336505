"""sin and cos of arguments beyond 2³² (floor 4).

Payne and Hanek, "Radian reduction for trigonometric functions" (SIGNUM Newsletter 18, 1983): ``x = m 2**e`` with an
integer ``m`` of 53 bits, so that the bits of 2/π before position ``e - 1`` only add whole turns. The 192 bits from
there times ``m`` give the quadrant and 190 bits of fraction; 61 of them can be zero for a double, the rest is enough.
"""

from __future__ import annotations

from functools import cache

from .notation import Function
from .trigonometric import PARTS, circular

__all__ = ["WIDTHS", "two_over_pi", "variants", "written"]

#: The lanes of the vector variants.
WIDTHS = (2, 4, 8, 16)
#: Words of 64 bits of 2/π, of which the first is zero: windows may begin before the first bit.
_WORDS = 20


@cache
def two_over_pi(bits: int) -> int:
    """``floor(2**bits * 2 / π)``, with Machin's formula in integers.

    Examples
    --------
    >>> two_over_pi(53) / 2**53
    0.6366197723675813
    """
    unit = 1 << (bits + 64)

    def inverse_tangent(n: int) -> int:
        power, total, k = unit // n, 0, 1
        while power:
            total += power // k if k % 4 == 1 else -(power // k)
            power //= n * n
            k += 2
        return total

    pi = 4 * (4 * inverse_tangent(5) - inverse_tangent(239))
    return (2 * unit << bits) // pi


def _table() -> str:
    """The words of 2/π, highest first."""
    number = two_over_pi(64 * (_WORDS - 1))
    words = [(number >> 64 * (_WORDS - 1 - k)) & (2**64 - 1) for k in range(_WORDS)]
    written = ", ".join(f"i64 {word - 2**64 if word >= 2**63 else word}" for word in words)
    return f"; the bits of 2/pi\n@pg_two_over_pi = internal constant [{_WORDS} x i64] [{written}]\n"


def _function(name: str, quarter: int) -> Function:
    attributes = "noinline cold nounwind willreturn memory(none) " + variants(name)
    f = Function(name, f"sin(x + {quarter} pi/2) for |x| > 2^32, inf and nan", attributes=attributes)
    (x,) = f.arguments
    size = abs(x)
    f.note("|x| = m 2^e; 192 bits of 2/pi from position e - 1")
    exponent = size.bits >> 52
    m = (size.bits & 0x000FFFFFFFFFFFFF) | 0x0010000000000000
    position = exponent - (1075 - 62)
    first = position >> 6
    words = []
    for k in range(4):
        place = f.append(f"getelementptr i64, ptr @pg_two_over_pi, i64 {(first + k).name}", "ptr")
        words.append(f.append(f"load i64, ptr {place.name}", "i64"))
    window = []
    f.declarations.add("declare i64 @llvm.fshl.i64(i64, i64, i64)")
    for high, low in zip(words, words[1:]):
        call = f"call i64 @llvm.fshl.i64(i64 {high.name}, i64 {low.name}, i64 {position.name})"
        window.append(f.append(call, "i64"))
    f.note("their product with m, modulo 2^192: 2 bits of quadrant, 190 of fraction")
    wide = m.cast("zext", "i128")
    low = wide * window[2].cast("zext", "i128")
    middle = wide * window[1].cast("zext", "i128") + (low >> 64)
    high = m * window[0] + (middle >> 64).cast("trunc", "i64")
    n = (high + (1 << 61)) >> 62
    f.note("the fraction as a sign and 128 bits without leading zeros")
    joined = (high.cast("zext", "i128") << 64) | middle.cast("trunc", "i64").cast("zext", "i128")
    fraction = (joined << 2) | (low.cast("trunc", "i64") >> 62).cast("zext", "i128")
    negative = fraction.compare("slt", 0)
    bits = f.select(negative, 0 - fraction, fraction)
    f.declarations.add("declare i128 @llvm.ctlz.i128(i128, i1)")
    zeros = f.append(f"call i128 @llvm.ctlz.i128(i128 {bits.name}, i1 false)", "i128") & 127
    bits = bits << zeros
    f.note("times pi/2, in two doubles")
    scale = ((1023 - 53 - zeros.cast("trunc", "i64")) << 52).real
    scale = f.select(negative, -scale, scale)
    upper = (bits >> 75).cast("trunc", "i64").cast("sitofp", "double") * scale
    lower = ((bits >> 22).cast("trunc", "i64") & (2**53 - 1)).cast("sitofp", "double") * (scale * 2.0**-53)
    product = upper * PARTS[0]
    rest = f.fma(upper, PARTS[0], -product) + f.fma(upper, PARTS[1], lower * PARTS[0])
    r = product + rest
    value = circular(f, n + quarter if quarter else n, r, (product - r) + rest)
    if not quarter:
        value = (value.bits ^ (x.bits ^ size.bits)).real
    f.give(f.select(size.compare("olt", float("inf")), value, x - x))
    return f


def variants(name: str) -> str:
    """The attribute that names the masked vector variants of a function of one double."""
    listed = ",".join(f"_ZGV_LLVM_M{lanes}v_{name}({name}_{lanes})" for lanes in WIDTHS)
    return f'"vector-function-abi-variant"="{listed}"'


def _variant(name: str, lanes: int) -> str:
    """The function for the lanes of a vector whose mask bit is set, one by one; mostly there are none."""
    vector, mask = f"<{lanes} x double>", f"<{lanes} x i1>"
    return f"""; {name} of those of {lanes} lanes whose bit is set
define internal {vector} @{name}_{lanes}({vector} %x, {mask} %mask) noinline nounwind willreturn memory(none) {{
entry:
  %set = bitcast {mask} %mask to i{lanes}
  %none = icmp eq i{lanes} %set, 0
  br i1 %none, label %done, label %lane
lane:
  %k = phi i64 [ 0, %entry ], [ %next, %after ]
  %so_far = phi {vector} [ %x, %entry ], [ %result, %after ]
  %bit = extractelement {mask} %mask, i64 %k
  br i1 %bit, label %distant, label %after
distant:
  %argument = extractelement {vector} %x, i64 %k
  %value = call double @{name}(double %argument)
  %with = insertelement {vector} %so_far, double %value, i64 %k
  br label %after
after:
  %result = phi {vector} [ %so_far, %lane ], [ %with, %distant ]
  %next = add i64 %k, 1
  %more = icmp ult i64 %next, {lanes}
  br i1 %more, label %lane, label %done
done:
  %all = phi {vector} [ %x, %entry ], [ %result, %after ]
  ret {vector} %all
}}
"""


def written(names: tuple[str, ...]) -> tuple[str, frozenset[str]]:
    """The functions for ``names`` (of ``"sin"``, ``"cos"``), their variants and the table; and what they declare."""
    parts, kept = [_table()], []
    declarations: set[str] = set()
    for name in names:
        function = _function(f"pg_{name}_distant", ("sin", "cos").index(name))
        declarations |= function.declarations
        parts.append(function.text())
        for lanes in WIDTHS:
            parts.append(_variant(f"pg_{name}_distant", lanes))
            kept.append(f"ptr @pg_{name}_distant_{lanes}")
    parts.append(
        "; nothing calls the variants before loops are vectorised\n"
        f'@llvm.compiler.used = appending global [{len(kept)} x ptr] [{", ".join(kept)}], section "llvm.metadata"\n'
    )
    return "\n".join(parts), frozenset(declarations)

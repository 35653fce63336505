"""sin and cos of arguments beyond 2³² (floor 4).

Payne and Hanek, "Radian reduction for trigonometric functions" (SIGNUM Newsletter 18, 1983): ``x = m 2**e`` with an
integer ``m`` of 53 bits, so that the bits of 2/π before position ``e - 1`` only add whole turns. The 192 bits from
there times ``m`` give the quadrant and 190 bits of fraction; 61 of them can be zero for a double, the rest is enough.
"""

from __future__ import annotations

from functools import cache
from itertools import pairwise

from .notation import Function
from .trigonometric import PARTS, WIDTHS, circular, distant_name

__all__ = ["definition", "two_over_pi"]

#: Words of 64 bits of 2/π, of which the first is zero: windows may begin before the first bit.
_WORDS = 20
_HALF = 0xFFFFFFFF
_ATTRIBUTES = "noinline nounwind willreturn memory(none)"


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


def _table(name: str) -> str:
    """The words of 2/π, highest first."""
    number = two_over_pi(64 * (_WORDS - 1))
    words = [(number >> 64 * (_WORDS - 1 - k)) & (2**64 - 1) for k in range(_WORDS)]
    written = ", ".join(f"i64 {word - 2**64 if word >= 2**63 else word}" for word in words)
    return f"; the bits of 2/pi\n@{name}_table = internal constant [{_WORDS} x i64] [{written}]\n"


def _scalar(name: str) -> Function:
    """The function: ``sin(|x| + quarter π/2)``, with the sign of ``x`` if ``quarter`` is 0."""
    meaning = "sin(x) for quarter 0, cos(x) for quarter 1; |x| > 2^32, inf or nan"
    f = Function(name, meaning, arguments=("double %x", "i64 %quarter"), attributes=f"cold optnone {_ATTRIBUTES}")
    x, quarter = f.arguments
    size = abs(x)
    f.note("|x| = m 2^e; 192 bits of 2/pi from position e - 1")
    exponent = size.bits >> 52
    m = (size.bits & 0x000FFFFFFFFFFFFF) | 0x0010000000000000
    position = exponent - (1075 - 62)
    first = position >> 6
    words = []
    for k in range(4):
        place = f.append(f"getelementptr i64, ptr @{name}_table, i64 {(first + k).name}", "ptr")
        words.append(f.append(f"load i64, ptr {place.name}", "i64"))
    window = []
    f.declarations.add("declare i64 @llvm.fshl.i64(i64, i64, i64)")
    for high, low in pairwise(words):
        call = f"call i64 @llvm.fshl.i64(i64 {high.name}, i64 {low.name}, i64 {position.name})"
        window.append(f.append(call, "i64"))
    f.note("their product with m, modulo 2^192: 2 bits of quadrant, 190 of fraction")
    wide = m.cast("zext", "i128")
    product = wide * window[2].cast("zext", "i128")
    low = product.cast("trunc", "i64")
    product = wide * window[1].cast("zext", "i128") + (product >> 64)
    middle = product.cast("trunc", "i64")
    high = m * window[0] + (product >> 64).cast("trunc", "i64")
    n = (high + (1 << 61)) >> 62
    f.note("the fraction to the nearest quarter turn, as four exact doubles of 32 bits each, the first signed")
    upper, lower = (high << 2) | (middle >> 62), (middle << 2) | (low >> 62)
    signed = f.append(f"ashr i64 {upper.name}, 32", "i64")
    pieces = [
        each.cast("sitofp", "double") * 2.0 ** (-32 * k)
        for k, each in enumerate((signed, upper & _HALF, lower >> 32, lower & _HALF), 1)
    ]
    f.note("and as two doubles, times pi/2")
    first = pieces[0] + pieces[1]
    turned = first + pieces[2]
    rest = ((pieces[0] - first) + pieces[1]) + ((first - turned) + pieces[2]) + pieces[3]
    total = turned + rest
    rest = (turned - total) + rest
    product = total * PARTS[0]
    rest = f.fma(total, PARTS[0], -product) + f.fma(total, PARTS[1], rest * PARTS[0])
    r = product + rest
    value = circular(f, n + quarter, r, (product - r) + rest)
    f.note("a sine takes the sign of x")
    sign = f.select(quarter.compare("eq", 0), x.bits ^ size.bits, 0)
    value = (value.bits ^ sign).real
    f.give(f.select(size.compare("olt", float("inf")), value, x - x))
    return f


def _lanes(name: str) -> str:
    """The function in place of some doubles of an array, one after the other."""
    return f"""; {name} in place of those doubles of an array whose bit is set
define internal void @{name}_lanes(ptr %room, i64 %bits, i64 %quarter) cold optnone noinline nounwind {{
entry:
  br label %lane
lane:
  %set = phi i64 [ %bits, %entry ], [ %rest, %lane ]
  %k = call i64 @llvm.cttz.i64(i64 %set, i1 true)
  %place = getelementptr double, ptr %room, i64 %k
  %argument = load double, ptr %place
  %value = call double @{name}(double %argument, i64 %quarter)
  store double %value, ptr %place
  %below = sub i64 %set, 1
  %rest = and i64 %set, %below
  %none = icmp eq i64 %rest, 0
  br i1 %none, label %done, label %lane
done:
  ret void
}}
"""


def _variant(name: str, lanes: int) -> str:
    """The function for those lanes of a vector whose bit is set in a mask; mostly there are none."""
    vector, mask = f"<{lanes} x double>", f"<{lanes} x i1>"
    return f"""; {name} of those of {lanes} lanes whose bit is set
define internal {vector} @{name}_{lanes}({vector} %x, i64 %quarter, {mask} %mask) {_ATTRIBUTES} {{
entry:
  %room = alloca {vector}
  %set = bitcast {mask} %mask to i{lanes}
  %none = icmp eq i{lanes} %set, 0
  br i1 %none, label %done, label %some
some:
  store {vector} %x, ptr %room
  %bits = zext i{lanes} %set to i64
  call void @{name}_lanes(ptr %room, i64 %bits, i64 %quarter)
  %result = load {vector}, ptr %room
  br label %done
done:
  %all = phi {vector} [ %x, %entry ], [ %result, %some ]
  ret {vector} %all
}}
"""


@cache
def definition(single: bool) -> tuple[str, frozenset[str]]:
    """The functions, the table that they read, and the declarations that they need.

    Nothing calls the vector variants before loops are vectorised: a constant array that a linker could see keeps them.
    """
    name = distant_name(single)
    scalar = _scalar(name)
    kept = ", ".join(f"ptr @{name}_{lanes}" for lanes in WIDTHS)
    parts = (
        _table(name),
        scalar.text(),
        _lanes(name),
        *(_variant(name, lanes) for lanes in WIDTHS),
        f"; keeps the variants\n@{name}_variants = weak hidden constant [{len(WIDTHS)} x ptr] [{kept}]\n",
    )
    return "\n".join(parts), frozenset({*scalar.declarations, "declare i64 @llvm.cttz.i64(i64, i1)"})

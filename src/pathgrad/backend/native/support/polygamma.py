"""Derivatives of digamma in LLVM text (floor 4).

The n-th derivative is ``(-1)**(n + 1) n! zeta(n + 1, x)`` (DLMF 25.11.12) with Hurwitz's zeta function, which
Euler and Maclaurin's formula gives (DLMF 25.11.5): terms are summed up to where twelve corrections are enough for
double precision.
"""

from __future__ import annotations

import math
import struct
from fractions import Fraction

__all__ = ["POLYGAMMA"]

#: Corrections beyond the integral, and how far beyond the order the summation goes for them to suffice.
_CORRECTIONS = 12
_BEYOND = 16.0


def _bits(value: float) -> str:
    return f"0x{struct.unpack('>Q', struct.pack('>d', value))[0]:016X}"


def _bernoulli(count: int) -> list[Fraction]:
    """The Bernoulli numbers up to B(count), by their recurrence (DLMF 24.5.3)."""
    found = [Fraction(1)]
    for n in range(1, count + 1):
        rest = sum((math.comb(n + 1, k) * b for k, b in enumerate(found)), Fraction(0))
        found.append(-rest / (n + 1))
    return found


def _corrections() -> str:
    """Sum of ``B(2j)/(2j)! s (s+1) ... (s+2j-2) w**(1-s-2j)``."""
    numbers = _bernoulli(2 * _CORRECTIONS)
    lines = []
    for j in range(1, _CORRECTIONS + 1):
        if j > 1:
            lines += [
                f"  %first{j} = fadd double %s, {_bits(2.0 * j - 3)}",
                f"  %second{j} = fadd double %s, {_bits(2.0 * j - 2)}",
                f"  %both{j} = fmul double %first{j}, %second{j}",
                f"  %scaled{j} = fmul double %power{j - 1}, %both{j}",
                f"  %power{j} = fdiv double %scaled{j}, %square",
            ]
        lines += [
            f"  %term{j} = fmul double %power{j}, {_bits(float(numbers[2 * j] / math.factorial(2 * j)))}",
            f"  %sum{j} = fadd double %sum{j - 1}, %term{j}",
        ]
    return "\n".join(lines)


POLYGAMMA = f"""; the n-th derivative of digamma, n >= 1
define internal double @pg_polygamma(double %n, double %x) noinline {{
entry:
  %whole = call double @llvm.floor.f64(double %n)
  %is.whole = fcmp oeq double %n, %whole
  %is.order = fcmp oge double %n, 1.0
  %known = and i1 %is.whole, %is.order
  br i1 %known, label %place, label %unknown
unknown:
  ret double 0x7FF8000000000000
place:
  %s = fadd double %n, 1.0
  %minus.s = fneg double %s
  %floor = call double @llvm.floor.f64(double %x)
  %at.integer = fcmp oeq double %x, %floor
  %not.positive = fcmp ole double %x, 0.0
  %is.pole = and i1 %at.integer, %not.positive
  %far = fadd double %s, {_bits(_BEYOND)}
  br label %summing
summing:
  %w = phi double [ %x, %place ], [ %w.next, %one ]
  %total = phi double [ 0.0, %place ], [ %total.next, %one ]
  %near = fcmp olt double %w, %far
  %going = xor i1 %is.pole, true
  %more = and i1 %near, %going
  br i1 %more, label %one, label %rest
one:
  %part = call double @pow(double %w, double %minus.s)
  %total.next = fadd double %total, %part
  %w.next = fadd double %w, 1.0
  br label %summing
rest:
  %last = call double @pow(double %w, double %minus.s)
  %less = fsub double 1.0, %s
  %beyond = call double @pow(double %w, double %less)
  %integral = fdiv double %beyond, %n
  %half = fmul double %last, 0.5
  %start = fadd double %total, %integral
  %sum0 = fadd double %start, %half
  %square = fmul double %w, %w
  %first = fmul double %s, %last
  %power1 = fdiv double %first, %w
{_corrections()}
  %zeta = select i1 %is.pole, double 0x7FF0000000000000, double %sum{_CORRECTIONS}
  br label %factorial
factorial:
  %k = phi double [ 1.0, %rest ], [ %k.next, %multiply ]
  %product = phi double [ 1.0, %rest ], [ %product.next, %multiply ]
  %finite = fcmp ole double %product, 1.0e308
  %below = fcmp ole double %k, %n
  %again = and i1 %finite, %below
  br i1 %again, label %multiply, label %sign
multiply:
  %product.next = fmul double %product, %k
  %k.next = fadd double %k, 1.0
  br label %factorial
sign:
  %size = fmul double %product, %zeta
  %pairs = fmul double %n, 0.5
  %pairs.whole = call double @llvm.floor.f64(double %pairs)
  %is.even = fcmp oeq double %pairs, %pairs.whole
  %negated = fneg double %size
  %result = select i1 %is.even, double %negated, double %size
  ret double %result
}}
"""

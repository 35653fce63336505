"""Minimax polynomials for ``pathgrad.backend.native.mathematics``: prints the coefficients that stand there.

The coefficients are found by the second algorithm of Remez in fifty digits. The error is relative to the function that
is computed, and counts at least a fiftieth of what it counts at the end of the interval, so that no point weighs
nothing. Run it as ``python tools/minimax.py``; it needs mpmath.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import mpmath as mp

mp.mp.dps = 50
Real = Callable[[mp.mpf], mp.mpf]


def minimax(function: Real, weight: Real, low: mp.mpf, high: mp.mpf, degree: int) -> tuple[list[mp.mpf], mp.mpf]:
    """Coefficients of the polynomial whose weighted error is least, and that error."""
    count = degree + 2
    nodes = [(low + high) / 2 - (high - low) / 2 * mp.cos(mp.pi * (2 * k + 1) / (2 * count)) for k in range(count)]
    grid = [low + (high - low) * k / 600 for k in range(601)]
    coefficients: list[mp.mpf] = []
    error = mp.mpf(0)
    for _ in range(12):
        rows = [[weight(x) * x**p for p in range(degree + 1)] + [(-1) ** k] for k, x in enumerate(nodes)]
        solution = mp.lu_solve(mp.matrix(rows), mp.matrix([weight(x) * function(x) for x in nodes]))
        coefficients, error = list(solution[: degree + 1]), abs(solution[degree + 1])
        extrema: list[tuple[mp.mpf, mp.mpf]] = []  # the largest error of each stretch of one sign
        for x in grid:
            e = weight(x) * (mp.polyval(coefficients[::-1], x) - function(x))
            if not extrema or (extrema[-1][1] > 0) != (e > 0):
                extrema.append((x, e))
            elif abs(e) > abs(extrema[-1][1]):
                extrema[-1] = (x, e)
        while len(extrema) > count:
            extrema.pop(0 if abs(extrema[0][1]) < abs(extrema[-1][1]) else -1)
        if len(extrema) < count or max(abs(e) for _, e in extrema) < error * mp.mpf("1.01"):
            break
        nodes = [x for x, _ in extrema]
    return coefficients, error


def tail(function: Real, series: Real) -> Real:
    """The function, by its series where cancellation would eat its digits."""
    return lambda x: series(x) if abs(x) < mp.mpf("1e-8") else function(x)


def main() -> None:
    """Print every table."""
    half_log_2, quarter_pi = mp.log(2) / 2 * mp.mpf("1.0001"), mp.pi / 4 * mp.mpf("1.0001")
    widest = (mp.sqrt(2) - 1) / (mp.sqrt(2) + 1)

    def show(name: str, function: Real, weight: Real, low: mp.mpf, high: mp.mpf, degree: int) -> None:
        floor = weight(high) / 50
        coefficients, error = minimax(function, lambda x: max(weight(x), floor), low, high, degree)
        print(f"{name}  # error {mp.nstr(error, 3)} = 2^{mp.nstr(mp.log(error, 2), 4)}")
        for c in coefficients:
            print(f"    {float(c)!r},")

    show(
        "(2 atanh(s) - 2 s - 2 s^3/3) / s^5 in z = s^2, for power",
        tail(
            lambda z: (2 * mp.atanh(mp.sqrt(z)) - 2 * mp.sqrt(z) * (1 + z / 3)) / mp.sqrt(z) ** 5,
            lambda z: mp.mpf(2) / 5 + 2 * z / 7 + 2 * z**2 / 9,
        ),
        lambda z: mp.sqrt(z) ** 5 / (2 * mp.atanh(mp.sqrt(z))) if z else mp.mpf(0),
        mp.mpf(0),
        widest**2 * mp.mpf("1.0001"),
        6,
    )
    centre = mp.mpf("3.5")

    @cache
    def scaled_erfc(t: mp.mpf) -> mp.mpf:
        x = centre * (1 + t) / (1 - t)
        return (1 + 2 * x) * mp.exp(x**2) * mp.erfc(x)

    for label, exp_degree, log_degree, sin_degree, cos_degree, erfc_degree, erf_degree in (
        ("double", 9, 6, 5, 5, 22, 8),
        ("single", 4, 2, 2, 2, 11, 4),
    ):
        print(label)
        show(
            "(exp(r) - 1 - r) / r^2",
            tail(lambda r: (mp.exp(r) - 1 - r) / r**2, lambda r: mp.mpf(1) / 2 + r / 6 + r**2 / 24),
            lambda r: r**2 / abs(mp.expm1(r)) if r else mp.mpf(0),
            -half_log_2,
            half_log_2,
            exp_degree,
        )
        show(
            "(2 atanh(s) - 2 s) / s^3 in z = s^2",
            tail(
                lambda z: (2 * mp.atanh(mp.sqrt(z)) - 2 * mp.sqrt(z)) / mp.sqrt(z) ** 3,
                lambda z: mp.mpf(2) / 3 + 2 * z / 5 + 2 * z**2 / 7,
            ),
            lambda z: mp.sqrt(z) ** 3 / (2 * mp.atanh(mp.sqrt(z))) if z else mp.mpf(0),
            mp.mpf(0),
            widest**2 * mp.mpf("1.0001"),
            log_degree,
        )
        show(
            "(sin(r) - r) / r^3 in z = r^2",
            tail(lambda z: (mp.sin(mp.sqrt(z)) - mp.sqrt(z)) / mp.sqrt(z) ** 3, lambda z: -mp.mpf(1) / 6 + z / 120),
            lambda z: mp.sqrt(z) ** 3 / mp.sin(mp.sqrt(z)) if z else mp.mpf(0),
            mp.mpf(0),
            quarter_pi**2,
            sin_degree,
        )
        show(
            "(cos(r) - 1 + r^2/2) / r^4 in z = r^2",
            tail(lambda z: (mp.cos(mp.sqrt(z)) - 1 + z / 2) / z**2, lambda z: mp.mpf(1) / 24 - z / 720),
            lambda z: z**2 / mp.cos(mp.sqrt(z)) if z else mp.mpf(0),
            mp.mpf(0),
            quarter_pi**2,
            cos_degree,
        )
        show(
            "(1 + 2 x) exp(x^2) erfc(x) in t = (x - 3.5)/(x + 3.5)",
            scaled_erfc,
            lambda t: 1 / scaled_erfc(t),
            mp.mpf(-1),
            (28 - centre) / (28 + centre),
            erfc_degree,
        )
        show(
            "(erf(x) / x - 2 / sqrt pi) / x^2 in z = x^2",
            tail(
                lambda z: (mp.erf(mp.sqrt(z)) / mp.sqrt(z) - 2 / mp.sqrt(mp.pi)) / z,
                lambda z: 2 / mp.sqrt(mp.pi) * (-mp.mpf(1) / 3 + z / 10),
            ),
            lambda z: z**1.5 / mp.erf(mp.sqrt(z)) if z else mp.mpf(0),
            mp.mpf(0),
            mp.mpf("0.65") ** 2,
            erf_degree,
        )


if __name__ == "__main__":
    main()

"""Where an operand may be drawn by tests (floor 0)."""

from __future__ import annotations

import math
from dataclasses import dataclass

__all__ = [
    "AWAY_FROM_ZERO",
    "BEYOND_ONE",
    "BOOLEAN",
    "POSITIVE",
    "REAL",
    "SMALL",
    "UNIT",
    "WITHIN_PERIOD",
    "Interval",
]


@dataclass(frozen=True)
class Interval:
    """An interval of test points, without a neighbourhood of each point in ``holes``.

    Attributes
    ----------
    low, high : float
        The ends that tests draw between.
    holes : tuple of float
        Points that tests keep a distance of 1/16 from (kinks, poles).
    boolean : bool
        The operand is a truth value.
    """

    low: float
    high: float
    holes: tuple[float, ...] = ()
    boolean: bool = False

    def without(self, *holes: float) -> Interval:
        """The same interval without a neighbourhood of ``holes``."""
        return Interval(self.low, self.high, (*self.holes, *holes), self.boolean)

    def __contains__(self, x: float) -> bool:
        return self.low <= x <= self.high and all(abs(x - hole) > 1 / 16 for hole in self.holes)


REAL = Interval(-3.0, 3.0)
SMALL = Interval(-1.5, 1.5)
POSITIVE = Interval(0.125, 6.0)
AWAY_FROM_ZERO = Interval(-3.0, 3.0, (0.0,))
UNIT = Interval(-0.9375, 0.9375)
BEYOND_ONE = Interval(1.125, 6.0)
WITHIN_PERIOD = Interval(-1.4, 1.4)
BOOLEAN = Interval(0.0, 1.0, (), True)
assert math.pi / 2 > WITHIN_PERIOD.high

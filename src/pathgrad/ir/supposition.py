"""What a program supposes of its arguments (floor 1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Supposition"]


@dataclass(frozen=True)
class Supposition:
    """A sum of lengths of arguments that is 0, or that is not negative.

    Attributes
    ----------
    terms : tuple of (int, int or None, int)
        An argument, counted; one of its axes, or None where the argument is an integer itself; how often it is added.
    constant : int
        What is added to that.
    exact : bool
        Whether the sum is 0; otherwise it is at least 0.

    Examples
    --------
    Four times the length of the second argument is that of the first:

    >>> whole = Supposition(((0, 0, 1), (1, 0, -4)), 0, True)
    >>> whole.text(["gates", "memory"])
    'length(gates; axis=0) - 4*length(memory; axis=0) == 0'
    >>> import numpy as np
    >>> whole.holds([np.ones(12), np.ones(3)]), whole.holds([np.ones(12), np.ones(4)])
    (True, False)
    """

    terms: tuple[tuple[int, int | None, int], ...]
    constant: int
    exact: bool

    def holds(self, arguments: Sequence[Any]) -> bool:
        """Whether it is true of these arguments."""
        total = self.constant
        for k, axis, times in self.terms:
            total += times * (int(arguments[k]) if axis is None else arguments[k].shape[axis])
        return total == 0 if self.exact else total >= 0

    def text(self, names: Sequence[str]) -> str:
        """What is supposed, in words of the arguments."""
        parts: list[str] = []
        for k, axis, times in self.terms:
            sign = "- " if times < 0 else "+ " if parts else ""
            factor = f"{abs(times)}*" if abs(times) != 1 else ""
            parts.append(f"{sign}{factor}{names[k] if axis is None else f'length({names[k]}; axis={axis})'}")
        if self.constant:
            parts.append(f"{'-' if self.constant < 0 else '+'} {abs(self.constant)}")
        return f"{' '.join(parts)} {'==' if self.exact else '>='} 0"

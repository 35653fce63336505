"""What is known of integers when compiling (floor 4).

A loop's index lies between its ends; adding a literal moves it. Lengths are known by their dimension tokens, so that
``x[k + 1]`` in ``for k in range(len(x) - 1)`` needs no check.
"""

from __future__ import annotations

from dataclasses import dataclass

from ....ir import Atom, Const, Let, Loop, Var
from ....ir.builder import target_base

__all__ = ["Ranges"]


@dataclass(frozen=True)
class _Bounds:
    """``low <= value``, and ``value < length of base - shorter``; None where nothing is known."""

    low: int | None
    base: object = None
    shorter: int = 0

    def moved(self, by: int) -> _Bounds:
        low = None if self.low is None else self.low + by
        return _Bounds(low, self.base, self.shorter - by)


def _length(token: object) -> tuple[object, int]:
    """A length as a base and how much shorter than it; literals as a number below zero, negated."""
    if isinstance(token, tuple) and token and token[0] == "literal":
        return "number", -int(token[1])
    if token == 1 and not isinstance(token, bool):
        return "number", -1
    return target_base(token)


class Ranges:
    """Bounds of the integers that are visible."""

    def __init__(self) -> None:
        self.known: dict[Var, _Bounds] = {}

    def of(self, atom: Atom) -> _Bounds:
        """What is known of an integer."""
        if isinstance(atom, Const):
            value = int(atom.value)
            return _Bounds(value, "number", -(value + 1))
        found = self.known.get(atom)
        if found is not None:
            return found
        # a length: not negative, and less than itself plus one
        base, shorter = _length(atom.dimension)
        return _Bounds(0 if shorter <= 0 and base is not atom else None, base, shorter - 1)

    def enter(self, loop: Loop) -> None:
        """Learn the bounds of a loop's index."""
        if not isinstance(loop.step, Const) or loop.step.value == 0:
            return
        start, stop = self.of(loop.start), self.of(loop.stop)
        if loop.step.value > 0:
            below = stop.moved(-1)
            self.known[loop.index] = _Bounds(start.low, below.base, below.shorter)
        else:
            low = None if stop.low is None else stop.low + 1
            self.known[loop.index] = _Bounds(low, start.base, start.shorter)

    def learn(self, let: Let) -> None:
        """Learn the bounds of a sum or difference with a literal."""
        if let.op.name not in ("add", "subtract") or len(let.args) != 2:
            return
        a, b = let.args
        if let.op.name == "add" and isinstance(a, Const) and isinstance(b, Var):
            a, b = b, a
        if isinstance(a, Var) and isinstance(b, Const) and isinstance(b.value, int) and a in self.known:
            self.known[let.target] = self.known[a].moved(b.value if let.op.name == "add" else -b.value)

    def bounds(self, atom: Atom, token: object) -> tuple[bool, bool]:
        """Whether an integer is certainly not negative, and certainly less than a length."""
        found = self.known.get(atom) if isinstance(atom, Var) else None
        if found is None:
            return False, False
        base, shorter = _length(token)
        inside = token is not None and found.base is not None and found.base == base and found.shorter >= shorter
        return found.low is not None and found.low >= 0, inside

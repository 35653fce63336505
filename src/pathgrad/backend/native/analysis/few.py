"""Loops that have few iterations, whatever the lengths are (floor 4).

From `a` to `min(b, a + 3)` there are at most three iterations, from `max(a, b - 3)` to `b` as well. Ends are compared
by the tokens of the lengths that they have.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ....ir import Atom, Let, Loop, Var
from ....ir.builder import target_base

__all__ = ["has_few_turns"]

#: So many are few: less than two vectors of four.
_FEW = 7


def has_few_turns(s: Loop, lets: Mapping[Var, Let]) -> bool:
    """Whether one of the choices between ends makes a loop short; ``lets`` are the program's statements."""
    starts, stops = ([_integer(a) for a in _choices(*end, lets)] for end in ((s.start, "maximum"), (s.stop, "minimum")))
    if len(starts) == len(stops) == 1:
        return False  # LLVM sees as much
    return any(base is other and high - low <= _FEW for base, low in starts for other, high in stops)


def _choices(end: Atom, by: str, lets: Mapping[Var, Let]) -> Iterator[Atom]:
    """The atoms of which an end is the greatest, or the least."""
    let = lets.get(end) if isinstance(end, Var) else None
    if let is None or let.op.name != by:
        yield end
    else:
        for atom in let.args:
            yield from _choices(atom, by, lets)


def _integer(atom: Atom) -> tuple[object, int]:
    """An integer as a length and how much more than it."""
    if isinstance(atom, Var):
        base, shorter = target_base(atom.dimension)
        return base, -shorter
    return None, int(atom.value)

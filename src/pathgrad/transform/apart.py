"""Whether two accesses of one array have no element in common (floor 3).

Both are in the same iteration of all loops around them: along one axis their positions differ, for all indices in their
ranges. The proof is about affine positions that do not count from the end.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..ir import Atom, Let, Loop, Var
from ..ops import Integer, NewAxis
from .affine import Form, Forms, Ranges

__all__ = ["are_apart", "are_same_place", "numbers_of"]


def numbers_of(let: Let) -> tuple[Atom, ...]:
    """The run-time numbers of the index of a ``load``, ``store`` or ``accumulate``."""
    return let.args[1:] if let.op.name == "load" else let.args[2:]


def are_same_place(one: Let, other: Let) -> bool:
    """Whether two accesses have the same elements, in the same order."""
    pairs = zip(numbers_of(one), numbers_of(other), strict=True)
    return one.params["index"] == other.params["index"] and all(_is_same(a, b) for a, b in pairs)


def _is_same(a: Atom, b: Atom) -> bool:
    return a is b or (not isinstance(a, Var) and not isinstance(b, Var) and bool(a.value == b.value))


def are_apart(loops: Sequence[Loop], one: Let, other: Let) -> bool:
    """Whether two accesses have no element in common.

    Parameters
    ----------
    loops : sequence of Loop
        The loops around both, outermost first.
    one, other : Let
        A ``load``, ``store`` or ``accumulate`` each, of arrays that share storage, from its first element on.
    """
    if not loops:
        return False
    forms = Forms(loops[0], set())
    ranges = Ranges(forms)
    for loop in loops:
        ranges.add_index(loop, loop.index, {})
    for a, b in zip(_positions(one), _positions(other), strict=False):
        here, there = (forms.of(x) if x is not None else None for x in (a, b))
        if here is None or there is None:
            continue
        if not all(ranges.is_positive(x.plus(Form(1))) for x in (here, there)):
            continue
        if ranges.is_positive(here.plus(there, -1)) or ranges.is_positive(there.plus(here, -1)):
            return True
    return False


def _positions(let: Let) -> list[Atom | None]:
    """The integer positions of an access by axis; None where it takes more than one element of an axis."""
    numbers = iter(numbers_of(let))
    found: list[Atom | None] = []
    for item in let.params["index"].items:
        if isinstance(item, NewAxis):
            continue
        if isinstance(item, Integer):
            found.append(next(numbers))
            continue
        for present in (item.start, item.stop, item.step):
            if present:
                next(numbers)
        found.append(None)
    return found

"""Whether a statement that writes part of an array may be computed in one pass with what it reads of that array (floor 4).

A row operation reads one row and writes another; an update reads and writes the same elements, each before it is
written. Neither needs what it writes to be computed elsewhere first. The proof is about affine positions, in one
iteration of the loops around.
"""

from __future__ import annotations

from ...ir import Atom, Let, Type, Var
from ...ops import Integer, NewAxis
from ...transform.affine import Form, Forms, Ranges
from .emitter import Emitter
from .values import View

__all__ = ["is_apart", "is_same_place", "part_read"]


def is_apart(e: Emitter, write: Let, read: Let) -> bool:
    """Whether a write and a read of one array have no element in common: along one axis their positions differ.

    Parameters
    ----------
    e : Emitter
        The function being written; it knows the loops around.
    write, read : Let
        A ``store`` or ``accumulate``, and a ``load``, of the same array.
    """
    if not e.loops:
        return False
    forms = Forms(e.loops[0], set())
    ranges = Ranges(forms)
    for loop in e.loops:
        ranges.add_index(loop, loop.index, {})
    for a, b in zip(_positions(write, 2), _positions(read, 1), strict=False):
        here, there = (forms.of(x) if x is not None else None for x in (a, b))
        if here is None or there is None:
            continue
        # negative positions count from the end
        if not all(ranges.is_positive(x.plus(Form(1))) for x in (here, there)):
            continue
        if ranges.is_positive(here.plus(there, -1)) or ranges.is_positive(there.plus(here, -1)):
            return True
    return False


def is_same_place(write: Let, read: Let) -> bool:
    """Whether a write and a read of one array have the same elements, in the same order."""
    return write.params["index"] == read.params["index"] and all(
        a is b or (not isinstance(a, Var) and not isinstance(b, Var) and a.value == b.value)
        for a, b in zip(write.args[2:], read.args[1:], strict=True)
    )


def part_read(e: Emitter, atom: Atom, array: View) -> Let | None:
    """The statement that reads an operand as a part of an array as it stands; None where it is something else."""
    let = e.definitions.lets.get(atom) if isinstance(atom, Var) else None
    while let is not None and let.op.name != "load" and let.args and e.peek(let.args[0]) is e.peek(let.target):
        # another name for the same elements
        let = e.definitions.lets.get(let.args[0]) if isinstance(let.args[0], Var) else None
    if let is None or let.op.name != "load":
        return None
    base = e.peek(let.args[0])
    same = isinstance(base, View) and (base.data, base.dims, base.strides) == (array.data, array.dims, array.strides)
    return let if same else None


def _positions(let: Let, first: int) -> list[Atom | None]:
    """The integer positions of an access by axis; None where it takes more than one element of an axis."""
    numbers = iter(let.args[first:])
    found: list[Atom | None] = []
    assert isinstance(let.args[0].type, Type)
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

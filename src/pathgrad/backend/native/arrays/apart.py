"""Whether a write may be computed in one pass with what it reads of its own array (floor 4).

A row operation reads one row and writes another; an update reads and writes the same elements, each before it is
written. Neither needs what it writes to be computed elsewhere first.
"""

from __future__ import annotations

from ....ir import Atom, Let, Var
from ....transform.apart import are_apart, are_same_place
from ..emit.emitter import Emitter
from ..emit.values import View

__all__ = ["may_overwrite"]


def may_overwrite(e: Emitter, write: Let, atom: Atom, array: View) -> bool:
    """Whether a write leaves alone what is read of its array at another position of one pass.

    Parameters
    ----------
    e : Emitter
        The function being written; it knows the loops around.
    write : Let
        A ``store`` or ``accumulate``.
    atom : Atom
        An operand of the pass, in the array's storage.
    array : View
        The array that is written.
    """
    read = _part_read(e, atom, array)
    return read is not None and (are_same_place(write, read) or are_apart(e.loops, write, read))


def _part_read(e: Emitter, atom: Atom, array: View) -> Let | None:
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

"""Scratch arrays that every iteration fills anew are its own (floor 3).

An array that is made once before a loop and refilled in each iteration is carried from iteration to iteration in name
only. Made inside the body it is no state of the loop: iterations become independent, and what an adjoint needs of one
is computed again in place of being kept for all of them.
"""

from __future__ import annotations

from ..ir import Atom, Block, Let, Loop, Program, Type, Var, While, remove_dead, sub_blocks
from ..ir.liveness import free_variables, live_after
from ..ops import TABLE
from .coverage import is_written_first

__all__ = ["privatise"]

#: How to make an array: for each axis its length.
_Lengths = dict[Var, list[Atom]]


def privatise(program: Program) -> Program:
    """Make scratch arrays inside the loops that fill them, outermost loops first; changes ``program`` in place.

    A carried array becomes an array of the iteration if nothing reads it after the loop, and if no iteration reads an
    element of it that the iteration has not written before (`coverage`).

    Parameters
    ----------
    program : Program
        A program; its dead statements are removed first.

    Returns
    -------
    Program
        ``program``.
    """
    remove_dead(program)
    _block(program.body, {})
    return remove_dead(program)


def _block(block: Block, made: _Lengths) -> None:
    made = dict(made)
    live = live_after(block, set())
    place = 0
    for s, after in zip(list(block.statements), live, strict=True):
        if isinstance(s, Let):
            _note(s, made)
        elif isinstance(s, Loop | While):
            before = _loop(s, after, made)
            block.statements[place:place] = before
            place += len(before)
        for inner in sub_blocks(s):
            _block(inner, made)
        place += 1


def _note(s: Let, made: _Lengths) -> None:
    """Remember how long the axes of a fresh array are."""
    if s.op.name in ("zeros", "empty"):
        made[s.target] = list(s.args)
    elif s.op.name == "full":
        made[s.target] = list(s.args[1:])


def _loop(s: Loop | While, after: set[Var], made: _Lengths) -> list[Let]:
    """Make the scratch arrays of a loop inside its body; the statements that find their lengths before it."""
    before: list[Let] = []
    inside: list[Let] = []
    for k in reversed(range(len(s.params))):
        param, init = s.params[k], s.inits[k]
        if s.results[k] in after or not isinstance(param.type, Type) or not param.type.rank:
            continue
        if isinstance(s, While) and param in free_variables(s.condition):
            continue
        if s.body.yields[k] is param or not is_written_first(s, k):
            continue
        lengths = made.get(init) if isinstance(init, Var) else None
        if lengths is None:
            lengths = [_length(init, param, axis, s, before) for axis in range(param.type.rank)]
        inside.append(Let(param, TABLE["empty"], tuple(lengths), {"dtype": param.type.dtype}, s.origin, s.role))
        made[param] = lengths
        del s.params[k], s.inits[k], s.results[k], s.body.yields[k]
    s.body.statements[:0] = inside[::-1]
    return before


def _length(init: Atom, param: Var, axis: int, s: Loop | While, before: list[Let]) -> Var:
    assert isinstance(param.type, Type)
    length = Var("n", Type("i64"), param.type.dims[axis], temporary=True)
    before.append(Let(length, TABLE["length"], (init,), {"axis": axis}, s.origin, s.role))
    return length

"""Which carried arrays stay where they are (floor 4).

A carried array that every iteration only writes in place lies in one storage from beginning to end: native code then
carries nothing for it.
"""

from __future__ import annotations

from ....ir import Atom, Block, Branch, Let, Loop, Type, Var, While

__all__ = ["SMALL", "is_slotted", "is_small", "is_stationary", "storage_of"]

#: Arrays of at most so many elements, of lengths known when compiling, are kept on the stack and in registers.
SMALL = 64


def storage_of(atom: Atom, block: Block) -> Atom:
    """The variable from outside ``block`` in whose storage ``atom`` lies; the atom itself where it is a new one."""
    for s in reversed(block.statements):
        if isinstance(s, Let):
            if s.target is atom and s.op.consumes:
                atom = s.args[0]
        elif isinstance(s, Loop | While):
            if isinstance(atom, Var) and atom in s.results:
                k = s.results.index(atom)
                if is_stationary(s, k):
                    atom = s.inits[k]
        elif isinstance(s, Branch) and isinstance(atom, Var) and atom in s.results:
            k = s.results.index(atom)
            one, other = storage_of(s.then.yields[k], s.then), storage_of(s.orelse.yields[k], s.orelse)
            if one is other:
                atom = one
    return atom


def is_stationary(loop: Loop | While, k: int) -> bool:
    """Whether the k-th carried value of a loop is an array that is only written in place."""
    param = loop.params[k]
    return param.type.is_array and storage_of(loop.body.yields[k], loop.body) is param


def is_small(atom: Atom) -> bool:
    """Whether an array has few elements, and lengths known when compiling."""
    if not isinstance(atom.type, Type) or not atom.type.rank:
        return False
    size = 1
    for token in atom.type.dims:
        if token == 1 and not isinstance(token, bool):
            continue
        if not (isinstance(token, tuple) and token[0] == "literal"):
            return False
        size *= int(token[1])
    return size <= SMALL


def is_slotted(loop: Loop | While, k: int) -> bool:
    """Whether the k-th carried value is a small array: each iteration copies it into one place."""
    return is_small(loop.params[k]) and is_small(loop.body.yields[k]) and not is_stationary(loop, k)

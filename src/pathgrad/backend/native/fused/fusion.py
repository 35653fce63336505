"""Which statements become one nest of loops (floor 4).

Elementwise statements over one index space, and the reductions of what they compute, wait in a group; each of its
values is computed once for each position and held in a register. Only what is read outside the group gets memory. A
statement that fits no longer, or that reads a finished value of the group, ends it.
"""

from __future__ import annotations

from collections.abc import Sequence

from ....ir import Atom, Type, Var
from ..emit.emitter import Emitter
from ..emit.groups import Group
from ..emit.values import Pending, Splat, View

__all__ = ["join", "may_join", "same_lengths"]


def same_lengths(emitter: Emitter, a: Sequence[str], b: Sequence[str]) -> bool:
    """Whether two shapes are known to be one."""
    return len(a) == len(b) and all(emitter.canonical(x) == emitter.canonical(y) for x, y in zip(a, b, strict=True))


def may_join(emitter: Emitter, type_: Type, operands: Sequence[Atom]) -> bool:
    """Whether a statement over an index space of this type can be computed in the open group."""
    group = emitter.group
    if group is None:
        return False
    linked = False
    for atom in operands:
        value = emitter.peek(atom)
        if isinstance(value, Pending):
            if not isinstance(atom, Var) or atom not in group.values:
                return False
            linked = True
    if linked:
        return True
    known = None not in type_.dims and type_.dims == group.tokens
    return known or any(
        isinstance(value, View | Splat) and same_lengths(emitter, value.dims, group.dims)
        for value in map(emitter.peek, operands)
    )


def join(emitter: Emitter, type_: Type, operands: Sequence[Atom]) -> Group:
    """The group for a statement over this index space; the open one is written where it does not fit."""
    if not may_join(emitter, type_, operands):
        emitter.flush()
        shaped = next(a for a in operands if a.type.is_array)
        dims = emitter.dims(shaped)
        emitter.group = Group(dims, type_.dims)
    group = emitter.group
    assert group is not None
    for atom in operands:
        value = emitter.peek(atom)
        if isinstance(value, View) and value.owner is not None:
            group.storages.add(id(value.owner))
    return group

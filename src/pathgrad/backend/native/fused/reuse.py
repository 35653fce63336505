"""Results of a group in the storage of what the group reads last (floor 4).

Each position of a group reads its elements before it writes them. An array that nothing reads afterwards therefore
gives its storage to a result of the same size: no memory is touched that was not touched before.
"""

from __future__ import annotations

from collections.abc import Sequence

from ....ir import Atom, Type, Var
from ..emit.emitter import Emitter
from ..emit.groups import Group, Member, Sink
from ..emit.values import Owned, View
from .fusion import same_lengths

__all__ = ["storage_for"]


def storage_for(e: Emitter, group: Group, members: Sequence[Member], sinks: Sequence[Sink], target: Var) -> View | None:
    """An array that the group reads and nothing reads after it, for a result; None where there is none.

    Parameters
    ----------
    e : Emitter
        The function being written.
    group : Group
        The group.
    members, sinks : sequence
        What is computed of it.
    target : Var
        The result.
    """
    if any(m.let.op.name == "outer" for m in members):
        return None
    reads: dict[Var, View] = {}
    atoms: list[Atom] = [a for m in members for a in m.operands] + [s.source for s in sinks]
    for atom in atoms:
        value = e.peek(atom)
        if isinstance(atom, Var) and isinstance(value, View):
            reads[atom] = value
    written = [s.target.owner for s in sinks if s.target is not None]
    for atom, view in reads.items():
        owner = view.owner
        if owner is None or owner not in e.owned or owner in written or atom not in e.stack.local:
            continue
        if owner.spare is not None and target not in e.stack.local:
            continue  # the loop takes it back
        if _fits(e, view, group, target) and _is_free(e, owner, view, reads):
            return view
    return None


def _fits(e: Emitter, view: View, group: Group, target: Var) -> bool:
    assert isinstance(target.type, Type)
    whole = view.contiguous and view.owner is not None and view.data == view.owner.handle
    return whole and view.dtype == target.type.dtype and same_lengths(e, view.dims, group.dims)


def _is_free(e: Emitter, owner: Owned, view: View, reads: dict[Var, View]) -> bool:
    """Whether all reads of a storage are at the position that is written, and none comes later."""
    same = all(
        other.data == view.data and other.strides == view.strides for other in reads.values() if other.owner is owner
    )
    return same and not any(getattr(v, "owner", None) is owner and e.read_later(x) for x, v in e.env.items())

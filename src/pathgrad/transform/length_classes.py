"""Which lengths are the same as far as a program tells (floor 3)."""

from __future__ import annotations

from ..ir import Block, Let, ListType, Loop, Type, Var, While, walk

__all__ = ["LengthClasses"]


class LengthClasses:
    """Axes of variables that meet in elementwise statements: their lengths are equal, or one of them is 1.

    Knowing early which lengths will meet lets statements be fused before they do. What a loop carries from such a
    statement to the next turn is taken to have one length in all turns, and so are the arrays that it keeps in a list.
    """

    def __init__(self, block: Block) -> None:
        self._parent: dict[tuple[Var, int], tuple[Var, int]] = {}
        for s in walk(block):
            if isinstance(s, Let) and (s.op.elementwise or s.op.name in ("broadcast_with", "sum_to", "reshape_like")):
                # what is reshaped has other lengths
                like = s.args[1:] if s.op.name == "reshape_like" else s.args
                self._meet([s.target, *(a for a in like if isinstance(a, Var))])
            elif isinstance(s, Let) and s.op.name in ("push", "recall"):
                self._in_list(s)
        loops = [s for s in walk(block) if isinstance(s, Loop | While)]
        changed = True
        while changed:
            changed = False
            for s in loops:
                for k in range(len(s.params)):
                    changed |= self._carried(s, k)

    def of(self, variable: Var, axis: int) -> tuple[Var, int]:
        """The class of an axis, counted from the last one."""
        place = (variable, axis)
        while (up := self._parent.get(place, place)) != place:
            place = up
        return place

    def _join(self, *places: tuple[Var, int]) -> bool:
        """Make one class of several; whether they were not one before."""
        roots = {self.of(*place): None for place in places}
        first, *others = roots
        for other in others:
            self._parent[other] = first
        return bool(others)

    def _in_list(self, s: Let) -> None:
        """The elements of a list have the lengths of what is put into it or read from it."""
        element = s.args[1] if s.op.name == "push" else s.target
        if isinstance(element, Var) and isinstance(element.type, Type) and isinstance(s.args[0], Var):
            for axis in range(1, element.type.rank + 1):
                own = [(s.target, axis)] if s.op.name == "push" else []
                self._join((element, axis), (s.args[0], axis), *own)

    def _carried(self, s: Loop | While, k: int) -> bool:
        """Join the k-th value before, in and after a loop, if a turn hands on what has the length that it was given."""
        places = [s.inits[k], s.params[k], s.body.yields[k], s.results[k]]
        type_ = s.params[k].type
        element = type_.element if isinstance(type_, ListType) else type_
        variables = [v for v in places if isinstance(v, Var)]
        if not isinstance(element, Type) or len(variables) < len(places):
            return False
        changed = False
        for axis in range(1, element.rank + 1):
            init, param, following, _ = (self.of(v, axis) for v in variables)
            if type_ is not element or following in (init, param):
                changed |= self._join(*((v, axis) for v in variables))
        return changed

    def _meet(self, variables: list[Var]) -> None:
        arrays = [v for v in variables if isinstance(v.type, Type) and v.type.rank]
        for axis in range(1, max((v.type.rank for v in arrays), default=0) + 1):
            own = [v for v in arrays if isinstance(v.type, Type) and v.type.rank >= axis and v.type.dims[-axis] != 1]
            for v in own[1:]:
                self._parent[self.of(v, axis)] = self.of(own[0], axis)

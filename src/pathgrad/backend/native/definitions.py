"""Where the variables of a program come from (floor 4)."""

from __future__ import annotations

from dataclasses import dataclass, field

from ...ir import Block, Let, Loop, Type, Var, walk

__all__ = ["Definitions", "LengthClasses"]


@dataclass
class Definitions:
    """Where the integers of a program come from."""

    lets: dict[Var, Let] = field(default_factory=dict)
    indices: dict[Var, Loop] = field(default_factory=dict)
    carried: dict[Var, tuple[Loop, int]] = field(default_factory=dict)
    results: dict[Var, tuple[Loop, int]] = field(default_factory=dict)

    @staticmethod
    def of(block: Block) -> Definitions:
        """All definitions below a block."""
        found = Definitions()
        for s in walk(block):
            if isinstance(s, Let):
                found.lets[s.target] = s
            elif isinstance(s, Loop):
                found.indices[s.index] = s
                found.carried.update({p: (s, k) for k, p in enumerate(s.params)})
                found.results.update({r: (s, k) for k, r in enumerate(s.results)})
        return found


class LengthClasses:
    """Axes of variables that meet in elementwise statements: their lengths are equal, or one of them is 1.

    Knowing early which lengths will meet lets statements be fused before they do.
    """

    def __init__(self, block: Block) -> None:
        self._parent: dict[tuple[Var, int], tuple[Var, int]] = {}
        for s in walk(block):
            if isinstance(s, Let) and (s.op.elementwise or s.op.name in ("broadcast_with", "sum_to", "reshape_like")):
                self._meet([s.target, *(a for a in s.args if isinstance(a, Var))])

    def of(self, variable: Var, axis: int) -> tuple[Var, int]:
        """The class of an axis, counted from the last one."""
        place = (variable, axis)
        while (up := self._parent.get(place, place)) != place:
            place = up
        return place

    def _meet(self, variables: list[Var]) -> None:
        arrays = [v for v in variables if isinstance(v.type, Type) and v.type.rank]
        for axis in range(1, max((v.type.rank for v in arrays), default=0) + 1):
            own = [v for v in arrays if isinstance(v.type, Type) and v.type.rank >= axis and v.type.dims[-axis] != 1]
            for v in own[1:]:
                self._parent[self.of(v, axis)] = self.of(own[0], axis)

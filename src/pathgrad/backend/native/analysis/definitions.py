"""Where the variables of a program come from (floor 4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ....ir import Atom, Block, Const, Let, Loop, Var, walk

__all__ = ["Definitions", "distance_from"]


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


def distance_from(base: Var, atom: Atom, lets: Mapping[Var, Let]) -> int | None:
    """How far an integer is from another one; None where more than known numbers lies between them."""
    moved = 0
    while atom is not base:
        let = lets.get(atom) if isinstance(atom, Var) else None
        if let is None or let.op.name not in ("add", "subtract"):
            return None
        a, b = let.args
        if let.op.name == "add" and isinstance(a, Const):
            a, b = b, a
        if not isinstance(b, Const) or not isinstance(b.value, int):
            return None
        moved += b.value if let.op.name == "add" else -b.value
        atom = a
    return moved

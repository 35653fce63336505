"""Where the variables of a program come from (floor 4)."""

from __future__ import annotations

from dataclasses import dataclass, field

from ....ir import Block, Let, Loop, Var, walk

__all__ = ["Definitions"]


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

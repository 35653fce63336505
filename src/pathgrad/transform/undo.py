"""Undoing writes: of an array that a loop changes, only what is overwritten is kept (floor 3).

The forward sweep keeps the part of the array that a write is about to overwrite; the backward sweep carries the array
along, from its last version to its first, and puts the part back before the adjoints of what read it. So there each
version can be read again, as often as it was read, for the price of one kept part for each write.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..ir import Atom, Block, Branch, Let, Loop, Type, Var, While, defined, sub_blocks
from ..ir.liveness import statement_reads
from ..ir.types import ListType, ValueType
from ..ops import TABLE
from .shape_builder import ShapeBuilder
from .versions import outermost_versions

__all__ = ["Undo", "is_in_order", "size_kept"]

#: The length that is assumed of every axis and every loop, to compare what two programs keep.
_TYPICAL = 64


class Undo:
    """Which writes are undone, and what has been restored so far.

    Parameters
    ----------
    body : Block
        The program's statements.
    active : set of Var
        The variables that carry derivatives: the loops over them have backward loops, where writes can be undone.

    Attributes
    ----------
    versions : set of Var
        The versions of the arrays whose writes are undone.
    overwritten : set of Var
        What the forward sweep keeps for them.
    restored : dict
        For a version the variable of the backward sweep with its content.
    """

    def __init__(self, body: Block, active: set[Var]) -> None:
        self.versions: set[Var] = set()
        self.overwritten: set[Var] = set()
        self.restored: dict[Var, Atom] = {}
        self._writes: set[Var] = set()
        self._positions: dict[Loop, list[int]] = {}
        for found, _ in outermost_versions(body):
            everywhere = all(loop.params[k] in active for loop, k in found.loops)
            parts = all(w.params["index"].items for w in found.writes)
            if found.has_branch or not everywhere or not parts:
                continue
            self.versions |= found.variables
            self._writes.update(w.target for w in found.writes)
            self.restored[found.final] = found.final
            for loop, k in found.loops:
                self._positions.setdefault(loop, []).append(k)

    def write(self, s: Let, builder: ShapeBuilder) -> list[Let]:
        """Restore what a write overwrites; the forward statements before it."""
        if s.target not in self._writes:
            return []
        base = s.args[0]
        assert isinstance(base, Var)
        params = {"index": s.params["index"]}
        with builder.open() as forward, builder.at(s.origin, "kept"):
            before = builder.emit(TABLE["load"], [base, *s.args[2:]], params, f"{base.name}_before")
        assert isinstance(before, Var)
        self.overwritten.add(before)
        operands = [self.restored[s.target], before, *s.args[2:]]
        self.restored[base] = builder.emit(TABLE["store"], operands, params, base.name)
        return [each for each in forward.statements if isinstance(each, Let)]

    def enter(self, s: Loop | While) -> tuple[list[Var], list[Atom]]:
        """What the backward loop carries for the arrays of a loop: parameters and initial values."""
        positions = self._positions.get(s, []) if isinstance(s, Loop) else []
        params, inits = [], []
        for k in positions:
            params.append(Var(s.params[k].name, s.params[k].type))
            inits.append(self.restored[s.results[k]])
            last = s.body.yields[k]
            assert isinstance(last, Var)
            self.restored[last] = params[-1]
        return params, inits

    def leave(self, s: Loop | While) -> tuple[list[Atom], list[Var]]:
        """What the backward loop yields for them, and its results."""
        positions = self._positions.get(s, []) if isinstance(s, Loop) else []
        yields = [self.restored[s.params[k]] for k in positions]
        results = [Var(s.params[k].name, s.params[k].type) for k in positions]
        for k, result in zip(positions, results, strict=True):
            first = s.inits[k]
            if isinstance(first, Var):
                self.restored[first] = result
        return yields, results


def size_kept(block: Block) -> int:
    """How many numbers a program keeps in its outermost loops, were all loops and axes of one typical length."""
    total = 0
    for s in block.statements:
        if isinstance(s, Let) and s.role == "kept" and s.op.name in ("empty", "new_list"):
            total += _size(s.target.type)
        elif isinstance(s, Branch):
            total += sum(map(size_kept, sub_blocks(s)))
    return total


def _size(type_: ValueType) -> int:
    if isinstance(type_, ListType):
        return _TYPICAL * _size(type_.element)
    assert isinstance(type_, Type)
    return int(_TYPICAL**type_.rank)


def is_in_order(block: Block, visible: Iterable[Var]) -> bool:
    """Whether every variable is assigned before it is read."""
    known = set(visible)
    for s in block.statements:
        if not statement_reads(s) <= known:
            return False
        own: set[Var] = set()
        if isinstance(s, Loop | While):
            own |= {*s.params, *([s.index] if isinstance(s, Loop) else [])}
        if not all(is_in_order(inner, known | own) for inner in sub_blocks(s)):
            return False
        known.update(defined(s))
    return all(a in known for a in block.yields if isinstance(a, Var))

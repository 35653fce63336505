"""What a backward block needs from its forward block, and which of it is kept (floor 3).

Of a loop body or an arm of a branch, `Scope` finds the variables that the backward block reads and divides them into
those that are kept and those that are computed again from kept ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import NamedTuple

from ..ir import Atom, Block, Let, Statement, Type, Var, defined
from ..ir.liveness import free_variables, statement_reads
from .shape_builder import same_lengths
from .simplify import rename_atoms
from .writes import changed_in_place

__all__ = ["Past", "Scope"]

#: Operators that cost no more than a read of what they compute.
_CHEAP = {
    "load", "length", "broadcast_with", "transpose", "reshape", "reshape_like", "expand_dims", "squeeze", "cast",
    "add", "subtract", "multiply", "negative", "less", "less_equal", "greater", "greater_equal", "equal", "not_equal",
    "logical_and", "logical_or", "logical_not", "count_like", "zeros_like", "zeros", "floor_divide", "maximum",
    "minimum",
}  # fmt: skip


class Past(NamedTuple):
    """What a backward sweep finds of the forward sweep's arrays.

    Attributes
    ----------
    gone : set of Var
        The arrays from outside that a surrounding loop changes in place.
    settled : mapping
        Variables that can be read again out of the array that a loop leaves, and how (`settled`).
    undone : set of Var
        Versions of arrays that the backward sweep restores (`undo`).
    overwritten : set of Var
        What is kept to restore them.
    restored : mapping
        The versions that are restored, by what they are called in the backward sweep.
    """

    gone: set[Var]
    settled: Mapping[Var, Let]
    undone: set[Var]
    overwritten: set[Var]
    restored: Mapping[Var, Atom]

    @classmethod
    def nothing(cls) -> Past:
        """Where everything is computed again."""
        return cls(set(), {}, set(), set(), {})


class Scope:
    """The forward body of a loop or an arm."""

    def __init__(self, statements: list[Statement], params: list[Var], index: Var | None, past: Past) -> None:
        self.statements = [past.settled.get(s.target, s) if isinstance(s, Let) else s for s in statements]
        self.params, self.index = params, index
        self.definition: dict[Var, Statement] = {v: s for s in self.statements for v in defined(s)}
        self.changed = changed_in_place(statements, params)
        self.past = past
        self.place = {v: k for k, v in enumerate([*params, *self.definition])}
        #: what is kept here would be kept in all iterations of the loops around, so numbers are computed again
        self.undoing = bool(past.undone) and any(not past.undone.isdisjoint(statement_reads(s)) for s in statements)

    def demanded(self, backward: Block) -> list[Var]:
        """The variables of this scope that a backward block reads, in order of definition."""
        reads = free_variables(backward)
        order = [*self.params, *([self.index] if self.index else []), *self.definition]
        return [v for v in order if v in reads]

    def read_shapes_elsewhere(self, backward: Block) -> None:
        """Where a backward block reads the shape of a value only, let it read that of an array that costs nothing."""
        contents = free_variables(backward, contents_only=True)
        mapping: dict[Var, Atom] = {}
        for v in self.demanded(backward):
            if v in contents or not (isinstance(v.type, Type) and v.type.rank) or v in self.params or self.is_cheap(v):
                continue
            for other, s in self.definition.items():
                same = isinstance(s, Let) and s.op.name == "load" and same_lengths(other, v) and other.type == v.type
                if same and self.is_cheap(other):
                    mapping[v] = other
                    break
        if mapping:
            rename_atoms(backward, mapping)

    def divide(
        self, demanded: list[Var], keep_all: bool, also: Set[Var] = frozenset(), given: Set[Var] = frozenset()
    ) -> tuple[list[Var], list[Var]]:
        """Which of the demanded variables are kept, and which computed again (from kept ones and those in ``also``).

        What is ``given`` the backward block has by itself.
        """
        kept: dict[Var, None] = {}
        again: dict[Var, None] = {}

        numbers = {p for p in self.params if not p.type.is_array}

        def free_with(v: Var) -> set[Var]:
            """The carried numbers that are kept anyway; for an array all, which are less than what it holds."""
            return numbers if v.type.is_array else {p for p in numbers if p in kept}

        def need(v: Var) -> None:
            if v in kept or v in again or v is self.index or v in self.past.undone or v in given:
                return
            keep = keep_all and not (self.undoing and isinstance(self.definition.get(v), Let))
            if (
                v in self.params
                or v in also
                or self._must_keep(v)
                or (keep and not self.is_cheap(v, free=free_with(v)))
            ):
                kept[v] = None
                return
            again[v] = None
            for operand in sorted(self._reads(v), key=self._order):
                need(operand)

        for v in demanded:
            need(v)
        return sorted(kept, key=self._order), sorted(again, key=self._order)

    def closure(self, demanded: list[Var]) -> list[Statement]:
        """The statements that compute the demanded variables from the carried ones, in order."""
        again: set[Var] = set()
        waiting = [v for v in demanded if v in self.definition]
        while waiting:
            v = waiting.pop()
            if v not in again:
                again.add(v)
                waiting += [r for r in self._reads(v) if r in self.definition]
        return self.slice(sorted(again, key=self._order))

    def restored(self) -> dict[Var, Atom]:
        """The restored versions of this scope."""
        found = {v: self.past.restored[v] for v in self.place if v in self.past.restored}
        return {v: now for v, now in found.items() if now is not v}

    def _order(self, v: Var) -> int:
        return self.place.get(v, -1)

    def _reads(self, v: Var) -> set[Var]:
        own = set(self.definition) | set(self.params)
        return {r for r in statement_reads(self.definition[v]) if r in own}

    def _must_keep(self, v: Var) -> bool:
        """The value comes out of an array that the loop changes in place, and does not restore on the way back."""
        if v in self.changed:
            return True
        s = self.definition[v]
        reads = statement_reads(s, contents_only=True)
        if isinstance(s, Let) and v not in self.past.overwritten:
            reads -= self.past.undone
        return any(r in self.changed or r in self.past.gone for r in reads)

    def is_cheap(self, v: Var, depth: int = 4, free: Set[Var] = frozenset()) -> bool:
        """Whether having the value again costs no more than reading it back, ``free`` being kept."""
        if v is self.index or v in self.past.undone or v in free:
            return True
        s = self.definition.get(v)
        if s is None or v in self.params:
            return s is None and v not in self.params
        if not isinstance(s, Let) or not depth or self._must_keep(v):
            return False
        if s.op.name not in _CHEAP:
            return False
        if s.op.name != "load" and s.target.type.rank and s.op.elementwise:
            return False
        return all(self.is_cheap(a, depth - 1, free) for a in s.args if isinstance(a, Var))

    def slice(self, again: list[Var]) -> list[Statement]:
        """The statements that compute ``again``, each after those that it reads."""
        wanted = set(again)
        order: list[Statement] = []
        done: set[int] = set()

        def visit(s: Statement) -> None:
            if id(s) in done:
                return
            done.add(id(s))
            for r in sorted(wanted.intersection(statement_reads(s)), key=self._order):
                visit(self.definition[r])
            order.append(s)

        for s in self.statements:
            if any(v in wanted for v in defined(s)):
                visit(s)
        return order

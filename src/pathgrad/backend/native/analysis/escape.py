"""Which small arrays may live on the stack (floor 4).

An array of a length known when compiling never leaves its block if nothing that may share its storage is yielded by
the program, carried anew by a loop, kept in a list or given to another program.
"""

from __future__ import annotations

from dataclasses import dataclass

from ....ir import Atom, Block, Branch, Call, Let, ListType, Loop, Program, Type, Var, While, sub_blocks, walk
from .stationary import is_slotted, is_small, is_stationary, storage_of

__all__ = ["StackPlan", "plan_stack"]


class _Sharing:
    """Classes of variables that may share storage, and which of them escape."""

    def __init__(self, slotted: set[Var]) -> None:
        self.slotted = slotted
        self.parent: dict[Var, Var] = {}
        self.escaping: list[Var] = []
        #: lists, and what they may hold
        self.listed: list[Var] = []

    def root(self, v: Var) -> Var:
        while (up := self.parent.get(v, v)) is not v:
            v = up
        return v

    def join(self, a: Atom, b: Atom) -> None:
        if isinstance(a, Var) and isinstance(b, Var) and a.type.is_array and b.type.is_array:
            self.parent[self.root(a)] = self.root(b)

    def escape(self, atom: Atom) -> None:
        if isinstance(atom, Var) and atom.type.is_array:
            self.escaping.append(atom)

    def block(self, block: Block) -> None:
        for s in block.statements:
            for inner in sub_blocks(s):
                self.block(inner)
            if isinstance(s, Let):
                if (s.op.views or s.op.consumes or s.op.name == "cast_like") and s.args:
                    self.join(s.target, s.args[0])
                if isinstance(s.target.type, ListType):
                    for atom in s.args:
                        self.escape(atom)
                    self.listed += [v for v in (s.target, *s.args) if isinstance(v, Var) and v.type.is_array]
            elif isinstance(s, Call):
                for atom in s.args:
                    self.escape(atom)
            elif isinstance(s, Branch):
                for result, a, b in zip(s.results, s.then.yields, s.orelse.yields, strict=True):
                    is_common = storage_of(a, s.then) is storage_of(b, s.orelse)
                    if is_small(result) and is_small(a) and is_small(b) and not is_common:
                        continue
                    self.join(result, a)
                    self.join(result, b)
                    self.escape(result)
            else:
                self.carried(s)

    def carried(self, s: Loop | While) -> None:
        for k, (param, result) in enumerate(zip(s.params, s.results, strict=True)):
            self.join(param, result)
            if param in self.slotted:
                continue
            self.join(param, s.inits[k])
            self.join(param, s.body.yields[k])
            if not is_stationary(s, k):
                self.escape(param)


@dataclass(frozen=True)
class StackPlan:
    """What lives on the stack.

    Attributes
    ----------
    arrays : set of Var
        Arrays that never outlive the block that creates them.
    local : set of Var
        These and larger ones that never outlive the block either.
    slotted : set of Var
        Small arrays that loops carry: each iteration copies its own into one place.
    listed : set of Var
        Arrays that a list may hold, and arrays out of lists: one storage may have several owners among them.
    """

    arrays: set[Var]
    local: set[Var]
    slotted: set[Var]
    listed: set[Var]


def plan_stack(program: Program) -> StackPlan:
    """Decide what lives on the stack.

    A carried array may have one place only if nothing keeps it beyond its iteration; where something does, everything
    that it may share storage with is decided again.
    """
    loops = [s for s in walk(program.body) if isinstance(s, Loop | While)]
    slotted = {p for s in loops for k, p in enumerate(s.params) if is_slotted(s, k)}
    while True:
        sharing = _Sharing(slotted)
        sharing.block(program.body)
        for atom in [*program.body.yields, *program.inputs]:
            sharing.escape(atom)
        escaping = {sharing.root(v) for v in sharing.escaping}
        settled = {p for p in slotted if sharing.root(p) not in escaping}
        if settled == slotted:
            break
        slotted = settled
    created = _created(program.body)
    local = {v for v in created if sharing.root(v) not in escaping}
    roots = {sharing.root(v) for v in sharing.listed}
    listed = {v for v in [*created, *program.inputs] if sharing.root(v) in roots}
    return StackPlan({v for v in local if is_small(v)}, local, slotted, listed)


def _created(block: Block) -> list[Var]:
    found: list[Var] = []
    for s in block.statements:
        if isinstance(s, Let) and isinstance(s.target.type, Type) and s.target.type.rank:
            found.append(s.target)
        elif isinstance(s, Loop | While):
            found += s.params
        elif isinstance(s, Branch):
            found += s.results
        for inner in sub_blocks(s):
            found += _created(inner)
    return found

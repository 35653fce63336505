"""The versions of an array that a loop changes in place (floor 3)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ..ir import Atom, Block, Branch, Let, Loop, Statement, Type, Var, While, sub_blocks
from .writes import changed_in_place

__all__ = ["Versions", "outermost_versions"]


class Versions:
    """The versions of one array from the start of an iteration of a loop to its end.

    Attributes
    ----------
    loop, position
        The loop, and which of the variables that it carries is the array.
    variables : set of Var
        The versions, those in inner loops and branches included.
    is_chain : bool
        Whether each comes from the one before by a write, an inner loop or a branch, and by nothing else.
    has_branch : bool
        Whether a branch writes.
    writes : list of Let
        The writes.
    loops : list of (Loop, int)
        The loops that carry the array, this one included, and at which position.
    """

    def __init__(self, loop: Loop, position: int) -> None:
        self.loop, self.position = loop, position
        self.variables: set[Var] = {loop.params[position]}
        self.writes: list[Let] = []
        self.loops: list[tuple[Loop, int]] = [(loop, position)]
        self.has_branch = False
        self.is_chain = self._follow(loop.body, loop.body.yields[position], loop.params[position])

    @property
    def final(self) -> Var:
        """The array that the loop leaves."""
        return self.loop.results[self.position]

    def _follow(self, block: Block, atom: Atom, start: Var) -> bool:
        """Note the versions from ``atom`` back to ``start``; whether nothing but writes lies between."""
        if not isinstance(atom, Var):
            return False
        definition = {v: s for s in block.statements for v in _results(s)}
        while atom is not start:
            self.variables.add(atom)
            s = definition.get(atom)
            if isinstance(s, Let) and s.op.name in ("store", "accumulate"):
                self.writes.append(s)
                before: Atom = s.args[0]
            elif isinstance(s, Loop):
                at = s.results.index(atom)
                before = s.inits[at]
                self.variables.add(s.params[at])
                self.loops.append((s, at))
                if not self._follow(s.body, s.body.yields[at], s.params[at]):
                    return False
            elif isinstance(s, Branch):
                at = s.results.index(atom)
                self.has_branch = True
                before = self._entry(s.then, s.then.yields[at], definition)
                if not all(self._follow(arm, arm.yields[at], before) for arm in (s.then, s.orelse)):
                    return False
            else:
                return False
            if not isinstance(before, Var):
                return False
            atom = before
        self.variables.add(start)
        return True

    def _entry(self, arm: Block, atom: Atom, outside: Mapping[Var, Statement]) -> Var:
        """The version that an arm of a branch starts from: what its writes lead back to."""
        inside = {v: s for s in arm.statements for v in _results(s)}
        while isinstance(atom, Var) and atom in inside:
            s = inside[atom]
            if isinstance(s, Let) and s.args:
                atom = s.args[0]
            elif isinstance(s, Loop):
                atom = s.inits[s.results.index(atom)]
            elif isinstance(s, Branch):
                atom = s.then.yields[s.results.index(atom)]
            else:
                break
        return atom if isinstance(atom, Var) else Var("", self.final.type)


def outermost_versions(block: Block) -> Iterator[tuple[Versions, Sequence[Statement]]]:
    """For each array the outermost loop that carries it and writes it, and the statements after that loop.

    Loops with checkpoints, and what is in them, are left out: they are run from kept states, when the array that they
    leave is not there yet.
    """
    yield from _search(block, frozenset())


def _search(block: Block, changed: frozenset[Var]) -> Iterator[tuple[Versions, Sequence[Statement]]]:
    for place, s in enumerate(block.statements):
        if isinstance(s, Loop) and s.checkpoints is not None:
            continue
        if isinstance(s, Loop):
            for k, p in enumerate(s.params):
                if isinstance(p.type, Type) and p.type.rank and s.inits[k] not in changed:
                    versions = Versions(s, k)
                    if versions.is_chain and versions.writes:
                        yield versions, block.statements[place + 1 :]
        inside = changed
        if isinstance(s, Loop | While):
            inside = changed | changed_in_place(s.body.statements, s.params)
        for inner in sub_blocks(s):
            yield from _search(inner, inside)


def _results(s: Statement) -> Sequence[Var]:
    return [s.target] if isinstance(s, Let) else s.results

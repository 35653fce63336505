"""Is a program well formed? (floor 1)

Checked after every transformation: each variable is assigned once and before its uses, operands have the types that
operators take, blocks yield what surrounds them expects, and no write is seen under another name.
"""

from __future__ import annotations

from ..errors import ProgramError
from .builder import infer
from .ownership import find_conflict
from .program import Atom, Block, Branch, Call, Let, Loop, Program, Statement, Var, While, programs_called
from .types import BOOL, I64, ValueType

__all__ = ["check"]


def check(program: Program) -> Program:
    """Return ``program``, or say which rule it breaks.

    Raises
    ------
    ProgramError
        The rule, the program and the variable.
    """
    for each in programs_called(program):
        _Checker(each).run()
    return program


class _Checker:
    def __init__(self, program: Program) -> None:
        self.program = program
        self.assigned: set[Var] = set()

    def fail(self, message: str) -> None:
        """Refuse the program."""
        raise ProgramError(f"program {self.program.name}: {message}")

    def run(self) -> None:
        """Check the whole program."""
        scope = self.assign(self.program.inputs, set())
        self.block(self.program.body, scope)
        conflict = find_conflict(self.program)
        if conflict is not None:
            self.fail(f"{conflict.atom!r} is written in place while {conflict.reader!r} still reads its storage")

    def assign(self, variables: list[Var], scope: set[Var]) -> set[Var]:
        """The scope after an assignment; each variable is assigned once."""
        for v in variables:
            if v in self.assigned:
                self.fail(f"{v!r} is assigned twice")
            self.assigned.add(v)
        return scope | set(variables)

    def read(self, atom: Atom, scope: set[Var]) -> None:
        """Check that an atom is defined where it is read."""
        if isinstance(atom, Var) and atom not in scope:
            self.fail(f"{atom!r} is read where it is not defined")

    def same(self, wanted: ValueType, got: ValueType, what: str) -> None:
        """Check that two types agree."""
        if wanted != got:
            self.fail(f"{what}: expected {wanted}, got {got}")

    def block(self, block: Block, scope: set[Var]) -> None:
        """Check a block in its scope."""
        for statement in block.statements:
            scope = self.statement(statement, scope)
        for atom in block.yields:
            self.read(atom, scope)

    def yields(self, block: Block, types: list[ValueType], what: str) -> None:
        """Check what a block yields."""
        if len(block.yields) != len(types):
            self.fail(f"{what} yields {len(block.yields)} values, expected {len(types)}")
        for atom, wanted in zip(block.yields, types, strict=True):
            self.same(wanted, atom.type, f"{what} yields {atom!r}")

    def statement(self, s: Statement, scope: set[Var]) -> set[Var]:
        """Check a statement; the scope after it."""
        if isinstance(s, Let):
            for atom in s.args:
                self.read(atom, scope)
            self.same(infer(s.op, s.args, dict(s.params)), s.target.type, f"{s.target.name} = {s.op.name}")
            return self.assign([s.target], scope)
        if isinstance(s, Call):
            for atom, variable in zip(s.args, s.program.inputs, strict=True):
                self.read(atom, scope)
                self.same(variable.type, atom.type, f"argument {variable.name} of {s.program.name}")
            for result, atom in zip(s.results, s.program.outputs, strict=True):
                self.same(atom.type, result.type, f"result of {s.program.name}")
            return self.assign(s.results, scope)
        if isinstance(s, Branch):
            self.read(s.condition, scope)
            self.same(BOOL, s.condition.type, "condition of a branch")
            for arm in (s.then, s.orelse):
                self.block(arm, scope)
                self.yields(arm, [r.type for r in s.results], "an arm")
            return self.assign(s.results, scope)
        return self.loop(s, scope)

    def loop(self, s: Loop | While, scope: set[Var]) -> set[Var]:
        """Check a loop; the scope after it."""
        for param, init in zip(s.params, s.inits, strict=True):
            self.read(init, scope)
            self.same(param.type, init.type, f"initial value of {param.name}")
        carried = [p.type for p in s.params]
        if isinstance(s, Loop):
            for end in (s.start, s.stop, s.step):
                self.read(end, scope)
                self.same(I64, end.type, "an end of a loop")
            inner = self.assign([*s.params, s.index], scope)
            self.block(s.body, inner)
            self.yields(s.body, [*carried, BOOL] if s.exits else carried, "a loop body")
        else:
            inner = self.assign(s.params, scope)
            self.block(s.condition, inner)
            self.yields(s.condition, [BOOL], "a loop condition")
            self.block(s.body, inner)
            self.yields(s.body, [*carried, BOOL] if s.exits else carried, "a loop body")
        for result, wanted in zip(s.results, carried, strict=True):
            self.same(wanted, result.type, f"result {result.name} of a loop")
        return self.assign([*s.results, *([s.trips] if s.trips else [])], scope)

"""Names and nesting: from single assignment back to the variables that the user knows (floor 4).

Two decisions, made before a function is printed. *Nesting*: a temporary that is read once is written where it is read.
*Naming*: a variable gets the user's name if nothing that is still to be read has it, so that the versions of ``ans``
become one ``ans`` again.
"""

from __future__ import annotations

import builtins
import keyword
from collections.abc import Iterable

from ..ir import (
    I64,
    Atom,
    Block,
    Branch,
    Call,
    Const,
    Let,
    Loop,
    Program,
    Statement,
    Var,
    While,
    operands,
    sub_blocks,
    walk,
)
from ..ir.liveness import live_after, statement_reads
from .support import SUPPORT

__all__ = ["Names", "Nesting", "writes_in_place"]

_LARGEST = 9
_STATEMENTS = ("push", "pop", "add_at", "store", "accumulate")


def writes_in_place(statement: Statement) -> bool:
    """Whether a statement, or one inside it, writes into storage that existed before."""
    if isinstance(statement, Let):
        return statement.op.consumes
    if isinstance(statement, Call):
        return bool(statement.program.consumed)
    return any(writes_in_place(inner) for block in sub_blocks(statement) for inner in block.statements)


class Nesting:
    """Which statements are written inside the expression that reads them."""

    def __init__(self, program: Program) -> None:
        self.inlined: dict[Var, Let | Branch | Call] = {}
        self.size: dict[Var, int] = {}
        self.count: dict[Var, int] = {}
        self.stored = _stored(program.body)
        self.users = {v.name for s in walk(program.body) for v in _targets(s) if not v.temporary}
        self.users |= {v.name for v in program.inputs}
        self._count(program.body)
        self._count_broadcast(program.body)
        self._visit(program.body, in_loop=False)

    def _count(self, block: Block) -> None:
        for s in block.statements:
            for atom in operands(s):
                if not _is_broadcast(s):
                    self._read(atom)
            for inner in sub_blocks(s):
                self._count(inner)
        for atom in block.yields:
            self._read(atom)

    def _count_broadcast(self, block: Block) -> None:
        """What is broadcast is read wherever the broadcast value is."""
        for s in reversed(block.statements):
            for inner in sub_blocks(s):
                self._count_broadcast(inner)
            if isinstance(s, Let) and _is_broadcast(s) and isinstance(s.args[0], Var):
                self.count[s.args[0]] = self.count.get(s.args[0], 0) + self.count.get(s.target, 0)

    def _read(self, atom: Atom) -> None:
        if isinstance(atom, Var):
            self.count[atom] = self.count.get(atom, 0) + 1

    def is_temporary(self, v: Var) -> bool:
        """Whether ``v`` is a value without a name, or the derivative of one."""
        if v.temporary:
            return True
        for suffix in ("_bar", "_dot"):
            base = v.name.removesuffix(suffix)
            if base != v.name and base not in self.users:
                return True
        return False

    def _visit(self, block: Block, in_loop: bool) -> None:
        for s in block.statements:
            for inner in sub_blocks(s):
                self._visit(inner, isinstance(s, Loop | While))
        for position, s in enumerate(block.statements):
            if isinstance(s, Let) and (_is_broadcast(s) or self._is_index_arithmetic(s)):
                self.inlined[s.target] = s
                self.size[s.target] = 1 + sum(self.size.get(a, 0) for a in s.args[:1] if isinstance(a, Var))
                continue
            target = _single(s)
            if target is None or self.count.get(target, 0) != 1:
                continue
            place = self._reader(block, position, target)
            if place is None:
                place = self._reader_of_broadcast(block, position, target)
            if place is None:
                continue
            reader = block.statements[place] if place < len(block.statements) else None
            at_end_of_loop = in_loop and reader is None and s.role == "adjoint" and isinstance(s, Let)
            if not (self._may_nest(s, target, reader) or (at_end_of_loop and self._is_pure(s))):
                continue
            between = block.statements[position + 1 : place]
            if self._reads_storage(s) and any(map(writes_in_place, between)):
                continue
            if isinstance(s, Let):
                size = 1 + sum(self.size.get(a, 0) for a in s.args if isinstance(a, Var) and a in self.inlined)
            elif isinstance(s, Branch):
                size = self._branch_size(s)
            elif isinstance(s, Call):
                size = 2 + sum(self.size.get(a, 0) for a in s.args if isinstance(a, Var) and a in self.inlined)
            else:
                continue
            if size <= _LARGEST:
                assert isinstance(s, Let | Branch | Call)
                self.inlined[target] = s
                self.size[target] = size

    def _branch_size(self, s: Branch) -> int:
        """The size of a conditional expression; too large where an arm has statements of its own."""
        size = 1
        for arm in (s.then, s.orelse):
            if any(_single(inner) not in self.inlined for inner in arm.statements):
                return _LARGEST + 1
            size += sum(self.size.get(a, 0) for a in arm.yields if isinstance(a, Var))
        return size

    def _reader(self, block: Block, position: int, target: Var) -> int | None:
        """The place of the statement of the same block that reads ``target`` itself; the block's end for a yield."""
        for k in range(position + 1, len(block.statements)):
            s = block.statements[k]
            if target in operands(s) and not _is_broadcast(s):
                return k
        return len(block.statements) if target in block.yields else None

    def _reader_of_broadcast(self, block: Block, position: int, target: Var) -> int | None:
        """The place where the only broadcast of ``target`` is read."""
        for s in block.statements[position + 1 :]:
            if isinstance(s, Let) and _is_broadcast(s) and s.args[0] is target:
                return self._reader(block, position, s.target)
        return None

    def _is_index_arithmetic(self, s: Let) -> bool:
        """An index plus or minus a number is written wherever it is read."""
        kind = s.target.type
        if not s.target.temporary or s.op.name not in ("add", "subtract") or kind != I64:
            return False
        return any(isinstance(a, Const) for a in s.args) and not any(a in self.inlined for a in s.args)

    @staticmethod
    def _is_pure(s: Statement) -> bool:
        return isinstance(s, Let) and s.op.name not in _STATEMENTS and s.op.name not in ("copy", "new_list")

    def _may_nest(self, s: Statement, target: Var, reader: Statement | None) -> bool:
        if isinstance(s, Call) and (s.program.consumed or not target.temporary or isinstance(reader, Loop | While)):
            return self._is_accumulated(s, target, reader)
        if isinstance(s, Let) and (s.op.name in _STATEMENTS or s.op.name == "copy"):
            return False
        if isinstance(s, Let) and s.op.name in ("empty", "zeros", "new_list", "undefined"):
            return not (isinstance(reader, Let) and reader.op.consumes)
        if isinstance(reader, Let) and reader.op.consumes and reader.args[0] is target:
            return False
        if isinstance(s, Branch) and (isinstance(reader, Loop | While) or len(s.results) != 1):
            return False
        if isinstance(reader, Let) and (
            reader.op.name == "zeros_like"
            or (reader.op.name in ("sum_to", "spread", "reshape_like") and target in reader.args[1:])
        ):
            return False
        if self.is_temporary(target):
            return True
        if s.role == "primal" or reader is None:
            return False
        result = _single(reader)
        return result is not None and result.name == target.name and isinstance(reader, Let)

    def _is_accumulated(self, s: Call, target: Var, reader: Statement | None) -> bool:
        """A call whose only reader adds it to what is already there."""
        if s.program.consumed or not isinstance(reader, Let):
            return False
        return reader.op.name in ("add", "accumulate") and reader.args[1] is target

    def _reads_storage(self, s: Statement) -> bool:
        if isinstance(s, Let):
            return any(
                a.type.is_array or (isinstance(a, Var) and a in self.inlined and self._reads_storage(self.inlined[a]))
                for a in s.args
            )
        return any(v.type.is_array for v in statement_reads(s)) or True

    def expanded(self, live: Iterable[Var]) -> set[Var]:
        """Variables that are read, with those that nested expressions read."""
        result: set[Var] = set()
        todo = list(live)
        while todo:
            v = todo.pop()
            if v in result:
                continue
            result.add(v)
            if v in self.inlined:
                todo.extend(statement_reads(self.inlined[v]))
        return result

    def live_after(self, block: Block, live_out: set[Var]) -> list[set[Var]]:
        """As `ir.liveness.live_after`, with what nested expressions still read."""
        return [self.expanded(live) for live in live_after(block, live_out)]


def _stored(block: Block) -> set[Var]:
    """Values without content that a branch or a loop hands to something that keeps what it gets."""
    found: set[Var] = set()
    flows: list[tuple[Var, Var]] = []

    def visit(inner: Block) -> None:
        for s in inner.statements:
            if isinstance(s, Let) and s.op.name in ("store", "push") and s.role != "primal":
                found.update(a for a in s.args[1:2] if isinstance(a, Var))
            elif isinstance(s, Let) and s.op.name == "copy" and isinstance(s.args[0], Var):
                flows.append((s.target, s.args[0]))
            elif isinstance(s, Loop | While):
                flows.extend((p, a) for p, a in zip(s.params, s.inits, strict=True) if isinstance(a, Var))
            elif isinstance(s, Branch):
                for arm in (s.then, s.orelse):
                    flows.extend((r, a) for r, a in zip(s.results, arm.yields, strict=True) if isinstance(a, Var))
            for b in sub_blocks(s):
                visit(b)

    visit(block)
    size = -1
    while size != len(found):
        size = len(found)
        found.update(a for r, a in flows if r in found)
    return found


def _is_broadcast(s: Statement) -> bool:
    """NumPy broadcasts without moving data, so broadcast values are written wherever they are read."""
    return isinstance(s, Let) and s.op.name == "broadcast_with"


def _single(s: Statement) -> Var | None:
    if isinstance(s, Let):
        return s.target
    if isinstance(s, Branch) and len(s.results) == 1:
        return s.results[0]
    if isinstance(s, Call) and len(s.results) == 1:
        return s.results[0]
    return None


def _targets(s: Statement) -> list[Var]:
    if isinstance(s, Let):
        return [s.target]
    if isinstance(s, Loop):
        return [*s.results, *s.params, s.index]
    if isinstance(s, While):
        return [*s.results, *s.params]
    return list(s.results)


class Names:
    """The Python name of every variable; temporaries keep away from ``reserved`` names, which are the user's."""

    def __init__(self, taken: Iterable[str], reserved: Iterable[str] = ()) -> None:
        self.reserved = set(reserved)
        self.taken = {*taken, "np", "math", *SUPPORT, *keyword.kwlist}
        self.of: dict[Var, str] = {}
        self.preferred: dict[Var, str] = {}

    def is_free(self, name: str, live: Iterable[Var]) -> bool:
        """Whether no variable that is still read has this name."""
        return name not in self.taken and all(self.of.get(v) != name for v in live)

    def choose(self, hint: str, live: set[Var], besides: Iterable[str] = ()) -> str:
        """``hint`` if it is free, otherwise with a number."""
        hint = hint if hint.isidentifier() else "t"
        if hint in dir(builtins):
            hint += "_"
        others = set(besides)
        name, n = hint, 1
        stem, _, number = hint.rpartition("_")
        if stem and number.isdigit():
            hint, n = stem, int(number)
        while name in others or not self.is_free(name, live):
            n += 1
            name = f"{hint}_{n}"
        return name

    def define(self, v: Var, live: set[Var], hint: str = "") -> str:
        """Name a variable that is assigned now; ``live`` is what is read later, ``hint`` a name for a temporary."""
        rest = live - {v}
        wanted = self.preferred.get(v)
        if wanted is not None and self.is_free(wanted, rest):
            name = wanted
        elif v.temporary:
            name = self.choose(hint or v.name, rest, self.reserved)
        else:
            name = self.choose(v.name, rest)
        self.of[v] = name
        return name

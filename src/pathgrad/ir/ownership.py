"""Storage: who may be written in place (floor 1).

``store``, ``accumulate``, ``push`` and calls of programs that take over an input write into the storage of an operand.
That is right only if nothing reads that storage afterwards under another name. `place_copies` finds the writes where
something does and inserts the copy that makes them right: of the reader where it is a view, of the operand otherwise.
So transformations write programs in the value sense and never think about aliases.

The idea is that of uniqueness types (Henriksen, Serup, Elsman, Henglein and Oancea, "Futhark", PLDI 2017): each array
has a set of roots, the allocations that it may lie in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from ..ops import TABLE
from .liveness import free_variables, inner_live_out, live_after, statement_reads
from .program import Atom, Block, Branch, Call, Const, Let, Loop, Program, Var, While, sub_blocks
from .types import ListType

__all__ = ["find_conflict", "place_copies"]


#: Operators whose result repeats an operand without having storage for it.
_READ_ONLY = ("broadcast_with", "spread")


@dataclass
class Conflict:
    """A write into storage that something else reads later.

    ``reader`` reads it; a copy of ``atom``, inserted at ``position`` of ``block`` and put in its place by ``replace``,
    makes the write right.
    """

    reader: Atom
    atom: Atom
    block: Block
    position: int
    replace: Callable[[Var], None]
    analysis: _Analysis


@dataclass
class _Analysis:
    """The roots of arrays; for lists the list's own root, and the roots of what it holds."""

    roots: dict[Var, frozenset[Atom]] = field(default_factory=dict)
    contents: dict[Var, frozenset[Atom]] = field(default_factory=dict)
    permanent: set[Atom] = field(default_factory=set)
    consumed: set[Atom] = field(default_factory=set)

    def held(self, atom: Atom) -> frozenset[Atom]:
        """Everything that a write into an array may change of ``atom``."""
        if isinstance(atom.type, ListType):
            return self.contents.get(atom, frozenset()) if isinstance(atom, Var) else frozenset()
        return self.of(atom)

    def of(self, atom: Atom) -> frozenset[Atom]:
        """The allocations that ``atom`` may lie in."""
        if not atom.type.is_array:
            return frozenset()
        return self.roots.get(atom, frozenset([atom])) if isinstance(atom, Var) else frozenset([atom])

    def reader(self, atom: Atom, live: Iterable[Atom]) -> Atom | None:
        """Something that still reads the storage of ``atom``, or None."""
        mine = self.of(atom)
        for root in mine:
            if root in self.permanent or isinstance(root, Const):
                return root
        writes_list = isinstance(atom.type, ListType)
        for other in live:
            if writes_list and not isinstance(other.type, ListType):
                continue
            if not mine.isdisjoint(self.of(other) if writes_list else self.held(other)):
                return other
        return None


def place_copies(program: Program) -> Program:
    """Insert the copies without which a write would be seen under another name.

    Parameters
    ----------
    program : Program
        Changed in place. Its callees are taken as they are.

    Returns
    -------
    Program
        ``program``.
    """
    while (conflict := find_conflict(program)) is not None:
        pushed = _push_of(program.body, conflict)
        if pushed is not None:
            block, let = pushed
            copied = Var(getattr(let.args[1], "name", "") or "t", let.args[1].type)
            copy = Let(copied, TABLE["copy"], (let.args[1],), {}, None, "kept")
            block.statements.insert(block.statements.index(let), copy)
            let.args = (let.args[0], copied)
            continue
        view = _view_definition(program.body, conflict.reader)
        if view is not None:
            block, let = view
            before = Var(let.target.name, let.target.type)
            copy = Let(let.target, TABLE["copy"], (before,), {}, let.origin, let.role)
            block.statements.insert(block.statements.index(let) + 1, copy)
            let.target = before
        else:
            copied = Var(getattr(conflict.atom, "name", "") or "t", conflict.atom.type)
            let = Let(copied, TABLE["copy"], (conflict.atom,), {}, None, "kept")
            conflict.block.statements.insert(conflict.position, let)
            conflict.replace(copied)
    return program


def _view_definition(block: Block, variable: Atom) -> tuple[Block, Let] | None:
    """The statement that defines ``variable`` as a view of another value, and its block."""
    for statement in block.statements:
        if isinstance(statement, Let) and statement.target is variable:
            return (block, statement) if statement.op.views else None
        for inner in sub_blocks(statement):
            found = _view_definition(inner, variable)
            if found:
                return found
    return None


def _push_of(block: Block, conflict: Conflict) -> tuple[Block, Let] | None:
    """Where the reader is a list of kept values: the statement that kept a view of what is written."""
    if not isinstance(conflict.reader.type, ListType) or isinstance(conflict.atom.type, ListType):
        return None
    mine = conflict.analysis.of(conflict.atom)
    copied = {s.target for s in block.statements if isinstance(s, Let) and s.op.name == "copy"}
    for statement in block.statements:
        pushed = (
            statement.args[1]
            if isinstance(statement, Let) and statement.op.name == "push" and statement.args[1] not in copied
            else None
        )
        if isinstance(statement, Let) and pushed is not None and not mine.isdisjoint(conflict.analysis.held(pushed)):
            return block, statement
        for inner in sub_blocks(statement):
            found = _push_of(inner, conflict)
            if found:
                return found
    return None


def find_conflict(program: Program) -> Conflict | None:
    """The first write into storage that is read later under another name, or None.

    Results that share storage with each other, with an argument or with a constant count too: a caller may write to
    what it was given.
    """
    analysis = _Analysis()
    for k, variable in enumerate(program.inputs):
        if variable.type.is_array and k not in program.consumed:
            analysis.permanent.add(variable)
    conflict = _block(program.body, set(), analysis)
    if conflict is not None:
        return conflict
    yields = program.body.yields
    for k, atom in enumerate(yields):
        reader = analysis.reader(atom, [a for a in yields[:k] if a.type.is_array])
        if reader is not None:
            return Conflict(atom, atom, program.body, len(program.body.statements), _setter(yields, k), analysis)
    return None


def _setter(atoms: list[Atom], k: int) -> Callable[[Var], None]:
    def replace(variable: Var) -> None:
        atoms[k] = variable

    return replace


def _argument_setter(let: Let, k: int) -> Callable[[Var], None]:
    def replace(variable: Var) -> None:
        let.args = (*let.args[:k], variable, *let.args[k + 1 :])

    return replace


def _arrays(variables: Iterable[Var]) -> list[Var]:
    return sorted((v for v in variables if v.type.is_array), key=lambda v: v.name)


def _block(block: Block, live_out: set[Var], analysis: _Analysis) -> Conflict | None:
    for position, after in enumerate(live_after(block, live_out, contents_only=True)):
        statement = block.statements[position]
        if isinstance(statement, Let):
            found = _let(block, position, statement, after, analysis)
        elif isinstance(statement, Call):
            found = _call(block, position, statement, after, analysis)
        elif isinstance(statement, Branch):
            found = _branch(statement, after, analysis)
        else:
            found = _loop(block, position, statement, after, analysis)
        if found is not None:
            return found
    return None


def _let(block: Block, position: int, let: Let, after: set[Var], analysis: _Analysis) -> Conflict | None:
    if not let.target.type.is_array:
        return None
    operator = let.op
    if operator.consumes:
        analysis.consumed |= analysis.of(let.args[0])
        others = [atom for atom in let.args[1:] if atom.type.is_array and operator.name != "push"]
        reader = analysis.reader(let.args[0], [*_arrays(after - {let.target}), *others])
        if reader is not None:
            return Conflict(reader, let.args[0], block, position, _argument_setter(let, 0), analysis)
        analysis.roots[let.target] = analysis.of(let.args[0])
        if isinstance(let.target.type, ListType):
            held = [analysis.held(a) for a in let.args[: 1 if operator.name == "pop" else 2]]
            analysis.contents[let.target] = frozenset().union(*held)
    elif operator.name in _READ_ONLY:
        analysis.permanent.add(let.target)
        analysis.roots[let.target] = analysis.of(let.args[0]) | {let.target}
    elif operator.views and let.args:
        held_in_list = isinstance(let.args[0].type, ListType)
        analysis.roots[let.target] = analysis.held(let.args[0]) if held_in_list else analysis.of(let.args[0])
        if isinstance(let.target.type, ListType):
            analysis.contents[let.target] = analysis.held(let.args[0])
    else:
        analysis.roots[let.target] = frozenset([let.target])
        if isinstance(let.target.type, ListType) and let.args:
            analysis.contents[let.target] = frozenset().union(*map(analysis.held, let.args))
    return None


def _call(block: Block, position: int, call: Call, after: set[Var], analysis: _Analysis) -> Conflict | None:
    for k in sorted(call.program.consumed):
        analysis.consumed |= analysis.of(call.args[k])
        others = [atom for j, atom in enumerate(call.args) if j != k and atom.type.is_array]
        reader = analysis.reader(call.args[k], [*_arrays(after - set(call.results)), *others])
        if reader is not None:
            return Conflict(reader, call.args[k], block, position, _setter(call.args, k), analysis)
    for result in call.results:
        analysis.roots[result] = frozenset([result])
    return None


def _branch(branch: Branch, after: set[Var], analysis: _Analysis) -> Conflict | None:
    for arm in (branch.then, branch.orelse):
        found = _block(arm, after - set(branch.results), analysis)
        if found is not None:
            return found
    for result, a, b in zip(branch.results, branch.then.yields, branch.orelse.yields, strict=True):
        analysis.roots[result] = analysis.of(a) | analysis.of(b)
        if isinstance(result.type, ListType):
            analysis.contents[result] = analysis.held(a) | analysis.held(b)
    return None


def _loop(block: Block, position: int, loop: Loop | While, after: set[Var], analysis: _Analysis) -> Conflict | None:
    outside = inner_live_out(loop, after - set(loop.results), contents_only=True)
    for param in loop.params:
        analysis.roots[param] = frozenset([param])
    if isinstance(loop, While):
        found = _block(loop.condition, outside | set(loop.params), analysis)
        if found is not None:
            return found
    yields = loop.body.yields[: len(loop.params)]
    lists = [k for k, p in enumerate(loop.params) if isinstance(p.type, ListType)]
    for k in lists:
        analysis.contents[loop.params[k]] = analysis.held(loop.inits[k])
    while True:
        found = _block(loop.body, outside, analysis)
        if found is not None:
            return found
        # what an iteration kept is still there in the next one
        grown = {k: analysis.held(loop.params[k]) | analysis.held(yields[k]) for k in lists}
        if all(grown[k] == analysis.held(loop.params[k]) for k in lists):
            break
        for k in lists:
            analysis.contents[loop.params[k]] = grown[k]
    written = _written_params(loop, yields, analysis)
    found = _yield_conflict(loop, yields, written, outside, analysis)
    if found is not None:
        return found
    for k, (param, init) in enumerate(zip(loop.params, loop.inits, strict=True)):
        if param in written:
            analysis.consumed |= analysis.of(init)
            others = [a for j, a in enumerate(loop.inits) if j != k and a.type.is_array]
            live = after - set(loop.results) | (
                statement_reads(loop, contents_only=True) - {a for a in loop.inits if isinstance(a, Var)}
            )
            inside = _free_in_loop(loop)
            reader = analysis.reader(init, [*_arrays(live | inside), *others])
            if reader is not None:
                return Conflict(reader, init, block, position, _setter(loop.inits, k), analysis)
    _result_roots(loop, yields, written, analysis)
    return None


def _free_in_loop(loop: Loop | While) -> set[Var]:
    """What the loop's blocks read from outside (the initial values excluded)."""
    free: set[Var] = set()
    for inner in sub_blocks(loop):
        free |= free_variables(inner, contents_only=True)
    return free - set(loop.params)


def _written_params(loop: Loop | While, yields: list[Atom], analysis: _Analysis) -> set[Var]:
    """The carried variables whose storage an iteration, or a later one, writes."""
    written = {p for p in loop.params if p in analysis.consumed}
    while True:
        more = {
            p
            for target, value in zip(loop.params, yields, strict=True)
            if target in written
            for p in loop.params
            if p in analysis.of(value)
        }
        if more <= written:
            return written
        written |= more


def _yield_conflict(
    loop: Loop | While, yields: list[Atom], written: set[Var], outside: set[Var], analysis: _Analysis
) -> Conflict | None:
    for k, (param, value) in enumerate(zip(loop.params, yields, strict=True)):
        if param not in written:
            continue
        others = [v for j, v in enumerate(yields) if j != k and v.type.is_array]
        reader = analysis.reader(value, [*_arrays(outside - set(loop.params)), *others])
        if reader is not None:
            end = len(loop.body.statements)
            return Conflict(value, value, loop.body, end, _setter(loop.body.yields, k), analysis)
    return None


def _result_roots(loop: Loop | While, yields: list[Atom], written: set[Var], analysis: _Analysis) -> None:
    initial = {p: analysis.of(i) for p, i in zip(loop.params, loop.inits, strict=True)}
    for result, param, value in zip(loop.results, loop.params, yields, strict=True):
        roots = set(initial[param])
        for root in analysis.of(value):
            roots |= initial[root] if isinstance(root, Var) and root in initial else {root}
        analysis.roots[result] = frozenset([result]) if param in written else frozenset(roots)
        if isinstance(result.type, ListType):
            inside = [initial.get(r, frozenset([r])) if isinstance(r, Var) else {r} for r in analysis.held(value)]
            analysis.contents[result] = analysis.held(param).union(*inside)

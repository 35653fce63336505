"""Costly numbers of a loop whose iterations wait for each other, computed ahead in vectors (floor 3).

Where an iteration needs what the one before it has computed, no compiler runs several at once, not even what waits for
nothing: the sine and the cosine of elements that were there before the loop. Such a loop goes in strips of `STRIP`
iterations. In each strip a first loop computes the costly numbers, which makes vectors of them, into small arrays; a
second one is the old body, which reads them there. What is left over when the number of iterations is no multiple of
`STRIP` runs as it stands.

This is loop distribution with strip mining (Kennedy and Allen, "Optimizing Compilers for Modern Architectures", 2001,
chapter 5): of the two loops that it makes only the second is a recurrence.
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from ..ir import (
    Atom,
    Block,
    Branch,
    Builder,
    Const,
    Let,
    Loop,
    Program,
    Statement,
    Type,
    Var,
    bound_inside,
    constant,
    defined,
    dtype_of,
    walk,
)
from ..ir.builder import target_base
from ..ir.liveness import statement_reads
from ..ops import TABLE, Index, Integer
from .extents import is_inside
from .rebuilt import with_blocks, with_statements
from .recurrent import is_recurrent
from .simplify import AtomMap, clone_block
from .strips import INTEGER

__all__ = ["STRIP", "computed_ahead"]

#: Iterations of a strip: arrays of so many numbers live on the stack.
STRIP = 64
#: Statements that a body may have, and costly ones among them: all of them are compiled once more.
_LARGEST, _MOST = 64, 8

_Around = list[tuple[Statement, list[Statement]]]


def computed_ahead(program: Program, functions: Collection[str]) -> Program:
    """The same program with costly numbers of such loops computed ahead.

    Parameters
    ----------
    program : Program
        Not changed.
    functions : collection of str
        The operators that are costly, and cost less in vectors.

    Returns
    -------
    Program
        A program that shares what did not change; ``program`` itself if nothing did.
    """
    body = _block(program.body, functions, [])
    return program if body is program.body else replace(program, body=body, derived={})


def _block(block: Block, functions: Collection[str], around: _Around) -> Block:
    """A block with its loops split; ``around`` are the statements around it, each with what is to come before it."""
    statements: list[Statement] = []
    for s in block.statements:
        here: _Around = [*around, (s, [])]
        parts = _parts(s, functions, [x for x, _ in here if isinstance(x, Loop)]) if isinstance(s, Loop) else None
        if parts is not None:
            new = _Strips(parts).written(here)
        else:
            new = [with_blocks(s, functools.partial(_block, functions=functions, around=here))]
        statements += [*here[-1][1], *new]
    return with_statements(block, statements)


# ---- which numbers ---------------------------------------------------------------------------------------------------
@dataclass
class _Parts:
    """What the body of a loop becomes.

    Attributes
    ----------
    loop : Loop
        The loop.
    first : list of Let
        What computes the costly numbers.
    kept : list of Var
        The costly numbers that the second part reads.
    second : list of Statement
        The body without what computes nothing but these.
    """

    loop: Loop
    first: list[Let]
    kept: list[Var]
    second: list[Statement]


def _parts(loop: Loop, functions: Collection[str], loops: list[Loop]) -> _Parts | None:
    """The parts of a loop, the last of ``loops``; None where it is to stay as it is."""
    if not _is_plain(loop):
        return None
    movable = _movable(loop)
    varying: set[Atom] = {loop.index}
    for v, s in movable.items():
        if not varying.isdisjoint(s.args):
            varying.add(v)
    costly = [v for v, s in movable.items() if s.op.name in functions and v in varying]
    if not 0 < len(costly) <= _MOST or not is_recurrent(loop):
        return None
    needed = set(costly)
    for v, s in reversed(movable.items()):
        if v in needed:
            needed.update(a for a in s.args if a in movable)
    first = [s for v, s in movable.items() if v in needed]
    read = {a for a in loop.body.yields if isinstance(a, Var)}
    second: list[Statement] = []
    for statement in reversed(loop.body.statements):
        own = needed.intersection(defined(statement))
        if not own or (own & read and own.isdisjoint(costly)):
            second.insert(0, statement)
            read |= statement_reads(statement)
    kept = [v for v in costly if v in read]
    staying = [s for s in loop.body.statements if needed.isdisjoint(defined(s))]
    # the first error must stay the first
    keeps_order = not _may_fail(first, loops) or not (loop.reversed or _may_fail(staying, loops))
    return _Parts(loop, first, kept, second) if kept and keeps_order else None


def _is_plain(loop: Loop) -> bool:
    """Whether a loop computes and writes numbers, in a fixed number of iterations that is not known to be small."""
    if loop.exits or loop.trips is not None or loop.checkpoints is not None or not isinstance(loop.step, Const):
        return False
    statements = list(walk(loop.body))
    if not loop.step.value or len(statements) > _LARGEST or not all(isinstance(s, Let | Branch) for s in statements):
        return False
    if any(isinstance(s, Let) and s.target.type.is_array and not s.op.consumes for s in statements):
        return False
    start, stop = loop.start, loop.stop.dimension
    end = 1 if stop == 1 else stop[1] if isinstance(stop, tuple) and stop[0] == "literal" else None
    return end is None or not isinstance(start, Const) or len(range(start.value, end, loop.step.value)) >= STRIP


def _movable(loop: Loop) -> dict[Var, Let]:
    """The statements that need nothing of what the loop carries, by what they compute."""
    inside = bound_inside(loop)
    found: dict[Var, Let] = {}
    for s in loop.body.statements:
        if not isinstance(s, Let) or not isinstance(s.target.type, Type) or s.target.type.rank or s.op.consumes:
            continue
        if all(a is loop.index or a in found or a not in inside for a in s.args) and _is_simple(s):
            found[s.target] = s
    return found


def _is_simple(s: Let) -> bool:
    """Whether a statement reads an element, or computes a number without ever failing."""
    if s.op.name == "load":
        return bool(s.params["index"].is_element)
    integer = s.target.type == Type("i64")
    return s.op.name in ("cast", "length") or (s.op.elementwise and (not integer or s.op.name in INTEGER))


def _may_fail(statements: Sequence[Statement], loops: list[Loop]) -> bool:
    """Whether one of some statements may raise an error."""
    for s in walk(Block(list(statements))):
        if not isinstance(s, Let) or (s.op.name != "load" and _is_simple(s)):
            continue
        if s.op.name not in ("load", "store", "accumulate") or not s.params["index"].is_element:
            return True
        type_, numbers = s.args[0].type, s.args[1 if s.op.name == "load" else 2 :]
        if not isinstance(type_, Type) or len(numbers) != type_.rank or not is_inside(type_, numbers, loops):
            return True
    return False


# ---- writing them ----------------------------------------------------------------------------------------------------
class _Strips:
    """Writes the loop over strips, with its two loops, and the loop over what is left."""

    def __init__(self, parts: _Parts) -> None:
        self.parts = parts
        self.loop = parts.loop
        self.builder = Builder()
        self.builder.origin, self.builder.role = self.loop.origin, self.loop.role
        self.inside = bound_inside(self.loop)

    def written(self, around: _Around) -> list[Statement]:
        """The loops that replace the loop; the numbers of strips come as early as they can."""
        loop, emit = self.loop, self.builder.emit
        ends: set[Atom] = {loop.start, loop.stop}
        early = next(before for s, before in around if ends.isdisjoint(bound_inside(s)))
        with self.builder.open(Block(early)):
            count = emit(TABLE["trip_count"], [loop.start, loop.stop, loop.step], name="n")
            strips = emit(TABLE["floor_divide"], [count, STRIP], name="n")
            end = self.moved(loop.start, emit(TABLE["multiply"], [strips, STRIP], name="n"))
        whole = self.counted(strips, loop.params, loop.inits, loop.reversed)
        with self.builder.open(whole.body):
            start = self.moved(loop.start, emit(TABLE["multiply"], [whole.index, STRIP], name="k"))
            second = self.second(start, self.first(start), whole.params)
            whole.body.yields = list(second.results)
        rest = replace(loop, start=end)
        earlier, later = (rest, whole) if loop.reversed else (whole, rest)
        earlier.results, later.results = [Var(r.name, r.type) for r in loop.results], loop.results
        later.inits = list(earlier.results)
        return [earlier, later]

    def first(self, start: Atom) -> dict[Var, Var]:
        """The loop that computes the costly numbers of a strip; the arrays that these are in."""
        emit, kept = self.builder.emit, self.parts.kept
        arrays = [emit(TABLE["empty"], [STRIP], {"dtype": dtype_of(v)}, v.name) for v in kept]
        loop = self.counted(constant(STRIP), arrays, arrays)
        with self.builder.open(loop.body):
            mapping: AtomMap = {self.loop.index: self.moved(start, loop.index)}
            numbers = self.copied(self.parts.first, kept, mapping)
            for p, number in zip(loop.params, numbers, strict=True):
                loop.body.yields.append(emit(TABLE["store"], [p, number, loop.index], _ELEMENT, p.name))
        self.builder.append(loop)
        return dict(zip(kept, loop.results, strict=True))

    def second(self, start: Atom, arrays: dict[Var, Var], values: Sequence[Var]) -> Loop:
        """The loop that does everything else in the iterations of a strip."""
        old = self.loop
        loop = self.counted(constant(STRIP), old.params, values, old.reversed)
        with self.builder.open(loop.body):
            mapping: AtomMap = {old.index: self.moved(start, loop.index)}
            mapping.update(zip(old.params, loop.params, strict=True))
            for v, array in arrays.items():
                mapping[v] = self.builder.emit(TABLE["load"], [array, loop.index], _ELEMENT, v.name)
            loop.body.yields = self.copied(self.parts.second, old.body.yields, mapping)
        self.builder.append(loop)
        return loop

    def counted(self, stop: Atom, like: Sequence[Atom], inits: Sequence[Atom], backward: bool = False) -> Loop:
        """A loop from 0, still empty, that carries values like others."""
        index = Var("k", Type("i64"), temporary=True)
        params, results = ([Var(v.name, v.type) for v in like] for _ in range(2))
        loop = Loop(index, constant(0), stop, constant(1), params, list(inits), Block(), results, reversed=backward)
        loop.origin, loop.role = self.loop.origin, self.loop.role
        return loop

    def moved(self, start: Atom, n: Atom) -> Atom:
        """The index so many iterations after another one."""
        by = self.builder.emit(TABLE["multiply"], [n, self.loop.step], name="k") if not _is(self.loop.step, 1) else n
        return by if _is(start, 0) else self.builder.emit(TABLE["add"], [start, by], name="k")

    def copied(self, statements: Sequence[Statement], atoms: Sequence[Atom], mapping: AtomMap) -> list[Atom]:
        """A copy of some statements, written here; what some atoms are in it."""
        new = clone_block(Block(list(statements), list(atoms)), mapping)
        for v in (v for s in walk(new) for v in defined(s)):
            if target_base(v.dimension)[0] in self.inside:
                v.dimension = v  # it was the other one's length
        self.builder.block.statements += new.statements
        return new.yields


_ELEMENT = {"index": Index((Integer(),))}


def _is(atom: Atom, value: int) -> bool:
    return isinstance(atom, Const) and bool(atom.value == value)

"""Integers that a loop counts on are sums of its index (floor 3).

``p += 1`` beside a loop over ``k`` is ``p0 + (k - start)``. Written so, it is no state of the loop, nothing is kept
of it, and a position that it gives is affine in the loop's index (`affine`). A counter of the elements of a triangle,
which grows by the number of iterations of an inner loop that starts one later each time, is a polynomial of degree two.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..ir import Atom, Block, Builder, Const, Let, Loop, Program, Statement, Type, Var, sub_blocks
from ..ir.liveness import statement_reads
from ..ir.program import defined, walk
from ..ops import TABLE
from .affine import Form, Forms, Ranges
from .simplify import rename_atoms

__all__ = ["count_by_index"]


def count_by_index(program: Program) -> Program:
    """Write carried integers that grow by the same number in every iteration as sums of the index.

    Parameters
    ----------
    program : Program
        Changed in place. Loops that can end early, and loops that run in the other direction, are left as they are.

    Returns
    -------
    Program
        ``program``.
    """
    _block(program.body)
    return program


def _block(block: Block) -> None:
    place = 0
    for s in list(block.statements):
        for inner in sub_blocks(s):
            _block(inner)
        place += 1
        if isinstance(s, Loop) and not s.exits and not s.reversed and s.checkpoints is None:
            for k in reversed(range(len(s.params))):
                by = _growth(s, k)
                if by is None:
                    continue
                if isinstance(by, _Triangle):
                    before, grown = by.before(s)
                    block.statements[place - 1 : place - 1] = before
                    place += len(before)
                else:
                    grown = _Growth(by, 0)
                after = _rewrite(s, k, grown, block)
                block.statements[place:place] = after
                place += len(after)


@dataclass(frozen=True)
class _Growth:
    """A growth that is one more (``slope`` 1), as much (0) or one less (-1) in each iteration than before."""

    first: Atom
    slope: int

    def after(self, builder: Builder, place: Atom, init: Atom, like: Var) -> Atom:
        """The integer after so many iterations."""
        emit = builder.emit
        if not self.slope:
            return _sum(builder, init, _product(builder, place, self.first), like)
        square = emit(TABLE["multiply"], [place, emit(TABLE["subtract"], [place, 1], name="k")], name="k")
        corner = emit(TABLE["floor_divide"], [square, 2], name="k")
        rows = init if _is(self.first, 0) else _sum(builder, init, _product(builder, place, self.first), like)
        if self.slope > 0:
            return _sum(builder, rows, corner, like)
        return emit(TABLE["subtract"], [rows, corner], name=like.name)


@dataclass(frozen=True)
class _Triangle:
    """The growth ``end - (index + offset)`` (``slope`` -1) or ``index + offset - end`` (1)."""

    end: Atom
    offset: int
    slope: int

    def before(self, s: Loop) -> tuple[list[Statement], _Growth]:
        """The growth in the first iteration, and the statements before the loop that compute it."""
        builder = Builder()
        with builder.open() as block, builder.at(s.origin, s.role):
            moved = _sum(builder, s.start, Const(self.offset, Type("i64")), s.index)
            high, low = (moved, self.end) if self.slope > 0 else (self.end, moved)
            first = high if _is(low, 0) else builder.emit(TABLE["subtract"], [high, low], name="n")
        return block.statements, _Growth(first, self.slope)


def _growth(s: Loop, k: int) -> Atom | _Triangle | None:
    """By how much a carried integer grows in each iteration; None where that is not known."""
    param, last = s.params[k], s.body.yields[k]
    if param.type != Type("i64"):
        return None
    inside = {s.index, *s.params, *(v for inner in walk(s.body) for v in defined(inner))}
    for inner in s.body.statements:
        if isinstance(inner, Let) and inner.target is last and inner.op.name == "add":
            for own, by in (inner.args, inner.args[::-1]):
                if own is param and by.type == Type("i64"):
                    return by if by not in inside else _triangle(s, by, inside)
    return None


def _triangle(s: Loop, by: Atom, inside: set[Var]) -> _Triangle | None:
    """The growth by the iterations of an inner loop that starts or ends one later each time; None for others."""
    let = next((x for x in s.body.statements if isinstance(x, Let) and x.target is by), None)
    if let is None or let.op.name != "trip_count" or not _is(let.args[2], 1) or not _is(s.step, 1):
        return None
    forms = Forms(s, set())
    start, stop = forms.of(let.args[0]), forms.of(let.args[1])
    if start is None or stop is None:
        return None
    ranges = Ranges(forms)
    ranges.add_index(s, s.index, {})
    if not ranges.is_positive(stop.plus(Form(1)).plus(start, -1)):
        return None
    for moving, end, slope in ((start, let.args[1], -1), (stop, let.args[0], 1)):
        if moving.terms == {s.index: 1} and end not in inside:
            return _Triangle(end, moving.constant, slope)
    return None


def _rewrite(s: Loop, k: int, by: _Growth, outside: Block) -> list[Let]:
    """Take the integer out of what the loop carries; the statements after the loop."""
    param, init, result = s.params[k], s.inits[k], s.results[k]
    del s.params[k], s.inits[k], s.results[k], s.body.yields[k]
    builder = Builder()
    with builder.open() as inside, builder.at(s.origin, s.role):
        place: Atom = s.index
        if not _is(s.start, 0):
            place = builder.emit(TABLE["subtract"], [place, s.start], name="k")
        if not _is(s.step, 1):
            place = builder.emit(TABLE["floor_divide"], [place, s.step], name="k")
        now = by.after(builder, place, init, param)
    used = [inner for inner in s.body.statements if param in statement_reads(inner)]
    if used or param in s.body.yields:
        rename_atoms(s.body, {param: now})
        s.body.statements[:0] = inside.statements
    if not _is_read(result, outside):
        return []
    with builder.open() as after, builder.at(s.origin, s.role):
        trips = builder.emit(TABLE["trip_count"], [s.start, s.stop, s.step], name="n")
        total = by.after(builder, trips, init, result)
    rename_atoms(outside, {result: total})
    return [each for each in after.statements if isinstance(each, Let)]


def _is_read(v: Var, block: Block) -> bool:
    return v in block.yields or any(v in statement_reads(s) for s in block.statements)


def _product(builder: Builder, place: Atom, by: Atom) -> Atom:
    return place if _is(by, 1) else builder.emit(TABLE["multiply"], [place, by], name="k")


def _sum(builder: Builder, init: Atom, grown: Atom, like: Var) -> Atom:
    if _is(grown, 0):
        return init
    return grown if _is(init, 0) else builder.emit(TABLE["add"], [init, grown], name=like.name)


def _is(atom: Atom, number: int) -> bool:
    return isinstance(atom, Const) and bool(atom.value == number)

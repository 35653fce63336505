"""Integers that a loop counts on are sums of its index (floor 3).

``p += 1`` beside a loop over ``k`` is ``p0 + (k - start)``. Written so, it is no state of the loop, nothing is kept
of it, and a position that it gives is affine in the loop's index (`affine`).
"""

from __future__ import annotations

from ..ir import Atom, Block, Builder, Const, Let, Loop, Program, Type, Var, sub_blocks
from ..ir.liveness import statement_reads
from ..ir.program import defined, walk
from ..ops import TABLE
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
                if by is not None:
                    after = _rewrite(s, k, by, block)
                    block.statements[place:place] = after
                    place += len(after)


def _growth(s: Loop, k: int) -> Atom | None:
    """By how much a carried integer grows in each iteration; None where that is not the same."""
    param, last = s.params[k], s.body.yields[k]
    if param.type != Type("i64"):
        return None
    inside = {s.index, *s.params, *(v for inner in walk(s.body) for v in defined(inner))}
    for inner in s.body.statements:
        if isinstance(inner, Let) and inner.target is last and inner.op.name == "add":
            for own, by in (inner.args, inner.args[::-1]):
                if own is param and by not in inside and by.type == Type("i64"):
                    return by
    return None


def _rewrite(s: Loop, k: int, by: Atom, outside: Block) -> list[Let]:
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
        now = _sum(builder, init, _product(builder, place, by), param)
    used = [inner for inner in s.body.statements if param in statement_reads(inner)]
    if used or param in s.body.yields:
        rename_atoms(s.body, {param: now})
        s.body.statements[:0] = inside.statements
    if not _is_read(result, outside):
        return []
    with builder.open() as after, builder.at(s.origin, s.role):
        trips = builder.emit(TABLE["trip_count"], [s.start, s.stop, s.step], name="n")
        total = _sum(builder, init, _product(builder, trips, by), result)
    rename_atoms(outside, {result: total})
    return [each for each in after.statements if isinstance(each, Let)]


def _is_read(v: Var, block: Block) -> bool:
    return v in block.yields or any(v in statement_reads(s) for s in block.statements)


def _product(builder: Builder, place: Atom, by: Atom) -> Atom:
    return place if _is(by, 1) else builder.emit(TABLE["multiply"], [place, by], name="k")


def _sum(builder: Builder, init: Atom, grown: Atom, like: Var) -> Atom:
    return grown if _is(init, 0) else builder.emit(TABLE["add"], [init, grown], name=like.name)


def _is(atom: Atom, number: int) -> bool:
    return isinstance(atom, Const) and bool(atom.value == number)

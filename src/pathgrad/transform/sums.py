"""Sums into one place of an array are sums of numbers (floor 3).

A loop that adds to the same element in every iteration carries a number in place of the element, and adds it once
after the loop: no iteration waits for storage, and the sum is one that a back end may reorder as any other.
"""

from __future__ import annotations

from ..ir import Atom, Block, Branch, Builder, Const, Let, Loop, Program, Type, Var, constant, defined, sub_blocks, walk
from ..ir.liveness import statement_reads
from ..ops import TABLE
from .extents import is_inside

__all__ = ["has_iterations", "sum_in_numbers"]


def sum_in_numbers(program: Program) -> Program:
    """Carry the sums that loops add to one element of an array as numbers; changes ``program`` in place.

    Parameters
    ----------
    program : Program
        A program; sums are moved out of the loops of its adjoint statements only.

    Returns
    -------
    Program
        ``program``.
    """
    _block(program.body, [])
    return program


def _block(block: Block, loops: list[Loop]) -> None:
    place = 0
    for s in list(block.statements):
        inside = [*loops, s] if isinstance(s, Loop) else loops
        for inner in sub_blocks(s):
            _block(inner, inside)
        place += 1
        if isinstance(s, Loop) and s.role == "adjoint":
            for k in reversed(range(len(s.params))):
                after = _promote(s, k, loops)
                block.statements[place:place] = after
                place += len(after)


def _promote(s: Loop, k: int, loops: list[Loop]) -> list[Let | Branch]:
    """Carry a sum as a number if all that is done to a carried array is to add to one of its elements."""
    param = s.params[k]
    if not isinstance(param.type, Type) or not param.type.rank:
        return []
    let = next((x for x in s.body.statements if isinstance(x, Let) and x.target is s.body.yields[k]), None)
    if let is None or let.op.name != "accumulate" or let.args[0] is not param:
        return []
    if not let.params["index"].is_element or len(let.params["index"].items) != param.type.rank:
        return []
    inside = {s.index, *s.params, *(v for inner in walk(s.body) for v in defined(inner))}
    if any(a in inside for a in let.args[2:]) or let.args[1].type.rank:
        return []
    for inner in s.body.statements:
        reads = statement_reads(inner)
        if (param in reads and inner is not let) or let.target in reads:
            return []
    if [a for a in s.body.yields if a is let.target or a is param] != [let.target]:
        return []
    return _carry(s, k, let, loops)


def _carry(s: Loop, k: int, let: Let, loops: list[Loop]) -> list[Let | Branch]:
    param, init, result = s.params[k], s.inits[k], s.results[k]
    assert isinstance(param.type, Type)
    number = Type(param.type.dtype)
    name = param.name
    carried, summed = Var(name, number), Var(name, number)
    builder = Builder()
    with builder.open() as inner, builder.at(let.origin, let.role):
        total = builder.emit(TABLE["add"], [carried, let.args[1]], {}, name)
    at = s.body.statements.index(let)
    s.body.statements[at : at + 1] = inner.statements
    s.params[k], s.inits[k], s.results[k], s.body.yields[k] = carried, Const(0.0, number), summed, total
    added = Let(result, let.op, (init, summed, *let.args[2:]), let.params, let.origin, let.role)
    if is_inside(param.type, let.args[2:], loops):
        return [added]
    # where there is no iteration the place may not exist
    test = has_iterations(s)
    added.target = Var(result.name, result.type)
    return [*test[0], Branch(test[1], Block([added], [added.target]), Block([], [init]), [result], s.origin, s.role)]


def has_iterations(s: Loop) -> tuple[list[Let], Atom]:
    """Whether a loop has an iteration."""
    builder = Builder()
    with builder.open() as block, builder.at(s.origin, s.role):
        trips = builder.emit(TABLE["trip_count"], [s.start, s.stop, s.step], {}, "n")
        test = builder.emit(TABLE["greater"], [trips, constant(0)], {}, "test")
    return [x for x in block.statements if isinstance(x, Let)], test

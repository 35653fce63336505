"""The derivative of a loop that has one active input, carried along with the loop (floor 3).

A ``while`` loop whose results depend on one number only (Newton's iteration for one element, say) needs no storage: its
derivatives by that number are computed beside the values, forward, and the backward sweep multiplies by them. For
more inputs than one that would cost more than keeping what the loop computes.
"""

from __future__ import annotations

from collections.abc import Set

from ..ir import Atom, Block, Const, Program, Statement, Type, Var, While, is_float
from ..ir.liveness import statement_reads
from .forward import forward
from .simplify import clone_block

__all__ = ["single_input", "with_derivatives"]


def single_input(s: While, active: Set[Var]) -> Var | None:
    """The one active number that a loop depends on; None where there are more, or arrays."""
    reads = statement_reads(s) & active
    results = [r for r in s.results if r in active]
    numbers = [v for v in [*reads, *results] if isinstance(v.type, Type) and not v.type.rank]
    if len(reads) != 1 or s.trips is not None or len(numbers) != 1 + len(results):
        return None
    (found,) = reads
    same = all(r.type == found.type for r in results)
    return found if same else None


def with_derivatives(s: While, by: Var, wild: bool) -> tuple[list[Statement], dict[Var, Atom]] | None:
    """A loop with the derivatives of its results beside them.

    Parameters
    ----------
    s : While
        The loop.
    by : Var
        The number by which it is differentiated.
    wild : bool
        Whether the number may be infinite or undefined.

    Returns
    -------
    tuple or None
        Statements that define what the loop defines, and the derivative of each float result.
    """
    reads = sorted(statement_reads(s), key=lambda v: v.name)
    inputs = [Var(v.name, v.type, v.dimension) for v in reads]
    body = clone_block(Block([s], list(s.results)), dict(zip(reads, inputs, strict=True)))
    assert isinstance(by.type, Type)
    pair = forward(Program("", inputs, body), [reads.index(by)], "pair", wild_inputs=wild)
    mapping: dict[Var, Atom] = dict(zip(pair.inputs, [*reads, Const(1.0, by.type)], strict=True))
    new = clone_block(pair.body, mapping)
    loops = [each for each in new.statements if isinstance(each, While)]
    count = len(s.results)
    for old, now in zip(s.results, new.yields[:count], strict=True):
        holder = next((each for each in loops if now in each.results), None)
        if holder is None:
            return None
        holder.results[holder.results.index(now)] = old  # type: ignore[arg-type]
    floats = [r for r in s.results if is_float(r.type)]
    return new.statements, dict(zip(floats, new.yields[count:], strict=True))

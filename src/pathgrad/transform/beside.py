"""Sums over the same elements stand beside each other (floor 3).

A back end computes array statements that follow each other in one pass over the elements. A sum that needs nothing of
what an earlier one has found is moved up to it: the elements are then read once.
"""

from __future__ import annotations

from dataclasses import replace

from ..ir import Block, Let, Program, Statement, Type, Var, defined
from .rebuilt import with_blocks, with_statements

__all__ = ["sums_beside"]

_SUMS = frozenset({"sum", "mean", "amax", "amin"})
_VIEWS = frozenset({"broadcast_with", "spread", "cast", "cast_like", "length"})


def sums_beside(program: Program) -> Program:
    """The same program with sums moved up beside earlier ones over the same elements.

    Parameters
    ----------
    program : Program
        Not changed.

    Returns
    -------
    Program
        A program that shares what did not change; ``program`` itself if nothing did.
    """
    body = _block(program.body)
    return program if body is program.body else replace(program, body=body, derived={})


def _block(block: Block) -> Block:
    statements = [with_blocks(s, _block) for s in block.statements]
    for s in block.statements:
        if isinstance(s, Let) and _space(s) is not None:
            _move(statements, s)
    return with_statements(block, statements)


def _space(s: Statement) -> tuple[object, ...] | None:
    """The lengths of what a sum goes over, and the axes; None for other statements, and where they are not known."""
    if not isinstance(s, Let) or s.op.name not in _SUMS:
        return None
    type_ = s.args[0].type
    known = isinstance(type_, Type) and type_.rank and None not in type_.dims
    return (*type_.dims, repr(s.params["axis"])) if known and isinstance(type_, Type) else None


def _move(statements: list[Statement], s: Let) -> None:
    """Move a sum, and what only computes its elements, behind the last sum that allows it."""
    at = statements.index(s)
    needed, needs = [s], {a for a in s.args if isinstance(a, Var)}
    for k in range(at - 1, -1, -1):
        other = statements[k]
        if not needs.isdisjoint(defined(other)):
            if not isinstance(other, Let) or other.op.consumes or not (other.op.elementwise or other.op.name in _VIEWS):
                return
            needed.append(other)
            needs.update(a for a in other.args if isinstance(a, Var))
        elif _space(other) == _space(s):
            if len(needed) == at - k:
                return
            between = [x for x in statements[k + 1 : at] if x not in needed]
            statements[k + 1 : at + 1] = [*reversed(needed), *between]
            return

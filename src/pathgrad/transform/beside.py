"""Sums over the same elements stand beside each other (floor 3).

A back end computes array statements that follow each other in one pass over the elements. A sum that needs nothing of
what an earlier one has found is moved up to it: the elements are then read once.
"""

from __future__ import annotations

from dataclasses import replace

from ..ir import Block, Branch, Let, Loop, Program, Statement, Type, Var, While, defined

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
    statements = [_inside(s) for s in block.statements]
    moved = False
    for s in block.statements:
        if isinstance(s, Let) and _space(s) is not None:
            moved = _move(statements, s) or moved
    same = not moved and all(a is b for a, b in zip(statements, block.statements, strict=True))
    return block if same else Block(statements, block.yields)


def _inside(s: Statement) -> Statement:
    if isinstance(s, Loop):
        body = _block(s.body)
        return s if body is s.body else replace(s, body=body)
    if isinstance(s, While):
        condition, body = _block(s.condition), _block(s.body)
        same = condition is s.condition and body is s.body
        return s if same else replace(s, condition=condition, body=body)
    if isinstance(s, Branch):
        then, orelse = _block(s.then), _block(s.orelse)
        return s if then is s.then and orelse is s.orelse else replace(s, then=then, orelse=orelse)
    return s


def _space(s: Statement) -> tuple[object, ...] | None:
    """The lengths of what a sum goes over, and the axes; None for other statements, and where they are not known."""
    if not isinstance(s, Let) or s.op.name not in _SUMS:
        return None
    type_ = s.args[0].type
    known = isinstance(type_, Type) and type_.rank and None not in type_.dims
    return (*type_.dims, repr(s.params["axis"])) if known and isinstance(type_, Type) else None


def _move(statements: list[Statement], s: Let) -> bool:
    """Move a sum, and what only computes its elements, behind the last sum that allows it."""
    at = statements.index(s)
    needed, needs = [s], {a for a in s.args if isinstance(a, Var)}
    for k in range(at - 1, -1, -1):
        other = statements[k]
        if not needs.isdisjoint(defined(other)):
            if not isinstance(other, Let) or other.op.consumes or not (other.op.elementwise or other.op.name in _VIEWS):
                return False
            needed.append(other)
            needs.update(a for a in other.args if isinstance(a, Var))
        elif _space(other) == _space(s):
            if len(needed) == at - k:
                return False
            between = [x for x in statements[k + 1 : at] if x not in needed]
            statements[k + 1 : at + 1] = [*reversed(needed), *between]
            return True
    return False

"""Which variables a block reads from outside, and which are read later (floor 1)."""

from __future__ import annotations

from .program import Block, Branch, Let, Loop, Statement, Var, While, defined, operands, sub_blocks
from .shapes import shape_only

__all__ = ["free_variables", "live_after", "statement_reads"]


def statement_reads(statement: Statement, contents_only: bool = False) -> set[Var]:
    """The variables of the surrounding block that a statement reads, its inner blocks included.

    With ``contents_only``, operands of which only the shape is read do not count.
    """
    if isinstance(statement, Let):
        reads: set[Var] = set()
        _add_reads(reads, statement, contents_only)
        return reads
    reads = {atom for atom in operands(statement) if isinstance(atom, Var)}
    for inner in sub_blocks(statement):
        reads |= free_variables(inner, contents_only)
    if isinstance(statement, Loop):
        reads -= {statement.index, *statement.params}
    elif isinstance(statement, While):
        reads -= set(statement.params)
    return reads


def _add_reads(reads: set[Var], let: Let, contents_only: bool) -> None:
    """Add what an operation reads: most of what programs consist of, asked for thousands of times."""
    args = let.args
    if contents_only and (skipped := shape_only(let)):
        args = tuple(atom for k, atom in enumerate(args) if k not in skipped)
    for atom in args:
        if isinstance(atom, Var):
            reads.add(atom)


def free_variables(block: Block, contents_only: bool = False) -> set[Var]:
    """The variables that a block reads and does not assign (the parameters of its loop included)."""
    reads = {atom for atom in block.yields if isinstance(atom, Var)}
    assigned: set[Var] = set()
    for statement in block.statements:
        if isinstance(statement, Let):
            _add_reads(reads, statement, contents_only)
            assigned.add(statement.target)
        else:
            reads |= statement_reads(statement, contents_only)
            assigned.update(defined(statement))
    return reads - assigned


def live_after(block: Block, live_out: set[Var], contents_only: bool = False) -> list[set[Var]]:
    """For each statement, the variables that are read after it, given those read after the block."""
    live = live_out | {atom for atom in block.yields if isinstance(atom, Var)}
    result: list[set[Var]] = []
    for statement in reversed(block.statements):
        result.append(live)
        live = (live - set(defined(statement))) | statement_reads(statement, contents_only)
    result.reverse()
    return result


def inner_live_out(statement: Statement, after: set[Var], contents_only: bool = False) -> set[Var]:
    """What is read after the inner blocks of a statement: later statements, and for loops the next iteration."""
    if isinstance(statement, Branch):
        return after
    inside: set[Var] = set()
    for inner in sub_blocks(statement):
        inside |= free_variables(inner, contents_only)
    params = statement.params if isinstance(statement, Loop | While) else []
    return after | (inside - set(params))

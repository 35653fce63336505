"""Which variables a block reads from outside, and which are read later (floor 1)."""

from __future__ import annotations

from .program import Block, Branch, Loop, Statement, Var, While, defined, operands, sub_blocks

__all__ = ["free_variables", "live_after", "statement_reads"]


def statement_reads(statement: Statement) -> set[Var]:
    """The variables of the surrounding block that a statement reads, its inner blocks included."""
    reads = {atom for atom in operands(statement) if isinstance(atom, Var)}
    for inner in sub_blocks(statement):
        reads |= free_variables(inner)
    if isinstance(statement, Loop):
        reads -= {statement.index, *statement.params}
    elif isinstance(statement, While):
        reads -= set(statement.params)
    return reads


def free_variables(block: Block) -> set[Var]:
    """The variables that a block reads and does not assign (the parameters of its loop included)."""
    reads = {atom for atom in block.yields if isinstance(atom, Var)}
    assigned: set[Var] = set()
    for statement in block.statements:
        reads |= statement_reads(statement)
        assigned.update(defined(statement))
    return reads - assigned


def live_after(block: Block, live_out: set[Var]) -> list[set[Var]]:
    """For each statement, the variables that are read after it, given those read after the block."""
    live = live_out | {atom for atom in block.yields if isinstance(atom, Var)}
    result: list[set[Var]] = []
    for statement in reversed(block.statements):
        result.append(live)
        live = (live - set(defined(statement))) | statement_reads(statement)
    result.reverse()
    return result


def inner_live_out(statement: Statement, after: set[Var]) -> set[Var]:
    """What is read after the inner blocks of a statement: later statements, and for loops the next iteration."""
    if isinstance(statement, Branch):
        return after
    return after | statement_reads(statement)

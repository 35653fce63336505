"""Elementwise statements stand where they are read first (floor 3).

What is computed for each element beside its reader needs no array of its own: a back end computes both in one pass.
"""

from __future__ import annotations

from ..ir import Block, Let, Program, Statement, Var, sub_blocks
from ..ir.liveness import statement_reads

__all__ = ["compute_late"]

_REPEATED = ("broadcast_with", "spread")


def compute_late(program: Program) -> Program:
    """Move elementwise statements over arrays down to their first reader; changes ``program`` in place.

    Parameters
    ----------
    program : Program
        A program; only its adjoint statements are moved, and only past statements that write nothing in place.

    Returns
    -------
    Program
        ``program``.
    """
    _block(program.body)
    return program


def _block(block: Block) -> None:
    for s in block.statements:
        for inner in sub_blocks(s):
            _block(inner)
    repeated = {s.target for s in block.statements if isinstance(s, Let) and s.op.name in _REPEATED}
    result: list[Statement] = []
    reads: list[set[Var]] = []
    for s in reversed(block.statements):
        at = 0
        if isinstance(s, Let) and _is_movable(s, repeated):
            while at < len(result) and _is_pure(result[at]) and s.target not in reads[at]:
                at += 1
            if at == len(result) or s.target not in reads[at]:
                at = 0
        result.insert(at, s)
        reads.insert(at, statement_reads(s))
    block.statements[:] = result


def _is_movable(s: Let, repeated: set[Var]) -> bool:
    """Whether a statement gives an array of which it reads no more than one other."""
    if s.role != "adjoint" or not s.target.type.is_array or not (s.op.elementwise or s.op.name in _REPEATED):
        return False
    arrays = {a for a in s.args if isinstance(a, Var) and a.type.is_array and a not in repeated}
    return len(arrays) <= 1


def _is_pure(s: Statement) -> bool:
    return isinstance(s, Let) and not s.op.consumes

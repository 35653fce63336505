"""Iterations side by side: loops over elements that each run until they have converged (floor 3).

A loop whose iterations are independent and hold a loop of their own with a run-time end (Newton's method for each
element) leaves a processor's vectors unused: no compiler runs such iterations at once. Here `WIDTH` of them become one:
every number is an array of `WIDTH` lanes, an inner loop runs as long as a lane is active, lanes that have ended keep
what they have. Each lane computes what its iteration did, bit by bit; only sums over iterations are added in another
order. What is left over when the length is no multiple of `WIDTH` runs as it stands.
"""

from __future__ import annotations

from dataclasses import replace

from ..ir import Block, Call, Const, Loop, Program, Statement, walk
from .rebuilt import with_blocks, with_statements
from .strips import WIDTH, Apart, Strips, is_open

__all__ = ["in_lanes"]


def in_lanes(program: Program) -> Program:
    """The same program with the iterations of such loops side by side; ``program`` itself where there are none.

    Parameters
    ----------
    program : Program
        Not changed; its statements may be shared with the result.
    """
    statements = list(walk(program.body))
    if any(isinstance(s, Call) for s in statements) or not any(map(is_open, statements)):
        return program
    body = _block(program.body)
    return program if body is program.body else replace(program, body=body, derived={})


def _block(block: Block) -> Block:
    statements: list[Statement] = []
    for s in block.statements:
        pieces = _side_by_side(s) if isinstance(s, Loop) else None
        statements += pieces or [with_blocks(s, _block)]
    return with_statements(block, statements)


def _side_by_side(s: Loop) -> list[Statement] | None:
    """The statements that replace a loop; None where it stays as it is."""
    is_plain = not (s.exits or s.reversed or s.trips is not None or s.checkpoints is not None)
    from_zero = isinstance(s.start, Const) and s.start.value == 0 and isinstance(s.step, Const) and s.step.value == 1
    if not (is_plain and from_zero and any(map(is_open, walk(s.body)))):
        return None
    if isinstance(s.stop, Const) and s.stop.value < WIDTH:
        return None
    try:
        return Strips(s).pieces()
    except Apart:
        return None

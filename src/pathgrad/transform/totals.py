"""Sums of a forward loop that its backward loop computes as well (floor 3).

A sum over data points, and its gradient: where both are wanted, the backward loop computes every term again. It may as
well add them, so that there is one loop, and the forward one is left out. What reads the sum comes after that loop
then. Sums that the backward loop itself needs (it is the logarithm of a sum) stay where they are.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..ir import Block, Loop, Statement, Var, defined
from ..ir.liveness import statement_reads
from .simplify import rename_atoms

__all__ = ["take_totals"]


def take_totals(block: Block, totals: Mapping[Var, Var]) -> set[Var]:
    """Let the results of forward loops be those of backward loops where these come early enough.

    Parameters
    ----------
    block : Block
        The statements of an adjoint program; changed in place. Forward loops whose results nobody reads any more are
        left for others to remove.
    totals : mapping
        Results of forward loops, and the same of backward loops.

    Returns
    -------
    set of Var
        The results of backward loops that are read now.
    """
    taken: set[Var] = set()
    for forward in [s for s in block.statements if isinstance(s, Loop) and any(r in totals for r in s.results)]:
        start = block.statements.index(forward)
        own = {totals[r] for r in forward.results if r in totals}
        ends = [k for k, s in enumerate(block.statements) if not own.isdisjoint(defined(s))]
        if len(ends) == 1:
            late = set(totals).intersection(forward.results) - _needed(block, start, ends[0])
            _postpone(block, start, ends[0], late)
            rename_atoms(block, {r: totals[r] for r in late})
            taken |= {totals[r] for r in late}
    return taken


def _needed(block: Block, start: int, end: int) -> set[Var]:
    """What a statement needs of those from another one on."""
    needed = statement_reads(block.statements[end])
    for s in reversed(block.statements[start + 1 : end]):
        if not needed.isdisjoint(defined(s)):
            needed |= statement_reads(s)
    return needed


def _postpone(block: Block, start: int, end: int, results: set[Var]) -> None:
    """Move what depends on results of a statement behind another one, which does not."""
    depending = set(results)
    staying: list[Statement] = []
    moving: list[Statement] = []
    for s in block.statements[start + 1 : end]:
        if depending.isdisjoint(statement_reads(s)):
            staying.append(s)
        else:
            moving.append(s)
            depending.update(defined(s))
    block.statements[start + 1 : end + 1] = [*staying, block.statements[end], *moving]

"""What is done to a program before it is written as native code (floor 4).

Statements in the order, and loops in the form, that suit a machine better than a reader.
"""

from __future__ import annotations

from ...ir import Program
from ...transform.beside import sums_beside
from ...transform.jam import jammed
from ...transform.lanes import in_lanes

__all__ = ["arranged"]


def arranged(program: Program) -> Program:
    """The same program for machines; the given one is not changed."""
    return jammed(sums_beside(in_lanes(program)))

"""What is done to a program before it is written as native code (floor 4).

Statements in the order, and loops in the form, that suit a machine better than a reader.
"""

from __future__ import annotations

from ...ir import Program
from ...transform.ahead import computed_ahead
from ...transform.beside import sums_beside
from ...transform.jam import jammed
from ...transform.lanes import in_lanes
from .mathematics import NAMES

__all__ = ["arranged"]


#: Functions that are vectorised: our own, and what is made of them. Powers are the C library's.
_VECTORISED = NAMES - {"power"} | {"logaddexp", "sinc", "softplus", "xlogy"}


def arranged(program: Program, checks_inside: bool) -> Program:
    """The same program for machines; the given one is not changed.

    Parameters
    ----------
    program : Program
        The program.
    checks_inside : bool
        Whether loops check positions in their iterations, which then are not vectorised.
    """
    program = jammed(sums_beside(in_lanes(program)))
    return program if checks_inside else computed_ahead(program, _VECTORISED)

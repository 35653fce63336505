"""What is done to a program before and after its adjoint is written (floor 3)."""

from __future__ import annotations

from ..ir import Program, remove_dead
from .additions import arrange_additions
from .early_sums import sum_before_products
from .first_sums import write_first_sums
from .induction import count_by_index
from .interchange import sums_inside
from .late import compute_late
from .privatise import privatise
from .resets import write_once
from .reuse import reuse_storage
from .simplify import share_common
from .sums import sum_in_numbers

__all__ = ["polished", "prepared"]


def prepared(program: Program) -> Program:
    """A program whose loops carry no more than they must; changes ``program`` in place."""
    return share_common(count_by_index(privatise(program)))


def polished(program: Program) -> Program:
    """An adjoint program without what is added twice or written in vain; changes ``program`` in place."""
    program = write_first_sums(arrange_additions(sum_in_numbers(sums_inside(write_once(program)))))
    program = sum_before_products(program)
    return reuse_storage(compute_late(remove_dead(share_common(program))))

"""Which states to keep: the binomial schedule (floor 3).

With s states kept at once and r runs of each iteration, C(s + r, s) iterations can be reversed, and no schedule
reverses more (Griewank and Walther, "Algorithm 799: Revolve", ACM Transactions on Mathematical Software 26, 2000).
These two functions are read into programs, which adjoints with checkpoints call.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from ..frontend import Spec, read, source_of
from ..ir import I64, Program

__all__ = ["checkpoint_stride", "checkpoint_total", "scheduling_program"]

#: How often an iteration may run before its adjoint, where the number of kept states is ours to choose.
RUNS = 4


def checkpoint_stride(ahead: int, free: int) -> int:
    """How far to run from a kept state until the next state is kept.

    Parameters
    ----------
    ahead : int
        How many iterations ahead the state lies that is wanted now; at least 1.
    free : int
        How many states may still be kept, the one that the run starts from included; at least 1.

    Returns
    -------
    int
        From 1 to ``ahead``. All strides together run the fewest iterations that are possible.

    Notes
    -----
    Cost: the number of runs, which is 1 for a stride that needs no further state and small where states are plenty.

    Examples
    --------
    >>> checkpoint_stride(9, 2), checkpoint_stride(9, 1), checkpoint_stride(9, 20)
    (6, 9, 1)
    """
    if free == 1:
        return ahead
    runs = 0
    reach = 1
    while reach <= ahead:
        runs += 1
        reach = reach * (free + runs) // runs
    if runs == 1:
        return 1
    before = reach * runs // (free + runs)
    shortest = before * (runs - 1) // (free + runs - 1)
    needed = ahead + 1 - (reach - before)
    return shortest if shortest > needed else needed


def checkpoint_total(iterations: int) -> int:
    """The fewest states with which no iteration runs more than four times before its adjoint.

    Parameters
    ----------
    iterations : int
        The number of iterations.

    Returns
    -------
    int
        At least 1; grows as the fourth root of the iterations.

    Examples
    --------
    >>> [checkpoint_total(10**k) for k in (0, 3, 6, 9)]
    [1, 10, 68, 392]
    """
    states = 1
    reach = RUNS + 1
    while reach <= iterations:
        states += 1
        reach = reach * (states + RUNS) // states
    return states


@functools.cache
def scheduling_program(function: Callable[..., Any]) -> Program:
    """The program of one of the functions above.

    Parameters
    ----------
    function : callable
        `checkpoint_stride` or `checkpoint_total`.
    """
    source = source_of(function)
    return read(source, {name: Spec("number", I64, weak=True) for name in source.parameter_names()}).program

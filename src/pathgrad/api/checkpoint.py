"""Loops whose adjoint keeps few states (floor 5)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from ..errors import ArgumentError
from ..frontend.checkpointing import read_checkpoint

__all__ = ["checkpoint"]

T = TypeVar("T", bound=Iterable[object])


def checkpoint(iterable: T, *, snapshots: int | None = None) -> T:
    """Mark a loop: its adjoint keeps a few states, and computes the others again from the nearest one before.

    Write ``for k in pg.checkpoint(range(n)):`` in a function that is to be differentiated in reverse mode. The loop
    runs as it does over ``range(n)``; without the mark, its adjoint keeps what it reads of *every* iteration.

    Parameters
    ----------
    iterable : range, array, or zip or enumerate of these
        What the loop runs over.
    snapshots : int, optional
        How many states may be kept at once; a state is what the loop carries from one iteration to the next. A number
        that is known when the function is read. By default as few as suffice to run no iteration more than four times
        before its adjoint runs: 10 for 1000 iterations, 68 for a million.

    Returns
    -------
    iterable
        As it came.

    Raises
    ------
    ArgumentError
        ``snapshots`` is not a whole number from 1, or ``iterable`` is none.

    Notes
    -----
    With s snapshots, r runs of each iteration reach C(s + r, s) iterations, and no schedule reaches more: the states to
    keep are chosen by that binomial rule (Griewank and Walther, "Algorithm 799: Revolve", ACM TOMS 26, 2000). A loop
    that may be left by ``break`` or ``return`` is run once more, because its length is not known before.

    Examples
    --------
    >>> import pathgrad as pg
    >>> def growth(x, n):
    ...     for _ in pg.checkpoint(range(n)):
    ...         x = 2.5 * x * (1.0 - x)
    ...     return x
    >>> pg.grad(growth)(0.3, 2), pg.grad(growth)(0.3, 10)
    (-0.12499..., -0.00054...)
    """
    if snapshots is not None and (isinstance(snapshots, bool) or not isinstance(snapshots, int) or snapshots < 1):
        raise ArgumentError(f"checkpoint: snapshots is {snapshots!r}; give a whole number from 1, or leave it out")
    if not hasattr(iterable, "__iter__"):
        raise ArgumentError(
            f"checkpoint: {iterable!r} is no range or array; write for k in pg.checkpoint(range(n)) for n iterations"
        )
    return iterable


checkpoint.__pathgrad_call__ = read_checkpoint  # type: ignore[attr-defined]

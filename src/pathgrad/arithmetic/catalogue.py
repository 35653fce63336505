"""The catalogue of NumPy functions that have a reading in table operators, and what their readings share (floor 1)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..errors import ShapeError
from ..ops import TABLE, apply
from .plain import is_overloaded
from .unsupported import unsupported

__all__ = ["FUNCTIONS", "MOVES", "array_of", "normalised_axes", "refuse", "stands_for"]

#: NumPy function to its reading in table operators.
FUNCTIONS: dict[Callable[..., Any], Callable[..., Any]] = {}

_MOVES = (
    "flip fliplr flipud roll rot90 tile repeat swapaxes moveaxis diag diagonal diagflat tril triu trace diff "
    "broadcast_to atleast_1d atleast_2d take split array_split delete"
)
#: Functions that only move data, or take differences of moved data.
MOVES: frozenset[Any] = frozenset(getattr(np, name) for name in _MOVES.split())


def array_of(x: Any) -> Any:
    """``x``, with lists and tuples joined to arrays.

    Raises
    ------
    ShapeError
        If the members of a list have different shapes.
    """
    if isinstance(x, (list, tuple)):
        if not is_overloaded(x):
            return np.asarray(x)
        parts = [array_of(part) for part in x]
        shapes = [np.shape(part) for part in parts]
        if len(set(shapes)) > 1:
            raise ShapeError(f"array: the members have the shapes {shapes}; they must be equal to form an array")
        return apply(TABLE["stack"], *parts, axis=0)
    return x


def normalised_axes(axis: int | Sequence[int] | None, rank: int) -> tuple[int, ...] | None:
    """``axis`` as a tuple of non-negative axes; None means all.

    Raises
    ------
    ShapeError
        If an axis is outside the array.
    """
    if axis is None:
        return None
    axes = tuple(axis) if isinstance(axis, (tuple, list)) else (axis,)
    for one in axes:
        if not -rank <= int(one) < rank:
            raise ShapeError(
                f"axis {one} was given for an array of rank {rank}; use an axis from {-rank} to {rank - 1}"
            )
    return tuple(int(one) % rank for one in axes)


def stands_for(*functions: Callable[..., Any]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Enter the decorated function as the reading of ``functions``."""

    def enter(mine: Callable[..., Any]) -> Callable[..., Any]:
        for function in functions:
            FUNCTIONS[function] = mine
        return mine

    return enter


def refuse(name: str, rest: dict[str, Any]) -> None:
    """Refuse arguments of ``numpy.name`` that no record has.

    Raises
    ------
    UnsupportedCall
        If one of them was given.
    """
    given = {key: value for key, value in rest.items() if value is not None and value is not np._NoValue}
    if given:
        raise unsupported(f"numpy.{name}({', '.join(f'{key}=...' for key in given)})", "leave these arguments out")

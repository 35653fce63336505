"""Plain numbers beside overloaded ones: telling them apart, reading and showing them (floor 1)."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import ArgumentError
from ..ops import Op

__all__ = ["checked", "evaluable", "is_overloaded", "scalar", "shown", "value_of"]


def is_overloaded(x: Any) -> bool:
    """Whether ``x``, or a member of the list or tuple ``x``, overloads operators."""
    if isinstance(x, (list, tuple)):
        return any(map(is_overloaded, x))
    return getattr(x, "__pathgrad__", None) is not None


def value_of(x: Any) -> Any:
    """The number behind ``x``, through all levels."""
    while is_overloaded(x):
        x = x.value
    return x


def evaluable(operator: Op, x: Any) -> Any:
    """``x`` as NumPy's float64, so that labels divide by zero as NumPy does."""
    if isinstance(x, float):
        return np.float64(x)
    if not operator.elementwise or isinstance(x, bool):
        return x
    if isinstance(x, int):
        return np.float64(x)
    if isinstance(x, (np.integer, np.ndarray)) and x.dtype.kind in "iu":
        return x.astype(float)
    return x


def checked(x: Any, role: str) -> Any:
    """``x`` as a float, an array of floats (a copy), or the overloaded number that it is.

    Raises
    ------
    ArgumentError
        If it is none of them.
    """
    if is_overloaded(x) and not isinstance(x, (list, tuple)):
        return x
    try:
        array = np.array(x)
    except ValueError as error:
        raise ArgumentError(f"Dual: the {role} {x!r} is not an array of numbers; {error}") from error
    if array.dtype.kind in "biu":
        array = array.astype(float)
    if array.dtype.kind != "f":
        raise ArgumentError(f"Dual: the {role} is {x!r}, a {type(x).__name__}; give a float or an array of floats")
    return scalar(array)


def scalar(x: Any) -> Any:
    """Arrays of rank 0 and NumPy's float64 as Python floats."""
    if isinstance(x, np.ndarray) and not is_overloaded(x) and x.ndim == 0:
        x = x[()]
    return float(x) if isinstance(x, np.float64) else x


def shown(x: Any) -> str:
    """``x`` for a ``repr``."""
    if is_overloaded(x):
        return repr(x)
    if isinstance(x, np.ndarray):
        return np.array2string(x, separator=", ").replace("\n", "")
    return repr(float(x))

"""A function at a point, its inputs and outputs as flat lists of numbers (floor 6; imports arithmetic, errors)."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..arithmetic.cells import Cells
from ..errors import ArgumentError, CheckError

__all__ = ["Array", "Problem", "names_of", "numbers_in", "rebuilt"]

Array = NDArray[np.float64]


def names_of(value: Any, name: str) -> list[str]:
    """The float numbers in a value by name: ``x``, ``w[1,2]``, ``p[0]``, ``p['a']``, as tracing names them."""
    if isinstance(value, np.ndarray):
        if value.dtype.kind != "f":
            return []
        indices = [",".join(map(str, index)) for index in np.ndindex(*value.shape)]
        return [f"{name}[{index}]" for index in indices] if value.ndim else [name]
    if isinstance(value, dict):
        return [each for key, part in value.items() for each in names_of(part, f"{name}[{key!r}]")]
    if isinstance(value, (list, tuple)):
        return [each for k, part in enumerate(value) for each in names_of(part, f"{name}[{k}]")]
    return [name] if isinstance(value, (float, np.floating)) else []


def numbers_in(value: Any) -> list[Any]:
    """The float numbers in a value, in the order of `names_of`."""
    if isinstance(value, np.ndarray):
        return list(value.ravel()) if value.dtype.kind in "fcO" else []
    if isinstance(value, dict):
        return [each for part in value.values() for each in numbers_in(part)]
    if isinstance(value, (list, tuple)):
        return [each for part in value for each in numbers_in(part)]
    return [value] if isinstance(value, (float, complex, np.inexact)) else []


def rebuilt(value: Any, numbers: list[Any], kind: Any = None) -> Any:
    """A fresh copy of ``value`` whose float numbers are taken off the front of ``numbers``; arrays become ``kind``."""
    if isinstance(value, np.ndarray):
        if value.dtype.kind != "f":
            return value.copy()
        taken, numbers[: value.size] = numbers[: value.size], []
        if kind is Cells:
            cells = np.empty(value.size, object)
            cells[:] = taken
            return cells.reshape(value.shape).view(Cells)
        return np.array(taken, dtype=kind or value.dtype).reshape(value.shape)
    if isinstance(value, dict):
        return {key: rebuilt(part, numbers, kind) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        parts = [rebuilt(part, numbers, kind) for part in value]
        return type(value)._make(parts) if hasattr(value, "_make") else type(value)(parts)
    if isinstance(value, (float, np.floating)):
        number = numbers.pop(0)
        return number if kind is not None else type(value)(number)
    return value


class Problem:
    """A function at a point: its inputs and outputs as flat lists of numbers.

    Parameters
    ----------
    f : callable
        The function.
    arguments : tuple
        Where.
    """

    def __init__(self, f: Callable[..., Any], arguments: Sequence[Any]) -> None:
        self.f, self.arguments = f, tuple(arguments)
        self.parameters = _parameter_names(f, len(self.arguments))
        self.inputs = [
            each for name, value in zip(self.parameters, self.arguments, strict=True) for each in names_of(value, name)
        ]
        self.point = [number for value in self.arguments for number in numbers_in(value)]
        self.name = getattr(f, "__name__", "f")
        if not self.inputs:
            raise ArgumentError(f"check of {self.name}: no argument holds a float; pass 3.0 for 3 and .astype(float)")
        self.single = any(isinstance(x, np.float32) for x in self.point)
        self.result = self.call(self.point)
        self.value = np.array(numbers_in(self.result), dtype=float)
        self.outputs = names_of(self.result, self.name if self.name.isidentifier() else "result")
        if not self.outputs:
            raise ArgumentError(
                f"check of {self.name}: the result holds no float (got {self.result!r}); return floats to differentiate"
            )
        if not np.isfinite(self.value).all():
            k = int(np.flatnonzero(~np.isfinite(self.value))[0])
            raise CheckError(
                f"check of {self.name}: {self.outputs[k]} is {self.value[k]} at these arguments, so there is no "
                f"derivative to compare; choose a point inside the function's domain"
            )

    def call(self, numbers: Sequence[Any], kind: Any = None) -> Any:
        """The result with these numbers as inputs; the caller's own arguments are never written to."""
        left = list(numbers)
        return self.f(*(rebuilt(value, left, kind) for value in self.arguments))

    def values(self, numbers: Sequence[float]) -> Array:
        """The outputs in double precision; outside the domain they are nan."""
        left: list[Any] = list(map(float, numbers))
        arguments = [rebuilt(value, left, np.float64) for value in self.arguments]
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            try:
                result = numbers_in(self.f(*arguments))
            except (ArithmeticError, ValueError):  # what math and Python's own numbers do outside a domain
                return np.full(len(self.outputs), np.nan)
        if len(result) != len(self.outputs):
            return np.full(len(self.outputs), np.nan)
        return np.array(result, dtype=float)


def _parameter_names(f: Callable[..., Any], count: int) -> list[str]:
    try:
        names = list(inspect.signature(f).bind(*range(count)).arguments)
    except ValueError:  # a built-in function
        names = []
    except TypeError as error:
        name = getattr(f, "__name__", "f")
        raise ArgumentError(f"check of {name}: it cannot be called with {count} arguments: {error}") from error
    return names if len(names) == count else (["x"] if count == 1 else [f"x{k}" for k in range(count)])

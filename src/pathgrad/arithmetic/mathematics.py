"""The functions of ``math``, and built-in functions, on overloaded numbers (floor 1).

They take NumPy's meaning: outside its domain a function gives nan (with NumPy's warning) instead of raising.
"""

from __future__ import annotations

import builtins
import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from ..ops import SPELLINGS, TABLE, Op, apply
from .functions import array_of
from .plain import is_overloaded, value_of

__all__ = ["BUILTINS", "MATH", "float_"]


def _of_record(record: Op) -> Callable[..., Any]:
    def function(*operands: Any) -> Any:
        result = apply(record, *operands)
        return result if is_overloaded(result) else result.item() if isinstance(result, np.generic) else result

    function.__name__ = record.name
    return function


def _log(x: Any, base: Any = None) -> Any:
    logarithm = _of_record(TABLE["log"])
    return logarithm(x) if base is None else logarithm(x) / logarithm(base)


def _hypot(*coordinates: Any) -> Any:
    if len(coordinates) == 2:
        return _of_record(TABLE["hypot"])(*coordinates)
    return _of_record(TABLE["sqrt"])(_sum(x * x for x in coordinates))


def _dist(p: Iterable[Any], q: Iterable[Any]) -> Any:
    return _hypot(*(a - b for a, b in zip(p, q, strict=True)))


def _sum(items: Iterable[Any], start: Any = 0) -> Any:
    total = start
    for item in items:
        # the sum of overloaded numbers starts from the first: adding to 0 would be one operation too many
        total = (
            item
            if is_overloaded(item) and not is_overloaded(total) and np.ndim(total) == 0 and total == 0
            else total + item
        )
    return total


def _prod(items: Iterable[Any], *, start: Any = 1) -> Any:
    total = start
    for item in items:
        total = item if is_overloaded(item) and not is_overloaded(total) and total == 1 else total * item
    return total


def _sumprod(p: Iterable[Any], q: Iterable[Any]) -> Any:
    return _sum(a * b for a, b in zip(p, q, strict=True))


def _fmod(x: Any, y: Any) -> Any:
    return x - y * apply(TABLE["trunc"], x / y)


def _copysign(x: Any, y: Any) -> Any:
    return apply(TABLE["absolute"], x) * math.copysign(1.0, value_of(y))


def _by_value(function: Callable[..., Any]) -> Callable[..., Any]:
    def call(*operands: Any, **options: Any) -> Any:
        return function(*map(value_of, operands), **options)

    call.__name__ = function.__name__
    return call


#: Function of ``math`` or ``operator`` to its replacement.
MATH: dict[Callable[..., Any], Callable[..., Any]] = {
    getattr(math, spelling.removeprefix("math.")): _of_record(record)
    for spelling, record in SPELLINGS.items()
    if spelling.startswith("math.") and hasattr(math, spelling.removeprefix("math."))
}
MATH |= {
    math.log: _log,
    math.hypot: _hypot,
    math.dist: _dist,
    math.fsum: _sum,
    math.prod: _prod,
    math.fmod: _fmod,
    math.copysign: _copysign,
    math.isclose: _by_value(math.isclose),
    math.floor: lambda x: math.floor(value_of(x)),
    math.ceil: lambda x: math.ceil(value_of(x)),
    math.trunc: lambda x: math.trunc(value_of(x)),
}
if hasattr(math, "sumprod"):  # Python 3.12
    MATH[math.sumprod] = _sumprod


def _extremum(builtin: Callable[..., Any], record: Op) -> Callable[..., Any]:
    def extremum(*items: Any, **options: Any) -> Any:
        candidates = list(items[0]) if len(items) == 1 else list(items)
        if options or not candidates or not is_overloaded(candidates):
            return builtin(candidates, **options)
        result = candidates[0]
        for candidate in candidates[1:]:
            result = apply(record, result, candidate)
        return result

    extremum.__name__ = builtin.__name__
    return extremum


class _FloatMeta(type):
    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, float) or (is_overloaded(instance) and np.ndim(instance) == 0)

    def __call__(cls, x: Any = 0.0) -> Any:
        if is_overloaded(x):
            return x if np.ndim(x) == 0 else array_of(x).reshape(())[()]
        return float(x)


class float_(metaclass=_FloatMeta):  # noqa: N801
    """``float`` that leaves overloaded numbers as they are; as a dtype it is float."""

    dtype = np.dtype(float)


#: Built-in name to its replacement.
BUILTINS: dict[str, Any] = {
    "float": float_,
    "sum": _sum,
    "max": _extremum(builtins.max, TABLE["maximum"]),
    "min": _extremum(builtins.min, TABLE["minimum"]),
}

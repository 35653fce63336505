"""``pathgrad grad``: the value and the gradient at a point (floor 6; imports api)."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..api import value_and_grad
from .arguments import bound_values, chosen, float_parameters
from .report import show_table
from .target import function_of

__all__ = ["grad"]

_MOST = 60


def grad(target: str, at: list[str], argnums: str | None) -> None:
    """Print the value and the gradient of FILE.py:FUNCTION."""
    function = function_of(target)
    values = bound_values(function, at)
    names = chosen(argnums)
    if names is None:
        names = float_parameters(values)
    names = names if isinstance(names, tuple) else (names,)
    value, gradients = value_and_grad(function, argnums=names)(**values)
    called = [list(values)[name] if isinstance(name, int) else name for name in names]
    rows = [["derivative by", "value"]]
    for name, gradient in zip(called, gradients, strict=True):
        rows += [[where, f"{number:.12g}"] for where, number in _named(gradient, name)]
    left = len(rows) - 1 - _MOST
    if left > 0:
        rows = [*rows[: _MOST + 1], [f"... {left} more", ""]]
    show_table(f"{getattr(function, '__name__', 'f')} = {value:.12g}", rows)


def _named(value: Any, name: str) -> list[tuple[str, float]]:
    """The numbers of a gradient by name."""
    if isinstance(value, dict):
        return [pair for key, part in value.items() for pair in _named(part, f"{name}[{key!r}]")]
    if isinstance(value, (tuple, list)):
        return [pair for k, part in enumerate(value) for pair in _named(part, f"{name}[{k}]")]
    if isinstance(value, np.ndarray) and value.ndim:
        return [(f"{name}[{','.join(map(str, index))}]", float(value[index])) for index in np.ndindex(*value.shape)]
    return [] if value is None else [(name, float(value))]

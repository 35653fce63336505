"""Derivatives of functions of one number by dual numbers, nestable (floor 1)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import ArgumentError, PerturbationError
from .cells import Cells
from .dual import Dual, level_of
from .levels import differentiation
from .plain import is_overloaded
from .retarget import retarget

__all__ = ["derivative", "seeded", "split"]


def derivative(f: Callable[..., Any]) -> Callable[..., Any]:
    """The derivative of ``f`` with respect to its first argument, by dual numbers.

    Parameters
    ----------
    f : callable, float -> float or arrays, tuples, lists, dicts of floats
        An ordinary function; it may use ``math`` and NumPy, and call ``derivative`` itself.

    Returns
    -------
    callable
        ``x, *others -> f'(x)`` with the structure of the result of ``f``.

    Raises
    ------
    ArgumentError
        When called with something that is not a number.

    Notes
    -----
    Source: lecture, section 2, Example 2.3. Each call is a differentiation of its own level, so nested derivatives
    are never confused.

    Examples
    --------
    >>> import math
    >>> derivative(math.sin)(0.0)
    1.0
    >>> derivative(lambda x: x * derivative(lambda y: x + y)(1.0))(1.0)
    1.0
    >>> derivative(derivative(lambda x: x**3))(2.0)
    12.0
    """

    def f_dot(x: Any, *others: Any, **named: Any) -> Any:
        if np.ndim(x) != 0 or isinstance(x, (str, bytes)) or not (is_overloaded(x) or _is_number(x)):
            raise ArgumentError(f"derivative: the argument is {x!r}; a number is needed (for arrays use pathgrad.box)")
        with differentiation(level_of(x)) as (level, tag):
            # a copy for each call: what it writes to globals must not meet the next call
            result = retarget(f)(seeded(x, 1.0, level, tag), *others, **named)
            return split(result, level, tag)[1]

    f_dot.__name__ = f"{getattr(f, '__name__', 'f')}_dot"
    return f_dot


def seeded(x: Any, x_dot: Any, level: int, tag: int) -> Dual:
    """The number ``x`` with tangent ``x_dot`` in the differentiation ``(level, tag)``."""
    plain = (x if is_overloaded(x) else float(x)), (x_dot if is_overloaded(x_dot) else float(x_dot))
    return Dual._of(*plain, level, tag)


def split(result: Any, level: int, tag: int) -> tuple[Any, Any]:
    """The values and the tangents in a result, each in the result's structure.

    Raises
    ------
    ArgumentError
        If the result holds something that is not a number.
    PerturbationError
        If the result holds a dual of another differentiation that went on inside.
    """
    if isinstance(result, dict):
        parts = {key: split(part, level, tag) for key, part in result.items()}
        return {key: v for key, (v, _) in parts.items()}, {key: t for key, (_, t) in parts.items()}
    if isinstance(result, (list, tuple)):
        pairs = [split(part, level, tag) for part in result]
        rebuild = type(result)._make if hasattr(result, "_make") else type(result)
        return rebuild([v for v, _ in pairs]), rebuild([t for _, t in pairs])
    if isinstance(result, Cells):
        pairs = [split(element, level, tag) for element in result.view(np.ndarray).ravel().tolist()]
        return _array([v for v, _ in pairs], result.shape), _array([t for _, t in pairs], result.shape)
    if isinstance(result, Dual):
        if result.tag is None and result.level >= level:
            return split(result.value, level, tag)[0], _zeros(result.value)
        if result.level == level and result.tag == tag:
            return result._value, result._tangent
        if result.level >= level:
            raise PerturbationError(
                f"the result {result!r} belongs to a differentiation of level {result.level} inside the one of level "
                f"{level} that ends here; return its .value or .tangent"
            )
    if not (is_overloaded(result) or _is_number(result) or isinstance(result, (bool, np.bool_, np.ndarray))):
        raise ArgumentError(
            f"the result holds {result!r}, a {type(result).__name__}, which has no derivative; return floats, arrays, "
            "or tuples, lists and dicts of them"
        )
    return result, _zeros(result)


def _zeros(x: Any) -> Any:
    return np.zeros(np.shape(x)) if np.ndim(x) else 0.0


def _array(elements: list[Any], shape: tuple[int, ...]) -> Any:
    objects = np.empty(len(elements), object)
    for k, element in enumerate(elements):
        objects[k] = element
    if any(map(is_overloaded, elements)):
        return objects.reshape(shape).view(Cells)
    return objects.astype(float).reshape(shape)


def _is_number(x: Any) -> bool:
    return isinstance(x, (int, float, np.number)) or (isinstance(x, np.ndarray) and x.dtype.kind in "iuf")

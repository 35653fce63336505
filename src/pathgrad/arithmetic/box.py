"""The boxes of the lecture's section 2: a function that also carries a tangent, and snaps together (floor 1)."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import ArgumentError, ShapeError
from .cells import Cells
from .derivative import seeded, split
from .dual import Dual, level_of
from .levels import differentiation
from .plain import is_overloaded
from .retarget import retarget

__all__ = ["box"]


def box(f: Callable[..., Any]) -> Callable[[Any, Any], tuple[Any, Any]]:
    """The differentiating version of ``f``: ``(v, w) -> (f(v), f'(v) w)``.

    Boxes snap together: ``box(g)(*box(f)(v, 1.0))`` is g(f(v)) and, by the chain rule, g'(f(v)) f'(v).

    Parameters
    ----------
    f : callable
        An ordinary function of floats and arrays; it may use ``math``, NumPy and helper functions.

    Returns
    -------
    callable
        Takes the value ``v`` and the tangent ``w``, of one structure. For several inputs both are tuples:
        ``box(f)((v1, v2), (w1, w2))``. Results have the structure of the result of ``f``.

    Raises
    ------
    ArgumentError, ShapeError
        When called with a value and a tangent that are not numbers, or not of one structure and shape.

    Notes
    -----
    Source: lecture, section 2, the figure of the composed boxes. Cost: each operation evaluates its labels once.

    Examples
    --------
    >>> import math
    >>> box(lambda x: x * x)(3.0, 1.0)
    (9.0, 6.0)
    >>> box(math.sqrt)(*box(lambda x: x * x)(3.0, 1.0))
    (3.0, 1.0)
    >>> box(lambda x, y: x * y)((3.0, 5.0), (1.0, 0.0))
    (15.0, 5.0)
    """

    def differentiating(v: Any, w: Any) -> tuple[Any, Any]:
        spread = isinstance(v, tuple) and not hasattr(v, "_fields") and _takes(f, len(v))
        with differentiation(_highest_level((v, w))) as (level, tag):
            inputs = _paired(v, w, level, tag, "v")
            overloaded = retarget(f)
            return split(overloaded(*inputs) if spread else overloaded(inputs), level, tag)

    return differentiating


def _takes(f: Callable[..., Any], count: int) -> bool:
    try:
        inspect.signature(f).bind(*range(count))
    except TypeError:
        return False
    except ValueError:  # a built-in function without a signature
        return True
    return True


def _highest_level(x: Any) -> int:
    if isinstance(x, dict):
        return max(map(_highest_level, x.values()), default=-1)
    if isinstance(x, (list, tuple)) or (isinstance(x, np.ndarray) and x.dtype == object):
        return max(map(_highest_level, x.tolist() if isinstance(x, np.ndarray) else x), default=-1)
    return level_of(x)


def _paired(v: Any, w: Any, level: int, tag: int, where: str) -> Any:
    """The inputs as duals, in the structure of ``v``."""
    if isinstance(v, dict) or isinstance(w, dict):
        if not isinstance(v, dict) or not isinstance(w, dict) or v.keys() != w.keys():
            raise _mismatch(where, v, w)
        return {key: _paired(v[key], w[key], level, tag, f"{where}[{key!r}]") for key in v}
    if isinstance(v, (list, tuple)):
        if not isinstance(w, (list, tuple)) or len(v) != len(w):
            raise _mismatch(where, v, w)
        parts = [_paired(a, b, level, tag, f"{where}[{k}]") for k, (a, b) in enumerate(zip(v, w))]
        return type(v)._make(parts) if hasattr(v, "_make") else type(v)(parts)
    if isinstance(v, (bool, str)) or v is None:
        return v
    if np.shape(v) != np.shape(w):
        raise ShapeError(f"box: {where} has shape {np.shape(v)} and its tangent {np.shape(w)}; they must be equal")
    if np.ndim(v) == 0 or isinstance(v, Dual):
        _check_number(v, where)
        _check_number(w, f"the tangent of {where}")
        return seeded(v, w, level, tag) if np.ndim(v) == 0 else Dual._of(v, w, level, tag)
    cells = np.empty(np.shape(v), object)
    values, tangents = np.asarray(v), np.asarray(w)
    for index in np.ndindex(*cells.shape):
        _check_number(values[index], where)
        cells[index] = seeded(values[index], tangents[index], level, tag)
    return cells.view(Cells)


def _check_number(x: Any, where: str) -> None:
    if not (
        is_overloaded(x) or isinstance(x, (int, float, np.number)) or (np.ndim(x) == 0 and isinstance(x, np.ndarray))
    ):
        raise ArgumentError(
            f"box: {where} is {x!r}, a {type(x).__name__}; give a float, an array, or a structure of them"
        )


def _mismatch(where: str, v: Any, w: Any) -> ShapeError:
    return ShapeError(f"box: {where} is {v!r} and its tangent {w!r}; give a tangent of the same structure")

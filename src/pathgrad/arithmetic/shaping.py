"""NumPy functions that shape, join and copy arrays, as table operators (floor 1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..ops import TABLE, apply
from .catalogue import array_of, normalised_axes, refuse, stands_for

__all__ = [
    "append",
    "column_stack",
    "concatenate",
    "copy",
    "expand_dims",
    "full_like",
    "hstack",
    "linspace",
    "ones_like",
    "ravel",
    "reshape",
    "squeeze",
    "stack",
    "transpose",
    "vstack",
    "zeros_like",
]


@stands_for(np.transpose)
def transpose(a: Any, axes: Sequence[int] | None = None) -> Any:
    """The axes in another order."""
    a = array_of(a)
    normal = None if axes is None else tuple(int(k) % np.ndim(a) for k in axes)
    return apply(TABLE["transpose"], a, axes=normal)


@stands_for(np.reshape)
def reshape(a: Any, shape: Any = None, order: str = "C", **rest: Any) -> Any:
    """The elements in another shape."""
    refuse("reshape", {"order": None if order == "C" else order, **rest})
    dims = tuple(int(n) for n in shape) if isinstance(shape, (tuple, list)) else (int(shape),)
    return apply(TABLE["reshape"], array_of(a), *dims)


@stands_for(np.ravel)
def ravel(a: Any, order: str = "C") -> Any:
    """The elements in one row."""
    return reshape(a, -1, order)


@stands_for(np.expand_dims)
def expand_dims(a: Any, axis: Any) -> Any:
    """A new axis of length 1."""
    a = array_of(a)
    axes = axis if isinstance(axis, tuple) else (axis,)
    for one in sorted(int(k) % (np.ndim(a) + len(axes)) for k in axes):
        a = apply(TABLE["expand_dims"], a, axis=one)
    return a


@stands_for(np.squeeze)
def squeeze(a: Any, axis: Any = None) -> Any:
    """Without the axes of length 1."""
    a = array_of(a)
    axes = normalised_axes(axis, np.ndim(a))
    kept = [n for k, n in enumerate(np.shape(a)) if (n != 1 if axes is None else k not in axes)]
    return apply(TABLE["reshape"], a, *kept)


@stands_for(np.concatenate)
def concatenate(arrays: Any, axis: int | None = 0, **rest: Any) -> Any:
    """Arrays joined along an axis."""
    refuse("concatenate", rest)
    parts = [array_of(part) for part in arrays]
    if axis is None:
        parts, axis = [ravel(part) for part in parts], 0
    return apply(TABLE["concatenate"], *parts, axis=axis % np.ndim(parts[0]))


@stands_for(np.stack)
def stack(arrays: Any, axis: int = 0, **rest: Any) -> Any:
    """Arrays joined along a new axis."""
    refuse("stack", rest)
    parts = [array_of(part) for part in arrays]
    return apply(TABLE["stack"], *parts, axis=axis % (np.ndim(parts[0]) + 1))


@stands_for(np.append)
def append(arr: Any, values: Any, axis: int | None = None) -> Any:
    """``values`` joined to the end of ``arr``."""
    return concatenate([arr, values], axis)


@stands_for(np.vstack)
def vstack(tup: Any, **rest: Any) -> Any:
    """Arrays joined as rows."""
    parts = [array_of(part) for part in tup]
    return concatenate([part if np.ndim(part) > 1 else reshape(part, (1, -1)) for part in parts], 0, **rest)


@stands_for(np.hstack)
def hstack(tup: Any, **rest: Any) -> Any:
    """Arrays joined side by side."""
    parts = [array_of(part) for part in tup]
    parts = [part if np.ndim(part) else reshape(part, (1,)) for part in parts]
    return concatenate(parts, 0 if np.ndim(parts[0]) == 1 else 1, **rest)


@stands_for(np.column_stack)
def column_stack(tup: Any) -> Any:
    """Vectors joined as columns."""
    parts = [array_of(part) for part in tup]
    return concatenate([part if np.ndim(part) > 1 else reshape(part, (-1, 1)) for part in parts], 1)


@stands_for(np.zeros_like, np.empty_like)
def zeros_like(a: Any, dtype: Any = None, **rest: Any) -> Any:
    """Zeros in the shape of ``a``, ready to be written to."""
    return apply(TABLE["zeros_like"], array_of(a))


@stands_for(np.ones_like)
def ones_like(a: Any, dtype: Any = None, **rest: Any) -> Any:
    """Ones in the shape of ``a``."""
    return zeros_like(a) + 1.0


@stands_for(np.full_like)
def full_like(a: Any, fill_value: Any, dtype: Any = None, **rest: Any) -> Any:
    """One value in the shape of ``a``."""
    return zeros_like(a) + fill_value


@stands_for(np.copy)
def copy(a: Any, **rest: Any) -> Any:
    """A copy, whose writes do not change ``a``."""
    return apply(TABLE["copy"], array_of(a))


@stands_for(np.linspace)
def linspace(start: Any, stop: Any, num: int = 50, endpoint: bool = True, **rest: Any) -> Any:
    """``num`` points from ``start`` to ``stop``."""
    refuse("linspace", rest)
    return apply(TABLE["linspace"], start, stop, num, endpoint=endpoint)

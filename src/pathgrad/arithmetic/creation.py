"""NumPy's array makers, making arrays that can hold overloaded scalars (floor 1).

Inside a retargeted function ``np.zeros(3)`` gives a `Cells`, so that ``a[i] = dual`` works. Arrays asked for as
integers or truth values stay NumPy's: they index and select, and carry no derivative.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .cells import Cells, as_cells
from .plain import is_overloaded, value_of

__all__ = ["CREATION", "promote"]


def promote(x: Any) -> Any:
    """An array of floats as `Cells` (a copy); everything else as it is."""
    return as_cells(x) if isinstance(x, np.ndarray) and x.dtype.kind == "f" and x.ndim else x


def _discrete(dtype: Any) -> bool:
    return dtype is not None and np.dtype(dtype).kind in "biu"


def _maker(function: Callable[..., Any]) -> Callable[..., Any]:
    def make(shape: Any, dtype: Any = None, order: str = "C", **rest: Any) -> Any:
        made = function(shape, dtype if _discrete(dtype) else float)
        return made if _discrete(dtype) else promote(np.asarray(made))

    make.__name__ = function.__name__
    return make


def _empty(shape: Any, dtype: Any = None, order: str = "C", **rest: Any) -> Any:
    return np.empty(shape, dtype) if _discrete(dtype) else promote(np.zeros(shape))


def _full(shape: Any, fill_value: Any, dtype: Any = None, order: str = "C", **rest: Any) -> Any:
    if _discrete(dtype) or (dtype is None and isinstance(fill_value, (bool, int))):
        return np.full(shape, fill_value, dtype)
    made = as_cells(np.zeros(shape))
    made[...] = fill_value
    return made


def _array(x: Any, dtype: Any = None, copy: Any = True, **rest: Any) -> Any:
    if _discrete(dtype):
        return np.array(x.astype(dtype) if isinstance(x, Cells) else x, dtype)
    if is_overloaded(x):
        cells = as_cells(x)
        made = cells.copy() if cells is x and copy else cells
    else:
        plain = np.array(x)
        made = promote(plain.astype(float) if dtype is not None and plain.dtype.kind in "biu" else plain)
    return made if np.ndim(made) or (isinstance(made, np.ndarray) and not isinstance(made, Cells)) else made[()]


def _asarray(x: Any, dtype: Any = None, **rest: Any) -> Any:
    if isinstance(x, Cells) and not _discrete(dtype):
        return x
    return _array(x, dtype)


def _arange(*ends: Any, dtype: Any = None, **rest: Any) -> Any:
    if not any(map(is_overloaded, ends)):
        return promote(np.arange(*ends, dtype=dtype if _discrete(dtype) else None if dtype is None else float))
    start, stop, step = (0.0, ends[0], 1.0) if len(ends) == 1 else (*ends, 1.0)[:3]
    count = value_of((stop - start) / step)
    return as_cells([start + step * float(k) for k in range(max(int(np.ceil(count)), 0))])


def _linspace(start: Any, stop: Any, num: Any = 50, endpoint: bool = True, **rest: Any) -> Any:
    fractions = np.linspace(0.0, 1.0, int(num), endpoint=endpoint)
    if is_overloaded(start) or is_overloaded(stop):
        return as_cells([start + (stop - start) * float(fraction) for fraction in fractions])
    return promote(np.linspace(start, stop, int(num), endpoint=endpoint))


#: NumPy function to its replacement in retargeted functions.
CREATION: dict[Callable[..., Any], Callable[..., Any]] = {
    np.zeros: _maker(np.zeros),
    np.ones: _maker(np.ones),
    np.empty: _empty,
    np.full: _full,
    np.array: _array,
    np.asarray: _asarray,
    np.asanyarray: _asarray,
    np.ascontiguousarray: _asarray,
    np.arange: _arange,
    np.linspace: _linspace,
}

"""NumPy's array functions as operators of the table, with normalised parameters (floor 1).

Each function here has the signature of the NumPy function that it stands for and works on whatever `pathgrad.ops.apply`
dispatches on: array duals, and arrays of overloaded scalars. `FUNCTIONS` maps the NumPy function to it. `MOVES` are the
functions that only move data (or take differences of moved data): linear, so the tangent moves the same way.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from . import reductions, shaping
from .catalogue import FUNCTIONS, MOVES, array_of, normalised_axes

__all__ = ["FUNCTIONS", "MOVES", "array_of", "normalised_axes", "reductions", "shaping"]


def _size(a: Any, axis: int | None = None) -> int:
    shape = array_of(a).shape
    return int(np.prod(shape)) if axis is None else int(shape[axis])


FUNCTIONS[np.shape] = lambda a: array_of(a).shape
FUNCTIONS[np.ndim] = lambda a: len(array_of(a).shape)
FUNCTIONS[np.size] = _size

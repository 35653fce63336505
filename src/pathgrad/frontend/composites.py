"""NumPy functions that are read as the Python that computes them (floor 2).

Each is an ordinary function that the reader reads like a helper of the user's.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def product(x: Any) -> Any:
    """The product along the first axis, one factor after the other."""
    result = np.ones_like(x[0])
    for k in range(len(x)):
        result = result * x[k]
    return result


def neighbour_differences(x: Any) -> Any:
    """x[1] - x[0], x[2] - x[1], ..."""
    return x[1:] - x[:-1]


def diagonal_sum(x: Any) -> Any:
    """The sum of the diagonal of a matrix."""
    total = 0.0
    for k in range(min(x.shape[0], x.shape[1])):
        total = total + x[k, k]
    return total


def unit_matrix(n: Any) -> Any:
    """Ones on the diagonal."""
    result = np.zeros((n, n))
    for k in range(n):
        result[k, k] = 1.0
    return result

"""Are two results the same? By norm, argument by argument."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["difference", "leaves"]

TOLERANCE = 1e-9


def leaves(value: Any) -> list[np.ndarray]:
    """The arrays and numbers in a nest of tuples, lists and dicts, in order."""
    if isinstance(value, tuple | list):
        return [leaf for item in value for leaf in leaves(item)]
    if isinstance(value, dict):
        return [leaf for key in sorted(value) for leaf in leaves(value[key])]
    return [np.asarray(value, dtype=np.float64)]


def difference(found: Any, wanted: Any) -> float:
    """The largest relative difference of two nests, by norm for each leaf; infinite where shapes differ or nan is."""
    a, b = leaves(found), leaves(wanted)
    if len(a) != len(b):
        return float("inf")
    worst = 0.0
    for x, y in zip(a, b):
        if x.shape != y.shape and x.size != y.size:
            return float("inf")
        gap = float(np.linalg.norm(x.ravel() - y.ravel()))
        norm = float(np.linalg.norm(y.ravel()))
        relative = gap / norm if norm > 0.0 else gap
        if not np.isfinite(relative):
            return float("inf")
        worst = max(worst, relative)
    return worst

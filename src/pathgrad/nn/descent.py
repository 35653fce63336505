"""One epoch of training: the lecture's two steps, example by example (section 6; floor 5)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["epoch"]

Array = NDArray[np.float64]


def epoch(
    value_and_gradient: Callable[..., tuple[Any, list[Array]]],
    weights: list[Array],
    X: Array,
    V: Array,
    order: Iterable[int],
    rate: float,
) -> tuple[float, float]:
    """Present every example once and adjust ``weights``, in place, after each.

    Parameters
    ----------
    value_and_gradient : callable
        From weights, an example and its desired outputs to the cost and its derivatives.
    weights, X, V
        As `Network.fit` has them.
    order : iterable of int
        The examples' turns.
    rate : float
        How far to go down the slope.

    Returns
    -------
    cost, largest : float
        The mean cost of an example and the largest absolute adjustment of a weight.

    Examples
    --------
    >>> weights = [np.array([3.0])]
    >>> slope = lambda weights, x, v: (0.5 * (weights[0] - v) ** 2, [weights[0] - v])
    >>> epoch(slope, weights, np.zeros(1), np.ones(1), [0], rate=0.5), weights
    ((2.0, 1.0), [array([2.])])
    """
    total = largest = 0.0
    count = 0
    for k in order:
        value, slopes = value_and_gradient(weights, X[k], V[k])
        for w, slope in zip(weights, slopes, strict=True):
            adjustment = rate * slope
            w -= adjustment
            largest = max(largest, float(adjustment.max()), -float(adjustment.min()))
        total += float(np.sum(value))
        count += 1
    return total / count, largest

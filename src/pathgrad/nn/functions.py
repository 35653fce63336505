"""What a network computes, as ordinary NumPy functions (floor 5; imports ops).

These four functions are all that is said here about backpropagation: `pathgrad.value_and_grad` of a cost is the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..ops.elementary import half_squared_difference
from ..ops.exponential import sigmoid

__all__ = ["cost", "cost_with_bias", "outputs", "outputs_with_bias"]


def outputs(weights: Sequence[NDArray[Any]], x: NDArray[Any]) -> Any:
    """The outputs of layers of sigmoid nodes: weights times inputs, summed, sigmoid (lecture, Figures 6a and 7).

    Parameters
    ----------
    weights : sequence of arrays
        One matrix for each layer: a row for each node, a column for each of its inputs.
    x : array, shape (inputs,) or (inputs, examples)
        One example, or one in each column.

    Returns
    -------
    array, shape (outputs,) or (outputs, examples)

    Examples
    --------
    >>> outputs([np.zeros((3, 2)), np.ones((1, 3))], np.array([1.0, 2.0]))
    array([0.81757448])
    """
    values = x
    for w in weights:
        values = sigmoid(w @ values)
    return values


def outputs_with_bias(weights: Sequence[NDArray[Any]], x: NDArray[Any]) -> Any:
    """As `outputs`, and every node has one more weight, the last of its row, on an input that is always 1.

    Examples
    --------
    >>> outputs_with_bias([np.zeros((3, 3)), np.ones((1, 4))], np.array([1.0, 2.0]))
    array([0.92414182])
    """
    values = x
    for w in weights:
        values = sigmoid(w @ np.concatenate((values, np.ones_like(values[:1]))))
    return values


def cost(weights: Sequence[NDArray[Any]], x: NDArray[Any], v: NDArray[Any]) -> Any:
    """Half the sum of squared differences between a network's outputs and the desired ones (lecture, Figure 6b).

    Parameters
    ----------
    weights, x
        As for `outputs`.
    v : array, shape of the outputs
        The desired outputs.

    Returns
    -------
    float

    Examples
    --------
    >>> float(cost([np.zeros((2, 2))], np.array([1.0, 2.0]), np.array([0.5, 1.5])))
    0.5
    """
    return np.sum(half_squared_difference(outputs(weights, x), v))


def cost_with_bias(weights: Sequence[NDArray[Any]], x: NDArray[Any], v: NDArray[Any]) -> Any:
    """As `cost`, of `outputs_with_bias`.

    Examples
    --------
    >>> float(cost_with_bias([np.zeros((2, 3))], np.array([1.0, 2.0]), np.array([0.5, 1.5])))
    0.5
    """
    return np.sum(half_squared_difference(outputs_with_bias(weights, x), v))

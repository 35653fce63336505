"""What does not fit a network is refused here, in words (floor 5; imports errors)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import DataError, NetworkError

__all__ = ["check_counts", "check_training", "checked_sizes", "examples", "vectors"]

Array = NDArray[np.float64]


def checked_sizes(sizes: Sequence[int]) -> tuple[int, ...]:
    """The sizes of a network's layers.

    Raises
    ------
    NetworkError
        Fewer than two, or one that is no positive whole number.

    Examples
    --------
    >>> checked_sizes([64, 30, 10])
    (64, 30, 10)
    """
    given = list(sizes)
    whole = [s for s in given if isinstance(s, (int, np.integer)) and not isinstance(s, bool) and s > 0]
    if len(given) < 2 or len(whole) < len(given):
        raise NetworkError(
            f"network: sizes is {given}; expected two or more positive whole numbers (inputs, nodes of each hidden "
            f"layer, outputs), for instance [64, 30, 10]"
        )
    return tuple(int(s) for s in whole)


def check_training(rate: float, epochs: int, threshold: float) -> None:
    """Refuse what `Network.fit` cannot train with.

    Raises
    ------
    NetworkError
        A rate that is 0 or infinite, less than one epoch, or a negative threshold.

    Examples
    --------
    >>> check_training(rate=0.5, epochs=20, threshold=1e-4)
    """
    if not np.isfinite(rate) or rate == 0:
        raise NetworkError(f"network: rate is {rate}; expected a finite number other than 0, for instance 0.5")
    if epochs != int(epochs) or epochs < 1:
        raise NetworkError(f"network: epochs is {epochs}; expected a whole number of 1 or more")
    if not threshold >= 0:
        raise NetworkError(f"network: threshold is {threshold}; expected 0 or a positive number, for instance 1e-4")


def vectors(x: ArrayLike, name: str, size: int, ranks: tuple[int, ...]) -> Array:
    """``x`` as floats: one vector of ``size`` numbers (rank 1), or several in rows (rank 2).

    Raises
    ------
    NetworkError
        Another shape.
    DataError
        No vector, or something else than finite numbers.

    Examples
    --------
    >>> vectors([1, 2], "x", 2, (1,))
    array([1., 2.])
    """
    try:
        values = np.asarray(x, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(
            f"network: {name} is no array of numbers ({error}); give floats, in rows of one length"
        ) from error
    if values.ndim not in ranks or values.shape[-1] != size:
        wanted = {1: f"({size},)", 2: f"(examples, {size})"}
        raise NetworkError(
            f"network: {name} has shape {values.shape}, expected {' or '.join(wanted[r] for r in ranks)}; "
            f"reshape it, or make the network with other sizes"
        )
    if not values.size:
        raise DataError(f"network: {name} holds no example; give at least one")
    if not np.isfinite(values).all():
        place = tuple(int(i) for i in np.argwhere(~np.isfinite(values))[0])
        raise DataError(
            f"network: {name}[{', '.join(map(str, place))}] is {values[place]}, expected a finite number; "
            f"fill it in, or leave the example out"
        )
    return values


def examples(X: ArrayLike, V: ArrayLike, inputs: int, outputs: int) -> tuple[Array, Array]:
    """Examples and their desired outputs, in rows; with one output ``V`` may be a vector.

    Raises
    ------
    NetworkError, DataError
        As `vectors` and `check_counts`.

    Examples
    --------
    >>> examples([[0, 1], [1, 1]], [1, 0], inputs=2, outputs=1)[1].shape
    (2, 1)
    """
    if outputs == 1 and np.ndim(V) == 1:
        V = np.asarray(V)[:, np.newaxis]
    X, V = vectors(X, "X", inputs, (2,)), vectors(V, "V", outputs, (2,))
    check_counts(X, V)
    return X, V


def check_counts(x: Array, v: Array) -> None:
    """Refuse examples and desired outputs of different numbers.

    Raises
    ------
    NetworkError
        Where they differ.

    Examples
    --------
    >>> check_counts(np.zeros((5, 2)), np.zeros((5, 3)))
    """
    if x.shape[:-1] != v.shape[:-1]:
        counts = [f"{a.shape[0]} in rows" if a.ndim == 2 else "a single one" for a in (x, v)]
        raise NetworkError(
            f"network: examples: {counts[0]}, their desired outputs: {counts[1]}; give one row of desired outputs for "
            f"each row of inputs"
        )

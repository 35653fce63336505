"""A network's weights in a file of NumPy's ``npz`` format (floor 5; imports errors)."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError

__all__ = ["Stored", "read", "write"]


class Stored(NamedTuple):
    """What is in the file."""

    sizes: tuple[int, ...]
    bias: bool
    history: list[float]
    weights: list[NDArray[np.float64]]


def write(path: str | Path, stored: Stored) -> Path:
    """Write a network; ``.npz`` is added to the name if it ends otherwise. Returns the file written.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write(folder + "/small", Stored((1, 1), False, [], [np.ones((1, 1))])).name
    'small.npz'
    """
    target = Path(path)
    if target.suffix != ".npz":
        target = target.with_name(target.name + ".npz")
    arrays: dict[str, Any] = {f"weights_{k}": w for k, w in enumerate(stored.weights)}
    arrays |= {"sizes": np.array(stored.sizes), "bias": np.array(stored.bias), "history": np.array(stored.history)}
    np.savez(target, **arrays)
    return target


def read(path: str | Path) -> Stored:
    """What `write` wrote.

    Raises
    ------
    DataError
        The file holds something else.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     read(write(folder + "/small.npz", Stored((1, 1), False, [0.5], [np.ones((1, 1))])))
    Stored(sizes=(1, 1), bias=False, history=[0.5], weights=[array([[1.]])])
    """
    try:
        with open(path, "rb") as opened, np.load(opened, allow_pickle=False) as file:
            sizes = tuple(file["sizes"].tolist())
            weights = [file[f"weights_{k}"] for k in range(len(sizes) - 1)]
            stored = Stored(sizes, bool(file["bias"]), file["history"].tolist(), weights)
    except (ValueError, KeyError, EOFError, TypeError, zipfile.BadZipFile) as error:
        raise DataError(
            f"{path}: this file holds no network ({error}); expected one that Network.save wrote"
        ) from error
    for k, (w, inputs, nodes) in enumerate(zip(weights, sizes, sizes[1:], strict=False)):
        wanted = (nodes, inputs + stored.bias)
        if w.shape != wanted:
            raise DataError(f"{path}: weights_{k} has shape {w.shape}, expected {wanted} by the sizes in the file")
    return stored

"""Small operands for every array operator, with the value that each must have.

Elementwise records say where to draw their operands; the operands of an array operator must fit each other, so they
stand here. A record without an example fails `test_array.test_every_array_operator_has_an_example`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pathgrad.ops import Index, Integer, NewAxis, Slice


@dataclass(frozen=True)
class Example:
    """Operands and parameters of an array operator, and its value there."""

    operands: tuple[Any, ...]
    value: Any
    parameters: Mapping[str, Any] = field(default_factory=dict)


def example(*operands: Any, value: Any, **parameters: Any) -> Example:
    return Example(operands, value, parameters)


S = np.float64(-1.75)
X = np.array([1.5, -2.0, 0.25])
Y = np.array([0.5, 3.0])
A = np.array([[1.5, -2.0, 0.25], [3.0, 0.5, -1.25]])
B = np.array([[0.5, 1.0], [-0.75, 2.0], [1.25, -3.0]])
COLUMN = np.array([[2.0], [-1.0]])
CUBE = np.arange(12.0).reshape(2, 3, 2) / 4 - 1.3
ZEROS = np.zeros((2, 3))

_ROW = Index((Integer(),))
_ELEMENT = Index((Integer(), Integer()))
_COLUMNS = Index((Slice(), Slice(start=True, stop=True)))
_BACKWARDS = Index((NewAxis(), Slice(step=True), Integer()))

ROWS = np.stack([A[0] + 1, A[1] * 2])

#: Name of an array operator to its examples.
EXAMPLES: dict[str, list[Example]] = {
    # ---- broadcasting ----
    "broadcast_with": [
        example(S, A, value=np.full((2, 3), S)),
        example(X, A, value=np.array([X, X])),
        example(COLUMN, X, value=np.array([[2.0] * 3, [-1.0] * 3])),
        example(COLUMN, X, CUBE[:, :1, :1], value=np.array([[[2.0] * 3, [-1.0] * 3]] * 2)),
    ],
    "sum_to": [
        example(A, S, value=np.float64(2.0)),
        example(A, X, value=np.array([4.5, -1.5, -1.0])),
        example(A, COLUMN, value=np.array([[-0.25], [2.25]])),
        example(A, ROWS, value=A),
    ],
    "spread": [
        example(S, A, value=np.full((2, 3), S), axis=None, keepdims=False),
        example(Y, A, value=np.array([[0.5] * 3, [3.0] * 3]), axis=(1,), keepdims=False),
        example(X[None, :], A, value=np.array([X, X]), axis=(0,), keepdims=True),
    ],
    # ---- shape ----
    "transpose": [
        example(A, value=np.array([[A[i, j] for i in range(2)] for j in range(3)])),
        example(CUBE, value=np.einsum("ijk->kij", CUBE), axes=(2, 0, 1)),
    ],
    "reshape": [
        example(A, 3, 2, value=np.array([[1.5, -2.0], [0.25, 3.0], [0.5, -1.25]])),
        example(A, -1, value=np.concatenate([A[0], A[1]])),
    ],
    "reshape_like": [example(A, B, value=np.array([[1.5, -2.0], [0.25, 3.0], [0.5, -1.25]]))],
    "expand_dims": [example(A, value=A[:, None, :], axis=1), example(X, value=X[:, None], axis=-1)],
    "squeeze": [example(COLUMN, value=np.array([2.0, -1.0]), axis=1), example(X[None], value=X, axis=0)],
    # ---- reading and writing ----
    "load": [
        example(A, 1, value=A[1], index=_ROW),
        example(A, 1, -1, value=np.float64(-1.25), index=_ELEMENT),
        example(A, 1, 3, value=A[:, 1:3], index=_COLUMNS),
        example(A, -1, 2, value=np.array([[-1.25, 0.25]]), index=_BACKWARDS),
    ],
    "store": [
        example(A, X, 1, value=np.array([A[0], X]), index=_ROW),
        example(A, S, 1, value=np.array([A[0], [S, S, S]]), index=_ROW),
        example(A, S, 0, 2, value=np.array([[1.5, -2.0, S], A[1]]), index=_ELEMENT),
        example(A, COLUMN, 1, 3, value=np.array([[1.5, 2.0, 2.0], [3.0, -1.0, -1.0]]), index=_COLUMNS),
    ],
    "accumulate": [
        example(A, X, 1, value=np.array([A[0], [4.5, -1.5, -1.0]]), index=_ROW),
        example(A, S, 0, 2, value=np.array([[1.5, -2.0, -1.5], A[1]]), index=_ELEMENT),
        example(A, COLUMN, 1, 3, value=np.array([[1.5, 0.0, 2.25], [3.0, -0.5, -2.25]]), index=_COLUMNS),
    ],
    "scatter": [
        example(X, A, 1, value=np.array([[0.0, 0.0, 0.0], X]), index=_ROW),
        example(S, A, 0, 2, value=np.array([[0.0, 0.0, S], [0.0, 0.0, 0.0]]), index=_ELEMENT),
        example(A[:, 1:3], A, 1, 3, value=np.array([[0.0, -2.0, 0.25], [0.0, 0.5, -1.25]]), index=_COLUMNS),
    ],
    "copy": [example(A, value=A)],
    "cast": [
        example(A, value=A, dtype="float64"),
        example(np.array([1, 2]), value=np.array([1.0, 2.0]), dtype="float64"),
        example(np.array([1.75, -2.5]), value=np.array([1.75, -2.5], np.float32), dtype="float32"),
    ],
    "cast_like": [
        example(A, X, value=A),
        example(np.array([1, 2]), X, value=np.array([1.0, 2.0])),
    ],
    "zeros_like": [example(A, value=ZEROS)],
    # ---- joining ----
    "concatenate": [
        example(A, ROWS, value=np.array([A[0], A[1], ROWS[0], ROWS[1]]), axis=0),
        example(COLUMN, A, COLUMN, value=np.array([[2.0, *A[0], 2.0], [-1.0, *A[1], -1.0]]), axis=-1),
    ],
    "stack": [
        example(X, A[1], value=np.array([X, A[1]]), axis=0),
        example(X, A[1], value=np.array([[1.5, 3.0], [-2.0, 0.5], [0.25, -1.25]]), axis=-1),
        example(S, np.float64(2.0), value=np.array([S, 2.0]), axis=0),
    ],
    "pack": [
        example(S, np.float64(2.0), value=np.array([S, 2.0])),
        example(np.float64(-1.0), value=np.array([-1.0])),
    ],
    "section": [
        example(np.array([1.0, 2.0, 3.0, 4.0, 5.0]), Y, X, value=np.array([3.0, 4.0, 5.0]), axis=0, position=1),
        example(A, COLUMN, A[:, 1:], value=COLUMN * 0 + A[:, :1], axis=-1, position=0),
    ],
    "place": [
        example(X, Y, X, value=np.array([0.0, 0.0, *X]), axis=0, position=1),
        example(COLUMN, COLUMN, A, value=np.array([[2.0, 0, 0, 0], [-1.0, 0, 0, 0]]), axis=-1, position=0),
    ],
    # ---- creation ----
    "zeros": [example(2, 3, value=ZEROS, dtype="float64"), example(2, value=np.array([0, 0]), dtype="int64")],
    "empty": [example(0, 3, value=np.array([]).reshape(0, 3), dtype="float64")],
    "full": [
        example(S, 2, 3, value=np.array([[S] * 3] * 2), dtype="float64"),
        example(S, 2, value=np.array([S, S]), dtype="float64"),
    ],
    "arange": [
        example(
            np.float64(0.5), np.float64(2.2), np.float64(0.5), value=np.array([0.5, 1.0, 1.5, 2.0]), dtype="float64"
        ),
        example(0, 4, 1, value=np.array([0, 1, 2, 3]), dtype="int64"),
    ],
    "linspace": [
        example(S, np.float64(2.25), 5, value=np.array([-1.75, -0.75, 0.25, 1.25, 2.25]), endpoint=True),
        example(S, np.float64(2.25), 4, value=np.array([-1.75, -0.75, 0.25, 1.25]), endpoint=False),
        example(S, np.float64(2.25), 1, value=np.array([-1.75]), endpoint=True),
    ],
    "iota_like": [example(X, value=np.array([0.0, 1.0, 2.0]))],
    "trip_count": [example(1, 8, 3, value=3), example(5, 0, -2, value=3), example(3, 3, 1, value=0)],
    "length": [example(A, value=3, axis=1), example(A, value=2, axis=0)],
    # ---- reductions ----
    "sum": [
        example(A, value=np.float64(2.0), axis=None, keepdims=False),
        example(A, value=np.array([4.5, -1.5, -1.0]), axis=(0,), keepdims=False),
        example(A, value=np.array([[-0.25], [2.25]]), axis=(1,), keepdims=True),
        example(CUBE, value=np.einsum("ijk->j", CUBE), axis=(0, 2), keepdims=False),
    ],
    "mean": [
        example(A, value=np.float64(1 / 3), axis=None, keepdims=False),
        example(A, value=np.array([[2.25, -0.75, -0.5]]), axis=(0,), keepdims=True),
        example(CUBE, value=np.einsum("ijk->j", CUBE) / 4, axis=(0, 2), keepdims=False),
    ],
    "amax": [
        example(A, value=np.float64(3.0), axis=None, keepdims=False),
        example(A, value=np.array([[1.5], [3.0]]), axis=(1,), keepdims=True),
        example(A, value=np.array([3.0, 0.5, 0.25]), axis=(0,), keepdims=False),
    ],
    "amin": [
        example(A, value=np.float64(-2.0), axis=None, keepdims=False),
        example(A, value=np.array([[-2.0], [-1.25]]), axis=(1,), keepdims=True),
        example(A, value=np.array([1.5, -2.0, -1.25]), axis=(0,), keepdims=False),
    ],
    "norm": [
        example(np.array([3.0, -4.0]), value=np.float64(5.0), axis=None, keepdims=False),
        example(A, value=np.hypot(A[0], A[1])[None], axis=(0,), keepdims=True),
        example(A, value=np.sqrt(np.einsum("ij,ij->i", A, A)), axis=(1,), keepdims=False),
    ],
    "any": [example(A > 1, value=np.array([True, False, False]), axis=(0,), keepdims=False)],
    "all": [example(A > -2, value=np.array([[False], [True]]), axis=(1,), keepdims=True)],
    "argmax": [
        example(A, value=3, axis=None),
        example(A, value=np.array([0, 0]), axis=(1,)),
    ],
    "argmin": [
        example(A, value=1, axis=None),
        example(A, value=np.array([1, 2]), axis=(1,)),
    ],
    "count_like": [example(A, value=6.0, axis=None), example(A, value=3.0, axis=(1,))],
    "cumsum": [
        example(X, value=np.array([1.5, -0.5, -0.25]), axis=0),
        example(A, value=np.array([[1.5, -0.5, -0.25], [3.0, 3.5, 2.25]]), axis=-1),
        example(X, value=np.array([-0.25, -1.75, 0.25]), axis=0, backward=True),
    ],
    # ---- products ----
    "matmul": [
        example(X, A[1], value=np.float64(4.5 - 1.0 - 0.3125)),
        example(A, X, value=np.einsum("ij,j->i", A, X)),
        example(X, B, value=np.einsum("i,ij->j", X, B)),
        example(A, B, value=np.einsum("ij,jk->ik", A, B)),
        example(CUBE, A, value=np.einsum("nij,jk->nik", CUBE, A)),
        example(A, CUBE, value=np.einsum("ij,njk->nik", A, CUBE)),
        example(CUBE, Y, value=np.einsum("nij,j->ni", CUBE, Y)),
        example(X, CUBE, value=np.einsum("i,nij->nj", X, CUBE)),
        example(CUBE, CUBE.transpose(0, 2, 1), value=np.einsum("nij,nkj->nik", CUBE, CUBE)),
    ],
    "outer": [example(X, Y, value=np.einsum("i,j->ij", X, Y))],
    # ---- storage ----
    "new_list": [example(value=[], element="float64")],
    "push": [example([1.0], 2.0, value=[1.0, 2.0])],
    "pop": [example([1.0, 2.0], value=[1.0])],
    "add_lists": [example([1.0, [2.0]], [0.5, [4.0]], value=[1.5, [6.0]])],
    "recall": [example([1.0, 2.0, 4.0], 1, value=2.0)],
    "add_at": [example([1.0, None], 2.0, 0, value=[3.0, None]), example([1.0, None], 2.0, 1, value=[1.0, 2.0])],
    "zero_list": [example([1.0, [2.0, 3.0]], value=[0.0, [0.0, 0.0]])],
    "last": [example([1.0, 2.0], value=2.0)],
    "undefined": [example(value=None, type="f64")],
}

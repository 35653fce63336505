"""Broadcasting and its transpose, the sum (floor 0).

Broadcasting is always its own operator, so that the label of an elementwise operator never reshapes. Sum and
``spread`` are each other's transposes; so are ``broadcast_with`` and ``sum_to``.

``shape`` in ``facts`` computes the result's dimensions from the operands' dimensions: ``shape(dims, atoms, parameters)``,
where a dimension is any hashable token, 1 is the length that broadcasts, and ``None`` means "known at run time only".
"""
# ruff: noqa: E501

from __future__ import annotations

from typing import Any

import numpy as np

from .domain import REAL
from .record import LinearMap, Op, array_op

__all__ = [
    "Axis",
    "Dims",
    "broadcast_dims",
    "broadcast_with",
    "ndim",
    "reduce_shape",
    "reduced_dims",
    "spread",
    "sum_",
    "sum_to",
]

Dims = tuple[Any, ...]
Axis = tuple[int, ...] | None


def ndim(x: Any) -> int:
    """The rank of a value of the value algebra."""
    rank = getattr(x, "ndim", None)
    return int(rank) if rank is not None else int(np.ndim(x))


# ---- values ----------------------------------------------------------------------------------------------------------
def _broadcast_with(a: Any, *others: Any) -> Any:
    return np.broadcast_to(a, np.broadcast_shapes(np.shape(a), *(np.shape(other) for other in others)))


def _sum_to(t: Any, like: Any) -> Any:
    shape = np.shape(like)
    if np.shape(t) == shape:
        return t
    t = np.sum(t, axis=tuple(range(np.ndim(t) - len(shape))))
    axes = tuple(k for k, length in enumerate(shape) if length == 1 and np.shape(t)[k] != 1)
    return np.sum(t, axis=axes, keepdims=True) if axes else t


def _spread(t: Any, like: Any, *, axis: tuple[int, ...] | None, keepdims: bool) -> Any:
    if not keepdims:
        t = np.expand_dims(t, tuple(range(np.ndim(like))) if axis is None else axis)
    return np.broadcast_to(t, np.shape(like))


# ---- shape rules -----------------------------------------------------------------------------------------------------
def broadcast_dims(*shapes: Dims) -> Dims:
    """The dimensions of a broadcast of ``shapes``; ``None`` where they are not provably equal."""
    rank = max(map(len, shapes))
    result: list[Any] = []
    for k in range(rank):
        tokens = [shape[k - rank + len(shape)] for shape in shapes if k - rank + len(shape) >= 0]
        longer = [token for token in tokens if token != 1]
        same = all(token == longer[0] and token is not None for token in longer) if longer else True
        result.append((longer[0] if same else None) if longer else 1)
    return tuple(result)


def reduced_dims(dims: Dims, axis: Axis, keepdims: bool) -> Dims:
    """The dimensions after a reduction over ``axis``."""
    axes = set(range(len(dims))) if axis is None else {k % len(dims) for k in axis}
    if keepdims:
        return tuple(1 if k in axes else d for k, d in enumerate(dims))
    return tuple(d for k, d in enumerate(dims) if k not in axes)


def reduce_shape(dims: Any, atoms: Any, p: Any) -> Dims:
    """The shape rule of every reduction."""
    return reduced_dims(dims[0], p["axis"], p["keepdims"])


def _sum_label(v: Any, x: Any, *, axis: Axis, keepdims: bool) -> LinearMap:
    return LinearMap(
        lambda t: sum_(t, axis=axis, keepdims=keepdims), lambda s: spread(s, x, axis=axis, keepdims=keepdims)
    )


# fmt: off
# ---- broadcasting: the only operators that change a shape for an elementwise operator ---------------------------------
broadcast_with: Op = array_op("broadcast_with", _broadcast_with,
    lambda v, a, *others: LinearMap(lambda t: broadcast_with(t, *others), lambda s: sum_to(s, a)),
    ref="broadcasting; the transpose of a copy is a sum", linear=(0,), total=True, views=True, domain=(REAL,),
    facts={"variadic": "shapes", "shape": lambda dims, atoms, p: broadcast_dims(*dims)})
sum_to: Op = array_op("sum_to", _sum_to,
    lambda v, t, like: LinearMap(lambda u: sum_to(u, like), lambda s: broadcast_with(s, t)), None,
    ref="transpose of broadcasting", linear=(0,), total=True, views=True,
    facts={"shape": lambda dims, atoms, p: dims[1]})
spread: Op = array_op("spread", _spread,
    lambda v, t, like, *, axis, keepdims: LinearMap(lambda u: spread(u, like, axis=axis, keepdims=keepdims), lambda s: sum_(s, axis=axis, keepdims=keepdims)), None,
    ref="transpose of a sum", linear=(0,), total=True, views=True,
    facts={"shape": lambda dims, atoms, p: dims[1]})

sum_: Op = array_op("sum", lambda x, *, axis, keepdims: np.sum(x, axis=axis, keepdims=keepdims), _sum_label,
    ref="sum rule", linear=(0,), total=True, symbol="Σ", facts={"shape": reduce_shape, "reduction": True})
# fmt: on

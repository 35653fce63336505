"""Array operators that reduce or multiply arrays; their labels are linear maps (floor 0).

Source for the products: M. B. Giles, "Collected matrix derivative results for forward and reverse mode algorithmic
differentiation" (2008).
"""
# ruff: noqa: E501

from __future__ import annotations

from typing import Any

import numpy as np

from .broadcasting import Axis, Dims, broadcast_dims, broadcast_with, ndim, reduce_shape, spread, sum_, sum_to
from .elementary import where
from .record import LinearMap, Op, array_op
from .structural import cast_like, expand_dims, squeeze, transpose


# ---- shape rules -----------------------------------------------------------------------------------------------------
def matmul_dims(a: Dims, b: Dims) -> Dims:
    """The dimensions of ``a @ b``."""
    rows = a[-2:-1] if len(a) > 1 else ()
    columns = b[-1:] if len(b) > 1 else ()
    return (*broadcast_dims(a[:-2], b[:-2]), *rows, *columns)


# ---- labels ----------------------------------------------------------------------------------------------------------
def _mean_label(v: Any, x: Any, *, axis: Axis, keepdims: bool) -> LinearMap:
    return LinearMap(
        lambda t: mean(t, axis=axis, keepdims=keepdims),
        lambda s: spread(s, x, axis=axis, keepdims=keepdims) / count_like(x, axis=axis),
    )


def _extremum_label(v: Any, x: Any, *, axis: Axis, keepdims: bool) -> LinearMap:
    reached = x == spread(v, x, axis=axis, keepdims=keepdims)
    ties = cast_like(sum_(where(reached, 1.0, 0.0), axis=axis, keepdims=keepdims), v)
    return LinearMap(
        lambda t: sum_(where(reached, t, 0.0), axis=axis, keepdims=keepdims) / ties,
        lambda s: where(reached, spread(s / ties, x, axis=axis, keepdims=keepdims), 0.0),
    )


def _norm_label(v: Any, x: Any, *, axis: Axis, keepdims: bool) -> LinearMap:
    length = spread(v, x, axis=axis, keepdims=keepdims)
    direction = x / where(length == 0, 1.0, length)
    return LinearMap(
        lambda t: sum_(t * direction, axis=axis, keepdims=keepdims),
        lambda s: spread(s, x, axis=axis, keepdims=keepdims) * direction,
    )


def _swap(x: Any) -> Any:
    rank = ndim(x)
    if rank == 2:
        return transpose(x)
    return transpose(x, axes=(*range(rank - 2), rank - 1, rank - 2))


def _matmul_left(v: Any, a: Any, b: Any) -> LinearMap:
    def pull(s: Any) -> Any:
        if ndim(a) == 1 and ndim(b) == 1:
            return broadcast_with(s, b) * b
        if ndim(a) == 1 and ndim(b) == 2:
            return matmul(b, s)
        if ndim(a) == 2 and ndim(b) == 1:
            return outer(s, b)
        if ndim(a) == 2 and ndim(b) == 2:
            return matmul(s, transpose(b))
        rows = expand_dims(s, axis=-2) if ndim(a) == 1 else s
        if ndim(b) == 1:
            return sum_to(matmul(expand_dims(rows, axis=-1), expand_dims(b, axis=0)), a)
        product = matmul(rows, _swap(b))
        return sum_to(squeeze(product, axis=-2) if ndim(a) == 1 else product, a)

    return LinearMap(lambda t: matmul(t, b), pull)


def _matmul_right(v: Any, a: Any, b: Any) -> LinearMap:
    def pull(s: Any) -> Any:
        if ndim(a) == 1 and ndim(b) == 1:
            return broadcast_with(s, a) * a
        if ndim(a) == 1 and ndim(b) == 2:
            return outer(a, s)
        if ndim(a) == 2 and ndim(b) == 1:
            return matmul(transpose(a), s)
        if ndim(a) == 2 and ndim(b) == 2:
            return matmul(transpose(a), s)
        columns = expand_dims(s, axis=-1) if ndim(b) == 1 else s
        if ndim(a) == 1:
            return sum_to(matmul(expand_dims(a, axis=1), expand_dims(columns, axis=-2)), b)
        product = matmul(_swap(a), columns)
        return sum_to(squeeze(product, axis=-1) if ndim(b) == 1 else product, b)

    return LinearMap(lambda t: matmul(a, t), pull)


def _count_like(x: Any, *, axis: Axis) -> float:
    shape = np.shape(x)
    return float(np.prod([shape[k] for k in (range(len(shape)) if axis is None else axis)], dtype=np.float64))


def _cumsum(x: Any, *, axis: int, backward: bool = False) -> Any:
    if not backward:
        return np.cumsum(x, axis=axis)
    return np.flip(np.cumsum(np.flip(x, axis), axis=axis), axis)


def _norm(x: Any, *, axis: Axis, keepdims: bool) -> Any:
    return np.sqrt(np.sum(np.square(x), axis=axis, keepdims=keepdims))


# fmt: off
# ---- reductions ------------------------------------------------------------------------------------------------------
mean = array_op("mean", lambda x, *, axis, keepdims: np.mean(x, axis=axis, keepdims=keepdims), _mean_label,
    ref="sum rule", linear=(0,), symbol="mean", facts={"shape": reduce_shape, "reduction": True})
amax = array_op("amax", lambda x, *, axis, keepdims: np.max(x, axis=axis, keepdims=keepdims), _extremum_label,
    ref="subgradient", selects=True, total=True, symbol="max", kinks="ties share equally", facts={"shape": reduce_shape, "reduction": True})
amin = array_op("amin", lambda x, *, axis, keepdims: np.min(x, axis=axis, keepdims=keepdims), _extremum_label,
    ref="subgradient", selects=True, total=True, symbol="min", kinks="ties share equally", facts={"shape": reduce_shape, "reduction": True})
norm = array_op("norm", _norm, _norm_label,
    ref="d|x| = x / |x|", total=True, symbol="‖x‖", kinks="x = 0: label 0", facts={"shape": reduce_shape, "reduction": True})
any_ = array_op("any", lambda x, *, axis, keepdims: np.any(x, axis=axis, keepdims=keepdims), None,
    ref="logic", total=True, facts={"shape": reduce_shape, "reduction": True, "dtype": "bool"})
all_ = array_op("all", lambda x, *, axis, keepdims: np.all(x, axis=axis, keepdims=keepdims), None,
    ref="logic", total=True, facts={"shape": reduce_shape, "reduction": True, "dtype": "bool"})
argmax = array_op("argmax", lambda x, *, axis, keepdims=False: np.argmax(x, axis=axis[0] if axis else None), None,
    ref="position", total=True, facts={"shape": reduce_shape, "reduction": True, "dtype": "int"})
argmin = array_op("argmin", lambda x, *, axis, keepdims=False: np.argmin(x, axis=axis[0] if axis else None), None,
    ref="position", total=True, facts={"shape": reduce_shape, "reduction": True, "dtype": "int"})
count_like = array_op("count_like", _count_like, None,
    ref="number of elements reduced", total=True, facts={"shape": lambda dims, atoms, p: (), "dtype": "float"})
cumsum: Op = array_op("cumsum", _cumsum,
    lambda v, x, *, axis, backward=False: LinearMap(lambda t: cumsum(t, axis=axis, backward=backward), lambda s: cumsum(s, axis=axis, backward=not backward)),
    ref="sum rule", linear=(0,), total=True, symbol="cumsum", facts={"shape": lambda dims, atoms, p: dims[0]})

# ---- products --------------------------------------------------------------------------------------------------------
matmul = array_op("matmul", np.matmul, _matmul_left, _matmul_right,
    ref="Giles 2008, 2.2.2", total=True, symbol="@", spellings=("numpy.matmul", "operator.matmul"),
    facts={"shape": lambda dims, atoms, p: matmul_dims(dims[0], dims[1])})
outer: Op = array_op("outer", lambda a, b: np.multiply.outer(a, b),
    lambda v, a, b: LinearMap(lambda t: outer(t, b), lambda s: matmul(s, b)),
    lambda v, a, b: LinearMap(lambda t: outer(a, t), lambda s: matmul(a, s)),
    ref="product rule", total=True, symbol="⊗", facts={"shape": lambda dims, atoms, p: (*dims[0], *dims[1])})
# fmt: on

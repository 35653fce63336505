"""NumPy functions that reduce, multiply and round arrays, as table operators (floor 1)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..ops import TABLE, apply
from .catalogue import array_of, normalised_axes, refuse, stands_for
from .shaping import ravel
from .unsupported import unsupported

__all__ = [
    "clip",
    "cumsum",
    "dot",
    "fix",
    "inner",
    "norm",
    "outer",
    "polyval",
    "prod",
    "round",
    "sinc",
    "std",
    "var",
    "where",
]


def _reduction(record: str, *functions: Callable[..., Any]) -> None:
    def reduce(a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False, **rest: Any) -> Any:
        refuse(record, {"out": out, **rest})
        a = array_of(a)
        return apply(TABLE[record], a, axis=normalised_axes(axis, np.ndim(a)), keepdims=bool(keepdims))

    def extremum(a: Any, axis: Any = None, out: Any = None, keepdims: Any = False, **rest: Any) -> Any:
        return reduce(a, axis, None, out, keepdims, **rest)

    stands_for(*functions)(reduce if record in ("sum", "mean") else extremum)


_reduction("sum", np.sum)
_reduction("mean", np.mean)
_reduction("amax", np.max, np.amax)
_reduction("amin", np.min, np.amin)
_reduction("any", np.any)
_reduction("all", np.all)
_reduction("argmax", np.argmax)
_reduction("argmin", np.argmin)


@stands_for(np.prod)
def prod(a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False, **rest: Any) -> Any:
    """The product, as a chain of multiplications."""
    refuse("prod", {"out": out, **rest})
    a = array_of(a)
    axes = normalised_axes(axis, np.ndim(a))
    reduced = tuple(range(np.ndim(a))) if axes is None else axes
    kept = tuple(k for k in range(np.ndim(a)) if k not in reduced)
    shape = tuple(np.shape(a)[k] for k in kept)
    table = np.transpose(a, (*reduced, *kept)).reshape((-1, *shape)) if np.ndim(a) else a
    result: Any = np.ones(shape)[()]
    for k in range(np.shape(table)[0] if np.ndim(a) else 0):
        result = table[k] if k == 0 else apply(TABLE["multiply"], result, table[k])
    if not np.ndim(a):
        return a
    if keepdims:
        return np.reshape(result, tuple(1 if k in reduced else n for k, n in enumerate(np.shape(a))))
    return result


@stands_for(np.var)
def var(a: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: Any = 0, keepdims: Any = False) -> Any:
    """The variance, by means of squares of differences."""
    refuse("var", {"out": out})
    a = array_of(a)
    axes = normalised_axes(axis, np.ndim(a))
    centred = a - apply(TABLE["mean"], a, axis=axes, keepdims=True)
    count = float(np.prod([np.shape(a)[k] for k in (range(np.ndim(a)) if axes is None else axes)]))
    total = apply(TABLE["sum"], apply(TABLE["square"], centred), axis=axes, keepdims=bool(keepdims))
    return total / (count - ddof)


@stands_for(np.std)
def std(a: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: Any = 0, keepdims: Any = False) -> Any:
    """The standard deviation."""
    return apply(TABLE["sqrt"], var(a, axis, dtype, out, ddof, keepdims))


@stands_for(np.cumsum)
def cumsum(a: Any, axis: int | None = None, dtype: Any = None, out: Any = None) -> Any:
    """Partial sums."""
    refuse("cumsum", {"out": out})
    a = array_of(a)
    if axis is None:
        a, axis = ravel(a), 0
    return apply(TABLE["cumsum"], a, axis=axis % np.ndim(a))


@stands_for(np.dot)
def dot(a: Any, b: Any) -> Any:
    """The product of vectors and matrices, as ``@``; of scalars, as ``*``.

    Raises
    ------
    UnsupportedCall
        If ``b`` has more than two axes.
    """
    a, b = array_of(a), array_of(b)
    if np.ndim(a) == 0 or np.ndim(b) == 0:
        return apply(TABLE["multiply"], a, b)
    if np.ndim(b) > 2:
        raise unsupported(
            f"numpy.dot of arrays of rank {np.ndim(a)} and {np.ndim(b)}", "write a @ b for stacked matrices"
        )
    return apply(TABLE["matmul"], a, b)


@stands_for(np.inner, np.vdot)
def inner(a: Any, b: Any) -> Any:
    """``numpy.inner`` and ``numpy.vdot`` of vectors.

    Raises
    ------
    UnsupportedCall
        If either is a matrix.
    """
    a, b = array_of(a), array_of(b)
    if np.ndim(a) > 1 or np.ndim(b) > 1:
        raise unsupported("numpy.inner of matrices", "write a @ b.T")
    return dot(a, b)


@stands_for(np.outer)
def outer(a: Any, b: Any, out: Any = None) -> Any:
    """All products of an element of ``a`` and an element of ``b``."""
    refuse("outer", {"out": out})
    return apply(TABLE["outer"], ravel(array_of(a)), ravel(array_of(b)))


@stands_for(np.where)
def where(condition: Any, x: Any = None, y: Any = None) -> Any:
    """``x`` where the condition holds, else ``y``; with one argument, the positions where it holds."""
    if x is None and y is None:
        return np.nonzero(np.asarray(condition != 0))
    return apply(TABLE["where"], array_of(condition), array_of(x), array_of(y))


@stands_for(np.clip)
def clip(a: Any, a_min: Any = None, a_max: Any = None, out: Any = None, *, min: Any = None, max: Any = None) -> Any:  # noqa: A002
    """``a`` within bounds, by ``maximum`` and ``minimum``."""
    refuse("clip", {"out": out})
    a = array_of(a)
    low, high = (min if a_min is None else a_min), (max if a_max is None else a_max)
    if low is not None:
        a = apply(TABLE["maximum"], a, low)
    if high is not None:
        a = apply(TABLE["minimum"], a, high)
    return a


@stands_for(np.linalg.norm)
def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:  # noqa: A002
    """The Euclidean length (of a matrix: Frobenius).

    Raises
    ------
    UnsupportedCall
        If ``ord`` asks for another norm.
    """
    x = array_of(x)
    euclidean = ord in (None, 2, "fro") and not (ord == 2 and axis is None and np.ndim(x) == 2)
    if not euclidean:
        raise unsupported(f"numpy.linalg.norm(ord={ord!r})", "only the Euclidean (Frobenius) norm has a record")
    return apply(TABLE["norm"], x, axis=normalised_axes(axis, np.ndim(x)), keepdims=bool(keepdims))


@stands_for(np.round, np.around)
def round(a: Any, decimals: int = 0, out: Any = None) -> Any:  # noqa: A001
    """``a`` rounded to ``decimals`` places."""
    refuse("round", {"out": out})
    scale = 10.0**decimals
    return apply(TABLE["rint"], array_of(a) * scale) / scale if decimals else apply(TABLE["rint"], array_of(a))


@stands_for(np.fix)
def fix(x: Any, out: Any = None) -> Any:
    """``x`` rounded towards zero."""
    refuse("fix", {"out": out})
    return apply(TABLE["trunc"], array_of(x))


@stands_for(np.sinc)
def sinc(x: Any) -> Any:
    """sin(pi x) / (pi x)."""
    return apply(TABLE["sinc"], array_of(x))


@stands_for(np.polyval)
def polyval(p: Any, x: Any) -> Any:
    """The polynomial with the coefficients ``p``, highest first, by Horner's rule."""
    result: Any = 0.0
    for position, coefficient in enumerate(p):
        result = coefficient if position == 0 else result * x + coefficient
    return result

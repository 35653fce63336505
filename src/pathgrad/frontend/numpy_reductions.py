"""NumPy's reductions, running sums, norms and products (floor 2)."""

from __future__ import annotations

import ast
from typing import Any

import numpy as np

from ..ops import TABLE
from . import composites
from .context import Reader
from .numpy_register import METHODS, Handler, call_composite, emit, reads, static_axes
from .numpy_shaping import expand_dims, ravel, reshape, squeeze, transpose
from .operands import operand, operate
from .values import Scalar


def _reduction(name: str) -> Handler:
    def read(reader: Reader, node: ast.AST, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
        atom = operand(reader, node, x)
        if not atom.type.rank:
            return x
        axes = static_axes(reader, node, axis, atom.type.rank)
        if axes == ():
            return x
        return emit(reader, name, [atom], axis=axes, keepdims=bool(keepdims))

    return read


for _name, _spellings in {
    "sum": ("sum", ".sum"),
    "mean": ("mean", ".mean"),
    "amax": ("max", "amax", ".max"),
    "amin": ("min", "amin", ".min"),
    "any": ("any", ".any"),
    "all": ("all", ".all"),
}.items():
    reads(*_spellings)(_reduction(_name))


def _position(name: str) -> Handler:
    def read(reader: Reader, node: ast.AST, x: Any, axis: Any = None) -> Any:
        atom = operand(reader, node, x)
        axes = static_axes(reader, node, axis, atom.type.rank)
        return emit(reader, name, [atom], axis=axes, keepdims=False)

    return read


reads("argmax", ".argmax")(_position("argmax"))


reads("argmin", ".argmin")(_position("argmin"))


@reads("prod", ".prod")
def prod(reader: Reader, node: ast.AST, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """A product, as the loop that multiplies: right also where factors are zero."""
    atom = operand(reader, node, x)
    rank = atom.type.rank
    if not rank:
        return x
    axes = static_axes(reader, node, axis, rank)
    if axes is None:
        flat = ravel(reader, node, x)
        result = call_composite(reader, node, composites.product, flat)
        return reshape(reader, node, result, (1,) * rank) if keepdims else result
    if len(axes) != 1:
        reader.fail(node, "prod over several axes at once cannot be read; multiply one axis after the other")
    order = (axes[0], *(k for k in range(rank) if k != axes[0]))
    moved = transpose(reader, node, x, order) if order != tuple(range(rank)) else x
    result = call_composite(reader, node, composites.product, moved)
    return expand_dims(reader, node, result, axes[0]) if keepdims else result


@reads("var", ".var")
def var(reader: Reader, node: ast.AST, x: Any, axis: Any = None, ddof: int = 0, keepdims: bool = False) -> Any:
    """The variance: the mean (or, with ``ddof``, the corrected mean) of squared deviations."""
    centre = METHODS["mean"](reader, node, x, axis, True)
    deviation = operate(reader, TABLE["subtract"], [x, centre])
    squares = operate(reader, TABLE["square"], [deviation])
    if not ddof:
        return METHODS["mean"](reader, node, squares, axis, keepdims)
    total = METHODS["sum"](reader, node, squares, axis, keepdims)
    atom = operand(reader, node, x)
    count = Scalar(
        reader.builder.emit(TABLE["count_like"], [atom], {"axis": static_axes(reader, node, axis, atom.type.rank)}),
        False,
    )
    freedom = operate(reader, TABLE["subtract"], [count, ddof])
    return operate(reader, TABLE["divide"], [total, freedom])


@reads("std", ".std")
def std(reader: Reader, node: ast.AST, x: Any, axis: Any = None, ddof: int = 0, keepdims: bool = False) -> Any:
    """The standard deviation."""
    return operate(reader, TABLE["sqrt"], [var(reader, node, x, axis, ddof, keepdims)])


@reads("scipy.special.logsumexp")
def logsumexp(reader: Reader, node: ast.AST, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The logarithm of a sum of exponentials, shifted by the maximum."""
    largest = METHODS["max"](reader, node, x, axis, True)
    shifted = operate(reader, TABLE["subtract"], [x, largest])
    total = METHODS["sum"](reader, node, operate(reader, TABLE["exp"], [shifted]), axis, keepdims)
    rank = operand(reader, node, x).type.rank
    axes = static_axes(reader, node, axis, rank)
    flat = largest if keepdims else squeeze(reader, node, largest, axes if axes is not None else tuple(range(rank)))
    return operate(reader, TABLE["add"], [flat, operate(reader, TABLE["log"], [total])])


@reads("cumsum", ".cumsum")
def cumsum(reader: Reader, node: ast.AST, x: Any, axis: Any = None) -> Any:
    """The running sum."""
    atom = operand(reader, node, x)
    if axis is None:
        if atom.type.rank != 1:
            x, axis = ravel(reader, node, x), 0
            atom = operand(reader, node, x)
        axis = 0
    axes = static_axes(reader, node, axis, max(atom.type.rank, 1)) or (0,)
    return emit(reader, "cumsum", [atom], axis=axes[0])


@reads("linalg.norm")
def norm(reader: Reader, node: ast.AST, x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:  # noqa: A002
    """The Euclidean (Frobenius) norm, and the 1- and infinity-norm of vectors."""
    atom = operand(reader, node, x)
    if ord is None or (ord == 2 and (atom.type.rank == 1 or axis is not None)) or ord == "fro":
        axes = static_axes(reader, node, axis, atom.type.rank)
        return emit(reader, "norm", [atom], axis=axes, keepdims=bool(keepdims))
    if atom.type.rank == 1 and ord in (1, np.inf):
        size = operate(reader, TABLE["absolute"], [x])
        return METHODS["sum" if ord == 1 else "max"](reader, node, size, axis, keepdims)
    reader.fail(node, f"norm of order {ord!r} of an array with {atom.type.rank} axes cannot be read; write it out")


@reads("trace", ".trace")
def trace(reader: Reader, node: ast.AST, x: Any) -> Any:
    """The sum of the diagonal."""
    return call_composite(reader, node, composites.diagonal_sum, x)


@reads("diff")
def diff(reader: Reader, node: ast.AST, x: Any) -> Any:
    """Differences of neighbours of a vector."""
    return call_composite(reader, node, composites.neighbour_differences, x)


# ---- products --------------------------------------------------------------------------------------------------------
@reads("vdot")
def vdot(reader: Reader, node: ast.AST, a: Any, b: Any) -> Any:
    """The inner product of all elements."""
    return dot(reader, node, ravel(reader, node, a), ravel(reader, node, b))


@reads("inner")
def inner(reader: Reader, node: ast.AST, a: Any, b: Any) -> Any:
    """The product over the last axes of both."""
    ranks = [operand(reader, node, side).type.rank for side in (a, b)]
    if max(ranks) > 2:
        reader.fail(node, f"inner of arrays with {ranks[0]} and {ranks[1]} axes cannot be read; use @ and transpose")
    return dot(reader, node, a, transpose(reader, node, b) if ranks[1] == 2 else b)


@reads("dot", ".dot")
def dot(reader: Reader, node: ast.AST, a: Any, b: Any) -> Any:
    """``np.dot``: a product of numbers, or a matrix product."""
    ranks = [operand(reader, node, side).type.rank for side in (a, b)]
    if 0 in ranks:
        return operate(reader, TABLE["multiply"], [a, b])
    if ranks[1] > 1 and max(ranks) > 2:
        reader.fail(node, f"dot of arrays with {ranks[0]} and {ranks[1]} axes cannot be read; use @ and transpose")
    return operate(reader, TABLE["matmul"], [a, b])


@reads("outer", "multiply.outer")
def outer(reader: Reader, node: ast.AST, a: Any, b: Any) -> Any:
    """The outer product of two vectors."""
    for side in (a, b):
        if operand(reader, node, side).type.rank != 1:
            reader.fail(node, "outer takes two vectors; ravel them first")
    return operate(reader, TABLE["outer"], [a, b])

"""Arrays of overloaded scalars (floor 1).

A `Cells` is a NumPy array of objects: views, slices, boolean masks and in-place writes are NumPy's own, so aliasing is
exactly Python's. Arithmetic goes element by element through the operator table; sums, products and norms are taken
apart into the table's scalar operators.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..ops import TABLE, Op, apply
from .functions import FUNCTIONS, MOVES
from .methods import ArrayMethods
from .overload import ufunc_call
from .plain import is_overloaded, value_of
from .unsupported import unsupported

__all__ = ["Cells", "as_cells", "cells_apply", "is_constant", "numbers"]

_Objects = np.ndarray[Any, np.dtype[Any]]


def as_cells(x: Any) -> Cells:
    """``x`` (scalar, nested list, array, array dual) as an array of scalars; a `Cells` is returned as it is.

    Examples
    --------
    >>> as_cells([[1.0, 2.0], [3.0, 4.0]]).shape
    (2, 2)
    """
    if isinstance(x, Cells):
        return x
    if isinstance(x, np.ndarray):
        return x.astype(object).view(Cells)
    if isinstance(x, (list, tuple)) or (is_overloaded(x) and np.ndim(x)):
        parts = [as_cells(part).view(np.ndarray) for part in x]
        return (np.stack(parts) if parts else np.empty(0, object)).view(Cells)
    cell = np.empty((), object)
    cell[()] = x
    return cell.view(Cells)


def numbers(cells: _Objects) -> _Objects:
    """The values of the elements, as an array of numbers."""
    values = [value_of(element) for element in cells.view(np.ndarray).ravel().tolist()]
    return np.array(values, dtype=None if values else float).reshape(cells.shape)


def is_constant(cells: _Objects) -> bool:
    """Whether no element overloads operators."""
    return not any(is_overloaded(element) for element in cells.view(np.ndarray).ravel().tolist())


def _wrapped(objects: Any) -> Any:
    """Objects as `Cells`; an array of rank 0 as its element."""
    if isinstance(objects, np.ndarray):
        return objects.view(Cells) if objects.ndim else objects[()]
    return objects


# ---- array operators in scalar ones ----------------------------------------------------------------------------------
def _fold(record: str, rows: list[Any]) -> Any:
    result = rows[0]
    for row in rows[1:]:
        result = apply(TABLE[record], result, row)
    return result


def _reduced(elements: Callable[[list[Any]], Any]) -> Callable[..., Any]:
    def reduce(x: _Objects, *, axis: tuple[int, ...] | None, keepdims: bool) -> Any:
        axes = tuple(range(x.ndim)) if axis is None else axis
        kept = tuple(k for k in range(x.ndim) if k not in axes)
        shape = tuple(x.shape[k] for k in kept)
        table = x.transpose(*axes, *kept).reshape(int(np.prod([x.shape[k] for k in axes])), -1)
        result = np.empty(table.shape[1], object)
        for column in range(table.shape[1]):
            result[column] = elements(table[:, column].tolist())
        return result.reshape(tuple(1 if k in axes else n for k, n in enumerate(x.shape)) if keepdims else shape)

    return reduce


def _sum(elements: list[Any]) -> Any:
    return _fold("add", elements) if elements else 0.0


def _extremum(record: str) -> Callable[[list[Any]], Any]:
    def extremum(elements: list[Any]) -> Any:
        values = [value_of(element) for element in elements]
        best = max(values) if record == "maximum" else min(values)
        ties = [element for element, value in zip(elements, values) if value == best]
        if len(ties) > 2:  # share equally, as the record of amax does; a chain of maxima would halve and halve again
            others = [element for element, value in zip(elements, values) if value != best]
            elements = [*others, apply(TABLE["divide"], _sum(ties), float(len(ties)))]
        return _fold(record, elements)

    return extremum


def _norm(elements: list[Any]) -> Any:
    return apply(TABLE["sqrt"], _sum([apply(TABLE["square"], element) for element in elements]))


def _mean(elements: list[Any]) -> Any:
    return apply(TABLE["divide"], _sum(elements), float(len(elements)))


def _matmul(a: _Objects, b: _Objects) -> Any:
    if a.ndim == 1 and b.ndim == 1:
        return _sum([apply(TABLE["multiply"], p, q) for p, q in zip(a.tolist(), b.tolist(), strict=True)])
    return np.matmul(a, b)


def _cumsum(x: _Objects, *, axis: int, backward: bool = False) -> Any:
    rows = np.moveaxis(x, axis, 0)
    rows = rows[::-1] if backward else rows
    result = np.empty(rows.shape, object)
    for k in range(len(rows)):
        result[k] = rows[k] if k == 0 else _elementwise(TABLE["add"], (result[k - 1], rows[k]))
    return np.moveaxis(result[::-1] if backward else result, 0, axis)


def _linspace(start: Any, stop: Any, num: Any, *, endpoint: bool) -> Any:
    fractions = np.linspace(0.0, 1.0, int(num), endpoint=endpoint)
    return as_cells(start) + (as_cells(stop) - start) * fractions


def _spread(t: Any, like: Any, *, axis: tuple[int, ...] | None, keepdims: bool) -> Any:
    return TABLE["spread"].value(t, like, axis=axis, keepdims=keepdims)


_DECOMPOSED: dict[str, Callable[..., Any]] = {
    "sum": _reduced(_sum),
    "mean": _reduced(_mean),
    "amax": _reduced(_extremum("maximum")),
    "amin": _reduced(_extremum("minimum")),
    "norm": _reduced(_norm),
    "matmul": _matmul,
    "cumsum": _cumsum,
    "linspace": _linspace,
    "outer": lambda a, b: _elementwise(TABLE["multiply"], (a.reshape(-1, 1), b.reshape(1, -1))),
    "zeros_like": lambda x: np.full(np.shape(x), 0.0, object),
}
_BY_VALUE = frozenset({"argmax", "argmin", "any", "all", "count_like", "length"})


def _elementwise(operator: Op, operands: tuple[Any, ...]) -> Any:
    call = np.frompyfunc(lambda *scalars: apply(operator, *scalars), len(operands), 1)
    # frompyfunc would call an overloaded scalar's own ufunc protocol: hand it arrays of objects only
    result = call(*(as_cells(operand).view(np.ndarray) for operand in operands))
    if operator.result == "bool":
        return np.asarray(result, dtype=bool)[()]
    return result


def cells_apply(operator: Op, operands: tuple[Any, ...], parameters: dict[str, Any]) -> Any:
    """The value of ``operator`` on arrays of overloaded scalars, by scalar operators."""
    if operator.elementwise:
        return _wrapped(_elementwise(operator, operands))
    if operator.name in _BY_VALUE:
        return operator.value(numbers(as_cells(operands[0])), **parameters)
    decomposed = _DECOMPOSED.get(operator.name)
    arrays = [as_cells(x).view(np.ndarray) if is_overloaded(x) or np.ndim(x) else x for x in operands]
    if decomposed is not None:
        return _wrapped(decomposed(*arrays, **parameters))
    # what remains moves data, which NumPy does with objects as with numbers
    return _wrapped(operator.value(*arrays, **parameters))


class Cells(ArrayMethods, np.ndarray):  # type: ignore[misc]
    """An array whose elements are overloaded scalars or plain numbers.

    Indexing, views and writes are NumPy's; every computation goes through the operator table, element by element.
    """

    __pathgrad_priority__ = 1_000_000
    __array_priority__ = 2000.0

    def __pathgrad__(self, operator: Op, operands: tuple[Any, ...], parameters: dict[str, Any]) -> Any:
        return cells_apply(operator, operands, parameters)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        target = kwargs.pop("out", None)
        if method == "at":
            raise unsupported(f"numpy.{ufunc.__name__}.at", "write the accumulation as a loop")
        result = ufunc_call(ufunc, method, inputs, kwargs)
        if target is None or target[0] is None:
            return result
        target[0][...] = result
        return target[0]

    def __array_function__(self, function: Any, types: Any, arguments: Any, keywords: Any) -> Any:
        if function in _PASSIVE:
            return super().__array_function__(function, types, arguments, keywords)
        mine = FUNCTIONS.get(function)
        if mine is not None:
            return mine(*arguments, **keywords)
        if function in MOVES:
            return _moved(function, arguments, keywords)
        plain = [_demoted(argument) for argument in arguments]
        if any(map(is_overloaded, plain)):
            name = getattr(function, "__name__", str(function))
            raise unsupported(f"numpy.{name}", "write it by functions of the operator table, or as a loop")
        return function(*plain, **{key: _demoted(value) for key, value in keywords.items()})

    def __setitem__(self, index: Any, value: Any) -> None:
        if np.ndim(value) or isinstance(value, (list, tuple)):
            value = as_cells(value).view(np.ndarray)
        elif isinstance(value, np.ndarray):
            value = value[()]
        self.view(np.ndarray)[index] = value

    def __bool__(self) -> bool:
        return bool(numbers(self)) if is_constant(self) else super().__bool__()

    def astype(self, dtype: Any, *arguments: Any, **keywords: Any) -> Any:
        """A copy: of the elements where floats are asked for, of their values otherwise."""
        return self.copy() if np.dtype(dtype).kind in "fO" else numbers(self).astype(dtype, *arguments, **keywords)

    def fill(self, value: Any) -> None:
        """Write ``value`` to every element."""
        self[...] = value

    def copy(self, order: str = "C") -> Any:  # type: ignore[override]
        """A copy, whose writes do not change this array."""
        return np.array(self.view(np.ndarray)).view(Cells)


def _demoted(x: Any) -> Any:
    if isinstance(x, (list, tuple)):
        return type(x)(map(_demoted, x))
    return numbers(x) if isinstance(x, Cells) and is_constant(x) else x


def _moved(function: Callable[..., Any], arguments: Any, keywords: dict[str, Any]) -> Any:
    if function is np.diff:
        return _difference(*arguments, **keywords)
    plain = [x.view(np.ndarray) if isinstance(x, Cells) else x for x in arguments]
    result = function(*plain, **keywords)
    return [_wrapped(part) for part in result] if isinstance(result, (list, tuple)) else _wrapped(result)


def _difference(a: Any, n: int = 1, axis: int = -1) -> Any:
    rows = np.moveaxis(as_cells(a), axis, 0)
    for _ in range(n):
        rows = rows[1:] - rows[:-1]
    return np.moveaxis(rows, 0, axis)


#: Functions that look at an array without computing with its elements.
_PASSIVE = frozenset(
    {np.shape, np.ndim, np.size, np.array_repr, np.array_str, np.array2string, np.may_share_memory, np.shares_memory}
    | {np.copyto, np.result_type, np.ravel_multi_index, np.broadcast_arrays}
)

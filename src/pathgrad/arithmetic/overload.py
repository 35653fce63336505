"""What makes a class overload operators: Python's, NumPy's ufuncs, NumPy's functions (floor 1).

A class that inherits `Overloaded` and defines ``__pathgrad__(operator, operands, parameters)`` receives every operation
on its instances as a record of the operator table: ``x * y``, ``np.sin(x)``, ``np.float64(2) * x``, ``np.sum(x)``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..errors import ArgumentError
from ..ops import SPELLINGS, TABLE, Op, apply
from .functions import FUNCTIONS, MOVES, array_of
from .methods import ArrayMethods
from .plain import value_of
from .unsupported import unsupported

__all__ = ["Overloaded", "record_of_ufunc", "ufunc_call"]

_NUMBERS = (int, float, np.number, np.bool_, np.ndarray)

#: Name of a NumPy or SciPy ufunc to record.
_UFUNCS: dict[str, Op] = {
    spelling.rpartition(".")[2]: record
    for spelling, record in SPELLINGS.items()
    if spelling.startswith(("numpy.", "scipy.special."))
}
_UFUNCS |= {
    "float_power": TABLE["power"],
    "conjugate": TABLE["positive"],
    "bitwise_and": TABLE["logical_and"],
    "bitwise_or": TABLE["logical_or"],
    "bitwise_xor": TABLE["logical_xor"],
    "invert": TABLE["logical_not"],
}
_REDUCTIONS: dict[str, Callable[..., Any]] = {
    "add": np.sum,
    "multiply": np.prod,
    "maximum": np.max,
    "minimum": np.min,
    "logical_and": np.all,
    "logical_or": np.any,
}


def record_of_ufunc(ufunc: np.ufunc) -> Op:
    """The record that stands for a NumPy or SciPy ufunc.

    Raises
    ------
    UnsupportedCall
        If there is none.
    """
    record = _UFUNCS.get(ufunc.__name__)
    if record is None:
        raise unsupported(f"the ufunc {ufunc.__name__}", "write it by functions of the operator table")
    return record


def ufunc_call(ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """The value of a ufunc, or of one of its methods, by the operator table.

    Raises
    ------
    UnsupportedCall
        If the table has no such operator, or not with these options.
    """
    kwargs = {key: value for key, value in kwargs.items() if value is not None and value is not np._NoValue}
    name = ufunc.__name__
    if method == "__call__" and not kwargs.keys() - {"dtype", "casting"}:
        return apply(record_of_ufunc(ufunc), *map(array_of, inputs))
    if method == "reduce" and name in _REDUCTIONS and not kwargs.keys() - {"axis", "keepdims", "dtype"}:
        axis = inputs[1] if len(inputs) > 1 else kwargs.get("axis", 0)
        return FUNCTIONS[_REDUCTIONS[name]](inputs[0], axis=axis, keepdims=kwargs.get("keepdims", False))
    if method == "accumulate" and name == "add":
        return FUNCTIONS[np.cumsum](inputs[0], axis=kwargs.get("axis", 0))
    if method == "outer" and name == "multiply":
        return apply(TABLE["outer"], *map(array_of, inputs))
    options = ", ".join(kwargs)
    call = f"numpy.{name}" if method == "__call__" else f"numpy.{name}.{method}"
    raise unsupported(f"{call}({options})", "write the operation without these options, or as a loop")


def _operator(record: Op) -> Callable[[Any, Any], Any]:
    def method(self: Any, other: Any) -> Any:
        if isinstance(other, (list, tuple)) and self.ndim > 0:
            other = array_of(other)
        if not isinstance(other, _NUMBERS) and getattr(other, "__pathgrad__", None) is None:
            return NotImplemented
        return apply(record, self, other)

    method.__doc__ = f"The operator {record.name} of the table."
    return method


def _reflected(record: Op) -> Callable[[Any, Any], Any]:
    def method(self: Any, other: Any) -> Any:
        if isinstance(other, (list, tuple)) and self.ndim > 0:
            other = array_of(other)
        if not isinstance(other, _NUMBERS) and getattr(other, "__pathgrad__", None) is None:
            return NotImplemented
        return apply(record, other, self)

    method.__doc__ = f"The operator {record.name} of the table, with the operands exchanged."
    return method


def _function(record: Op) -> Callable[[Any], Any]:
    def method(self: Any) -> Any:
        return apply(record, self)

    method.__doc__ = f"The operator {record.name} of the table; NumPy calls it on arrays of objects."
    return method


class Overloaded(ArrayMethods):
    """Every Python operator, and NumPy's protocols, dispatched by the operator table.

    A subclass defines ``__pathgrad__(operator, operands, parameters)`` and ``shape``; ``value`` is what comparisons,
    rounding to ``int`` and error messages read.
    """

    __array_priority__ = 1000.0
    __slots__ = ()

    def __pathgrad__(self, operator: Op, operands: tuple[Any, ...], parameters: dict[str, Any]) -> Any:
        """The value of ``operator``; defined by the subclass."""
        raise NotImplementedError(f"{type(self).__name__} defines no __pathgrad__")

    @property
    def value(self) -> Any:
        """The number behind.

        Raises
        ------
        NotImplementedError
            If the subclass does not define it.
        """
        raise NotImplementedError(f"{type(self).__name__} defines no value")

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the value."""
        return tuple(np.shape(self.value))

    @property
    def ndim(self) -> int:
        """The rank of the value."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """The number of elements."""
        return int(np.prod(self.shape))

    @property
    def T(self) -> Any:  # noqa: N802
        """The transpose."""
        return self.transpose()

    __add__ = _operator(TABLE["add"])
    __sub__ = _operator(TABLE["subtract"])
    __mul__ = _operator(TABLE["multiply"])
    __truediv__ = _operator(TABLE["divide"])
    __pow__ = _operator(TABLE["power"])
    __floordiv__ = _operator(TABLE["floor_divide"])
    __mod__ = _operator(TABLE["remainder"])
    __matmul__ = _operator(TABLE["matmul"])
    __radd__ = _reflected(TABLE["add"])
    __rsub__ = _reflected(TABLE["subtract"])
    __rmul__ = _reflected(TABLE["multiply"])
    __rtruediv__ = _reflected(TABLE["divide"])
    __rpow__ = _reflected(TABLE["power"])
    __rfloordiv__ = _reflected(TABLE["floor_divide"])
    __rmod__ = _reflected(TABLE["remainder"])
    __rmatmul__ = _reflected(TABLE["matmul"])
    __neg__ = _function(TABLE["negative"])
    __pos__ = _function(TABLE["positive"])
    __abs__ = _function(TABLE["absolute"])
    __lt__ = _operator(TABLE["less"])
    __le__ = _operator(TABLE["less_equal"])
    __gt__ = _operator(TABLE["greater"])
    __ge__ = _operator(TABLE["greater_equal"])
    __eq__ = _operator(TABLE["equal"])
    __ne__ = _operator(TABLE["not_equal"])

    def __hash__(self) -> int:
        # equal objects have equal hashes: comparisons read the value alone
        return hash(self.value)

    def __divmod__(self, other: Any) -> Any:
        return self // other, self % other

    def __rdivmod__(self, other: Any) -> Any:
        return other // self, other % self

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError(f"len() of {self!r}, which is a scalar; only arrays have a length")
        return self.shape[0]

    def __iter__(self) -> Iterator[Any]:
        return (self[k] for k in range(len(self)))  # type: ignore[index]

    def _lost(self, call: str, remedy: str) -> ArgumentError:
        return ArgumentError(f"{call} of {self!r} would lose its derivative; {remedy}")

    def __bool__(self) -> bool:
        raise self._lost("bool()", "compare it with a number, as in `x != 0`")

    def __float__(self) -> float:
        raise self._lost("float()", "use it as it is; an array that receives it must be one of pathgrad's")

    # The derivative of a rounded number is zero wherever it exists: nothing is lost here.
    def __int__(self) -> int:
        return int(self.value)

    __trunc__ = __int__

    def __floor__(self) -> int:
        return int(np.floor(value_of(self)))

    def __ceil__(self) -> int:
        return int(np.ceil(value_of(self)))

    def __round__(self, ndigits: int | None = None) -> Any:
        return int(np.rint(value_of(self))) if ndigits is None else FUNCTIONS[np.round](self, ndigits)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        return ufunc_call(ufunc, method, inputs, kwargs)

    def __array_function__(self, function: Any, types: Any, arguments: Any, keywords: dict[str, Any]) -> Any:
        mine = FUNCTIONS.get(function)
        if mine is not None:
            return mine(*arguments, **keywords)
        if function in MOVES:
            return self._move(function, arguments, keywords)
        name = getattr(function, "__name__", str(function))
        raise unsupported(f"numpy.{name}", "write it by functions of the operator table, or as a loop")

    def _move(self, function: Callable[..., Any], arguments: Any, keywords: dict[str, Any]) -> Any:
        raise unsupported(f"numpy.{function.__name__} of a scalar", "use it on arrays")


def _enter_methods() -> None:
    """Give `Overloaded` a method for each unary ufunc: NumPy calls them on the elements of object arrays."""
    for name, record in _UFUNCS.items():
        if record.elementwise and record.arity == 1 and not hasattr(Overloaded, name):
            setattr(Overloaded, name, _function(record))


_enter_methods()

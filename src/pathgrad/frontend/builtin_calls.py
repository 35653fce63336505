"""Python's built-in functions (floor 2)."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..ir import Const, Type, constant
from ..ops import TABLE
from .containers import items_of
from .context import Reader
from .iteration import Endless, Zipped, dimension, length_of
from .numpy_calls import handler_of
from .numpy_creation import astype
from .numpy_shaping import flip
from .operands import cast_atom, operate
from .operators import binary
from .storage import element_of, type_of
from .values import Array, DictValue, ListValue, RangeValue, Scalar, as_number, describe, is_static


# ---- what loops run over ---------------------------------------------------------------------------------------------
def _range(reader: Reader, node: ast.AST, *ends: Any) -> Any:
    start, stop, step = {1: (0, *ends, 1), 2: (*ends, 1), 3: ends}.get(len(ends), (None, None, None))
    for end in (start, stop, step):
        number = as_number(end)
        if number is None or number.dtype != "i64":
            reader.fail(node, f"range takes integers; got {describe(end)}: use int(...)")
    if all(isinstance(end, int) for end in (start, stop, step)):
        if step == 0:
            reader.fail(node, "range: the step must not be 0")
        return range(start, stop, step)
    return RangeValue(start, stop, step)


def _len(reader: Reader, node: ast.AST, value: Any) -> Any:
    if isinstance(value, Array):
        return dimension(reader, value, 0)
    if isinstance(value, RangeValue):
        atom = length_of(reader, value)
        return atom.value if isinstance(atom, Const) else Scalar(atom)
    if isinstance(value, Scalar):
        reader.fail(node, "a number has no len")
    return len(value.slots) if isinstance(value, ListValue | DictValue) else len(value)


def _zip(reader: Reader, node: ast.AST, *parts: Any, strict: bool = False) -> Any:
    if any(_is_counted(part) for part in parts):
        for part in parts:
            if not isinstance(part, Array | RangeValue | range | Zipped):
                return _static_zip(reader, node, parts)
        return Zipped(parts)
    return tuple(zip(*(items_of(reader, node, part) for part in parts), strict=strict))


def _static_zip(reader: Reader, node: ast.AST, parts: tuple[Any, ...]) -> Any:
    """``zip`` of a list with arrays or ranges: as long as the list."""
    counts = [len(items_of(reader, node, p)) for p in parts if not _is_counted(p)]
    length = min(counts)
    columns = []
    for part in parts:
        if isinstance(part, Array):
            columns.append([element_of(reader, part, constant(k)) for k in range(length)])
        elif isinstance(part, range):
            columns.append(list(part)[:length])
        elif _is_counted(part):
            reader.fail(node, "zip of a list and a range with run-time ends cannot be read; use an array")
        else:
            columns.append(items_of(reader, node, part)[:length])
    return tuple(zip(*columns, strict=False))


def _is_counted(part: Any) -> bool:
    return isinstance(part, Array | RangeValue | Zipped | range)


def _enumerate(reader: Reader, node: ast.AST, part: Any, start: int = 0) -> Any:
    if _is_counted(part):
        return Zipped((Endless(start), part))
    return tuple(enumerate(items_of(reader, node, part), start))


def _reversed(reader: Reader, node: ast.AST, part: Any) -> Any:
    if isinstance(part, range):
        return part[::-1]
    if isinstance(part, RangeValue):
        count = Scalar(length_of(reader, part))
        last = binary(reader, node, ast.Sub(), count, 1)
        span = binary(reader, node, ast.Mult(), last, part.step)
        first = binary(reader, node, ast.Add(), part.start, span)
        before = binary(reader, node, ast.Sub(), part.start, part.step)
        return RangeValue(first, before, binary(reader, node, ast.Sub(), 0, part.step))
    if isinstance(part, Array):
        return flip(reader, node, part, 0)
    return tuple(reversed(items_of(reader, node, part)))


# ---- numbers ---------------------------------------------------------------------------------------------------------
def _extremum(op_name: str) -> Callable[..., Any]:
    def read(reader: Reader, node: ast.AST, *values: Any) -> Any:
        if len(values) == 1:
            if isinstance(values[0], Array):
                return handler_of(np.max if op_name == "maximum" else np.min)(reader, node, values[0])
            values = tuple(items_of(reader, node, values[0]))
        if all(isinstance(v, bool | int | float) for v in values):
            return max(values) if op_name == "maximum" else min(values)
        result = values[0]
        for value in values[1:]:
            result = operate(reader, TABLE[op_name], [result, value])
        return result

    return read


def _sum(reader: Reader, node: ast.AST, values: Any, start: Any = 0) -> Any:
    if isinstance(values, Array) and type_of(reader, values).rank == 1:
        total = handler_of(np.sum)(reader, node, values)
        return total if start == 0 and isinstance(start, int) else binary(reader, node, ast.Add(), start, total)
    result = start
    for item in items_of(reader, node, values):
        result = binary(reader, node, ast.Add(), result, item)
    return result


def _convert(dtype: str) -> Callable[..., Any]:
    python = {"f64": float, "i64": int, "bool": bool, "f32": float}[dtype]

    def read(reader: Reader, node: ast.AST, value: Any = 0) -> Any:
        if isinstance(value, Array):
            return astype(reader, node, value, dtype)
        if isinstance(value, Scalar):
            if dtype == "i64" and value.dtype in ("f64", "f32"):
                value = operate(reader, TABLE["trunc"], [value])
            atom = cast_atom(reader, value.atom, Type(dtype))
            return Scalar(atom, weak=dtype != "f32" and value.weak)
        return python(value)

    return read


def _rounded(op_name: str, function: Callable[[Any], int]) -> Callable[..., Any]:
    """``math.floor`` and its relatives, whose result is an int."""

    def read(reader: Reader, node: ast.AST, value: Any) -> Any:
        if is_static(value):
            return function(value)
        whole = operate(reader, TABLE[op_name], [value])
        return Scalar(cast_atom(reader, whole.atom, Type("i64")))

    return read


def _abs(reader: Reader, node: ast.AST, value: Any) -> Any:
    return abs(value) if is_static(value) else operate(reader, TABLE["absolute"], [value])


def _pow(reader: Reader, node: ast.AST, base: Any, exponent: Any) -> Any:
    return binary(reader, node, ast.Pow(), base, exponent)


# ---- containers and the rest -----------------------------------------------------------------------------------------
def _list(reader: Reader, node: ast.AST, value: Any = ()) -> Any:
    return reader.state.add(ListValue.of(list(items_of(reader, node, value))))


def _tuple(reader: Reader, node: ast.AST, value: Any = ()) -> Any:
    return tuple(items_of(reader, node, value))


def _dict(reader: Reader, node: ast.AST, *pairs: Any, **named: Any) -> Any:
    slots = dict(items_of(reader, node, pairs[0])) if pairs else {}
    return reader.state.add(DictValue({**slots, **named}))


def _print(reader: Reader, node: ast.AST, *_: Any, **__: Any) -> Any:
    reader.fail(node, "print has no place in a derivative program; remove it, or print outside the function")


def is_instance(reader: Reader, node: ast.Call) -> bool:
    """``isinstance(value, kinds)``, for the kind of value that is there at run time."""
    value = reader.evaluate(node.args[0])
    kinds = reader.evaluate(node.args[1])
    kinds = kinds if isinstance(kinds, tuple) else (kinds,)
    if isinstance(value, Scalar):
        sample: Any = {"f64": 1.0 if value.weak else np.float64(1), "f32": np.float32(1), "i64": 1, "bool": True}[
            value.dtype
        ]
    elif isinstance(value, Array):
        sample = np.zeros(1)
    elif isinstance(value, ListValue):
        sample = []
    elif isinstance(value, DictValue):
        sample = {}
    else:
        sample = value
    return isinstance(sample, kinds)


BUILTINS: dict[Any, Callable[..., Any]] = {
    range: _range,
    len: _len,
    zip: _zip,
    enumerate: _enumerate,
    reversed: _reversed,
    max: _extremum("maximum"),
    min: _extremum("minimum"),
    sum: _sum,
    abs: _abs,
    math.floor: _rounded("floor", math.floor),
    math.ceil: _rounded("ceil", math.ceil),
    math.trunc: _rounded("trunc", math.trunc),
    round: _rounded("rint", round),
    pow: _pow,
    list: _list,
    tuple: _tuple,
    dict: _dict,
    print: _print,
    float: _convert("f64"),
    int: _convert("i64"),
    bool: _convert("bool"),
    np.float64: _convert("f64"),
    np.float32: _convert("f32"),
    np.int64: _convert("i64"),
    np.bool_: _convert("bool"),
}

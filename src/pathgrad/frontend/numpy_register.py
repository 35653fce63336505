"""Which handler reads which NumPy function or array method, and what handlers share (floor 2).

A handler takes the reader, the call's node, and the arguments as Python would bind them.
"""

from __future__ import annotations

import ast
import functools
import operator
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from ..ir import Atom, Const
from ..ir.types import dtype_of_numpy
from ..ops import TABLE
from .context import NeedsStatic, Reader
from .names import helper_source
from .storage import new_array
from .values import Array, ListValue, Scalar, as_number, describe

Handler = Callable[..., Any]


_BY_NAME: dict[str, Handler] = {}


METHODS: dict[str, Handler] = {}


def reads(*names: str) -> Callable[[Handler], Handler]:
    """Register a handler for NumPy functions (``"sum"``) and array methods (``".sum"``)."""

    def register(function: Handler) -> Handler:
        for name in names:
            if name.startswith("."):
                METHODS[name[1:]] = function
            else:
                _BY_NAME[name] = function
        return function

    return register


def is_loaded(module: str) -> bool:
    """Whether a module has been imported, to its end."""
    spec = getattr(sys.modules.get(module), "__spec__", None)
    return spec is not None and not getattr(spec, "_initializing", False)


@functools.cache
def _by_identity(has_scipy: bool) -> dict[int, tuple[Any, Handler]]:
    found: dict[int, tuple[Any, Handler]] = {}
    for name, function in _BY_NAME.items():
        owner: Any = np
        if name.startswith("scipy."):
            if not has_scipy:
                continue
            module, _, last = name.rpartition(".")
            owner, name = sys.modules[module], last
        try:
            callee = operator.attrgetter(name)(owner)
        except AttributeError:
            continue
        found[id(callee)] = (callee, function)
    return found


def handler_of(callee: Any) -> Any:
    """The handler of a NumPy function, or None."""
    entry = _by_identity(is_loaded("scipy.special")).get(id(callee))
    return entry[1] if entry else None


# ---- results ---------------------------------------------------------------------------------------------------------
def result_of(reader: Reader, atom: Atom) -> Any:
    """An atom as a reader value."""
    return new_array(reader, atom) if atom.type.rank else Scalar(atom, weak=False)


def emit(reader: Reader, name: str, atoms: list[Atom], **params: Any) -> Any:
    """Apply an operator of the table; its result as a reader value."""
    return result_of(reader, reader.builder.emit(TABLE[name], atoms, params, "t"))


def derived_array(reader: Reader, x: Any, atom: Atom) -> Any:
    """An array that NumPy may give as a view of ``x``: writing into either is then refused."""
    result = result_of(reader, atom)
    if isinstance(x, Array) and isinstance(result, Array):
        result.cell.may_be(x.cell.candidates)
    return result


def call_composite(reader: Reader, node: ast.AST, function: Any, *arguments: Any) -> Any:
    """Call a function of `composites`."""
    return reader.call_source(node, helper_source(reader, node, function), list(arguments), {}, "t")


# ---- arguments -------------------------------------------------------------------------------------------------------
def static_int(reader: Reader, node: ast.AST, value: Any, what: str) -> int:
    """An integer that must be known when reading."""
    if isinstance(value, bool | int):
        return int(value)
    error = reader.error(node, f"{what} must be an integer that is known when reading")
    if isinstance(value, Scalar) and not isinstance(value.atom, Const):
        raise NeedsStatic(value.atom, error)
    raise error


def static_axes(reader: Reader, node: ast.AST, axis: Any, rank: int) -> tuple[int, ...] | None:
    """The axes of a reduction, counted from 0 and in order; None for all of them."""
    if axis is None:
        return None
    given = axis if isinstance(axis, tuple) else (axis,)
    axes = []
    for a in given:
        number = static_int(reader, node, a, "axis")
        if not -rank <= number < rank:
            reader.fail(node, f"axis {number} of an array with {rank} axes; use {-rank} to {rank - 1}")
        axes.append(number % rank)
    return None if sorted(axes) == list(range(rank)) else tuple(sorted(axes))


def shape_atoms(reader: Reader, node: ast.AST, shape: Any) -> list[Atom]:
    """The lengths that make up a shape."""
    lengths = list(shape) if isinstance(shape, tuple) else shape.items if isinstance(shape, ListValue) else [shape]
    atoms = []
    for one in lengths:
        number = as_number(one)
        if number is None or number.dtype != "i64":
            reader.fail(node, f"a shape is made of integers; got {describe(one)}: use int(...)")
        atoms.append(number.atom)
    return atoms


def dtype_of(reader: Reader, node: ast.AST, dtype: Any, default: str) -> str:
    """The dtype that a NumPy or Python dtype argument means."""
    if dtype is None:
        return default
    try:
        name = np.dtype({float: "float64", int: "int64", bool: "bool"}.get(dtype, dtype)).name
    except TypeError:
        name = str(dtype)
    found = dtype_of_numpy(name)
    if found is None:
        reader.fail(node, f"dtype {name} is not supported; use float64, float32, int64 or bool")
    return found

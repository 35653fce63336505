"""Names from outside the function, and arguments bound to parameters (floor 2)."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import ArgumentError, SourceUnavailable, UnsupportedCall
from ..ir import Const, Type, array
from ..ir.types import dtype_of_numpy
from .context import Reader
from .source import MISSING, READABLE_MODULES, Source, source_of
from .values import Array, Cell, DictValue, ListValue


def lookup(reader: Reader, node: ast.AST, source: Source, name: str) -> Any:
    """The value of a name that the function does not assign."""
    value = source.lookup(name)
    if value is MISSING:
        reader.fail(
            node,
            f"the name {name!r} is not known here; is it assigned before it is read, and imported at the top "
            f"(of {', '.join(READABLE_MODULES[:4])} in a file that is not run)?",
        )
    reader.library.depend((id(source.lookup), name), lambda: source.lookup(name), value)
    return wrap(value, name)


def wrap(value: Any, name: str) -> Any:
    """A Python object as a reader value."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        if value.ndim == 0:
            return value.item()
        atom = Const(value, type_of_array(value, name), name)
        return Array(Cell({"content": atom}, name=name, captured=True))
    if isinstance(value, tuple):
        return tuple(wrap(item, f"{name}_{k}") for k, item in enumerate(value))
    if isinstance(value, list) and not isinstance(value, ListValue):
        return ListValue({k: wrap(item, f"{name}_{k}") for k, item in enumerate(value)}, captured=True)
    if type(value) is dict:
        return DictValue({k: wrap(v, f"{name}_{k}") for k, v in value.items()}, captured=True)
    return value


def read_import(reader: Reader, node: ast.Import | ast.ImportFrom) -> None:
    """An import inside a function."""
    module = node.module if isinstance(node, ast.ImportFrom) else None
    for alias in node.names:
        whole = module or alias.name
        if whole not in READABLE_MODULES:
            reader.fail(node, f"the import of {whole!r} inside a function cannot be read; import it at the top")
        target = importlib.import_module(whole)
        if module:
            reader.frame.slots[alias.asname or alias.name] = getattr(target, alias.name)
        elif alias.asname:
            reader.frame.slots[alias.asname] = target
        else:
            top = alias.name.split(".")[0]
            reader.frame.slots[top] = importlib.import_module(top)


def helper_source(reader: Reader, node: ast.AST, callee: Any) -> Source:
    """The source of a function that the user's function calls."""
    try:
        return source_of(callee)
    except SourceUnavailable as error:
        reader.fail(node, str(error), UnsupportedCall)


def bind(
    reader: Reader,
    node: ast.AST,
    source: Source,
    arguments: Sequence[Any],
    keywords: dict[str, Any],
    defaults: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Arguments by parameter name, as Python binds them."""
    names = source.parameter_names()
    positional = len(source.node.args.posonlyargs) + len(source.node.args.args)
    if len(arguments) > positional:
        reader.fail(node, f"{source.name} takes {positional} arguments; got {len(arguments)}")
    bound = dict(zip(names, arguments, strict=False))
    for name, value in keywords.items():
        if name not in names:
            reader.fail(node, f"{source.name} has no parameter {name!r}; it has {', '.join(names)}")
        if name in bound:
            reader.fail(node, f"{source.name} got {name!r} twice")
        bound[name] = value
    for name in names:
        if name not in bound:
            value = defaults.get(name, MISSING) if defaults is not None else source.defaults(name)
            if value is MISSING:
                reader.fail(node, f"{source.name} needs a value for {name!r}")
            bound[name] = wrap(value, name)
    return {name: bound[name] for name in names}


def type_of_array(value: np.ndarray[Any, Any], name: str) -> Type:
    """The type of a NumPy array.

    Raises
    ------
    ArgumentError
        A dtype that programs do not have.
    """
    dtype = dtype_of_numpy(value.dtype.name)
    if dtype is None:
        raise ArgumentError(
            f"{name}: an array of dtype {value.dtype} cannot be read; convert it with .astype(np.float64)"
        )
    return array(dtype, tuple(1 if n == 1 else (name, k) for k, n in enumerate(value.shape)))


def identifier(name: str) -> str:
    """A function's name as an identifier; emission makes names distinct."""
    return name if name.isidentifier() else "function"

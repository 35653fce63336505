"""Attributes of values: an array's shape, a module's functions, methods to be called (floor 2)."""

from __future__ import annotations

import ast
from types import ModuleType
from typing import Any

import numpy as np

from .context import Reader
from .iteration import dimension
from .names import wrap
from .numpy_shaping import ravel, transpose
from .operators import binary
from .storage import type_of
from .values import Array, DictValue, ListValue, Method, Scalar, describe, is_static


def attribute(reader: Reader, node: ast.Attribute, owner: Any, name: str) -> Any:
    """``owner.name``."""
    if isinstance(owner, Array):
        return _array_attribute(reader, node, owner, name)
    if isinstance(owner, Scalar):
        if name in ("real", "T"):
            return owner
        if name in ("shape", "ndim", "size"):
            return {"shape": (), "ndim": 0, "size": 1}[name]
        return Method(owner, name)
    if isinstance(owner, ListValue | DictValue):
        return Method(owner, name)
    if isinstance(owner, ModuleType) or not is_static(owner) or hasattr(owner, name):
        value = getattr(owner, name, None)
        if value is None and not hasattr(owner, name):
            reader.fail(node, f"{describe(owner)} has no attribute {name!r}")
        if not _is_library(owner):
            reader.library.depend((id(owner), name), lambda: getattr(owner, name, None), value)
        return wrap(value, name)
    reader.fail(node, f"{describe(owner)} has no attribute {name!r}")


def _is_library(owner: Any) -> bool:
    """Whether attributes of ``owner`` never change: NumPy's and Python's own modules."""
    return isinstance(owner, ModuleType) and owner.__name__.split(".")[0] in ("numpy", "math", "scipy", "pathgrad")


def _array_attribute(reader: Reader, node: ast.Attribute, owner: Array, name: str) -> Any:
    type_ = type_of(reader, owner)
    if name == "shape":
        return tuple(dimension(reader, owner, axis) for axis in range(type_.rank))
    if name == "ndim":
        return type_.rank
    if name == "size":
        result: Any = 1
        for axis in range(type_.rank):
            result = binary(reader, node, ast.Mult(), dimension(reader, owner, axis), result)
        return result
    if name == "T":
        return transpose(reader, node, owner)
    if name == "dtype":
        return np.dtype({"f64": "float64", "f32": "float32", "i64": "int64", "bool": "bool"}[type_.dtype])
    if name == "flat":
        return ravel(reader, node, owner)
    return Method(owner, name)

"""NumPy's arrays made of numbers and of other arrays (floor 2)."""

from __future__ import annotations

import ast
from typing import Any

from ..ir import Atom, Const, Type, array, constant
from ..ir.types import promote
from ..ops import TABLE
from . import composites
from .containers import items_of
from .context import Reader
from .iteration import length_of
from .numpy_register import (
    Handler,
    call_composite,
    dtype_of,
    emit,
    reads,
    result_of,
    shape_atoms,
    static_axes,
    static_int,
)
from .operands import cast_atom, operand
from .storage import new_array, type_of
from .values import Array
from .writing import write_all


# ---- joining ---------------------------------------------------------------------------------------------------------
def _parts(reader: Reader, node: ast.AST, parts: Any) -> list[Atom]:
    atoms = [operand(reader, node, part) for part in items_of(reader, node, parts)]
    dtype = promote(*(a.type.dtype for a in atoms if isinstance(a.type, Type)))
    return [cast_atom(reader, a, array(dtype, a.type.dims)) for a in atoms if isinstance(a.type, Type)]


@reads("concatenate")
def concatenate(reader: Reader, node: ast.AST, parts: Any, axis: Any = 0) -> Any:
    """Arrays joined along an axis that they have."""
    atoms = _parts(reader, node, parts)
    rank = atoms[0].type.rank
    if not rank or any(a.type.rank != rank for a in atoms):
        reader.fail(node, "concatenate takes arrays with the same number of axes; use np.array for numbers")
    return emit(reader, "concatenate", atoms, axis=(static_axes(reader, node, axis, rank) or (0,))[0])


@reads("hstack")
def hstack(reader: Reader, node: ast.AST, parts: Any) -> Any:
    """Arrays side by side."""
    atoms = _parts(reader, node, parts)
    atoms = [a if a.type.rank else reader.builder.emit(TABLE["pack"], [a]) for a in atoms]
    return emit(reader, "concatenate", atoms, axis=0 if atoms[0].type.rank == 1 else 1)


@reads("vstack")
def vstack(reader: Reader, node: ast.AST, parts: Any) -> Any:
    """Arrays below each other."""
    atoms = _parts(reader, node, parts)
    if all(a.type.rank == 1 for a in atoms):
        return emit(reader, "stack", atoms, axis=0)
    wide = [a if a.type.rank > 1 else reader.builder.emit(TABLE["expand_dims"], [a], {"axis": 0}) for a in atoms]
    return emit(reader, "concatenate", wide, axis=0)


@reads("stack")
def stack(reader: Reader, node: ast.AST, parts: Any, axis: Any = 0) -> Any:
    """Arrays joined along a new axis."""
    atoms = _parts(reader, node, parts)
    if not atoms[0].type.rank:
        return emit(reader, "pack", atoms)
    return emit(reader, "stack", atoms, axis=static_int(reader, node, axis, "axis") % (atoms[0].type.rank + 1))


# ---- copies ----------------------------------------------------------------------------------------------------------
@reads("asarray", "ascontiguousarray")
def as_array(reader: Reader, node: ast.AST, x: Any, dtype: Any = None) -> Any:
    """An array itself, unless another dtype is wanted."""
    if isinstance(x, Array):
        own = type_of(reader, x).dtype
        if dtype_of(reader, node, dtype, own) == own:
            return x
    return make_array(reader, node, x, dtype)


@reads("array")
def make_array(reader: Reader, node: ast.AST, x: Any, dtype: Any = None) -> Any:
    """An array of numbers or arrays; always a copy."""
    atom = operand(reader, node, x)
    if not atom.type.rank:
        return x
    assert isinstance(atom.type, Type)
    wanted = dtype_of(reader, node, dtype, atom.type.dtype)
    given = atom.type
    if isinstance(x, Array) or isinstance(atom, Const):
        atom = reader.builder.emit(TABLE["copy"], [atom])
    return result_of(reader, cast_atom(reader, atom, given.with_dtype(wanted)))


@reads("copy", ".copy")
def copy(reader: Reader, node: ast.AST, x: Any) -> Any:
    """A copy with storage of its own."""
    atom = operand(reader, node, x)
    return emit(reader, "copy", [atom]) if atom.type.rank else x


@reads(".astype")
def astype(reader: Reader, node: ast.AST, x: Any, dtype: Any) -> Any:
    """The same numbers in another dtype."""
    atom = operand(reader, node, x)
    assert isinstance(atom.type, Type)
    wanted = dtype if dtype in ("f64", "f32", "i64", "bool") else dtype_of(reader, node, dtype, "f64")
    return result_of(reader, reader.builder.emit(TABLE["cast"], [atom], {"dtype": wanted}))


# ---- filling ---------------------------------------------------------------------------------------------------------
def _filled(name: str) -> Handler:
    def read(reader: Reader, node: ast.AST, shape: Any, dtype: Any = None) -> Any:
        lengths = shape_atoms(reader, node, shape)
        kind = dtype_of(reader, node, dtype, "f64")
        if not lengths:
            return 0.0 if name != "ones" else 1.0
        if name == "ones":
            return emit(reader, "full", [constant(1.0 if kind != "i64" else 1), *lengths], dtype=kind)
        return emit(reader, name, lengths, dtype=kind)

    return read


for _name in ("zeros", "ones", "empty"):
    reads(_name)(_filled(_name))


@reads("full")
def full(reader: Reader, node: ast.AST, shape: Any, fill_value: Any, dtype: Any = None) -> Any:
    """An array of one value."""
    value = operand(reader, node, fill_value)
    if value.type.rank:
        reader.fail(node, "full with an array as value cannot be read; use np.broadcast_to(...).copy()")
    assert isinstance(value.type, Type)
    kind = dtype_of(reader, node, dtype, value.type.dtype)
    value = cast_atom(reader, value, Type(kind))
    return emit(reader, "full", [value, *shape_atoms(reader, node, shape)], dtype=kind)


def _filled_like(value: float | None) -> Handler:
    def read(reader: Reader, node: ast.AST, x: Any, dtype: Any = None) -> Any:
        return _full_like(reader, node, x, value or 0.0, dtype, zero=not value)

    return read


reads("zeros_like")(_filled_like(0.0))


reads("empty_like")(_filled_like(None))


reads("ones_like")(_filled_like(1.0))


@reads("full_like")
def full_like(reader: Reader, node: ast.AST, x: Any, fill_value: Any, dtype: Any = None) -> Any:
    """An array of one value in the shape of another."""
    return _full_like(reader, node, x, fill_value, dtype, zero=False)


def _full_like(reader: Reader, node: ast.AST, x: Any, value: Any, dtype: Any, zero: bool) -> Any:
    atom = operand(reader, node, x)
    assert isinstance(atom.type, Type)
    kind = dtype_of(reader, node, dtype, atom.type.dtype)
    if not atom.type.rank:
        return value
    if zero and kind == atom.type.dtype:
        return emit(reader, "zeros_like", [atom])
    lengths = [length_of(reader, new_array(reader, atom), k) for k in range(atom.type.rank)]
    fill = cast_atom(reader, operand(reader, node, value), Type(kind))
    return emit(reader, "full", [fill, *lengths], dtype=kind)


@reads("eye", "identity")
def eye(reader: Reader, node: ast.AST, n: Any) -> Any:
    """The unit matrix."""
    return call_composite(reader, node, composites.unit_matrix, n)


@reads(".fill")
def fill(reader: Reader, node: ast.AST, x: Array, value: Any) -> None:
    """Set every element."""
    write_all(reader, node, x, value)


# ---- ranges ----------------------------------------------------------------------------------------------------------
@reads("arange")
def arange(reader: Reader, node: ast.AST, *ends: Any, dtype: Any = None) -> Any:
    """Evenly spaced numbers without the end."""
    start, stop, step = {1: (0, *ends, 1), 2: (*ends, 1), 3: ends}[len(ends)]
    atoms = [operand(reader, node, end) for end in (start, stop, step)]
    natural = promote(*(a.type.dtype for a in atoms if isinstance(a.type, Type)))
    return emit(reader, "arange", atoms, dtype=dtype_of(reader, node, dtype, natural))


@reads("linspace")
def linspace(reader: Reader, node: ast.AST, start: Any, stop: Any, num: Any = 50, endpoint: bool = True) -> Any:
    """Evenly spaced numbers with the end."""
    ends = [cast_atom(reader, operand(reader, node, e), Type("f64")) for e in (start, stop)]
    return emit(reader, "linspace", [*ends, operand(reader, node, num)], endpoint=endpoint)

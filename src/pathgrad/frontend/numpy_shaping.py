"""NumPy's changes of shape, and questions about it (floor 2)."""

from __future__ import annotations

import ast
from typing import Any

from ..ir import Const, Type, constant
from ..ops import TABLE, Index, Slice
from .containers import items_of
from .context import Reader
from .iteration import length_of
from .numpy_register import derived_array, emit, reads, result_of, shape_atoms, static_axes, static_int
from .operands import operand
from .operators import binary
from .storage import element_of
from .values import Array, Scalar, View


@reads("transpose", ".transpose")
def transpose(reader: Reader, node: ast.AST, x: Any, *order: Any, axes: Any = None) -> Any:
    """A permutation of the axes, the reversal by default."""
    atom = operand(reader, node, x)
    rank = atom.type.rank
    if rank < 2:
        return x
    given = axes if axes is not None else order[0] if len(order) == 1 else order or None
    if given is not None:
        items = given if isinstance(given, tuple) else items_of(reader, node, given)
        given = tuple(static_int(reader, node, a, "an axis") % rank for a in items)
        if sorted(given) != list(range(rank)):
            reader.fail(node, f"transpose: {given} is no order of {rank} axes")
        if given == tuple(range(rank))[::-1]:
            given = None
    return derived_array(reader, x, reader.builder.emit(TABLE["transpose"], [atom], {"axes": given}))


@reads("reshape", ".reshape")
def reshape(reader: Reader, node: ast.AST, x: Any, *shape: Any) -> Any:
    """The same elements in another shape; one length may be -1."""
    target = shape[0] if len(shape) == 1 else shape
    lengths = shape_atoms(reader, node, target)
    return derived_array(reader, x, reader.builder.emit(TABLE["reshape"], [operand(reader, node, x), *lengths], {}))


@reads(".flatten")
def flatten(reader: Reader, node: ast.AST, x: Any) -> Any:
    """A copy with all elements in one axis."""
    atom = operand(reader, node, x)
    if not atom.type.rank:
        return emit(reader, "pack", [atom])
    flat = atom if atom.type.rank == 1 else reader.builder.emit(TABLE["reshape"], [atom, constant(-1)], {})
    return emit(reader, "copy", [flat])


@reads("ravel", ".ravel")
def ravel(reader: Reader, node: ast.AST, x: Any) -> Any:
    """All elements in one axis."""
    atom = operand(reader, node, x)
    if atom.type.rank == 1:
        return x
    if not atom.type.rank:
        return emit(reader, "pack", [atom])
    return derived_array(reader, x, reader.builder.emit(TABLE["reshape"], [atom, constant(-1)], {}))


@reads("expand_dims")
def expand_dims(reader: Reader, node: ast.AST, x: Any, axis: Any) -> Any:
    """A new axis of length 1."""
    atom = operand(reader, node, x)
    position = static_int(reader, node, axis, "axis") % (atom.type.rank + 1)
    return derived_array(reader, x, reader.builder.emit(TABLE["expand_dims"], [atom], {"axis": position}))


@reads("squeeze", ".squeeze")
def squeeze(reader: Reader, node: ast.AST, x: Any, axis: Any = None) -> Any:
    """Without axes of length 1."""
    atom = operand(reader, node, x)
    if axis is None:
        assert isinstance(atom.type, Type)
        for d in atom.type.dims:
            if d != 1 and not (isinstance(d, tuple) and d[0] in ("length", "literal")):
                reader.fail(node, "squeeze without axis needs lengths that are known when reading; say axis=...")
        axes: tuple[int, ...] = tuple(k for k, d in enumerate(atom.type.dims) if d == 1)
    else:
        axes = static_axes(reader, node, axis, atom.type.rank) or tuple(range(atom.type.rank))
    for k in sorted(axes, reverse=True):
        atom = reader.builder.emit(TABLE["squeeze"], [atom], {"axis": k})
    return derived_array(reader, x, atom)


@reads("broadcast_to")
def broadcast_to(reader: Reader, node: ast.AST, x: Any, shape: Any) -> Any:
    """``x`` repeated to a shape."""
    atom = operand(reader, node, x)
    assert isinstance(atom.type, Type)
    like = reader.builder.emit(TABLE["empty"], list(shape_atoms(reader, node, shape)), {"dtype": atom.type.dtype})
    return result_of(reader, reader.builder.emit(TABLE["broadcast_with"], [atom, like], {}))


@reads("flip")
def flip(reader: Reader, node: ast.AST, x: Any, axis: Any) -> Any:
    """The reverse order along an axis."""
    rank = operand(reader, node, x).type.rank
    position = static_int(reader, node, axis, "axis") % rank
    index = Index((Slice(),) * position + (Slice(step=True),))
    return Array(x.cell, (*x.views, View(index, (constant(-1),))))


# ---- questions -------------------------------------------------------------------------------------------------------
@reads("shape")
def shape(reader: Reader, node: ast.AST, x: Any) -> Any:
    """The lengths of the axes."""
    rank = operand(reader, node, x).type.rank
    lengths = [length_of(reader, x, k) for k in range(rank)]
    return tuple(a.value if isinstance(a, Const) else Scalar(a) for a in lengths)


@reads("size")
def size(reader: Reader, node: ast.AST, x: Any) -> Any:
    """The number of elements."""
    result: Any = 1
    for length in shape(reader, node, x):
        result = binary(reader, node, ast.Mult(), length, result)
    return result


@reads("ndim")
def ndim(reader: Reader, node: ast.AST, x: Any) -> int:
    """The number of axes."""
    return operand(reader, node, x).type.rank


@reads(".item")
def item(reader: Reader, node: ast.AST, x: Any) -> Any:
    """The only element."""
    atom = operand(reader, node, x)
    if not atom.type.rank:
        return x
    flat = ravel(reader, node, x)
    return element_of(reader, flat, constant(0))

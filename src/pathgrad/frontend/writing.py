"""In-place writes: into an array, a view, a list or a dict (floor 2).

A write through a view writes the array that the view is of. Where two arrays may or may not share their storage, the
write is refused.
"""

from __future__ import annotations

import ast
from typing import Any

from ..errors import AliasError
from ..ir import Atom, Type, array
from ..ops import TABLE, Index
from ..ops.structural import index_dims
from .containers import changeable, extend_list, static_key
from .context import Reader
from .indexing import read_index
from .operands import cast_atom, operand, operate
from .operators import binary
from .storage import composed, content_of, type_of
from .values import Array, DictValue, ListValue, Scalar, View, describe

LOAD, STORE, ACCUMULATE = TABLE["load"], TABLE["store"], TABLE["accumulate"]


# ---- items -----------------------------------------------------------------------------------------------------------
def set_item(reader: Reader, target: ast.Subscript, value: Any) -> None:
    """``owner[...] = value``."""
    owner = reader.evaluate(target.value)
    if isinstance(owner, Array):
        index, numbers = read_index(reader, target.slice, type_of(reader, owner).rank)
        _write(reader, target, owner, View(index, numbers), value, STORE)
    elif isinstance(owner, ListValue | DictValue):
        changeable(reader, target, owner)
        owner.slots[static_key(reader, target.slice, owner)] = value
    else:
        reader.fail(target, f"items of {describe(owner)} cannot be assigned; use an array or a list")


def augment_item(reader: Reader, node: ast.AugAssign, target: ast.Subscript) -> None:
    """``owner[...] op= value``; ``+=`` and ``-=`` accumulate."""
    owner = reader.evaluate(target.value)
    if not isinstance(owner, Array):
        if not isinstance(owner, ListValue | DictValue):
            reader.fail(target, f"items of {describe(owner)} cannot be assigned; use an array or a list")
        key = static_key(reader, target.slice, owner)
        old = owner.slots.get(key)
        value = reader.evaluate(node.value)
        if isinstance(old, Array):
            augment_array(reader, node, old, value)
        elif isinstance(old, ListValue) and isinstance(node.op, ast.Add):
            extend_list(reader, node, old, value)
        else:
            changeable(reader, target, owner)
            owner.slots[key] = binary(reader, node, node.op, old, value)
        return
    index, numbers = read_index(reader, target.slice, type_of(reader, owner).rank)
    before = owner.cell.content
    place = composed(owner, View(index, numbers))
    is_element = type_of(reader, place).rank == 0
    value = reader.evaluate(node.value)
    if is_element and owner.cell.content is not before:
        # Python read the element before the right side wrote into the array
        after, owner.cell.slots["content"] = owner.cell.content, before
        old = Scalar(content_of(reader, place), weak=False)
        owner.cell.slots["content"] = after
        _write(reader, node, owner, View(index, numbers), binary(reader, node, node.op, old, value), STORE)
        return
    _augment(reader, node, owner, View(index, numbers), value)


def augment_array(reader: Reader, node: ast.AugAssign, owner: Array, value: Any) -> None:
    """``a op= value`` on a whole array or a view: in place, as NumPy does."""
    if owner.views:
        _augment(reader, node, Array(owner.cell, owner.views[:-1]), owner.views[-1], value)
    else:
        _augment(reader, node, owner, View(Index(()), ()), value)


def write_all(reader: Reader, node: ast.AST, owner: Array, value: Any) -> None:
    """``owner[...] = value``."""
    _write(reader, node, owner, View(Index(()), ()), value, STORE)


# ---- places ----------------------------------------------------------------------------------------------------------
def _augment(reader: Reader, node: ast.AugAssign, owner: Array, view: View, value: Any) -> None:
    if isinstance(node.op, ast.Add | ast.Sub):
        if isinstance(node.op, ast.Sub):
            value = operate(reader, TABLE["negative"], [value])
        _write(reader, node, owner, view, value, ACCUMULATE)
        return
    place = composed(owner, view) if view.index.items else owner
    whole = type_of(reader, place)
    old: Any = Scalar(content_of(reader, place), weak=False) if not whole.rank else place
    _write(reader, node, owner, view, binary(reader, node, node.op, old, value), STORE)


def _write(reader: Reader, node: ast.AST, owner: Array, view: View, value: Any, operator: Any) -> None:
    cell = owner.cell
    if cell.captured:
        reader.fail(
            node,
            f"writes into {cell.name!r}, an array of the surrounding module; pass it as an argument, or copy it first",
        )
    for other in cell.shadows:
        if reader.state.referenced(other):
            reader.fail(
                node,
                f"writes into {cell.name!r}, which on one path shares its storage with {other.name!r}; write into "
                f"copies (x = x.copy())",
                AliasError,
            )
    cell.writes += 1
    cell.slots["content"] = _written(reader, node, cell.content, (*owner.views, view), value, operator)


def _written(reader: Reader, node: ast.AST, base: Atom, views: tuple[View, ...], value: Any, operator: Any) -> Atom:
    """``base`` after the write through a chain of views."""
    builder = reader.builder
    name = base.name or "t"
    view = views[0]
    if len(views) > 1:
        part = builder.emit(LOAD, [base, *view.numbers], {"index": view.index}, f"{name}_part")
        inner = _written(reader, node, part, views[1:], value, operator)
        return builder.emit(STORE, [base, inner, *view.numbers], {"index": view.index}, name)
    content = base.type
    assert isinstance(content, Type)
    place = array(content.dtype, index_dims(content.dims, view.numbers, view.index))
    source = operand(reader, node, value)
    if source.type.rank > place.rank:
        reader.fail(
            node, f"writes a value with {source.type.rank} axes into a place with {place.rank}; sum or index it"
        )
    if isinstance(source.type, Type) and source.type.dtype != content.dtype:
        if content.dtype in ("i64", "bool") and source.type.dtype in ("f64", "f32"):
            reader.fail(
                node,
                f"writes floats into {name!r}, an array of integers, which would cut them off; make it an array of "
                f"floats",
            )
        source = cast_atom(reader, source, source.type.with_dtype(content.dtype))
    return builder.emit(operator, [base, source, *view.numbers], {"index": view.index}, name)

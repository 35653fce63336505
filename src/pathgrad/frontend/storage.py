"""The type and the content of an array (floor 2).

Python's aliasing is kept: ``row = a[i]`` is a view, so a later write to ``row`` writes ``a``, and a later read of
``row`` sees what was written to ``a``. An `Array` therefore is a cell and the way from it; its value is read anew each
time it is used.
"""

from __future__ import annotations

from typing import Any

from ..ir import Atom, Type, Var, array
from ..ops import TABLE, Index, Integer
from ..ops.structural import index_dims
from .context import Reader
from .values import Array, Cell, Scalar, View


def new_array(reader: Reader, atom: Atom, name: str = "t", captured: bool = False) -> Array:
    """An array with storage of its own."""
    return Array(reader.state.add(Cell({"content": atom}, name=name, captured=captured)))


def type_of(reader: Reader, value: Array) -> Type:
    """The type of an array, without reading it."""
    type_ = value.cell.content.type
    assert isinstance(type_, Type)
    for view in value.views:
        type_ = array(type_.dtype, index_dims(type_.dims, view.numbers, view.index))
    return type_


def content_of(reader: Reader, value: Array) -> Atom:
    """The present content of an array."""
    result = value.cell.content
    for view in value.views:
        result = reader.builder.emit(TABLE["load"], [result, *view.numbers], {"index": view.index})
    if value.name and isinstance(result, Var) and result.temporary:
        result.name, result.temporary = value.name, False
    return result


def composed(owner: Array, view: View) -> Array:
    """A view of a view; whole-element steps are merged, so that ``a[i][j]`` is ``a[i, j]``."""
    if owner.views and owner.views[-1].index.is_element:
        last = owner.views[-1]
        merged = View(Index((*last.index.items, *view.index.items)), (*last.numbers, *view.numbers))
        return Array(owner.cell, (*owner.views[:-1], merged))
    return Array(owner.cell, (*owner.views, view))


def element_of(reader: Reader, owner: Array, number: Atom) -> Any:
    """``owner[number]``."""
    view = composed(owner, View(Index((Integer(),)), (number,)))
    if type_of(reader, view).rank == 0:
        return Scalar(content_of(reader, view), weak=False)
    return view

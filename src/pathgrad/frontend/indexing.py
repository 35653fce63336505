"""Reading parts of arrays: an index expression, and the number or view that it names (floor 2)."""

from __future__ import annotations

import ast
from typing import Any

from ..ir import Atom
from ..ops import Index, Integer, NewAxis, Slice
from .context import Reader
from .storage import composed, content_of, type_of
from .values import Array, ListValue, Scalar, View, as_number


def get_item(reader: Reader, node: ast.Subscript, owner: Array) -> Any:
    """``owner[...]``: a number, or a view."""
    index, numbers = read_index(reader, node.slice, type_of(reader, owner).rank)
    view = composed(owner, View(index, numbers))
    if type_of(reader, view).rank == 0:
        return Scalar(content_of(reader, view), weak=False)
    return view


def read_index(reader: Reader, node: ast.expr, rank: int) -> tuple[Index, tuple[Atom, ...]]:
    """An index expression as its static part and its run-time numbers."""
    parts = list(node.elts) if isinstance(node, ast.Tuple) else [node]
    given = [part for part in parts if not _is_none(part) and not _is_ellipsis(part)]
    if len(given) > rank:
        reader.fail(node, f"{len(given)} indices for an array with {rank} axes; remove {len(given) - rank}")
    items: list[Integer | NewAxis | Slice] = []
    numbers: list[Atom] = []
    for part in parts:
        if _is_ellipsis(part):
            items += [Slice()] * (rank - len(given))
        elif _is_none(part):
            items.append(NewAxis())
        elif isinstance(part, ast.Slice):
            ends = [None if e is None else reader.evaluate(e) for e in (part.lower, part.upper, part.step)]
            ends = [None if e is None else e for e in ends]
            items.append(Slice(*(e is not None for e in ends)))
            numbers += [_integer(reader, part, e) for e in ends if e is not None]
        else:
            value = reader.evaluate(part)
            if isinstance(value, tuple):
                for item in value:
                    items.append(Integer())
                    numbers.append(_integer(reader, part, item))
                continue
            items.append(Integer())
            numbers.append(_integer(reader, part, value))
    while items and items[-1] == Slice():
        items.pop()
    return Index(tuple(items)), tuple(numbers)


def _integer(reader: Reader, node: ast.AST, value: Any) -> Atom:
    if isinstance(value, Array | ListValue):
        reader.fail(
            node,
            "indexing by an array or a list (fancy indexing) cannot be read; loop over the positions, or use "
            "np.where for a mask",
        )
    scalar = as_number(value)
    if scalar is None or scalar.dtype not in ("i64",):
        got = "a float" if scalar is not None else repr(value)
        reader.fail(node, f"an array is indexed by integers and slices; got {got}: use int(...)")
    return scalar.atom


def _is_none(node: ast.expr) -> bool:
    return (isinstance(node, ast.Constant) and node.value is None) or (
        isinstance(node, ast.Attribute) and node.attr == "newaxis"
    )


def _is_ellipsis(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is Ellipsis

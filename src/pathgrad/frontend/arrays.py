"""Reading and writing arrays: indexing, views, in-place writes, what a loop runs over (floor 2).

Python's aliasing is kept: ``row = a[i]`` is a view, so a later write to ``row`` writes ``a``, and a later read of
``row`` sees what was written to ``a``. An `Array` therefore is a cell and the way from it; its value is read anew each
time it is used.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import AliasError
from ..ir import Atom, Const, Type, Var, array, constant
from ..ir.types import I64
from ..ops import TABLE, Index, Integer, NewAxis, Slice
from ..ops.structural import index_dims
from . import expressions
from .values import Array, Cell, DictValue, ListValue, RangeValue, Scalar, View

if TYPE_CHECKING:
    from .reader import Reader

LOAD, STORE, ACCUMULATE = TABLE["load"], TABLE["store"], TABLE["accumulate"]


# ---- reading ---------------------------------------------------------------------------------------------------------
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


def atom(reader: Reader, value: Array) -> Atom:
    """The present content of an array."""
    result = value.cell.content
    for view in value.views:
        result = reader.builder.emit(LOAD, [result, *view.numbers], {"index": view.index})
    return result


def get_item(reader: Reader, node: ast.Subscript, owner: Array) -> Any:
    """``owner[...]``: a number, or a view."""
    index, numbers = read_index(reader, node.slice, type_of(reader, owner).rank)
    view = _composed(owner, View(index, numbers))
    if type_of(reader, view).rank == 0:
        return Scalar(atom(reader, view), weak=False)
    return view


def _composed(owner: Array, view: View) -> Array:
    """A view of a view; whole-element steps are merged, so that ``a[i][j]`` is ``a[i, j]``."""
    if owner.views and owner.views[-1].index.is_element:
        last = owner.views[-1]
        merged = View(Index((*last.index.items, *view.index.items)), (*last.numbers, *view.numbers))
        return Array(owner.cell, (*owner.views[:-1], merged))
    return Array(owner.cell, (*owner.views, view))


def element(reader: Reader, owner: Array, number: Atom) -> Any:
    """``owner[number]``."""
    view = _composed(owner, View(Index((Integer(),)), (number,)))
    if type_of(reader, view).rank == 0:
        return Scalar(atom(reader, view), weak=False)
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
            ends = [None if e is None else expressions.evaluate(reader, e) for e in (part.lower, part.upper, part.step)]
            ends = [None if e is None else e for e in ends]
            items.append(Slice(*(e is not None for e in ends)))
            numbers += [_integer(reader, part, e) for e in ends if e is not None]
        else:
            value = expressions.evaluate(reader, part)
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
    scalar = expressions.scalar(value)
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


# ---- writing ---------------------------------------------------------------------------------------------------------
def set_item(reader: Reader, target: ast.Subscript, value: Any) -> None:
    """``owner[...] = value``."""
    owner = expressions.evaluate(reader, target.value)
    if isinstance(owner, Array):
        index, numbers = read_index(reader, target.slice, type_of(reader, owner).rank)
        _write(reader, target, owner, View(index, numbers), value, STORE)
    elif isinstance(owner, ListValue | DictValue):
        owner.slots[expressions.static_key(reader, target.slice, owner)] = value
    else:
        reader.fail(target, f"items of {expressions.describe(owner)} cannot be assigned; use an array or a list")


def augment_item(reader: Reader, node: ast.AugAssign, target: ast.Subscript) -> None:
    """``owner[...] op= value``; ``+=`` and ``-=`` accumulate."""
    owner = expressions.evaluate(reader, target.value)
    if not isinstance(owner, Array):
        if not isinstance(owner, ListValue | DictValue):
            reader.fail(target, f"items of {expressions.describe(owner)} cannot be assigned; use an array or a list")
        key = expressions.static_key(reader, target.slice, owner)
        old = owner.slots.get(key)
        value = expressions.evaluate(reader, node.value)
        owner.slots[key] = expressions.binary(reader, node, node.op, old, value)
        return
    index, numbers = read_index(reader, target.slice, type_of(reader, owner).rank)
    value = expressions.evaluate(reader, node.value)
    _augment(reader, node, owner, View(index, numbers), value)


def augment_array(reader: Reader, node: ast.AugAssign, owner: Array, value: Any) -> None:
    """``a op= value`` on a whole array or a view: in place, as NumPy does."""
    if owner.views:
        _augment(reader, node, Array(owner.cell, owner.views[:-1]), owner.views[-1], value)
    else:
        _augment(reader, node, owner, View(Index(()), ()), value)


def _augment(reader: Reader, node: ast.AugAssign, owner: Array, view: View, value: Any) -> None:
    if isinstance(node.op, ast.Add | ast.Sub):
        if isinstance(node.op, ast.Sub):
            value = expressions.operate(reader, TABLE["negative"], [value])
        _write(reader, node, owner, view, value, ACCUMULATE)
        return
    place = _composed(owner, view) if view.index.items else owner
    whole = type_of(reader, place)
    old: Any = Scalar(atom(reader, place), weak=False) if not whole.rank else place
    _write(reader, node, owner, view, expressions.binary(reader, node, node.op, old, value), STORE)


def _write(reader: Reader, node: ast.AST, owner: Array, view: View, value: Any, operator: Any) -> None:
    cell = owner.cell
    if cell.captured:
        reader.fail(
            node,
            f"writes into {cell.name!r}, an array of the surrounding module; pass it as an argument, or copy it first",
        )
    for other in cell.shadows:
        if reader.state.referenced(other, lambda store, key: False):
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
    source = expressions.operand(reader, node, value)
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
        source = expressions.cast_atom(reader, source, source.type.with_dtype(content.dtype))
    return builder.emit(operator, [base, source, *view.numbers], {"index": view.index}, name)


# ---- what a loop runs over -------------------------------------------------------------------------------------------
@dataclass
class Counted:
    """A loop over numbers: its ends, and what an iteration's item is."""

    index: Var
    start: Atom
    stop: Atom
    step: Atom
    item: Any


@dataclass(frozen=True, eq=False)
class Zipped:
    """``zip`` or ``enumerate`` of things of which at least one is counted at run time."""

    parts: tuple[Any, ...]


def length(reader: Reader, value: Any, axis: int = 0) -> Atom:
    """The length of an array, list or range."""
    if isinstance(value, Array):
        return reader.builder.emit(TABLE["length"], [atom(reader, value)], {"axis": axis}, "n")
    if isinstance(value, RangeValue | range):
        start, stop, step = (expressions.scalar(e) for e in (value.start, value.stop, value.step))
        assert start and stop and step
        return trip_count(reader, start.atom, stop.atom, step.atom)
    return constant(len(expressions.items(reader, ast.Pass(), value)))


def trip_count(reader: Reader, start: Atom, stop: Atom, step: Atom) -> Atom:
    """The number of iterations of ``range(start, stop, step)``, at least 0."""
    builder = reader.builder
    if isinstance(start, Const) and start.value == 0 and isinstance(step, Const) and step.value == 1:
        return stop
    if isinstance(start, Const) and isinstance(stop, Const) and isinstance(step, Const):
        return constant(len(range(start.value, stop.value, step.value)))
    span = builder.emit(TABLE["subtract"], [stop, start], name="n")
    if isinstance(step, Const) and step.value == 1:
        return builder.emit(TABLE["maximum"], [span, 0], name="n")
    toward = builder.emit(TABLE["sign"], [step], name="n")
    whole = builder.emit(TABLE["subtract"], [builder.emit(TABLE["add"], [span, step]), toward], name="n")
    return builder.emit(TABLE["maximum"], [builder.emit(TABLE["floor_divide"], [whole, step]), 0], name="n")


def as_counted(reader: Reader, node: ast.AST, iterable: Any) -> Counted | None:
    """A loop over numbers, or None where the loop runs over things known when reading."""
    if isinstance(iterable, range | RangeValue):
        if isinstance(iterable, range) and len(iterable) == 0:
            return None
        ends = [expressions.scalar(e) for e in (iterable.start, iterable.stop, iterable.step)]
        index = Var(_index_name(node), I64)
        start, stop, step = (e.atom for e in ends if e is not None)
        return Counted(index, start, stop, step, lambda: Scalar(index, weak=True))
    if isinstance(iterable, Array):
        if type_of(reader, iterable).rank == 0:
            reader.fail(node, "a number cannot be iterated over; use range")
        index = Var("k", I64)
        return Counted(
            index, constant(0), length(reader, iterable), constant(1), lambda: element(reader, iterable, index)
        )
    if isinstance(iterable, Zipped):
        index = Var("k", I64)
        return Counted(
            index,
            constant(0),
            _shortest(reader, iterable),
            constant(1),
            lambda: tuple(_nth(reader, part, index) for part in iterable.parts),
        )
    return None


def _index_name(node: ast.AST) -> str:
    target = getattr(node, "target", None)
    return target.id if isinstance(target, ast.Name) else "k"


def _shortest(reader: Reader, zipped: Zipped) -> Atom:
    lengths = [length(reader, part) for part in zipped.parts if not isinstance(part, Endless)]
    result = lengths[0]
    for other in lengths[1:]:
        if other is not result and getattr(other, "dimension", 0) != getattr(result, "dimension", 1):
            result = reader.builder.emit(TABLE["minimum"], [result, other], name="n")
    return result


@dataclass(frozen=True)
class Endless:
    """``itertools.count``: what ``enumerate`` numbers with."""

    start: int


def _nth(reader: Reader, part: Any, index: Var) -> Any:
    if isinstance(part, Endless):
        if part.start == 0:
            return Scalar(index)
        return expressions.operate(reader, TABLE["add"], [Scalar(index), part.start])
    if isinstance(part, Array):
        return element(reader, part, index)
    if isinstance(part, Zipped):
        return tuple(_nth(reader, inner, index) for inner in part.parts)
    if part.start == 0 and part.step == 1:
        return Scalar(index)
    scaled = expressions.operate(reader, TABLE["multiply"], [Scalar(index), part.step])
    return expressions.operate(reader, TABLE["add"], [part.start, scaled])


def static_items(reader: Reader, counted: Counted) -> list[Any] | None:
    """The items of a loop whose ends are known when reading, None for others."""
    ends = (counted.start, counted.stop, counted.step)
    if not all(isinstance(end, Const) for end in ends):
        return None
    item = counted.item
    probe = item()
    if not (isinstance(probe, Scalar) and probe.atom is counted.index):
        return None
    return list(range(*(end.value for end in ends if isinstance(end, Const))))


def write_all(reader: Reader, node: ast.AST, owner: Array, value: Any) -> None:
    """``owner[...] = value``."""
    _write(reader, node, owner, View(Index(()), ()), value, STORE)

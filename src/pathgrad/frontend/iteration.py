"""What a loop runs over: ranges, arrays, and zips of them, counted at run time (floor 2)."""

from __future__ import annotations

import ast
from dataclasses import dataclass, replace
from typing import Any

from ..ir import Atom, Const, Var, constant
from ..ir.types import I64
from ..ops import TABLE
from .containers import items_of
from .context import Reader
from .operands import operate
from .storage import content_of, element_of, type_of
from .values import Array, RangeValue, Scalar, as_number


# ---- lengths ---------------------------------------------------------------------------------------------------------
@dataclass
class Counted:
    """A loop over numbers: its ends, and what an iteration's item is."""

    index: Var
    start: Atom
    stop: Atom
    step: Atom
    item: Any
    checkpoints: int | None = None


@dataclass(frozen=True, eq=False)
class Checkpointed:
    """``pathgrad.checkpoint``: what a loop runs over, and how many states its adjoint may keep (0: by its length)."""

    iterable: Any
    snapshots: int


@dataclass(frozen=True, eq=False)
class Zipped:
    """``zip`` or ``enumerate`` of things of which at least one is counted at run time."""

    parts: tuple[Any, ...]


@dataclass(frozen=True)
class Endless:
    """``itertools.count``: what ``enumerate`` numbers with."""

    start: int


def length_of(reader: Reader, value: Any, axis: int = 0) -> Atom:
    """The length of an array, list or range."""
    if isinstance(value, Zipped):
        return _shortest(reader, value)
    if isinstance(value, Array):
        return reader.builder.emit(TABLE["length"], [content_of(reader, value)], {"axis": axis}, "n")
    if isinstance(value, RangeValue | range):
        start, stop, step = (as_number(e) for e in (value.start, value.stop, value.step))
        assert start is not None
        assert stop is not None
        assert step is not None
        return trip_count(reader, start.atom, stop.atom, step.atom)
    return constant(len(items_of(reader, ast.Pass(), value)))


def dimension(reader: Reader, owner: Array, axis: int) -> Any:
    """The length of an axis, as a reader value."""
    atom = length_of(reader, owner, axis)
    return atom.value if isinstance(atom, Const) else Scalar(atom)


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


# ---- items of an iteration -------------------------------------------------------------------------------------------
def as_counted(reader: Reader, node: ast.AST, iterable: Any) -> Counted | None:
    """A loop over numbers, or None where the loop runs over things known when reading."""
    if isinstance(iterable, Checkpointed):
        counted = as_counted(reader, node, iterable.iterable)
        return None if counted is None else replace(counted, checkpoints=iterable.snapshots)
    if isinstance(iterable, range | RangeValue):
        if isinstance(iterable, range) and len(iterable) == 0:
            return None
        ends = [as_number(e) for e in (iterable.start, iterable.stop, iterable.step)]
        index = Var(_index_name(node), I64)
        start, stop, step = (e.atom for e in ends if e is not None)
        return Counted(index, start, stop, step, lambda: Scalar(index, weak=True))
    if isinstance(iterable, Array):
        if type_of(reader, iterable).rank == 0:
            reader.fail(node, "a number cannot be iterated over; use range")
        index = Var("k", I64)
        return Counted(
            index, constant(0), length_of(reader, iterable), constant(1), lambda: element_of(reader, iterable, index)
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
    return target.id if isinstance(target, ast.Name) and target.id.strip("_") else "k"


def _shortest(reader: Reader, zipped: Zipped) -> Atom:
    lengths = [length_of(reader, part) for part in zipped.parts if not isinstance(part, Endless)]
    result = lengths[0]
    for other in lengths[1:]:
        if other is not result and getattr(other, "dimension", 0) != getattr(result, "dimension", 1):
            result = reader.builder.emit(TABLE["minimum"], [result, other], name="n")
    return result


def _nth(reader: Reader, part: Any, index: Var) -> Any:
    if isinstance(part, Endless):
        if part.start == 0:
            return Scalar(index)
        return operate(reader, TABLE["add"], [Scalar(index), part.start])
    if isinstance(part, Array):
        return element_of(reader, part, index)
    if isinstance(part, Zipped):
        return tuple(_nth(reader, inner, index) for inner in part.parts)
    if part.start == 0 and part.step == 1:
        return Scalar(index)
    scaled = operate(reader, TABLE["multiply"], [Scalar(index), part.step])
    return operate(reader, TABLE["add"], [part.start, scaled])


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

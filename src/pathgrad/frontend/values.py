"""What the reader knows of a Python value while it reads (floor 2).

Numbers that depend on the arguments are `Scalar`; arrays are `Array`, a view of a `Cell`; everything that is known when
reading (modules, functions, strings, literal numbers, tuples) is the Python object itself. What can change (the names
of a frame, the items of a list or dict, the content of an array) is a `Store`, so that branches and loops can see what
changed.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..ir import Atom, Type, constant
from ..ops import Index

__all__ = [
    "NOT_TAKEN",
    "UNBOUND",
    "Array",
    "Cell",
    "DictValue",
    "Frame",
    "ListValue",
    "LocalFunction",
    "Method",
    "RangeValue",
    "Scalar",
    "Store",
    "View",
    "as_number",
    "describe",
    "is_static",
]


class _Unbound:
    def __repr__(self) -> str:
        return "<unbound>"


#: What a name holds on a path on which it was not assigned: Python raises where it is read.
UNBOUND = _Unbound()
#: What a name holds on a path that does not come here: nothing reads it.
NOT_TAKEN = _Unbound()


@dataclass(frozen=True, eq=False)
class Scalar:
    """A number that is known at run time only; ``weak`` if it is a Python number rather than a NumPy one."""

    atom: Atom
    weak: bool = True

    @property
    def dtype(self) -> str:
        """Its dtype."""
        assert isinstance(self.atom.type, Type)
        return self.atom.type.dtype


@dataclass(eq=False)
class Store:
    """Named places whose content can change."""

    slots: dict[Any, Any] = field(default_factory=dict)


@dataclass(eq=False)
class Cell(Store):
    """The storage of an array; the slot ``"content"`` holds the atom of its present content.

    ``shadows`` are cells that may or may not be the same storage; ``captured`` cells belong to the user's globals.
    """

    name: str = "t"
    shadows: set[Cell] = field(default_factory=set, repr=False)
    captured: bool = False
    writes: int = 0

    __hash__ = object.__hash__

    @property
    def content(self) -> Atom:
        """The present content."""
        atom: Atom = self.slots["content"]
        return atom

    @property
    def candidates(self) -> set[Cell]:
        """The cells whose storage it may have."""
        return {self, *self.shadows}

    def may_be(self, others: Iterable[Cell]) -> None:
        """Note that it may have the same storage as each of others."""
        for other in set(others) - {self}:
            self.shadows.add(other)
            other.shadows.add(self)


@dataclass(frozen=True)
class View:
    """One step from an array to a part of it."""

    index: Index
    numbers: tuple[Atom, ...]


@dataclass(frozen=True, eq=False)
class Array:
    """A view of a cell: the whole cell if there are no steps; ``name`` is the user's for a view that has one."""

    cell: Cell
    views: tuple[View, ...] = ()
    name: str = ""


@dataclass(eq=False)
class ListValue(Store):
    """A Python list; its slots are 0, 1, ...; a ``captured`` one belongs to the user's globals.

    ``shadows`` are lists that may or may not be the same one.
    """

    captured: bool = False
    changed: bool = False
    shadows: set[ListValue] = field(default_factory=set, repr=False)

    __hash__ = object.__hash__

    @classmethod
    def of(cls, items: list[Any]) -> ListValue:
        """A list of these items."""
        return cls(dict(enumerate(items)))

    @property
    def items(self) -> list[Any]:
        """The items in order."""
        return [self.slots[k] for k in range(len(self.slots))]

    def may_be(self, others: Iterable[ListValue]) -> None:
        """Note that it may be the same list as each of others."""
        for other in set(others) - {self}:
            self.shadows.add(other)
            other.shadows.add(self)


@dataclass(eq=False)
class DictValue(Store):
    """A Python dict; its slots are the keys; a ``captured`` one belongs to the user's globals."""

    captured: bool = False
    changed: bool = False

    __hash__ = object.__hash__


@dataclass(eq=False)
class Frame(Store):
    """The local names of a function that is being read."""

    source: Any = None
    parent: Frame | None = None

    __hash__ = object.__hash__


@dataclass(frozen=True, eq=False)
class LocalFunction:
    """A lambda or def inside the function that is being read."""

    node: ast.FunctionDef | ast.Lambda
    frame: Frame
    name: str
    defaults: dict[str, Any]


@dataclass(frozen=True, eq=False)
class Method:
    """A method of a value, not yet called."""

    owner: Any
    name: str


@dataclass(frozen=True, eq=False)
class RangeValue:
    """``range`` with an end that is known at run time only."""

    start: Any
    stop: Any
    step: Any


def as_number(value: Any) -> Scalar | None:
    """A number as a `Scalar`, None for anything else."""
    if isinstance(value, Scalar):
        return value
    if isinstance(value, bool | int | float):
        return Scalar(constant(value), True)
    return None


def is_static(value: Any) -> bool:
    """Whether a value is known when reading."""
    if isinstance(value, tuple):
        return all(map(is_static, value))
    return not isinstance(value, Scalar | Array | ListValue | DictValue | LocalFunction | Method | RangeValue)


def describe(value: Any) -> str:
    """What a value is, for messages."""
    if isinstance(value, Array):
        return "an array"
    if isinstance(value, Scalar):
        return "a number"
    if isinstance(value, LocalFunction) or callable(value):
        return f"the function {getattr(value, '__name__', getattr(value, 'name', value))!s}"
    if isinstance(value, ListValue):
        return "a list"
    return f"{value!r} ({type(value).__name__})"


def frozen(value: Any) -> Any:
    """What must be the same for a reading to stay valid: the object, and the content of what can change.

    Arrays of one or more axes are read at run time, so their content does not count.
    """
    if isinstance(value, np.ndarray):
        return (id(value), value.shape, value.dtype, value.item() if not value.ndim else None)
    if isinstance(value, list | tuple):
        return (type(value), tuple(map(frozen, value)))
    if type(value) is dict:
        return (dict, tuple((k, frozen(v)) for k, v in value.items()))
    if isinstance(value, bool | int | float | str | np.generic):
        return (type(value), repr(value))
    return id(value)

"""The changeable state of a reading, and how two states are joined (floor 2).

A branch reads both arms from one state and joins what they made of it; a loop reads its body from parameters and X
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from ..ir import Atom, Const, Type, ValueType, Var
from ..ir.types import promote
from .values import NOT_TAKEN, UNBOUND, Array, Cell, ListValue, LocalFunction, Scalar, Store, as_number

__all__ = ["Mismatch", "State", "Template", "leaves", "rebuild", "template_of"]

Slot = tuple[Store, Any]


class Mismatch(Exception):  # noqa: N818  (a finding that callers turn into an error with a place)
    """Two values that cannot be one variable; the message names both kinds."""


class State:
    """All stores of a reading, in the order in which they came into being."""

    def __init__(self) -> None:
        self.stores: list[Store] = []

    def add(self, store: Any) -> Any:
        """Register a store and return it."""
        self.stores.append(store)
        return store

    def snapshot(self) -> list[tuple[Store, dict[Any, Any]]]:
        """The content of every store."""
        return [(store, dict(store.slots)) for store in self.stores]

    def restore(self, snapshot: list[tuple[Store, dict[Any, Any]]]) -> None:
        """Go back to a snapshot; stores that came later are forgotten."""
        del self.stores[len(snapshot) :]
        for store, slots in snapshot:
            store.slots = dict(slots)

    def changes(self, snapshot: list[tuple[Store, dict[Any, Any]]]) -> dict[tuple[int, Any], Slot]:
        """The slots, of stores that the snapshot has, whose content is another object now."""
        result: dict[tuple[int, Any], Slot] = {}
        for position, (store, slots) in enumerate(snapshot):
            for key in [*slots, *(k for k in store.slots if k not in slots)]:
                if store.slots.get(key, UNBOUND) is not slots.get(key, UNBOUND):
                    result[position, key] = (store, key)
        return result

    def referenced(self, cell: Cell, besides: Callable[[Store, Any], bool] = lambda store, key: False) -> bool:
        """Whether a slot, other than those that ``besides`` accepts, refers to the storage of ``cell``."""
        return any(
            not besides(store, key) and any(a.cell is cell for a in arrays_in(value))
            for store in self.stores
            for key, value in store.slots.items()
        )

    def refers(self, target: ListValue) -> bool:
        """Whether a slot refers to a list."""
        return any(_holds(value, target) for store in self.stores for value in store.slots.values())


def _holds(value: Any, target: ListValue) -> bool:
    return value is target or (isinstance(value, tuple) and any(_holds(item, target) for item in value))


def arrays_in(value: Any) -> Iterator[Array]:
    """The arrays that a value refers to directly (items of lists are slots of their own)."""
    if isinstance(value, Array):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from arrays_in(item)


@dataclass(frozen=True)
class Template:
    """The run-time form of a value: one type for each leaf, and what holds them.

    ``kind`` is ``"number"``, ``"array"``, ``"atom"`` (the content of a cell), ``"tuple"``, ``"list"`` or ``"fixed"``.
    """

    kind: str
    type: ValueType | None = None
    weak: bool = True
    parts: tuple[Template, ...] = ()
    fixed: Any = None

    def types(self) -> Iterator[ValueType]:
        """The types of the leaves."""
        if self.type is not None:
            yield self.type
        for part in self.parts:
            yield from part.types()

    def join(self, other: Template) -> Template:
        """The form that holds both.

        Raises
        ------
        Mismatch
            Where there is none.
        """
        if self.kind == "fixed" or other.kind == "fixed":
            same = self.kind == other.kind and (self.fixed is other.fixed or _equal(self.fixed, other.fixed))
            if not same:
                raise Mismatch(f"{_describe(self)} and {_describe(other)}")
            return self
        if self.kind != other.kind or len(self.parts) != len(other.parts):
            raise Mismatch(f"{_describe(self)} and {_describe(other)}")
        parts = tuple(a.join(b) for a, b in zip(self.parts, other.parts, strict=True))
        type_ = _join_types(self.type, other.type)
        if self.kind == "number" and self.weak != other.weak:
            # a Python number takes the precision of the NumPy number that it meets
            strong = (other if self.weak else self).type
            type_ = strong if strong == Type("f32") else type_
        return Template(self.kind, type_, self.weak and other.weak, parts)


def _equal(a: Any, b: Any) -> bool:
    try:
        return type(a) is type(b) and bool(a == b)
    except (TypeError, ValueError):
        return False


def _describe(template: Template) -> str:
    if template.kind == "fixed":
        return "a function" if isinstance(template.fixed, LocalFunction) else repr(template.fixed)
    if template.kind in ("tuple", "list"):
        return f"a {template.kind} of {len(template.parts)}"
    return f"{'a number' if template.kind == 'number' else 'an array'} ({template.type})"


def _join_types(a: ValueType | None, b: ValueType | None) -> ValueType | None:
    if a is None or b is None:
        return a
    if isinstance(a, Type) and isinstance(b, Type) and a.rank == b.rank:
        dims = tuple(x if x == y else None for x, y in zip(a.dims, b.dims, strict=True))
        return Type(promote(a.dtype, b.dtype), a.rank, dims)
    raise Mismatch(f"a value of type {a} and one of type {b}")


def template_of(value: Any, type_of_array: Callable[[Array], Type]) -> Template:
    """The run-time form of a value."""
    if isinstance(value, Array):
        return Template("array", type_of_array(value))
    if isinstance(value, Var | Const):
        return Template("atom", value.type)
    number = as_number(value)
    if number is not None:
        return Template("number", number.atom.type, number.weak)
    if isinstance(value, tuple):
        return Template("tuple", parts=tuple(template_of(item, type_of_array) for item in value))
    if isinstance(value, ListValue):
        return Template("list", parts=tuple(template_of(item, type_of_array) for item in value.items))
    return Template("fixed", fixed=value)


def leaves(value: Any, template: Template, read: Callable[[Any, ValueType], Atom]) -> Iterator[Atom]:
    """The atoms of a value in the form of ``template``; ``read(leaf, type)`` turns one leaf into an atom."""
    if template.type is not None:
        yield read(value, template.type)
        return
    if value is UNBOUND or value is NOT_TAKEN:
        items: list[Any] = [value] * len(template.parts)
    else:
        items = value.items if isinstance(value, ListValue) else list(value) if template.parts else []
    for item, part in zip(items, template.parts, strict=True):
        yield from leaves(item, part, read)


def rebuild(template: Template, atoms: Iterator[Atom], name: str, state: State) -> Any:
    """The value of the form ``template`` whose leaves are ``atoms``; arrays get fresh cells."""
    if template.kind == "number":
        return Scalar(next(atoms), template.weak)
    if template.kind == "array":
        return Array(state.add(Cell({"content": next(atoms)}, name=name)))
    if template.kind == "atom":
        return next(atoms)
    if template.kind == "fixed":
        return template.fixed
    items = [rebuild(part, atoms, f"{name}_{k}", state) for k, part in enumerate(template.parts)]
    return tuple(items) if template.kind == "tuple" else state.add(ListValue.of(items))

"""How reading and writing places of arrays and lists is transposed (floor 3; lecture, section 4).

The other operators have labels, and their transposes multiply. These move numbers: their transposes move cotangents
between the places of a cotangent array, or of a list of cotangents.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from ..ir import Atom, Let, ListType, Type, Var, constant
from ..ops import TABLE
from .calculus import Calculus, bar_name
from .cotangents import Cotangents
from .shape_builder import ShapeBuilder

__all__ = ["STORAGE_RULES", "Sweep"]


class Sweep(NamedTuple):
    """What a rule writes to.

    Attributes
    ----------
    builder : ShapeBuilder
        Receives the statements.
    calculus : Calculus
        Writes derivative expressions.
    cotangents : Cotangents
        The sums so far.
    active : set of Var
        The variables that carry derivatives.
    """

    builder: ShapeBuilder
    calculus: Calculus
    cotangents: Cotangents
    active: set[Var]


def _load(sweep: Sweep, s: Let, bar: Atom) -> None:
    """What is read was one place: its cotangent is added there."""
    sweep.cotangents.add_at(s.args[0], bar, s.args[1:], s.params["index"])


def _store(sweep: Sweep, s: Let, bar: Atom) -> None:
    """The new element takes the cotangent of its place, which the old array does not have."""
    base, value, numbers = s.args[0], s.args[1], s.args[2:]
    params = dict(s.params)
    if value in sweep.active:
        part = sweep.builder.emit(TABLE["load"], [bar, *numbers], params, bar_name(value))
        if (part.type.rank or value.type.rank) and _differs(part, value):
            part = sweep.builder.emit(TABLE["sum_to"], [part, value], {}, bar_name(value))
        sweep.cotangents.add(value, part)
    if base in sweep.active:
        rest = sweep.builder.emit(TABLE["store"], [bar, 0.0, *numbers], params, bar_name(base))
        sweep.cotangents.add(base, sweep.calculus.mask(rest))


def _accumulate(sweep: Sweep, s: Let, bar: Atom) -> None:
    """A sum: both the array and what is added to it have the cotangent."""
    base, value, numbers = s.args[0], s.args[1], s.args[2:]
    if value in sweep.active:
        part = bar
        if s.params["index"].items:
            part = sweep.builder.emit(TABLE["load"], [bar, *numbers], dict(s.params), bar_name(value))
        if _differs(part, value):
            part = sweep.builder.emit(TABLE["sum_to"], [part, value], {}, bar_name(value))
        sweep.cotangents.add(value, part)
    if base in sweep.active:
        sweep.cotangents.add(base, bar)


def _push(sweep: Sweep, s: Let, bar: Atom) -> None:
    """The last of the list's cotangents is that of the pushed value."""
    values, value = s.args
    if value in sweep.active:
        sweep.cotangents.add(value, sweep.builder.emit(TABLE["last"], [bar], {}, bar_name(value)))
    sweep.cotangents.add(values, sweep.builder.emit(TABLE["pop"], [bar], {}, bar_name(values)))


def _recall(sweep: Sweep, s: Let, bar: Atom) -> None:
    """What is read was one value of the list: its cotangent is added there."""
    sweep.cotangents.add_to_list(s.args[0], bar, s.args[1])


def _new_list(sweep: Sweep, s: Let, bar: Atom) -> None:
    """An empty list has no cotangents to pass on."""


def _add_lists(sweep: Sweep, s: Let, bar: Atom) -> None:
    for values in s.args:
        if values in sweep.active:
            sweep.cotangents.add(values, bar)


def _add_at(sweep: Sweep, s: Let, bar: Atom) -> None:
    """A sum at one place of a list."""
    values, value, k = s.args
    if value in sweep.active:
        sweep.cotangents.add(value, sweep.builder.emit(TABLE["recall"], [bar, k], {}, bar_name(value)))
    sweep.cotangents.add(values, bar)


def _pop(sweep: Sweep, s: Let, bar: Atom) -> None:
    """The removed value is not read: its cotangent is zero."""
    removed = sweep.builder.emit(TABLE["last"], [s.args[0]], {}, "zero")
    if isinstance(removed.type, ListType):
        zero: Atom = sweep.builder.emit(TABLE["zero_list"], [removed], {}, "zero")
    elif removed.type.rank:
        zero = sweep.builder.emit(TABLE["zeros_like"], [removed], {}, "zero")
    else:
        zero = constant(0.0)
    sweep.cotangents.add(s.args[0], sweep.builder.emit(TABLE["push"], [bar, zero], {}, bar_name(s.args[0])))


def _last(sweep: Sweep, s: Let, bar: Atom) -> None:
    """What is read was the last value of the list."""
    sweep.cotangents.add_to_list(s.args[0], bar, constant(-1))


def _differs(part: Atom, value: Atom) -> bool:
    assert isinstance(part.type, Type)
    assert isinstance(value.type, Type)
    return part.type.rank != value.type.rank or part.type.dims != value.type.dims or None in value.type.dims


#: The rules by operator: each takes the statement and the cotangent of its result.
STORAGE_RULES: dict[str, Callable[[Sweep, Let, Atom], None]] = {
    "load": _load,
    "store": _store,
    "accumulate": _accumulate,
    "push": _push,
    "recall": _recall,
    "new_list": _new_list,
    "zero_list": _new_list,
    "undefined": _new_list,
    "add_lists": _add_lists,
    "add_at": _add_at,
    "pop": _pop,
    "last": _last,
}

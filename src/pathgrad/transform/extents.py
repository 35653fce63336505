"""How long the axes of kept arrays are, said before the loop that keeps them (floor 3)."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any, NamedTuple

from ..ir import Atom, Builder, Const, Loop, Type, Var, constant
from ..ir.builder import target_base
from ..ops import TABLE
from .affine import Form, Forms, Ranges

__all__ = ["Extent", "Lengths", "form_of_length", "is_inside"]


class Extent(NamedTuple):
    """The length of an axis in every iteration of a loop.

    Attributes
    ----------
    length : Atom
        The length, or the greatest that there is.
    varies : bool
        Whether it is less in some iterations.
    """

    length: Atom
    varies: bool


class Lengths:
    """The lengths that are known at a place of a program.

    Parameters
    ----------
    visible : sequence of Var
        What is defined there.
    """

    def __init__(self, visible: Sequence[Var]) -> None:
        self.numbers: dict[Any, Var] = {}
        self.axes: dict[Any, tuple[Var, int]] = {}
        for v in visible:
            if not isinstance(v.type, Type):
                continue
            if not v.type.rank and v.type.dtype == "i64":
                self.numbers.setdefault(v.dimension, v)
            for axis, token in enumerate(v.type.dims):
                self.axes.setdefault(token, (v, axis))

    def extents(self, v: Var, loop: Loop, forms: Forms, builder: Builder) -> list[Extent] | None:
        """The lengths of an array that is defined in a loop; None where they are not known before it.

        Parameters
        ----------
        v : Var
            The array.
        loop : Loop
            The loop.
        forms : Forms
            The forms of integers in it.
        builder : Builder
            Receives the statements that compute the lengths.
        """
        assert isinstance(v.type, Type)
        result: list[Extent] = []
        for token in v.type.dims:
            if self._is_known(token):
                result.append(Extent(self._number(token, builder), False))
                continue
            form = self._form(token, forms)
            ranges = Ranges(forms)
            ranges.add_index(loop, loop.index, {})
            most = form and ranges.greatest(form)
            if form is None or most is None or not all(map(self._is_known, most.terms)):
                return None
            length = builder.emit(TABLE["trip_count"], [0, self._sum(most, builder), 1], name="n")
            result.append(Extent(length, loop.index in form.terms))
        return result

    def _form(self, token: Any, forms: Forms) -> Form | None:
        """The form of a length; of a number of iterations what it is if it is not negative."""
        base, shorter = target_base(token)
        let = forms.definitions.get(base) if isinstance(base, Var) else None
        if let is None or let.op.name != "trip_count":
            return form_of_length(token)
        start, stop = forms.of(let.args[0]), forms.of(let.args[1])
        step = let.args[2].value if isinstance(let.args[2], Const) else 0
        if start is None or stop is None or abs(step) != 1:
            return None
        return Form(-shorter).plus(stop, step).plus(start, -step)

    def _is_known(self, token: Any) -> bool:
        literal = token == 1 or (isinstance(token, tuple) and token[0] == "literal")
        return token is not None and (literal or token in self.numbers or token in self.axes)

    def _number(self, token: Any, builder: Builder) -> Atom:
        if token == 1:
            return constant(1)
        if isinstance(token, tuple) and token[0] == "literal":
            return constant(token[1])
        if token in self.numbers:
            return self.numbers[token]
        v, axis = self.axes[token]
        return builder.emit(TABLE["length"], [v], {"axis": axis}, name="n")

    def _sum(self, form: Form, builder: Builder) -> Atom:
        total: Atom | None = None
        for token, coefficient in form.terms.items():
            part = self._number(token, builder)
            if coefficient != 1:
                part = builder.emit(TABLE["multiply"], [part, coefficient], name="n")
            total = part if total is None else builder.emit(TABLE["add"], [total, part], name="n")
        if total is None:
            return constant(form.constant)
        if not form.constant:
            return total
        name = "subtract" if form.constant < 0 else "add"
        return builder.emit(TABLE[name], [total, abs(form.constant)], name="n")


def form_of_length(token: Any) -> Form | None:
    """The form of a length with this token; None where nothing is known of it."""
    base, shorter = target_base(token)
    if base is None:
        return None
    if isinstance(base, int):
        return Form(base - shorter)
    if isinstance(base, tuple) and base[0] == "literal":
        return Form(base[1] - shorter)
    symbol: Hashable = base
    return Form(-shorter, {symbol: 1})


def is_inside(type_: Type, numbers: tuple[Atom, ...], loops: list[Loop]) -> bool:
    """Whether a position is certainly one of the array's, for all indices of the loops around."""
    if not loops:
        return False
    forms = Forms(loops[0], set())
    ranges = Ranges(forms)
    for loop in loops:
        ranges.add_index(loop, loop.index, {})
    for number, token in zip(numbers, type_.dims, strict=True):
        at, length = forms.of(number), form_of_length(token)
        if at is None or length is None or not ranges.is_positive(at.plus(Form(1))):
            return False
        if not ranges.is_positive(length.plus(at, -1)):
            return False
    return True

"""Keeping values in a forward loop and reading them in its backward loop (floor 3).

Numbers of a counted loop are kept in an array with one place for each iteration, arrays in the rows of an array of one
more rank if their lengths are known before the loop; everything else in a list.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..ir import Atom, Block, Builder, Const, Let, ListType, Loop, Statement, Type, Var, While, array, constant, defined
from ..ops import TABLE, Index, Integer, Op

__all__ = ["Keeper", "Lengths", "literal_int"]

_ELEMENT = Index((Integer(),))


class Lengths:
    """The lengths of axes that are known at a place of a program.

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

    def of(self, dims: Sequence[Any], builder: Builder) -> list[Atom] | None:
        """The lengths of axes with these tokens; None where one is not known."""
        if not all(token is not None and self._is_known(token) for token in dims):
            return None
        return [self._length(token, builder) for token in dims]

    def _is_known(self, token: Any) -> bool:
        literal = token == 1 or (isinstance(token, tuple) and token[0] == "literal")
        return literal or token in self.numbers or token in self.axes

    def _length(self, token: Any, builder: Builder) -> Atom:
        if token == 1:
            return constant(1)
        if isinstance(token, tuple) and token[0] == "literal":
            return constant(token[1])
        if token in self.numbers:
            return self.numbers[token]
        v, axis = self.axes[token]
        return builder.emit(TABLE["length"], [v], {"axis": axis}, name="n")


class Keeper:
    """Adds kept values to a forward loop and reads them in its backward loop."""

    def __init__(
        self, s: Loop | While, builder: Builder, back_index: Var, before: list[Statement], lengths: Lengths
    ) -> None:
        self.s, self.builder, self.back_index, self.before = s, builder, back_index, before
        self.lengths = lengths
        self.count: Atom | None = None
        self.place: Atom | None = None
        self.position_read: Atom | None = None

    def ends(self) -> tuple[Atom, Atom, Atom]:
        """The range that the backward loop runs over."""
        s = self.s
        if isinstance(s, Loop) and not s.exits:
            return s.start, s.stop, s.step
        if s.trips is None:
            s.trips = Var("trips", Type("i64"))
        if isinstance(s, While):
            return constant(0), s.trips, constant(1)
        emit = self.builder.emit
        span = emit(TABLE["multiply"], [s.trips, s.step], name="n") if literal_int(s.step) != 1 else s.trips
        stop = emit(TABLE["add"], [s.start, span], name="n") if literal_int(s.start) != 0 else span
        return s.start, stop, s.step

    def keep(self, v: Var) -> Atom:
        """Keep ``v`` in every iteration; the atom that reads it in the backward loop (written to the open block)."""
        name = f"{v.name}_kept"
        lengths = self._lengths_of(v)
        if lengths is not None:
            assert isinstance(v.type, Type)
            init = self._before(TABLE["empty"], [self._count(), *lengths], {"dtype": v.type.dtype}, name)
        else:
            init = self._before(TABLE["new_list"], [], {"element": v.type}, name)
        param, result, updated = (Var(name, init.type) for _ in range(3))
        s = self.s
        statements: list[Statement] = []
        with self.builder.open(Block(statements)), self.builder.at(s.origin, "kept"):
            if lengths is not None:
                assert isinstance(s, Loop)
                place = self._position(s.index)
                self.builder.append(
                    Let(updated, TABLE["store"], (param, v, place), {"index": _ELEMENT}, s.origin, "kept")
                )
            else:
                self.builder.append(Let(updated, TABLE["push"], (param, v), {}, s.origin, "kept"))
        self._insert(v, statements)
        at = len(s.params)
        s.params.append(param)
        s.inits.append(init)
        s.results.append(result)
        s.body.yields.insert(at, updated)
        return self._read(result, v, lengths is not None)

    def _lengths_of(self, v: Var) -> list[Atom] | None:
        """What the lengths of one row are in every iteration; None where a list is needed."""
        if not isinstance(v.type, Type) or not isinstance(self.s, Loop):
            return None
        if v.type.rank and self.s.exits:
            return None  # rows for iterations that may never come
        with self.builder.open(Block(self.before)), self.builder.at(self.s.origin, "kept"):
            return self.lengths.of(v.type.dims, self.builder)

    def _read(self, result: Var, v: Var, in_array: bool) -> Atom:
        place = self._read_position()
        if in_array:
            return self.builder.emit(TABLE["load"], [result, place], {"index": _ELEMENT}, v.name)
        if isinstance(self.s, Loop) and self.s.reversed:
            place = self.builder.emit(TABLE["subtract"], [constant(-1), place], name="k")
        return self.builder.emit(TABLE["recall"], [result, place], {}, v.name)

    def _insert(self, v: Var, statements: list[Statement]) -> None:
        """After the definition of ``v``, or at the start of the body for a carried variable."""
        body = self.s.body.statements
        for k, s in enumerate(body):
            if v in defined(s):
                body[k + 1 : k + 1] = statements
                return
        body[:0] = statements

    def _before(self, op: Op, args: Sequence[Any], params: dict[str, Any], name: str) -> Atom:
        with self.builder.open(Block(self.before)), self.builder.at(self.s.origin, "kept"):
            return self.builder.emit(op, args, params, name)

    def _count(self) -> Atom:
        if self.count is None:
            assert isinstance(self.s, Loop)
            ends = [literal_int(e) for e in (self.s.start, self.s.stop, self.s.step)]
            stop = self.s.stop
            if ends[0] == 0 and ends[2] == 1 and isinstance(stop, Var) and stop.dimension is not stop:
                self.count = stop
                return self.count
            if None not in ends:
                self.count = constant(len(range(*ends)))
                return self.count
            with self.builder.open(Block(self.before)), self.builder.at(self.s.origin, "kept"):
                self.count = self.builder.emit(TABLE["trip_count"], [self.s.start, self.s.stop, self.s.step], {}, "n")
        return self.count

    def _position(self, index: Var) -> Atom:
        """(index - start) // step."""
        assert isinstance(self.s, Loop)
        emit = self.builder.emit
        place: Atom = index
        if literal_int(self.s.start) != 0:
            place = emit(TABLE["subtract"], [index, self.s.start], name="k")
        if literal_int(self.s.step) != 1:
            place = emit(TABLE["floor_divide"], [place, self.s.step], name="k")
        return place

    def _read_position(self) -> Atom:
        if self.position_read is None:
            loop = isinstance(self.s, Loop)
            self.position_read = self._position(self.back_index) if loop else self.back_index
        return self.position_read


def literal_int(atom: Atom) -> Any:
    """The number that an atom is, None where it is not known when transforming."""
    return atom.value if isinstance(atom, Const) else None

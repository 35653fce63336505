"""Keeping values in a forward loop and reading them in its backward loop (floor 3).

Numbers of a counted loop are kept in an array with one place for each iteration, arrays in the rows of an array of one
more rank if their lengths are known before the loop; everything else in a list.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..ir import Atom, Block, Builder, Const, Let, Loop, Statement, Type, Var, While, constant, defined
from ..ops import TABLE, Index, Integer, Op, Slice
from .affine import Forms
from .extents import Extent, Lengths

__all__ = ["Keeper", "literal_int"]

_ELEMENT = Index((Integer(),))


class Keeper:
    """Adds kept values to a forward loop and reads them in its backward loop."""

    def __init__(
        self, s: Loop | While, builder: Builder, back_index: Var, before: list[Statement], lengths: Lengths
    ) -> None:
        self.s, self.builder, self.back_index, self.before = s, builder, back_index, before
        self.lengths = lengths
        self.forms: Forms | None = None
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
        extents = self._extents(v)
        if extents is not None:
            assert isinstance(v.type, Type)
            lengths = [extent.length for extent in extents]
            init = self._before(TABLE["empty"], [self._count(), *lengths], {"dtype": v.type.dtype}, name)
        else:
            init = self._before(TABLE["new_list"], [], {"element": v.type}, name)
        param, result, updated = (Var(name, init.type) for _ in range(3))
        s = self.s
        statements: list[Statement] = []
        with self.builder.open(Block(statements)), self.builder.at(s.origin, "kept"):
            if extents is not None:
                assert isinstance(s, Loop)
                index, ends = _row(v, extents, self.builder)
                args = (param, v, self._position(s.index), *ends)
                self.builder.append(Let(updated, TABLE["store"], args, {"index": index}, s.origin, "kept"))
            else:
                self.builder.append(Let(updated, TABLE["push"], (param, v), {}, s.origin, "kept"))
        self._insert(v, statements)
        at = len(s.params)
        s.params.append(param)
        s.inits.append(init)
        s.results.append(result)
        s.body.yields.insert(at, updated)
        return self._read(result, v, extents is not None)

    def _extents(self, v: Var) -> list[Extent] | None:
        """What the lengths of one row are in every iteration; None where a list is needed."""
        if not isinstance(v.type, Type) or not isinstance(self.s, Loop):
            return None
        if v.type.rank and self.s.exits:
            return None  # rows for iterations that may never come
        if v.type.rank and self.forms is None:
            self.forms = Forms(self.s, set())
        with self.builder.open() as new, self.builder.at(self.s.origin, "kept"):
            extents = self.lengths.extents(v, self.s, self.forms, self.builder) if self.forms else []
        if extents is None or (any(e.varies for e in extents) and not self._is_of_elements(v)):
            return None
        self.before += new.statements
        return extents

    def _is_of_elements(self, v: Var) -> bool:
        """Whether an array is one that an inner loop keeps: only its elements are read, never its length."""
        body = self.s.body.statements
        made = {inner.target for inner in body if isinstance(inner, Let) and inner.role == "kept"}
        return any(
            isinstance(inner, Loop) and v in inner.results and inner.inits[inner.results.index(v)] in made
            for inner in body
        )

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


def _row(v: Var, extents: Sequence[Extent], builder: Builder) -> tuple[Index, list[Atom]]:
    """The index of the row for an array, and the numbers that it takes after the row's."""
    assert isinstance(v.type, Type)
    if not any(extent.varies for extent in extents):
        return _ELEMENT, []
    ends = [builder.emit(TABLE["length"], [v], {"axis": k}, "n") for k in range(v.type.rank)]
    return Index((Integer(), *(Slice(stop=True) for _ in ends))), ends


def literal_int(atom: Atom) -> Any:
    """The number that an atom is, None where it is not known when transforming."""
    return atom.value if isinstance(atom, Const) else None

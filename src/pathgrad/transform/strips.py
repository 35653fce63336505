"""What a loop becomes whose iterations run side by side (floor 3).

Every number of an iteration is an array of `WIDTH` lanes, or one number where it is the same in all of them. Under a
mask, lanes that are not active may compute anything: whoever left them out keeps what they had.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..ir import (
    Atom,
    Block,
    Branch,
    Builder,
    Let,
    Loop,
    Statement,
    Type,
    Var,
    While,
    array,
    bound_inside,
    constant,
    dtype_of,
    walk,
)
from ..ops import TABLE, Index, Integer, Slice

__all__ = ["INTEGER", "WIDTH", "Apart", "Strips", "is_open"]

#: Iterations that run at once: one vector of 512 bits, or two or four shorter ones.
WIDTH = 8

_LANES = (("literal", WIDTH),)
#: What computes integers without ever failing.
INTEGER = frozenset({"add", "subtract", "multiply", "negative", "minimum", "maximum", "where"})


def is_open(s: Statement) -> bool:
    """Whether a loop ends where its own numbers say so."""
    return isinstance(s, While) or (isinstance(s, Loop) and s.exits)


class Apart(Exception):  # noqa: N818 - it is no error
    """The iterations stay apart."""


class Strips:
    """A loop, `WIDTH` iterations at a time.

    Attributes
    ----------
    env : dict
        What each number of an iteration is now: an array of lanes, or one number where it is the same in all of them.
    sums : dict
        The position among the carried values, and the number, of each sum over iterations.
    arrays : dict
        The same for arrays of which each iteration writes its own elements.
    """

    def __init__(self, loop: Loop) -> None:
        self.loop = loop
        self.inside = bound_inside(loop)
        self.builder = Builder()
        self.index = Var(loop.index.name, loop.index.type)
        self.env: dict[Var, Atom] = {}
        self.sums: dict[Var, tuple[int, Atom]] = {}
        self.arrays: dict[Var, tuple[int, Atom]] = {}
        self.is_proven = False

    def pieces(self) -> list[Statement]:
        """The loop over strips, and the loop over what is left."""
        loop, builder = self.loop, self.builder
        params = [Var(p.name, p.type) for p in loop.params]
        for k, (old, new) in enumerate(zip(loop.params, params, strict=True)):
            (self.arrays if old.type.is_array else self.sums)[old] = (k, new)
        with builder.open() as body:
            for s in loop.body.statements:
                with builder.at(s.origin, s.role):
                    if not self.over_iterations(s):
                        self.statement(s, None, guarded=False)
            body.yields = [self.carried(k, a) for k, a in enumerate(loop.body.yields)]
        if not self.is_proven:
            raise Apart
        results = [Var(r.name, r.type) for r in loop.results]
        with builder.open() as before, builder.at(loop.origin, loop.role):
            rest = builder.emit(TABLE["remainder"], [loop.stop, WIDTH], name="rest")
            whole = builder.emit(TABLE["subtract"], [loop.stop, rest], name="whole")
        strips = replace(
            loop,
            index=self.index,
            stop=whole,
            step=constant(WIDTH),
            params=params,
            body=body,
            results=results,
        )
        return [*before.statements, strips, replace(loop, start=whole, inits=list(results))]

    def carried(self, k: int, atom: Atom) -> Atom:
        """What a strip hands on in the place of what an iteration does."""
        place, value = self.sums.get(atom) or self.arrays.get(atom) or (-1, atom)  # type: ignore[arg-type]
        if place != k:
            raise Apart
        return value

    # ---- atoms -------------------------------------------------------------------------------------------------------
    def get(self, atom: Atom) -> Atom:
        """A number of the iteration."""
        if atom.type.is_array:
            raise Apart
        if not isinstance(atom, Var) or atom not in self.inside:
            return atom
        if atom not in self.env:
            raise Apart
        return self.env[atom]

    def same(self, atom: Atom) -> Atom:
        """A number that is the same in all lanes."""
        value = self.get(atom)
        if value.type.is_array:
            raise Apart
        return value

    def lanes(self, atom: Atom) -> Atom:
        """A number as an array of lanes."""
        value = self.get(atom)
        return value if value.type.is_array else self.spread(value)

    def spread(self, value: Atom) -> Atom:
        """The same number in each lane."""
        assert isinstance(value.type, Type)
        return self.builder.emit(TABLE["full"], [value, WIDTH], {"dtype": value.type.dtype})

    def both(self, mask: Atom | None, test: Atom) -> Atom:
        """The lanes in which both hold; None is all lanes."""
        test = test if test.type.is_array else self.spread(test)
        return test if mask is None else self.builder.emit(TABLE["logical_and"], [mask, test], name="active")

    def any(self, mask: Atom) -> Atom:
        """Whether a lane is active."""
        return self.builder.emit(TABLE["any"], [mask], {"axis": None, "keepdims": False}, "going_on")

    # ---- statements --------------------------------------------------------------------------------------------------
    def statement(self, s: Statement, mask: Atom | None, guarded: bool) -> None:
        """Write a statement for all lanes.

        Parameters
        ----------
        s : Statement
            A statement of the iteration.
        mask : Atom or None
            The lanes that are active; None at the top of the iteration, where all are.
        guarded : bool
            Whether there may be no lane that gets here.
        """
        with self.builder.at(s.origin, s.role):
            if isinstance(s, Let):
                self.let(s, guarded)
            elif isinstance(s, Branch):
                self.branch(s, mask)
            elif isinstance(s, While):
                self.while_loop(s, mask, guarded)
            elif isinstance(s, Loop):
                self.counted(s, mask, guarded)
            else:
                raise Apart

    def let(self, s: Let, guarded: bool) -> None:
        """An operator."""
        if s.op.name == "load":
            self.env[s.target] = self.load(s, guarded)
            return
        integer = isinstance(s.target.type, Type) and s.target.type.dtype == "i64"
        if not (s.op.elementwise or s.op.name == "cast") or (integer and s.op.name not in INTEGER):
            raise Apart
        value = self.builder.emit(s.op, [self.get(a) for a in s.args], dict(s.params), s.target.name)
        if dtype_of(value) != dtype_of(s.target):
            raise Apart
        self.env[s.target] = value

    # ---- what leaves an iteration ------------------------------------------------------------------------------------
    def over_iterations(self, s: Statement) -> bool:
        """Write a statement that adds to a sum over iterations or writes to an array; False for all others."""
        if not isinstance(s, Let):
            return False
        if s.op.name in ("store", "accumulate"):
            self.write(s)
            return True
        if self.sums.keys().isdisjoint(a for a in s.args if isinstance(a, Var)):
            return False
        self.add(s)
        return True

    def add(self, s: Let) -> None:
        """What an iteration adds to a sum: what all lanes add."""
        places = [j for j, a in enumerate(s.args) if a in self.sums]
        fits = places in ([0], [1]) if s.op.name == "add" else s.op.name == "subtract" and places == [0]
        if not fits:
            raise Apart
        added = self.lanes(s.args[1 - places[0]])
        k, before = self.sums.pop(s.args[places[0]])  # type: ignore[arg-type]
        total = self.builder.emit(TABLE["sum"], [added], {"axis": None, "keepdims": False})
        after = self.builder.emit(s.op, [before, total], {}, s.target.name)
        if dtype_of(after) != dtype_of(s.target):
            raise Apart
        self.sums[s.target] = (k, after)

    def write(self, s: Let) -> None:
        """A write to the iteration's own element."""
        source, value, *numbers = s.args
        index = s.params["index"]
        own = source in self.arrays and index.is_element and numbers and numbers[0] is self.loop.index
        assert isinstance(source.type, Type)
        if not own or len(numbers) != source.type.rank:
            raise Apart
        k, before = self.arrays.pop(source)  # type: ignore[arg-type]
        strip, operands = self.place(source, numbers)
        after = Var(s.target.name, s.target.type, temporary=s.target.temporary)
        args = (before, self.lanes(value), *operands)
        self.builder.append(Let(after, s.op, args, {**s.params, "index": strip}, s.origin, s.role))
        self.arrays[s.target] = (k, after)

    # ---- arrays ------------------------------------------------------------------------------------------------------
    def load(self, s: Let, guarded: bool) -> Atom:
        """An element of an array that the loop does not change: the strip's own elements, or one for all lanes."""
        source, *numbers = s.args
        if source in self.inside or s.target.type.is_array or not s.params["index"].is_element:
            raise Apart
        if numbers and numbers[0] is self.loop.index:
            return self.strip(s, source, numbers, guarded)
        if guarded:
            raise Apart
        return self.builder.emit(s.op, [source, *map(self.same, numbers)], dict(s.params), s.target.name)

    def strip(self, s: Let, source: Atom, numbers: Sequence[Atom], guarded: bool) -> Atom:
        """The elements of a strip."""
        if guarded and len(numbers) > 1:
            raise Apart
        index, operands = self.place(source, numbers)
        target = Var(s.target.name, array(dtype_of(s.target), _LANES), temporary=s.target.temporary)
        self.builder.append(Let(target, s.op, (source, *operands), {"index": index}, s.origin, s.role))
        return target

    def place(self, source: Atom, numbers: Sequence[Atom]) -> tuple[Index, list[Atom]]:
        """The index of a strip's elements: they are all there, because the loop runs over this very length."""
        assert isinstance(source.type, Type)
        length = source.type.dims[0]
        if length is None or length != self.loop.stop.dimension:
            raise Apart
        self.is_proven = True
        others = [self.same(a) for a in numbers[1:]]
        end = self.builder.emit(TABLE["add"], [self.index, WIDTH])
        return Index((Slice(start=True, stop=True), *[Integer()] * len(others))), [self.index, end, *others]

    # ---- control -----------------------------------------------------------------------------------------------------
    def branch(self, s: Branch, mask: Atom | None) -> None:
        """Both arms, each in the lanes that take it, and a choice."""
        condition = self.get(s.condition)
        if not condition.type.is_array:
            raise Apart
        other = self.builder.emit(TABLE["logical_not"], [condition])
        values = []
        for arm, taken in ((s.then, condition), (s.orelse, other)):
            active = self.both(mask, taken)
            for inner in arm.statements:
                self.statement(inner, active, guarded=True)
            values.append([self.get(a) for a in arm.yields])
        for r, a, b in zip(s.results, *values, strict=True):
            chosen = self.builder.emit(TABLE["where"], [condition, a, b], name=r.name)
            if dtype_of(chosen) != dtype_of(r):
                raise Apart
            self.env[r] = chosen

    def test(self, condition: Block, values: Sequence[Atom], params: Sequence[Var], guarded: bool) -> Atom:
        """In which lanes a loop goes on with these values."""
        self.env.update(zip(params, values, strict=True))
        for inner in condition.statements:
            self.statement(inner, None, guarded)
        return self.get(condition.yields[0])

    def while_loop(self, s: While, mask: Atom | None, guarded: bool) -> None:
        """A loop that runs until no lane goes on."""
        if s.trips is not None or any(map(is_open, walk(s.condition))):
            raise Apart
        inits = [self.lanes(a) for a in s.inits]
        first = self.both(mask, self.test(s.condition, inits, s.params, guarded))
        params, active = [_in_lanes(p) for p in s.params], Var("active", array("bool", _LANES))
        with self.builder.open() as condition:
            condition.yields = [self.any(active)]
        with self.builder.open() as body:
            values, going_on = self.iteration(s, params, active, guarded)
            going_on = self.both(going_on, self.test(s.condition, values, s.params, guarded))
            body.yields = [*values, going_on]
        results = [_in_lanes(r) for r in s.results]
        ended = Var("active", active.type)
        loop = While([*params, active], [*inits, first], condition, body, [*results, ended])
        self.append(loop, s)
        self.env.update(zip(s.results, results, strict=True))

    def counted(self, s: Loop, mask: Atom | None, guarded: bool) -> None:
        """A loop over one range in all lanes; where it can end early it runs until no lane goes on."""
        if s.trips is not None or any(p.type.is_array for p in s.params):
            raise Apart
        ends = [self.same(a) for a in (s.start, s.stop, s.step)]
        inits = [self.lanes(a) for a in s.inits]
        params, index = [_in_lanes(p) for p in s.params], Var(s.index.name, s.index.type)
        results = [_in_lanes(r) for r in s.results]
        self.env[s.index] = index
        self.env.update(zip(s.results, results, strict=True))
        more: list[Var] = []
        if s.exits:
            inits.append(self.spread(constant(True)) if mask is None else mask)
            more = [Var("active", array("bool", _LANES)) for _ in range(2)]
        with self.builder.open() as body:
            if s.exits:
                values, going_on = self.iteration(s, params, more[0], guarded)
                body.yields = [*values, going_on, self.any(going_on)]
            else:
                self.env.update(zip(s.params, params, strict=True))
                for inner in s.body.statements:
                    # lanes that are not active may become anything: who left them out keeps what they had
                    self.statement(inner, mask, guarded)
                body.yields = [self.lanes(a) for a in s.body.yields]
        loop = Loop(index, ends[0], ends[1], ends[2], [*params, *more[:1]], inits, body, [*results, *more[1:]])
        self.append(replace(loop, exits=s.exits, reversed=s.reversed), s)

    def append(self, loop: Loop | While, s: Loop | While) -> None:
        """Write the loop for all lanes that another one becomes."""
        self.builder.append(replace(loop, origin=s.origin, role=s.role))

    def iteration(self, s: Loop | While, params: Sequence[Var], active: Var, guarded: bool) -> tuple[list[Atom], Atom]:
        """An iteration in the lanes that are active: the values after it, and the lanes that go on."""
        self.env.update(zip(s.params, params, strict=True))
        for inner in s.body.statements:
            self.statement(inner, active, guarded)
        values: list[Atom] = []
        for p, a in zip(params, s.body.yields, strict=False):
            after = self.get(a)
            if after is not p:
                after = self.builder.emit(TABLE["where"], [active, after, p], name=p.name)
            if dtype_of(after) != dtype_of(p):
                raise Apart
            values.append(after)
        return values, self.both(active, self.get(s.body.yields[-1])) if s.exits else active


def _in_lanes(v: Var) -> Var:
    if v.type.is_array:
        raise Apart
    return Var(v.name, array(dtype_of(v), _LANES), temporary=v.temporary)

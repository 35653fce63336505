"""Several iterations of a loop at a time where its inner loop adds to the same elements (floor 3).

A loop over `a` around a loop over `b` that adds to `y[b]` reads and writes every `y[b]` once for each `a`. Four
iterations side by side read and write it once, and what one has stored the next need not wait for. Each element
receives the same numbers in the same order as before.

This is unroll-and-jam (Callahan, Cocke and Kennedy, "Estimating interlock and improving balance for pipelined
architectures", 1988), also for inner loops that move from one iteration to the next: those that add to `y[a + b]`,
those that start or stop one later or earlier. The iterations that are side by side have their elements in common. What
only some of them add to comes before, if it lies before what all have in common, and after, if it lies after it; an
element's numbers come from there or from there, so their order stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..ir import Atom, Block, Builder, Const, Let, Loop, Program, Statement, Type, Var, bound_inside, defined, walk
from ..ir.builder import target_base
from ..ops import TABLE
from .nests import Nest, nest_of
from .rebuilt import with_statements
from .simplify import AtomMap, clone_block, mapped

__all__ = ["jammed"]


def jammed(program: Program) -> Program:
    """The same program with nests of two loops executed several outer iterations at a time.

    Parameters
    ----------
    program : Program
        Not changed.

    Returns
    -------
    Program
        A program that shares what did not change; ``program`` itself if nothing did.
    """
    body = _block(program.body, [])
    return program if body is program.body else replace(program, body=body, derived={})


def _block(block: Block, around: list[tuple[Statement, list[Statement]]]) -> Block:
    """A block with its nests jammed; ``around`` are the statements around it, each with what is to come before it."""
    statements: list[Statement] = []
    for s in block.statements:
        before: list[Statement] = []
        nest = nest_of(s) if isinstance(s, Loop) else None
        if nest is not None:
            new = _Jam(nest).written([*around, (s, before)])
        elif isinstance(s, Loop):
            inner = _block(s.body, [*around, (s, before)])
            new = [s if inner is s.body else replace(s, body=inner)]
        else:
            new = [s]
        statements += [*before, *new]
    return with_statements(block, statements)


class _Jam:
    """Writes one nest."""

    def __init__(self, nest: Nest) -> None:
        self.nest = nest
        self.builder = Builder()
        self.builder.origin, self.builder.role = nest.outer.origin, nest.outer.role
        self.own = {nest.outer.index, *nest.outer.params, nest.inner.index, *nest.inner.params, *nest.inner.results}
        self.own |= {s.target for s in walk(nest.outer.body) if isinstance(s, Let)}

    def written(self, around: list[tuple[Statement, list[Statement]]]) -> list[Statement]:
        """The loop over groups of iterations and the loop over the rest; their numbers come as early as they can.

        If a group is all iterations, it is the one turn of the first loop, and there is no other.
        """
        outer, together = self.nest.outer, self.nest.together
        index, params = Var("k", Type("i64"), temporary=True), [_like(p) for p in outer.params]
        main = replace(outer, index=index, start=Const(0, Type("i64")), params=params)
        emit = self.builder.emit
        if self.nest.is_whole:
            with self.builder.open() as main.body:
                main.body.yields = self.group(outer.start, params)
            main.stop = Const(1, Type("i64"))
            return [main]
        ends: set[Atom] = {outer.start, outer.stop}
        early = next(before for s, before in around if ends.isdisjoint(bound_inside(s)))
        with self.builder.open(Block(early)):
            count = emit(TABLE["trip_count"], [outer.start, outer.stop, 1], name="n")
            main.stop = emit(TABLE["floor_divide"], [count, together], name="n")
            end = self.moved(emit(TABLE["multiply"], [main.stop, together], name="n"))
        with self.builder.open() as main.body:
            main.body.yields = self.group(self.moved(emit(TABLE["multiply"], [index, together], name="k")), params)
        main.results = [_like(r) for r in outer.results]
        return [main, replace(outer, start=end, inits=list(main.results))]

    def moved(self, by: Atom) -> Atom:
        """The outer loop's start, and so many on."""
        start = self.nest.outer.start
        if isinstance(start, Const) and start.value == 0:
            return by
        return self.builder.emit(TABLE["add"], [start, by], name="n")

    def plus(self, atom: Atom, by: int, name: str = "k") -> Atom:
        """An integer and so many more."""
        return self.builder.emit(TABLE["add" if by > 0 else "subtract"], [atom, abs(by)], name=name) if by else atom

    def group(self, first: Atom, params: Sequence[Var]) -> list[Atom]:
        """The iterations of a group; what they hand on."""
        outer, inner = self.nest.outer, self.nest.inner
        state: AtomMap = dict(zip(outer.params, params, strict=True))
        following = dict(zip(outer.params, outer.body.yields, strict=True))
        by_late = {p for p, y in following.items() if y in {s.target for s in self.nest.late}}
        by_inner = {p for p, y in following.items() if y in inner.results}
        maps: list[AtomMap] = []
        for k in range(self.nest.together):
            here = self.plus(first, k)
            mapping: AtomMap = {**state, outer.index: here}
            self.copied(self.nest.early, mapping)
            state.update({p: mapped(y, mapping) for p, y in following.items() if p not in by_late | by_inner})
            maps.append(mapping)
        self.inner(maps)
        for mapping in maps:
            mapping.update({p: state[p] for p in by_late})
            self.copied(self.nest.late, mapping)
            state.update({p: mapping[y] for p, y in following.items() if p in by_late and isinstance(y, Var)})
        state.update({p: mapped(following[p], maps[-1]) for p in by_inner})
        return [state[p] for p in outer.params]

    def copied(self, statements: Sequence[Statement], mapping: AtomMap) -> None:
        """A copy of some statements, written here."""
        new = clone_block(Block(list(statements)), mapping)
        for v in (v for s in new.statements for v in defined(s)):
            if target_base(v.dimension)[0] in self.own:
                v.dimension = v  # it was the other one's length
        self.builder.block.statements += new.statements

    # ---- the inner loop ----------------------------------------------------------------------------------------------
    def inner(self, maps: list[AtomMap]) -> None:
        """The inner loops of a group: what comes before the elements that all have, these, and what comes after."""
        nest, inner, emit = self.nest, self.nest.inner, self.builder.emit
        present = [[mapped(i, mapping) for i in inner.inits] for mapping in maps]
        for k in nest.before:
            start, stop, low = mapped(inner.start, maps[k]), mapped(inner.stop, maps[k]), self.low(maps, k)
            self.alone(k, start, low if nest.fits else emit(TABLE["minimum"], [stop, low], name="n"), maps, present)
        present = self.loop(self.low(maps, 0), self.high(maps, 0), maps, present)
        for k in nest.after:
            low, high, stop = self.low(maps, k), self.high(maps, k), mapped(inner.stop, maps[k])
            self.alone(k, high if nest.fits else emit(TABLE["maximum"], [low, high], name="n"), stop, maps, present)
        for mapping, values in zip(maps, present, strict=True):
            mapping.update(zip(inner.results, values, strict=True))

    def low(self, maps: list[AtomMap], k: int) -> Atom:
        """The first index of an iteration at whose element all iterations of the group have started."""
        last = self.nest.last_to_start
        return self.plus(mapped(self.nest.inner.start, maps[last]), self.nest.drift * (last - k), "n")

    def high(self, maps: list[AtomMap], k: int) -> Atom:
        """The first index of an iteration at whose element one iteration of the group has stopped."""
        first = self.nest.first_to_stop
        return self.plus(mapped(self.nest.inner.stop, maps[first]), self.nest.drift * (first - k), "n")

    def alone(self, k: int, start: Atom, stop: Atom, maps: list[AtomMap], present: list[list[Atom]]) -> None:
        """A part of the inner loop of one iteration; all go on with the arrays as it leaves them."""
        present[k] = self.loop(start, stop, [maps[k]], [present[k]])[0]
        for j, p in enumerate(self.nest.inner.params):
            if p.type.is_array:
                for values in present:
                    values[j] = present[k][j]

    def loop(self, start: Atom, stop: Atom, maps: list[AtomMap], inits: list[list[Atom]]) -> list[list[Atom]]:
        """One loop for the inner loops of some iterations, by the index of the first; what each of them ends with."""
        inner = self.nest.inner
        index = _like(inner.index)
        places: list[tuple[int, int]] = []
        for k in range(len(maps)):
            places += [(k, j) for j, p in enumerate(inner.params) if not k or not p.type.is_array]
        params = {place: _like(inner.params[place[1]]) for place in places}
        results = {place: _like(inner.results[place[1]]) for place in places}
        yields: dict[tuple[int, int], Atom] = {}
        elements: AtomMap = {}
        with self.builder.open() as body:
            for k, mapping in enumerate(maps):
                own: AtomMap = {**mapping, **elements}
                own[inner.index] = self.plus(index, -self.nest.drift * k, index.name)
                for j, p in enumerate(inner.params):
                    own[p] = params[k, j] if not p.type.is_array else yields.get((0, j), params[0, j])
                self.copied([s for s in inner.body.statements if elements.keys().isdisjoint(defined(s))], own)
                elements = elements or {v: own[v] for v in self.nest.places}
                for j, p in enumerate(inner.params):
                    yields[0 if p.type.is_array else k, j] = mapped(inner.body.yields[j], own)
        body.yields = [yields[place] for place in places]
        new = replace(inner, index=index, start=start, stop=stop, body=body)
        new.params, new.results = list(params.values()), list(results.values())
        new.inits = [inits[k][j] for k, j in places]
        self.builder.append(new)
        count = range(len(inner.params))
        return [[results.get((k, j), results.get((0, j))) or inner.params[j] for j in count] for k in range(len(maps))]


def _like(v: Var) -> Var:
    return Var(v.name, v.type, None if v.dimension is v else v.dimension, v.temporary)

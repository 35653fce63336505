"""Four iterations of a loop at a time where its inner loop adds to the same elements (floor 3).

A loop over `a` around a loop over `b` that adds to `y[b]` reads and writes every `y[b]` once for each `a`. Four
iterations side by side read and write it once, and what one has stored the next need not wait for. Each element
receives the same numbers in the same order as before.

This is unroll-and-jam (Callahan, Cocke and Kennedy, "Estimating interlock and improving balance for pipelined
architectures", 1988), also for inner loops that start later in each iteration: the elements that only the first ones
of the four touch come before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..ir import Atom, Block, Builder, Const, Let, Loop, Program, Statement, Type, Var, bound_inside, defined, walk
from ..ir.builder import target_base
from ..ir.liveness import free_variables
from ..ops import TABLE
from .affine import Form, Forms, Ranges
from .rebuilt import with_statements
from .simplify import AtomMap, clone_block, mapped

__all__ = ["jammed"]

#: So many iterations are executed side by side.
TOGETHER = 4
#: Statements that an inner loop may have.
_LARGEST = 16


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
        nest = _nest(s) if isinstance(s, Loop) else None
        if nest is not None:
            new = _Jam(nest).written([*around, (s, before)])
        elif isinstance(s, Loop):
            inner = _block(s.body, [*around, (s, before)])
            new = [s if inner is s.body else replace(s, body=inner)]
        else:
            new = [s]
        statements += [*before, *new]
    return with_statements(block, statements)


# ---- which nests -----------------------------------------------------------------------------------------------------
@dataclass
class _Nest:
    """A loop, the one loop in its body, and what else is there.

    Attributes
    ----------
    outer, inner : Loop
        The loops.
    early, late : list of Let
        What does not depend on the inner loop of the same iteration, and what does.
    slope : int
        By how much the start of the inner loop grows from one iteration to the next: 0 or 1.
    """

    outer: Loop
    inner: Loop
    early: list[Let]
    late: list[Let]
    slope: int


def _nest(outer: Loop) -> _Nest | None:
    """The nest, if its iterations may be executed side by side and gain by it."""
    inner, lets = None, []
    for s in outer.body.statements:
        if isinstance(s, Let):
            lets.append(s)
        elif isinstance(s, Loop) and inner is None:
            inner = s
        else:
            return None
    if inner is None or not (_is_plain(outer) and _is_plain(inner)) or len(inner.body.statements) > _LARGEST:
        return None
    body = [s for s in inner.body.statements if isinstance(s, Let)]
    if len(body) < len(inner.body.statements) or not all(_is_simple(s) for s in [*lets, *body]):
        return None
    after: set[Var] = set(inner.results)
    for s in lets:
        if not after.isdisjoint(s.args):
            after.add(s.target)
    late = [s for s in lets if s.target in after]
    nest = _Nest(outer, inner, [s for s in lets if s.target not in after], late, 0)
    slope = _slope(nest)
    if slope is None or not _adds_in_place(nest, body) or not _is_in_phases(nest, after):
        return None
    nest.slope = slope
    return nest


def _is_plain(s: Loop) -> bool:
    """Whether a loop counts up one by one, and not over a few numbers: short loops are written out in any case."""
    if s.exits or s.reversed or s.trips is not None or s.checkpoints is not None:
        return False
    token = s.stop.dimension
    is_known = token == 1 or (isinstance(token, tuple) and token[0] == "literal")
    return isinstance(s.step, Const) and s.step.value == 1 and not is_known


def _is_simple(s: Let) -> bool:
    """Whether a statement gives a number, or writes one element."""
    if s.op.name in ("store", "accumulate"):
        return bool(s.params["index"].is_element)
    return isinstance(s.target.type, Type) and not s.target.type.rank and not s.op.consumes


def _slope(nest: _Nest) -> int | None:
    """By how much the inner loop's start grows; None where it is not known to stay within the inner loop's stop."""
    outer, inner = nest.outer, nest.inner
    forms = Forms(outer, set())
    start, stop = forms.of(inner.start), forms.of(inner.stop)
    if start is None or stop is None or not forms.indices.isdisjoint(stop.terms):
        return None
    slope = start.terms.get(outer.index, 0)
    ranges = Ranges(forms)
    ranges.add_index(outer, outer.index, {})
    if not ranges.is_positive(start.plus(Form(1))):
        return None  # a negative position is another name for an element
    if slope == 0:
        return 0
    return 1 if slope == 1 and ranges.is_positive(stop.plus(Form(1)).plus(start, -1)) else None


def _adds_in_place(nest: _Nest, body: Sequence[Let]) -> bool:
    """Whether the inner loop writes nothing but sums, each iteration to an element that depends on its index alone."""
    outer, inner = nest.outer, nest.inner
    moving: set[Atom] = {outer.index, *outer.params, *(s.target for s in nest.early)}
    arrays = [p for p in inner.params if p.type.is_array]
    chains = {p: p for p in arrays}
    for s in body:
        base = next((p for p, v in chains.items() if s.args and s.args[0] is v), None)
        if base is not None:
            places = s.args[2:]
            if s.op.name != "accumulate" or chains[base] is not base or not moving.isdisjoint(places):
                return False
            if inner.index not in places or any(v in s.args[1:] for v in chains.values()):
                return False
            chains[base] = s.target
        elif s.op.consumes or any(v in s.args for v in chains.values()):
            return False
        if not moving.isdisjoint(s.args):
            moving.add(s.target)
    yields = dict(zip(inner.params, inner.body.yields, strict=True))
    return bool(arrays) and all(yields[p] is v and v is not p for p, v in chains.items())


def _is_in_phases(nest: _Nest, after: set[Var]) -> bool:
    """Whether each value that the outer loop carries is used before, in or after the inner loop, in one of them."""
    outer, inner = nest.outer, nest.inner
    lets = [*nest.early, *nest.late]
    carried: set[Atom] = {*outer.params, *(s.target for s in lets)}
    if any(s.op.consumes and s.args[0] not in carried for s in lets):
        return False
    for p, i, r in zip(inner.params, inner.inits, inner.results, strict=True):
        if p.type.is_array and (i not in outer.params or r not in outer.body.yields):
            return False
    body = free_variables(inner.body)
    for p, y in zip(outer.params, outer.body.yields, strict=True):
        if y in inner.results:
            start = inner.inits[inner.results.index(y)]
            if start is not p or not p.type.is_array or p in body or any({p, y} & set(s.args) for s in lets):
                return False
            continue
        versions: set[Var] = {p}
        for s in lets:
            if s.op.consumes and s.args[0] in versions:
                versions.add(s.target)
        early, late = (any(not versions.isdisjoint(s.args) for s in part) for part in (nest.early, nest.late))
        within = not versions.isdisjoint({*body, *inner.inits})
        if p.type.is_array and (y not in versions or early + late + within > 1):
            return False
        if y in after and (early or within):
            return False
        if y in outer.params and y is not p:
            return False
    return True


# ---- writing them ----------------------------------------------------------------------------------------------------
class _Jam:
    """Writes one nest."""

    def __init__(self, nest: _Nest) -> None:
        self.nest = nest
        self.builder = Builder()
        self.builder.origin, self.builder.role = nest.outer.origin, nest.outer.role
        self.own = {nest.outer.index, *nest.outer.params, nest.inner.index, *nest.inner.params, *nest.inner.results}
        self.own |= {s.target for s in walk(nest.outer.body) if isinstance(s, Let)}

    def written(self, around: list[tuple[Statement, list[Statement]]]) -> list[Statement]:
        """The loop over groups of iterations and the loop over the rest; their numbers come as early as they can."""
        outer = self.nest.outer
        ends: set[Atom] = {outer.start, outer.stop}
        early = next(before for s, before in around if ends.isdisjoint(bound_inside(s)))
        emit = self.builder.emit
        with self.builder.open(Block(early)):
            count = emit(TABLE["trip_count"], [outer.start, outer.stop, 1], name="n")
            groups = emit(TABLE["floor_divide"], [count, TOGETHER], name="n")
            end = self.moved(emit(TABLE["multiply"], [groups, TOGETHER], name="n"))
        index, params = Var("k", Type("i64"), temporary=True), [_like(p) for p in outer.params]
        with self.builder.open() as body:
            body.yields = self.group(self.moved(emit(TABLE["multiply"], [index, TOGETHER], name="k")), params)
        results = [_like(r) for r in outer.results]
        main = replace(outer, index=index, params=params, body=body, results=results)
        main.start, main.stop = Const(0, Type("i64")), groups
        return [main, replace(outer, start=end, inits=list(results))]

    def moved(self, by: Atom) -> Atom:
        """The outer loop's start, and so many on."""
        start = self.nest.outer.start
        if isinstance(start, Const) and start.value == 0:
            return by
        return self.builder.emit(TABLE["add"], [start, by], name="n")

    def group(self, first: Atom, params: Sequence[Var]) -> list[Atom]:
        """The iterations of a group; what they hand on."""
        outer, inner = self.nest.outer, self.nest.inner
        state: AtomMap = dict(zip(outer.params, params, strict=True))
        following = dict(zip(outer.params, outer.body.yields, strict=True))
        by_late = {p for p, y in following.items() if y in {s.target for s in self.nest.late}}
        by_inner = {p for p, y in following.items() if y in inner.results}
        maps: list[AtomMap] = []
        for k in range(TOGETHER):
            here = self.builder.emit(TABLE["add"], [first, k], name="k") if k else first
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
        """The inner loops of a group: what only the first ones do, then all together."""
        inner = self.nest.inner
        present = [[mapped(i, mapping) for i in inner.inits] for mapping in maps]
        start = mapped(inner.start, maps[-1])
        for k in range(TOGETHER - 1 if self.nest.slope else 0):
            present[k] = self.loop(mapped(inner.start, maps[k]), start, [maps[k]], [present[k]])[0]
            self.share(present, k)
        self.share(present, 0)
        ends = self.loop(start, mapped(inner.stop, maps[-1]), maps, present)
        for mapping, values in zip(maps, ends, strict=True):
            mapping.update(zip(inner.results, values, strict=True))

    def share(self, present: list[list[Atom]], k: int) -> None:
        """Let all go on with the arrays as one has left them."""
        for j, p in enumerate(self.nest.inner.params):
            if p.type.is_array:
                for values in present:
                    values[j] = present[k][j]

    def loop(self, start: Atom, stop: Atom, maps: list[AtomMap], inits: list[list[Atom]]) -> list[list[Atom]]:
        """One loop for the inner loops of some iterations; what each of them ends with."""
        inner = self.nest.inner
        index = _like(inner.index)
        places: list[tuple[int, int]] = []
        for k in range(len(maps)):
            places += [(k, j) for j, p in enumerate(inner.params) if not k or not p.type.is_array]
        params = {place: _like(inner.params[place[1]]) for place in places}
        results = {place: _like(inner.results[place[1]]) for place in places}
        yields: dict[tuple[int, int], Atom] = {}
        with self.builder.open() as body:
            for k, mapping in enumerate(maps):
                own: AtomMap = {**mapping, inner.index: index}
                for j, p in enumerate(inner.params):
                    own[p] = params[k, j] if not p.type.is_array else yields.get((0, j), params[0, j])
                self.copied(inner.body.statements, own)
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

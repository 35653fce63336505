"""What a backward part needs from the forward part of its scope: kept, or computed again (floor 3).

The rule, scope by scope. In an outermost loop the backward body re-executes what it reads from the carried values at
the start of the iteration, which the forward loop keeps (and only those that are read); in loops inside it, what the
backward body reads is kept as it is, unless it is cheap to have again. A read of an array that the loop changes in
place is kept: the array is gone by then, the element is small. In a branch, what the backward arm reads is a result of
the forward arm.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ..ir import (
    Atom,
    Block,
    Branch,
    Builder,
    Call,
    Const,
    Let,
    ListType,
    Loop,
    Statement,
    Type,
    Var,
    While,
    array,
    constant,
    defined,
    sub_blocks,
)
from ..ir.liveness import free_variables, statement_reads
from ..ir.shapes import shape_only
from ..ops import TABLE, Index, Integer, Op
from .simplify import clone_block, rename_atoms

__all__ = ["Past", "Scope", "ShapeBuilder", "changed_in_place", "cut_branch", "cut_loop", "is_written", "literal_int"]

_ELEMENT = Index((Integer(),))
#: Operators that cost no more than a read of what they compute.
_CHEAP = {
    "load", "length", "broadcast_with", "transpose", "reshape", "reshape_like", "expand_dims", "squeeze", "cast",
    "add", "subtract", "multiply", "negative", "less", "less_equal", "greater", "greater_equal", "equal", "not_equal",
    "logical_and", "logical_or", "logical_not", "count_like", "zeros_like", "zeros", "floor_divide", "maximum",
    "minimum",
}  # fmt: skip


class ShapeBuilder(Builder):
    """A builder that reads shapes from the arguments of the program where they have them.

    Transposes need the shape of an operand, not its content; taking it from an argument lets the operand go.
    """

    def __init__(self) -> None:
        super().__init__()
        self.representatives: dict[Any, Var] = {}

    def represent(self, variables: Sequence[Var]) -> None:
        """Let these variables stand for every array of their dtype and lengths."""
        for v in variables:
            if isinstance(v.type, Type) and v.type.rank and None not in v.type.dims:
                self.representatives.setdefault((v.type.dtype, v.type.dims), v)

    def represented(self, op: Op, args: Sequence[Any]) -> list[Any]:
        """The operands, those of which only the shape is read replaced by arguments of the program."""
        atoms = list(args)
        for k in shape_only(Let(Var("", Type("f64")), op, tuple(atoms))):
            if isinstance(atoms[k], Var) and isinstance(atoms[k].type, Type):
                key = (atoms[k].type.dtype, atoms[k].type.dims)
                atoms[k] = self.representatives.get(key, atoms[k])
        return atoms

    def emit(self, op: Op, args: Sequence[Any], params: dict[str, Any] | None = None, name: str = "t") -> Atom:
        """As `Builder.emit`."""
        atoms = self.represented(op, [arg.atom if hasattr(arg, "atom") else arg for arg in args])
        if op.name == "sum_to" and _same_lengths(atoms[0], atoms[1]):
            found: Atom = atoms[0]
            return found
        return super().emit(op, atoms, params, name)


def _same_lengths(a: Any, b: Any) -> bool:
    types = getattr(a, "type", None), getattr(b, "type", None)
    if not (isinstance(types[0], Type) and isinstance(types[1], Type)):
        return False
    return types[0].rank == types[1].rank and types[0].dims == types[1].dims and None not in types[0].dims


# ---- branches --------------------------------------------------------------------------------------------------------
def cut_branch(s: Branch, backward: list[Block], results: list[Var], builder: Builder, past: Past) -> Branch:
    """The backward branch; ``s`` becomes the forward branch, with one more result for each value that is read."""
    for arm, other, block in ((s.then, s.orelse, backward[0]), (s.orelse, s.then, backward[1])):
        scope = Scope(arm.statements, [], None, past)
        scope.read_shapes_elsewhere(block)
        demanded = scope.demanded(block)
        kept, again = scope.divide(demanded, keep_all=True)
        mapping: dict[Var, Atom] = {}
        for v in kept:
            result = Var(v.name, v.type)
            s.results.append(result)
            arm.yields.append(v)
            with builder.open(other), builder.at(s.origin, "kept"):
                other.yields.append(builder.emit(TABLE["undefined"], [], {"type": v.type}, "undefined"))
            mapping[v] = result
        prepend(block, scope.slice(again), mapping)
    return Branch(s.condition, backward[0], backward[1], results, s.origin, "adjoint")


# ---- loops -----------------------------------------------------------------------------------------------------------
def cut_loop(
    s: Loop | While,
    backward: Block,
    params: list[Var],
    inits: list[Atom],
    results: list[Var],
    builder: Builder,
    depth: int,
    past: Past,
) -> list[Statement]:
    """Append the backward loop; return the forward loop, with what it keeps, and the statements before it."""
    index = s.index if isinstance(s, Loop) else None
    scope = Scope(s.body.statements, s.params, index, past)
    scope.read_shapes_elsewhere(backward)
    demanded = scope.demanded(backward)
    kept, again = scope.divide(demanded, keep_all=depth > 0)
    before: list[Statement] = []
    back_index = Var(index.name if index is not None else "k", Type("i64"))
    keeper = _Keeper(s, builder, back_index, before)
    mapping: dict[Var, Atom] = {} if index is None else {index: back_index}
    reads = Block()
    for v in kept:
        with builder.open(reads), builder.at(s.origin, "adjoint"):
            mapping[v] = keeper.keep(v)
    prepend(backward, scope.slice(again), mapping, reads.statements)
    with builder.at(s.origin, "adjoint"):
        start, stop, step = keeper.ends()
        turned = not (isinstance(s, Loop) and s.reversed)
        builder.append(
            Loop(
                back_index,
                start,
                stop,
                step,
                params,
                inits,
                backward,
                results,
                False,
                turned,
                None,
                s.origin,
                "adjoint",
            )
        )
    return [*before, s]


def prepend(block: Block, again: list[Statement], mapping: dict[Var, Atom], reads: Sequence[Statement] = ()) -> None:
    """Put the recomputation before a backward block and let the block read it."""
    recomputed = clone_block(Block(again, []), mapping)
    rename_atoms(block, mapping)
    block.statements[:0] = [*reads, *recomputed.statements]


class Past(NamedTuple):
    """What a backward sweep finds of the forward sweep's arrays.

    Attributes
    ----------
    gone : set of Var
        The arrays from outside that a surrounding loop changes in place.
    settled : mapping
        Variables that can be read again out of the array that a loop leaves, and how (`settled`).
    """

    gone: set[Var]
    settled: Mapping[Var, Let]


class Scope:
    """The forward body of a loop or an arm."""

    def __init__(self, statements: list[Statement], params: list[Var], index: Var | None, past: Past) -> None:
        self.statements = [past.settled.get(s.target, s) if isinstance(s, Let) else s for s in statements]
        self.params, self.index = params, index
        self.definition: dict[Var, Statement] = {v: s for s in self.statements for v in defined(s)}
        self.changed = changed_in_place(statements, params)
        self.gone = past.gone

    def demanded(self, backward: Block) -> list[Var]:
        """The variables of this scope that a backward block reads, in order of definition."""
        reads = free_variables(backward)
        order = [*self.params, *([self.index] if self.index else []), *self.definition]
        return [v for v in order if v in reads]

    def read_shapes_elsewhere(self, backward: Block) -> None:
        """Where a backward block reads the shape of a value only, let it read that of an array that costs nothing."""
        contents = free_variables(backward, contents_only=True)
        mapping: dict[Var, Atom] = {}
        for v in self.demanded(backward):
            if v in contents or not (isinstance(v.type, Type) and v.type.rank) or v in self.params or self.is_cheap(v):
                continue
            for other, s in self.definition.items():
                same = isinstance(s, Let) and s.op.name == "load" and _same_lengths(other, v) and other.type == v.type
                if same and self.is_cheap(other):
                    mapping[v] = other
                    break
        if mapping:
            rename_atoms(backward, mapping)

    def divide(self, demanded: list[Var], keep_all: bool) -> tuple[list[Var], list[Var]]:
        """Which of the demanded variables are kept, and which computed again (from kept ones)."""
        kept: dict[Var, None] = {}
        again: dict[Var, None] = {}

        def need(v: Var) -> None:
            if v in kept or v in again or v is self.index:
                return
            if v in self.params or self._must_keep(v) or (keep_all and not self.is_cheap(v)):
                kept[v] = None
                return
            again[v] = None
            for operand in sorted(self._reads(v), key=self._order):
                need(operand)

        for v in demanded:
            need(v)
        order = {v: k for k, v in enumerate([*self.params, *self.definition])}
        return sorted(kept, key=order.__getitem__), sorted(again, key=order.__getitem__)

    def closure(self, demanded: list[Var]) -> list[Statement]:
        """The statements that compute the demanded variables from the carried ones, in order."""
        again: set[Var] = set()
        waiting = [v for v in demanded if v in self.definition]
        while waiting:
            v = waiting.pop()
            if v not in again:
                again.add(v)
                waiting += [r for r in self._reads(v) if r in self.definition]
        return self.slice(sorted(again, key=self._order))

    def _order(self, v: Var) -> int:
        places = list(self.definition)
        return places.index(v) if v in self.definition else -1

    def _reads(self, v: Var) -> set[Var]:
        own = set(self.definition) | set(self.params)
        return {r for r in statement_reads(self.definition[v]) if r in own}

    def _must_keep(self, v: Var) -> bool:
        """The value comes out of an array that the loop changes in place."""
        if v in self.changed:
            return True
        s = self.definition[v]
        return any(r in self.changed or r in self.gone for r in statement_reads(s, contents_only=True))

    def is_cheap(self, v: Var, depth: int = 4) -> bool:
        """Whether having the value again costs no more than reading it back."""
        if v is self.index:
            return True
        s = self.definition.get(v)
        if s is None or v in self.params:
            return s is None and v not in self.params
        if not isinstance(s, Let) or not depth or self._must_keep(v):
            return False
        if s.op.name not in _CHEAP:
            return False
        if s.op.name != "load" and s.target.type.rank and s.op.elementwise:
            return False
        return all(self.is_cheap(a, depth - 1) for a in s.args if isinstance(a, Var))

    def slice(self, again: list[Var]) -> list[Statement]:
        """The statements that compute ``again``, each after those that it reads."""
        wanted = set(again)
        order: list[Statement] = []
        done: set[int] = set()

        def visit(s: Statement) -> None:
            if id(s) in done:
                return
            done.add(id(s))
            for r in sorted(wanted.intersection(statement_reads(s)), key=self._order):
                visit(self.definition[r])
            order.append(s)

        for s in self.statements:
            if any(v in wanted for v in defined(s)):
                visit(s)
        return order


def changed_in_place(statements: Sequence[Statement], params: Sequence[Var]) -> set[Var]:
    """The versions of the carried arrays that the body writes in place."""
    versions: dict[Var, Var] = {p: p for p in params if p.type.is_array and not isinstance(p.type, ListType)}
    written: set[Var] = set()
    _follow(statements, versions, written)
    return {v for v, origin in versions.items() if origin in written}


def is_written(v: Var, statements: Sequence[Statement]) -> bool:
    """Whether one of these statements writes into an array in place."""
    written: set[Var] = set()
    _follow(statements, {v: v}, written)
    return bool(written)


def _follow(statements: Sequence[Statement], versions: dict[Var, Var], written: set[Var]) -> None:
    for s in statements:
        if isinstance(s, Let):
            source = s.args[0] if s.args else None
            if s.op.consumes and isinstance(source, Var) and source in versions:
                versions[s.target] = versions[source]
                written.add(versions[source])
            continue
        if isinstance(s, Call):
            for j, k in enumerate(sorted(s.program.consumed)):
                argument = s.args[k]
                if isinstance(argument, Var) and argument in versions:
                    count = len(s.results) - len(s.program.consumed)
                    if count + j < len(s.results):
                        versions[s.results[count + j]] = versions[argument]
                    written.add(versions[argument])
            continue
        if not isinstance(s, Branch):
            for param, init in zip(s.params, s.inits, strict=True):
                if isinstance(init, Var) and init in versions:
                    versions[param] = versions[init]
        for inner in sub_blocks(s):
            _follow(inner.statements, versions, written)
        arms = [s.then, s.orelse] if isinstance(s, Branch) else [s.body]
        for arm in arms:
            for result, atom in zip(s.results, arm.yields, strict=False):
                if isinstance(atom, Var) and atom in versions:
                    versions[result] = versions[atom]


class _Keeper:
    """Adds kept values to a forward loop and reads them in its backward loop."""

    def __init__(self, s: Loop | While, builder: Builder, back_index: Var, before: list[Statement]) -> None:
        self.s, self.builder, self.back_index, self.before = s, builder, back_index, before
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
        scalar = isinstance(v.type, Type) and not v.type.rank and isinstance(self.s, Loop)
        name = f"{v.name}_kept"
        if scalar:
            assert isinstance(v.type, Type)
            type_: Any = array(v.type.dtype, (None,))
            init = self._before(TABLE["empty"], [self._count()], {"dtype": v.type.dtype}, name)
        else:
            type_ = ListType(v.type)
            init = self._before(TABLE["new_list"], [], {"element": v.type}, name)
        param, result, updated = Var(name, type_), Var(name, type_), Var(name, type_)
        s = self.s
        statements: list[Statement] = []
        with self.builder.open(Block(statements)), self.builder.at(s.origin, "kept"):
            if scalar:
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
        return self._read(result, v, scalar)

    def _read(self, result: Var, v: Var, scalar: bool) -> Atom:
        place = self._read_position()
        if scalar:
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

    def _before(self, op: Op, args: list[Any], params: dict[str, Any], name: str) -> Atom:
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

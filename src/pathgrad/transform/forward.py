"""Forward mode: statement doubling (floor 3; lecture, section 2, Example 2.1).

Beside each statement stands the statement for its tangent; loops, branches and calls keep their shape. Two forms: the
*pair* (x, x') -> (v, v') that composes with other transformed programs, and the *derivative* only, x -> v'.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

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
    Parameter,
    Program,
    Statement,
    Type,
    Var,
    While,
    check,
    is_float,
    place_copies,
    programs_called,
    remove_dead,
    walk,
)
from ..ir.trees import mentions, moved
from ..ops import TABLE
from .activity import differentiable_operands, selects, varied, wild
from .calculus import Calculus, dot_name, dot_variable
from .simplify import clone_block, share_common

__all__ = ["forward"]

#: Operators that are linear in all their operands together: the tangent is the operator of the tangents.
_JOINTLY_LINEAR = (
    "store",
    "accumulate",
    "concatenate",
    "stack",
    "pack",
    "push",
    "pop",
    "recall",
    "last",
    "add_at",
    "add_lists",
)


def forward(
    program: Program, active: Iterable[int], form: str = "pair", masked: bool = False, wild_inputs: bool = False
) -> Program:
    """The tangent program.

    Parameters
    ----------
    program : Program
        The primal program.
    active : iterable of int
        Positions of the inputs that carry tangents.
    form : str
        ``"pair"``: the inputs are those of ``program`` and one tangent for each active input; the outputs are those of
        ``program`` and the tangents of its float outputs. ``"derivative"``: one active scalar input with tangent 1; the
        outputs are the tangents only.
    masked : bool
        Whether the seeds may be zero because a path was not taken (the columns of a unit matrix, a callee's seeds).
    wild_inputs : bool
        Whether the inputs may be infinite or undefined although the path was not taken.

    Returns
    -------
    Program
        Checked; kept for the next request.
    """
    positions = tuple(active)
    key = ("forward", positions, form, masked, wild_inputs)
    if key not in program.derived:
        try:
            _Forward(program, positions, form, masked, wild_inputs, key).run()
        except BaseException:
            program.derived.pop(key, None)
            raise
    result: Program = program.derived[key]
    return result


class _Forward:
    def __init__(
        self, program: Program, positions: tuple[int, ...], form: str, masked: bool, wild_inputs: bool, key: Any
    ) -> None:
        self.program, self.positions, self.form, self.masked = program, positions, form, masked
        self.wild_inputs = wild_inputs
        self.builder = Builder()
        self.dots: dict[Var, Atom] = {}
        self.undefined: dict[Atom, Let] = {}
        suffix = "dot" if form == "derivative" else "pair"
        self.target = Program(f"{program.name}_{suffix}", [], Block(), filename=program.filename)
        self.target.derived["unfinished"] = True
        program.derived[key] = self.target

    # ---- the whole program -------------------------------------------------------------------------------------------
    def run(self) -> None:
        """Write the tangent program."""
        mapping: dict[Var, Atom] = {}
        inputs = [Var(v.name, v.type, None if v.dimension is v else v.dimension) for v in self.program.inputs]
        mapping.update(zip(self.program.inputs, inputs, strict=True))
        body = clone_block(self.program.body, mapping)
        copy = Program("", inputs, body)
        tangents: list[Var] = []
        for k in self.positions:
            if self.form == "derivative":
                self.dots[inputs[k]] = Const(1.0, Type("f64"))
            else:
                dot = dot_variable(inputs[k])
                self.dots[inputs[k]] = dot
                tangents.append(dot)
        active = [inputs[k] for k in self.positions]
        self.varied = varied(copy, active)
        self.calculus = Calculus(self.builder, wild(copy, inputs_too=self.wild_inputs))
        for tangent in tangents:
            self.calculus.mask(tangent, self.masked)
        with self.builder.open() as new:
            self.block(body)
            dots = [self.dot(a) for a in body.yields if is_float(a.type)]
            new.yields = dots if self.form == "derivative" else [*body.yields, *dots]
        self.describe(inputs, tangents)
        self.target.inputs, self.target.body = [*inputs, *tangents], new
        consumed = set(self.program.consumed)
        consumed |= {len(inputs) + j for j, k in enumerate(self.positions) if k in consumed and tangents}
        self.target.consumed = frozenset(consumed)
        remove_dead(share_common(self.target))
        finish(self.target)

    def describe(self, inputs: list[Var], tangents: list[Var]) -> None:
        """Group inputs and outputs as the user's parameters and result are grouped."""
        source, target = self.program, self.target
        if not source.parameters:
            return
        dot_of = {k: len(inputs) + j for j, k in enumerate(self.positions)} if tangents else {}
        target.parameters = list(source.parameters)
        taken = {p.name for p in source.parameters}
        for p in source.parameters:
            if mentions(p.tree, dot_of):
                target.parameters.append(Parameter(distinct(f"{p.name}_dot", taken), moved(p.tree, dot_of)))
        floats = [k for k, a in enumerate(source.outputs) if is_float(a.type)]
        base = 0 if self.form == "derivative" else len(source.outputs)
        dots = moved(source.result, {k: base + j for j, k in enumerate(floats)})
        target.result = dots if self.form == "derivative" else (source.result, dots)

    def dot(self, atom: Atom) -> Atom:
        """The tangent of an atom; zero where it has none."""
        found = self.dots.get(atom) if isinstance(atom, Var) else None
        if found is not None:
            return found
        if atom in self.undefined:
            return self.tangent(self.undefined[atom])
        if isinstance(atom.type, ListType):
            return self.builder.emit(TABLE["zero_list"], [atom], {}, "zero")
        if atom.type.rank:
            return self.builder.emit(TABLE["zeros_like"], [atom], {}, dot_name(atom))
        return Const(0.0, Type(atom.type.dtype))

    # ---- statements --------------------------------------------------------------------------------------------------
    def block(self, block: Block) -> None:
        """Double the statements of a block."""
        for s in block.statements:
            with self.builder.at(s.origin, "tangent"):
                if isinstance(s, Let):
                    self.let(s)
                elif isinstance(s, Call):
                    self.call(s)
                elif isinstance(s, Branch):
                    self.branch(s)
                else:
                    self.loop(s)

    def let(self, s: Let) -> None:
        """A statement and its tangent, the tangent first unless it uses the value."""
        if s.op.name == "undefined":
            self.undefined[s.target] = s
        if s.target not in self.varied:
            self.builder.append(s)
            return
        with self.builder.open() as statements:
            dot = self.tangent(s)
        uses_value = any(s.target in _reads(each) for each in statements.statements) or dot is s.target
        if uses_value:
            self.builder.append(s)
        self.builder.block.statements.extend(statements.statements)
        if not uses_value:
            self.builder.append(s)
        self.dots[s.target] = dot

    def tangent(self, s: Let) -> Atom:
        """The tangent of a statement's target: label times tangent, summed over the operands."""
        name = dot_name(s.target)
        if s.op.name in ("new_list", "zero_list", "undefined"):
            return self.builder.emit(s.op, list(s.args), dict(s.params), name)
        moving = [k for k in differentiable_operands(s) if s.args[k] in self.varied]
        if s.op.name in _JOINTLY_LINEAR:
            linear = set(differentiable_operands(s))
            args = [self.dot(a) if k in linear else a for k, a in enumerate(s.args)]
            if s.op.name in ("store", "accumulate") and not is_float(s.args[1].type):
                args[1] = Const(0.0, Type("f64"))
            if s.op.name == "accumulate" and 1 not in moving:
                return args[0]
            masked = any(self.calculus.is_masked(args[k]) for k in linear)
            return self.calculus.mask(self.builder.emit(s.op, args, dict(s.params), name), masked)
        total: Atom | None = None
        for k in moving:
            part = self.calculus.contribution(s, k, s.args, s.target, self.fitting(s, k), name)
            total = self.calculus.plus(total, part, name)
        assert total is not None
        return self.fitted(total, s.target, name)

    def fitting(self, s: Let, k: int) -> Atom:
        """The tangent of the operand at position ``k``."""
        return self.dot(s.args[k])

    def fitted(self, dot: Atom, value: Var, name: str) -> Atom:
        """A tangent in the type of its value: constants spread over an array, float32 kept."""
        assert isinstance(dot.type, Type)
        assert isinstance(value.type, Type)
        if dot.type.rank < value.type.rank:
            dot = self.builder.emit(TABLE["broadcast_with"], [dot, value], {}, name)
        if isinstance(dot, Var) and dot.type.dtype != value.type.dtype:  # type: ignore[union-attr]
            dot = self.builder.emit(TABLE["cast"], [dot], {"dtype": value.type.dtype}, name)
        elif isinstance(dot, Const) and dot.type.dtype != value.type.dtype:
            dot = Const(float(dot.value), Type(value.type.dtype))
        return same_lengths(dot, value)

    def call(self, s: Call) -> None:
        """A call of the callee's tangent program."""
        active = tuple(k for k, a in enumerate(s.args) if a in self.varied and is_float(a.type))
        if not active or not any(is_float(r.type) for r in s.results):
            self.builder.append(s)
            return
        masked = any(self.calculus.is_masked(self.dots.get(a)) for k in active if isinstance(a := s.args[k], Var))
        wild_inputs = any(a in self.calculus.wild for a in s.args)
        pair = forward(s.program, active, "pair", masked, wild_inputs)
        args = [*s.args, *(self.dot(s.args[k]) for k in active)]
        floats = [r for r in s.results if is_float(r.type)]
        dots = [dot_variable(r) for r in floats]
        for dot in dots:
            self.calculus.mask(dot, masked or selects(s.program))
        self.builder.append(Call(pair, args, [*s.results, *dots], s.origin, "tangent"))
        self.dots.update(zip(floats, dots, strict=True))

    def branch(self, s: Branch) -> None:
        """A branch that yields tangents too."""
        moving = [k for k, r in enumerate(s.results) if r in self.varied]
        arms = []
        for arm in (s.then, s.orelse):
            with self.builder.open() as new:
                self.block(arm)
                new.yields = [*arm.yields, *(self.matched(arm.yields[k], s.results[k]) for k in moving)]
            arms.append(new)
        dots = [dot_variable(s.results[k]) for k in moving]
        for j, dot in enumerate(dots):
            masked = any(self.calculus.is_masked(arm.yields[len(s.results) + j]) for arm in arms)
            self.calculus.mask(dot, masked)
        self.builder.append(Branch(s.condition, arms[0], arms[1], [*s.results, *dots], s.origin, "primal"))
        self.dots.update(zip((s.results[k] for k in moving), dots, strict=True))

    def matched(self, atom: Atom, like: Var) -> Atom:
        """The tangent of an atom in the type of ``like``."""
        return self.fitted(self.dot(atom), like, dot_name(like)) if isinstance(like.type, Type) else self.dot(atom)

    def loop(self, s: Loop | While) -> None:
        """A loop that carries tangents too."""
        moving = [k for k, p in enumerate(s.params) if p in self.varied]
        inits = [*s.inits, *(self.matched(s.inits[k], s.params[k]) for k in moving)]
        params = [dot_variable(s.params[k]) for k in moving]
        results = [dot_variable(s.results[k]) for k in moving]
        for j, param in enumerate(params):
            may_mask = any(_may_mask(inner, param) for inner in walk(s.body))
            self.calculus.mask(param, may_mask or inits[len(s.inits) + j] in self.calculus.masked)
            self.calculus.mask(results[j], param in self.calculus.masked)
        self.dots.update(zip((s.params[k] for k in moving), params, strict=True))
        count = len(s.params)
        with self.builder.open() as body:
            self.block(s.body)
            carried, extra = s.body.yields[:count], s.body.yields[count:]
            body.yields = [*carried, *(self.matched(carried[k], s.params[k]) for k in moving), *extra]
        self.dots.update(zip((s.results[k] for k in moving), results, strict=True))
        both, after = _interleaved(s.params, params, moving), _interleaved(s.results, results, moving)
        inits = _interleaved(inits[:count], inits[count:], moving)
        body.yields = [*_interleaved(carried, body.yields[count : count + len(moving)], moving), *extra]
        if isinstance(s, Loop):
            ends = (s.start, s.stop, s.step)
            shape = s.exits, s.reversed, s.trips
            self.builder.append(Loop(s.index, *ends, both, inits, body, after, *shape, s.origin, s.role, s.checkpoints))
        else:
            self.builder.append(While(both, inits, s.condition, body, after, s.exits, s.trips, s.origin, s.role))


def _may_mask(s: Statement, dot: Var) -> bool:
    """Whether the tangent ``dot``, behind this statement, may be zero because a path was not taken."""
    if isinstance(s, Let):
        return s.op.selects or (dot.type.is_array and s.op.name == "store")
    return isinstance(s, Branch) or (isinstance(s, Call) and selects(s.program))


def finish(program: Program) -> None:
    """Place copies and check; of programs that call each other, the one that was begun first finishes all."""
    del program.derived["unfinished"]
    group = programs_called(program)
    if any(p.derived.get("unfinished") for p in group):
        return
    for p in group:
        place_copies(p)
    check(program)


def distinct(name: str, taken: set[str]) -> str:
    """A parameter name that the user's function does not have."""
    while name in taken:
        name += "_"
    return name


def _interleaved(values: Sequence[Any], dots: Sequence[Any], moving: Sequence[int]) -> list[Any]:
    """Each tangent before its value, as statements are doubled."""
    result: list[Any] = []
    for k, value in enumerate(values):
        if k in moving:
            result.append(dots[moving.index(k)])
        result.append(value)
    return result


def same_lengths(derivative: Atom, value: Atom) -> Atom:
    """A derivative has the lengths of its value, whatever could be told from the operators that made it."""
    old, new = derivative.type, value.type
    if isinstance(derivative, Var) and isinstance(old, Type) and isinstance(new, Type) and old.rank == new.rank:
        derivative.type = Type(old.dtype, new.rank, new.dims)
    return derivative


def _reads(s: Statement) -> set[Var]:
    return {a for a in s.args if isinstance(a, Var)} if isinstance(s, Let) else set()

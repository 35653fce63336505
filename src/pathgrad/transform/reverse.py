"""Reverse mode without a tape of operations (floor 3; lecture, sections 2 and 4).

A block is its statements, then each active statement's labels transposed, in reverse order. Cotangents are kept in
`Cotangents`, scope by scope; what a backward part needs from the forward part of its scope is found, kept or recomputed
by `residuals`. Anchors: Schenck, Rønning, Henriksen and Oancea, "AD for an Array Language with Nested Parallelism"
(SC 2022); Radul et al., "You Only Linearize Once" (POPL 2023).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from ..errors import ProgramError
from ..ir import (
    Atom,
    Block,
    Branch,
    Call,
    Const,
    Let,
    Loop,
    Parameter,
    Program,
    Statement,
    Type,
    Var,
    While,
    defined,
    is_float,
    remove_dead,
    walk,
)
from ..ir.trees import mentions, moved
from ..ops import TABLE
from .activity import differentiable_operands, selects, useful, varied, wild
from .calculus import Calculus, bar_name, bar_variable
from .checkpoints import cut_checkpointed
from .cotangents import Cotangents
from .extents import Lengths
from .forward import distinct, finish, same_lengths
from .passes import polished, prepared
from .preaccumulate import single_input, with_derivatives
from .residuals import cut_branch, cut_loop
from .scope import Past
from .settled import settled_reads
from .shape_builder import ShapeBuilder
from .simplify import clone_block, share_common
from .storage_rules import STORAGE_RULES, Sweep
from .totals import take_totals
from .undo import Undo, is_in_order, size_kept
from .writes import changed_in_place

__all__ = ["reverse"]


def reverse(
    program: Program,
    active: Iterable[int],
    form: str = "gradient",
    with_value: bool = False,
    masked: bool = False,
    is_callee: bool = False,
    wild_inputs: bool = False,
) -> Program:
    """The adjoint program.

    Parameters
    ----------
    program : Program
        The primal program.
    active : iterable of int
        Positions of the inputs whose cotangents are wanted.
    form : str
        ``"gradient"``: one float scalar output, whose cotangent is 1; the outputs are the cotangents of the active
        inputs. ``"vjp"``: the inputs are those of ``program`` and one cotangent for each float output.
    with_value : bool
        Whether the outputs of ``program`` come first among the outputs.
    masked : bool
        Whether the seeds may be zero because a path was not taken (the rows of a unit matrix, a callee's seeds).
    is_callee : bool
        Whether inputs that are not read may be left out; ``derived`` then tells which are there.
    wild_inputs : bool
        Whether the inputs may be infinite or undefined although the path was not taken.

    Returns
    -------
    Program
        Checked; kept for the next request.
    """
    positions = tuple(active)
    key = ("reverse", positions, form, with_value, masked, is_callee, wild_inputs)
    if key not in program.derived:
        try:
            _Reverse(program, positions, form, with_value, masked, key, is_callee, wild_inputs).run()
        except BaseException:
            program.derived.pop(key, None)
            raise
    result: Program = program.derived[key]
    if form == "gradient":
        again = lambda other: reverse(other, positions, form, with_value, masked)  # noqa: E731
        result.derived.setdefault("origin", (program, again))
    return result


class _Reverse:
    def __init__(
        self,
        program: Program,
        positions: tuple[int, ...],
        form: str,
        with_value: bool,
        masked: bool,
        key: Any,
        is_callee: bool,
        wild_inputs: bool,
    ) -> None:
        self.program, self.positions, self.form = program, positions, form
        self.with_value, self.masked, self.is_callee = with_value, masked, is_callee
        self.wild_inputs = wild_inputs
        self.gone: set[Var] = set()
        #: sums that are values, and are computed by backward loops
        self.taken: set[Var] = set()
        suffix = "grad" if form == "gradient" else "bar"
        self.target = Program(f"{program.name}_{suffix}", [], Block(), filename=program.filename)
        self.target.derived["inputs"] = None
        self.target.derived["unfinished"] = True
        program.derived[key] = self.target

    # ---- the whole program -------------------------------------------------------------------------------------------
    def run(self) -> None:
        """Write the adjoint program."""
        inputs, seeds, body = self.polished(self.with_value)
        if any(isinstance(s, Loop) and s.reversed and not self.taken.isdisjoint(s.results) for s in body.statements):
            # sums that are values keep their order
            inputs, seeds, body = self.polished(with_totals=False)
        self.describe(inputs, seeds)
        self.target.inputs, self.target.body = [*inputs, *seeds], body
        self.leave_out_unread(inputs)
        finish(self.target)

    def polished(self, with_totals: bool) -> tuple[list[Var], list[Var], Block]:
        """The inputs, the seeds and the body of the program: the better of two, where writes can be undone."""
        inputs, seeds, body = self.written(False, with_totals)
        if size_kept(body):
            taken = self.taken
            other = self.written(True, with_totals)
            fits = bool(self.undo.versions) and is_in_order(other[2], [*other[0], *other[1]])
            if fits and size_kept(other[2]) < size_kept(body):
                inputs, seeds, body = other
            else:
                self.taken = taken
        polished(Program("", [*inputs, *seeds], body))
        return inputs, seeds, body

    def written(self, undoing: bool, with_totals: bool) -> tuple[list[Var], list[Var], Block]:
        """The inputs, the seeds and the body of the adjoint program."""
        inputs = [Var(v.name, v.type, None if v.dimension is v else v.dimension) for v in self.program.inputs]
        mapping: dict[Var, Atom] = dict(zip(self.program.inputs, inputs, strict=True))
        body = clone_block(self.program.body, mapping)
        copy = prepared(Program("", inputs, body))
        active = [inputs[k] for k in self.positions]
        outputs = [a for a in body.yields if is_float(a.type)]
        self.active = varied(copy, active) & (useful(copy, outputs) | set(active))
        self.builder = ShapeBuilder()
        self.builder.represent(inputs)
        self.visible: list[Sequence[Var]] = [inputs]
        for s in walk(body):
            if isinstance(s, Let):
                s.args = tuple(self.builder.represented(s.op, s.args))
        self.gone = set()
        self.totals: dict[Var, Var] | None = {} if with_totals else None
        self.undo = Undo(body if undoing else Block(), self.active)
        # an array whose writes are undone is not left as it was
        self.settled = {v: s for v, s in settled_reads(body).items() if s.args[0] not in self.undo.restored}
        self.calculus = Calculus(self.builder, wild(copy, inputs_too=self.wild_inputs))
        self.cotangents = Cotangents(self.builder, self.calculus)
        seeds = self.seeds(outputs)
        for seed in seeds:
            self.calculus.mask(seed, self.masked)
        with self.builder.open() as new:
            forward_part, backward_part = self.both(body, list(zip(outputs, seeds, strict=True)), 0)
            new.statements = [*forward_part, *backward_part.statements]
            with self.builder.at(None, "adjoint"):
                bars = [self.cotangents.final(v) for v in active]
            new.yields = [*body.yields, *bars] if self.with_value else list(bars)
        variables = [s for s in seeds if isinstance(s, Var)]
        self.taken = take_totals(new, self.totals or {})
        remove_dead(share_common(Program("", [*inputs, *variables], new)))
        return inputs, variables, new

    def seeds(self, outputs: list[Atom]) -> list[Atom]:
        """The cotangents of the float outputs: the number 1, or inputs of the adjoint."""
        if self.form == "gradient":
            if len(outputs) != 1 or outputs[0].type.rank:
                raise ProgramError(f"{self.program.name}: the gradient form takes one float scalar output")
            return [Const(1.0, Type("f64"))]
        names = _output_names(outputs)
        return [Var(name, a.type) for name, a in zip(names, outputs, strict=True)]

    def leave_out_unread(self, inputs: list[Var]) -> None:
        """A callee's adjoint takes only the inputs that it reads (a recursive one takes them all)."""
        recursive = any(isinstance(s, Call) and s.program is self.target for s in walk(self.target.body))
        if not self.is_callee or recursive or self.target.derived.get("called early"):
            self.target.derived["inputs"] = list(range(len(inputs)))
            return
        from ..ir.liveness import free_variables

        read = free_variables(self.target.body)
        keep = [k for k, v in enumerate(inputs) if v in read]
        self.target.derived["inputs"] = keep
        self.target.inputs = [*(inputs[k] for k in keep), *self.target.inputs[len(inputs) :]]

    def describe(self, inputs: list[Var], seeds: list[Var]) -> None:
        """Group inputs and outputs as the user's parameters and result are grouped."""
        source, target = self.program, self.target
        if not source.parameters:
            return
        target.parameters = list(source.parameters)
        if seeds:
            floats = [k for k, a in enumerate(source.outputs) if is_float(a.type)]
            bars = {k: len(inputs) + j for j, k in enumerate(floats)}
            name = "result_bar" if len(seeds) > 1 else seeds[0].name
            name = distinct(name, {p.name for p in source.parameters})
            target.parameters.append(Parameter(name, moved(source.result, bars)))
        base = len(source.outputs) if self.with_value else 0
        wanted = {k: base + j for j, k in enumerate(self.positions)}
        trees = [moved(p.tree, wanted) for p in source.parameters if mentions(p.tree, wanted)]
        gradient = trees[0] if len(trees) == 1 else tuple(trees)
        target.result = (source.result, gradient) if self.with_value else gradient

    # ---- blocks ------------------------------------------------------------------------------------------------------
    def both(self, block: Block, seeds: Sequence[tuple[Atom, Atom]], depth: int) -> tuple[list[Statement], Block]:
        """The forward statements of a block and its backward block; cotangents start from ``seeds``."""
        pieces: list[list[Statement]] = [[s] for s in block.statements]
        with self.builder.open() as backward, self.builder.at(None, "adjoint"):
            for atom, bar in seeds:
                self.cotangents.add(atom, bar)
            for k in range(len(block.statements) - 1, -1, -1):
                s = block.statements[k]
                visible = [v for before in block.statements[:k] for v in defined(before)]
                with self.builder.at(s.origin, "adjoint"), self.within(visible):
                    if isinstance(s, Let):
                        pieces[k] = [*self.undo.write(s, self.builder), s]
                        self.let(s)
                    elif isinstance(s, Call):
                        self.call(s)
                    elif isinstance(s, Branch):
                        pieces[k] = self.branch(s, depth)
                    else:
                        pieces[k] = self.loop(s, depth)
        return [s for piece in pieces for s in piece], backward

    @contextmanager
    def within(self, visible: Sequence[Var]) -> Iterator[None]:
        """Let these variables be known in the context, with those that are known around it."""
        self.visible.append(visible)
        try:
            yield
        finally:
            self.visible.pop()

    def lengths(self) -> Lengths:
        """The lengths that are known here."""
        return Lengths([v for level in self.visible for v in level])

    # ---- statements --------------------------------------------------------------------------------------------------
    def let(self, s: Let) -> None:
        """The cotangents of a statement's operands, from that of its target."""
        if s.target not in self.active:
            return
        bar = self.cotangents.take(s.target)
        if bar is None:
            return
        if s.op.name in STORAGE_RULES:
            STORAGE_RULES[s.op.name](Sweep(self.builder, self.calculus, self.cotangents, self.active), s, bar)
            return
        for k in differentiable_operands(s):
            operand = s.args[k]
            if operand in self.active:
                part = self.calculus.transposed(s, k, s.args, s.target, bar, bar_name(operand))
                self.cotangents.add(operand, self.fitted(part, operand))

    def fitted(self, part: Atom, operand: Atom) -> Atom:
        """A contribution in the type of its operand."""
        assert isinstance(part.type, Type)
        assert isinstance(operand.type, Type)
        if part.type.rank < operand.type.rank:
            part = self.builder.emit(TABLE["broadcast_with"], [part, operand], {}, bar_name(operand))
        if part.type.dtype != operand.type.dtype:  # type: ignore[union-attr]
            if isinstance(part, Const):
                return Const(float(part.value), Type(operand.type.dtype))
            part = self.builder.emit(TABLE["cast"], [part], {"dtype": operand.type.dtype}, bar_name(operand))
        return same_lengths(part, operand)

    # ---- calls -------------------------------------------------------------------------------------------------------
    def call(self, s: Call) -> None:
        """A call of the callee's adjoint."""
        active = [k for k, a in enumerate(s.args) if a in self.active and is_float(a.type)]
        floats = [r for r in s.results if is_float(r.type)]
        bars = {r: self.cotangents.take(r) for r in floats if r in self.active}
        if not active or all(bar is None for bar in bars.values()):
            return
        masked = any(self.calculus.is_masked(bars.get(r)) for r in floats)
        wild_inputs = any(a in self.calculus.wild for a in s.args)
        adjoint = reverse(s.program, active, "vjp", False, masked, True, wild_inputs)
        keep = adjoint.derived["inputs"]
        if keep is None:
            adjoint.derived["called early"] = True
            keep = range(len(s.args))
        given = [b if (b := bars.get(r)) is not None else self.cotangents.zero(r) for r in floats]
        args = [*(s.args[k] for k in keep), *given]
        results = [bar_variable(a) for k in active if isinstance(a := s.args[k], Var)]
        self.builder.append(Call(adjoint, args, results, s.origin, "adjoint"))
        for k, result in zip(active, results, strict=True):
            self.cotangents.add(s.args[k], self.calculus.mask(result, masked or selects(s.program)))

    # ---- branches ----------------------------------------------------------------------------------------------------
    def branch(self, s: Branch, depth: int) -> list[Statement]:
        """A branch over the arms' adjoints; the forward statements that replace the branch."""
        bars = {k: self.cotangents.take(r) for k, r in enumerate(s.results) if r in self.active}
        seeds = [(k, bar) for k, bar in bars.items() if bar is not None]
        if not seeds:
            return [s]
        arms = []
        for arm in (s.then, s.orelse):
            with self.cotangents.scope(arm):
                pairs = [(arm.yields[k], bar) for k, bar in seeds if arm.yields[k] in self.active]
                forward_part, backward = self.both(arm, pairs, depth)
                arms.append((forward_part, backward, self.cotangents.touched()))
        touched: list[Var] = []
        for _, _, changed in arms:
            touched += [v for v in changed if v not in touched]
        before = {v: self.cotangents.peek(v) for v in touched}
        blocks = []
        for arm, (forward_part, backward, changed) in zip((s.then, s.orelse), arms, strict=True):
            with self.builder.open(backward):
                backward.yields = [self.cotangents.solid(v, changed[v] if v in changed else before[v]) for v in touched]
            blocks.append(backward)
            arm.statements[:] = forward_part
        results = [bar_variable(v) for v in touched]
        self.builder.append(cut_branch(s, blocks, results, self.builder, self.past()))
        for k, (v, result) in enumerate(zip(touched, results, strict=True)):
            masked = any(self.calculus.is_masked(block.yields[k]) for block in blocks)
            self.cotangents.put(v, self.calculus.mask(result, masked))
        return [s]

    def past(self) -> Past:
        """What is left of the forward sweep's arrays here."""
        return Past(self.gone, self.settled, self.undo.versions, self.undo.overwritten, self.undo.restored)

    # ---- loops -------------------------------------------------------------------------------------------------------
    def loop(self, s: Loop | While, depth: int) -> list[Statement]:
        """The loop that runs the iterations' adjoints, last first; the forward statements that replace the loop."""
        moving = [k for k, p in enumerate(s.params) if p in self.active]
        if not moving and not any(isinstance(inner, Let) and inner.target in self.active for inner in walk(s.body)):
            for r in s.results:
                self.cotangents.take(r)
            return [s]
        beside = self.beside(s)
        if beside is not None:
            return beside
        taken = {k: self.cotangents.take(s.results[k]) for k in moving}
        bar_params = {k: bar_variable(s.params[k]) for k in moving}
        for k, param in bar_params.items():
            may_mask = any(_may_mask(inner, param) for inner in walk(s.body))
            self.calculus.mask(param, may_mask or taken[k] in self.calculus.masked)
        with self.cotangents.scope(s.body, s.params, loop=True):
            pairs = [(s.body.yields[k], bar_params[k]) for k in moving if s.body.yields[k] in self.active]
            outside, self.gone = self.gone, self.gone | changed_in_place(s.body.statements, s.params)
            arrays, last_versions = self.undo.enter(s)
            with self.within([*s.params, s.index] if isinstance(s, Loop) else s.params):
                forward_part, backward = self.both(s.body, pairs, depth + 1)
            self.gone = outside
            with self.builder.open(backward), self.builder.at(None, "adjoint"):
                next_bars = [
                    self.cotangents.solid(s.params[k], self.cotangents.take(s.params[k]), like=bar_params[k])
                    for k in moving
                ]
                outer = self.cotangents.accumulators()
                first_versions, restored = self.undo.leave(s)
                backward.yields = [*next_bars, *(current for _, _, current in outer), *first_versions]
        inits = [self.cotangents.solid(s.results[k], taken[k]) for k in moving]
        inits += [self.cotangents.solid(v, self.cotangents.peek(v)) for v, _, _ in outer]
        params = [*bar_params.values(), *(p for _, p, _ in outer)]
        results = [*(Var(p.name, p.type) for p in params), *restored]
        params, inits = [*params, *arrays], [*inits, *last_versions]
        s.body.statements[:] = forward_part
        if isinstance(s, Loop) and s.checkpoints is not None and not s.reversed:
            pieces = cut_checkpointed(s, backward, params, inits, results, self.builder)
        else:
            totals = None if depth else self.totals
            given = (self.builder, depth, self.past(), self.lengths(), totals)
            pieces = cut_loop(s, backward, params, inits, results, *given)
        for result, goes_out in zip(results, backward.yields, strict=False):
            self.calculus.mask(result, self.calculus.is_masked(goes_out))
        count = len(moving)
        # what the body added to outer variables comes first: an initial value may be one of them
        for (v, _, _), result in zip(outer, results[count:], strict=False):
            self.cotangents.put(v, result)
        for k, result in zip(moving, results[:count], strict=True):
            if s.inits[k] in self.active:
                self.cotangents.add(s.inits[k], result)
        return pieces

    def beside(self, s: Loop | While) -> list[Statement] | None:
        """The forward statements of a loop that has one active input, whose derivatives are computed beside it."""
        by = single_input(s, self.active) if isinstance(s, While) else None
        if by is None or not isinstance(s, While):
            return None
        found = with_derivatives(s, by, by in self.calculus.wild)
        if found is None:
            return None
        statements, dots = found
        for r in s.results:
            bar = self.cotangents.take(r) if r in self.active else None
            if bar is not None:
                part = self.calculus.times(bar, dots[r], self.calculus.is_masked(bar), bar_name(by))
                self.cotangents.add(by, self.calculus.mask(part, self.calculus.is_masked(bar)))
        return statements


def _may_mask(s: Statement, bar: Var) -> bool:
    """Whether the cotangent ``bar``, behind this statement, may be zero because a path was not taken."""
    if isinstance(s, Let):
        return s.op.selects or (bar.type.is_array and s.op.name in ("store", "load"))
    return isinstance(s, Branch) or (isinstance(s, Call) and selects(s.program))


def _output_names(outputs: list[Atom]) -> list[str]:
    names: list[str] = []
    for a in outputs:
        base = f"{a.name}_bar" if isinstance(a, Var) and not a.temporary else "result_bar"
        names.append(base if base not in names else f"{base}_{len(names)}")
    return names

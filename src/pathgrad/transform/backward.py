"""Backward statements: those of a block, last first (floor 3; lecture, sections 2 and 4).

Each active statement's labels are transposed; loops, branches and calls have a backward loop, branch and call. What the
backward part of a scope needs from its forward part is found, kept or computed again by `residuals`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from ..ir import (
    Atom,
    Block,
    Branch,
    Call,
    Const,
    Let,
    Loop,
    Program,
    Statement,
    Type,
    Var,
    While,
    defined,
    is_float,
    walk,
)
from ..ops import TABLE
from .activity import differentiable_operands, selects
from .calculus import Calculus, bar_name, bar_variable
from .checkpoints import cut_checkpointed
from .cotangents import Cotangents
from .extents import Lengths
from .forward import same_lengths
from .preaccumulate import single_input, with_derivatives
from .residuals import cut_branch, cut_loop
from .scope import Past
from .shape_builder import ShapeBuilder
from .storage_rules import STORAGE_RULES, Sweep
from .undo import Undo
from .writes import changed_in_place

__all__ = ["Backward"]


class Backward:
    """Writes the backward part of a program.

    Attributes
    ----------
    builder : ShapeBuilder
        Receives the statements.
    active : set of Var
        What carries derivatives.
    calculus : Calculus
        Writes derivative expressions.
    cotangents : Cotangents
        The cotangents so far.
    undo : Undo
        The writes that the backward part undoes.
    settled : dict
        Reads of places that nobody writes any more.
    gone : set of Var
        Arrays that later statements have changed in place.
    visible : list of sequence of Var
        What is defined here, scope by scope.
    totals : dict or None
        Results of forward loops that backward loops compute as well; None where nobody asks.
    """

    builder: ShapeBuilder
    active: set[Var]
    calculus: Calculus
    cotangents: Cotangents
    undo: Undo
    settled: dict[Var, Let]
    gone: set[Var]
    visible: list[Sequence[Var]]
    totals: dict[Var, Var] | None

    def adjoint(self, program: Program, active: Sequence[int], masked: bool, wild_inputs: bool) -> Program:
        """The adjoint of a program that is called, for some of its inputs."""
        raise NotImplementedError

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
        adjoint = self.adjoint(s.program, active, masked, wild_inputs)
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

"""Reverse mode without a tape of operations (floor 3; lecture, sections 2 and 4).

A block is its statements, then each active statement's labels transposed, in reverse order. Cotangents are kept in
`Cotangents`, scope by scope; what a backward part needs from the forward part of its scope is found, kept or recomputed
by `residuals`. Anchors: Schenck, Rønning, Henriksen and Oancea, "AD for an Array Language with Nested Parallelism"
(SC 2022); Radul et al., "You Only Linearize Once" (POPL 2023).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ..errors import ProgramError
from ..ir import (
    Atom,
    Block,
    Call,
    Const,
    Let,
    Loop,
    Parameter,
    Program,
    Type,
    Var,
    is_float,
    remove_dead,
    walk,
)
from ..ir.trees import mentions, moved
from .activity import useful, varied, wild
from .backward import Backward
from .calculus import Calculus
from .cotangents import Cotangents
from .forward import distinct, finish
from .passes import polished, prepared
from .settled import settled_reads
from .shape_builder import ShapeBuilder
from .simplify import clone_block, share_common
from .totals import take_totals
from .undo import Undo, is_in_order, size_kept

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


class _Reverse(Backward):
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

    def adjoint(self, program: Program, active: Sequence[int], masked: bool, wild_inputs: bool) -> Program:
        """The adjoint of a program that is called."""
        return reverse(program, active, "vjp", False, masked, True, wild_inputs)


def _output_names(outputs: list[Atom]) -> list[str]:
    names: list[str] = []
    for a in outputs:
        base = f"{a.name}_bar" if isinstance(a, Var) and not a.temporary else "result_bar"
        names.append(base if base not in names else f"{base}_{len(names)}")
    return names

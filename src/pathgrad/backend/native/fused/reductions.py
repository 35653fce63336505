"""Sums and their relatives: what one pass over an index space accumulates (floor 4).

A reduction over the last axes is carried in a register; one over other axes is accumulated in its result. Sums of
float32 are accumulated in double precision.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from ....ir import Type
from ..elements.conversion import convert
from ..elements.scalars import elementwise
from ..emit.emitter import Emitter
from ..emit.groups import Sink
from ..emit.values import Value, View
from ..emit.writer import LLVM_TYPES, number

__all__ = ["Accumulator", "accumulator"]

_ACCUMULATED = {"sum": "add", "mean": "add", "sum_to": "add", "norm": "add", "amax": "maximum", "amin": "minimum"}


class Accumulator:
    """One reduction of a group.

    Attributes
    ----------
    sink : Sink
        The statement.
    kind : str
        The LLVM type that is accumulated.
    first_axis : int
        The outermost axis that is reduced.
    in_register : bool
        All axes from ``first_axis`` on are reduced.
    covers_all : bool
        All axes are.
    result : str
        The value so far.
    """

    def __init__(self, e: Emitter, sink: Sink, dims: Sequence[str]) -> None:
        self.e = e
        self.sink = sink
        rank = len(dims)
        self.name = sink.let.op.name
        source, target = sink.source.type, sink.let.target.type
        assert isinstance(source, Type)
        assert isinstance(target, Type)
        self.source_dtype = source.dtype
        self.target_dtype = target.dtype
        self.dtype = "f64" if target.dtype == "f32" and self.name not in ("amax", "amin") else target.dtype
        self.kind = LLVM_TYPES[self.dtype]
        self.dims = tuple(dims)
        self.axes = sink.axes
        self.covers_all = len(self.axes) == rank
        self.first_axis = min(self.axes) if self.axes else rank
        self.in_register = bool(self.axes) and self.axes == tuple(range(self.first_axis, rank))
        self.result = ""
        self.output: View | None = None
        self.shape = tuple("1" if k in self.axes else n for k, n in enumerate(dims) if sink.kept or k not in self.axes)
        if self.name in ("amax", "amin"):
            for k in self.axes:
                e.check(
                    e.w.compare("ne", dims[k], "0"), "value", "zero-size array to reduction operation has no identity"
                )
        if self.shape or not self.in_register:
            self._allocate()

    def _allocate(self) -> None:
        self.output = self.e.allocate(self.dtype, self.shape, None)
        if not self.in_register:
            self.e.set_all(self.output, self.zero())

    # ---- accumulating ------------------------------------------------------------------------------------------------
    def zero(self) -> str:
        """What a sum starts from."""
        if self.name in ("any", "all"):
            return "false" if self.name == "any" else "true"
        if self.name in ("amax", "amin"):
            sign = -1 if self.name == "amax" else 1
            if self.dtype == "i64":
                return str(-(2**63) if sign < 0 else 2**63 - 1)
            return {"bool": "false" if sign < 0 else "true"}.get(self.dtype) or number(sign * math.inf, self.dtype)
        return number(0, self.dtype)

    def add(self, value: str, index: Sequence[str]) -> None:
        """Take in the element at one position."""
        e = self.e
        if self.name in ("any", "all"):
            value = convert(e.w, value, self.source_dtype, "bool")
        else:
            value = convert(e.w, value, self.source_dtype, self.dtype)
        if self.name == "norm":
            value = e.w.value(f"fmul contract {self.kind} {value}, {value}")
        if self.in_register:
            self.result = self.combine(self.result, value)
            return
        assert self.output is not None
        at = self._position(index)
        e.put(self.output, at, self.combine(e.get(self.output, at), value))

    def combine(self, before: str, value: str) -> str:
        """Two partial results as one."""
        e = self.e
        if self.name in ("any", "all"):
            return e.w.value(f"{'or' if self.name == 'any' else 'and'} i1 {before}, {value}")
        name = _ACCUMULATED[self.name]
        if name == "add" and self.dtype in ("f64", "f32"):
            return e.w.value(f"fadd reassoc nsz contract {self.kind} {before}, {value}")
        return elementwise(e.module, e.w, name, [(before, self.dtype), (value, self.dtype)], self.dtype)

    def _position(self, index: Sequence[str]) -> list[str]:
        if self.sink.kept:
            return ["0" if k in self.axes else i for k, i in enumerate(index)]
        return [i for k, i in enumerate(index) if k not in self.axes]

    def store(self, index: Sequence[str]) -> None:
        """Keep a finished sum; ``index`` is the position in the axes that are not reduced."""
        if self.output is not None:
            at = list(index) + ["0"] * (len(self.output.dims) - len(index))
            self.e.put(self.output, at, self._finished(self.result))

    # ---- the value ---------------------------------------------------------------------------------------------------
    def _finished(self, value: str) -> str:
        e = self.e
        if self.name == "mean":
            count = "1"
            for k in self.axes:
                count = e.w.multiply(count, self.dims[k])
            value = e.w.value(f"fdiv {self.kind} {value}, {convert(e.w, count, 'i64', self.dtype)}")
        if self.name == "norm":
            e.module.declare(f"declare {self.kind} @llvm.sqrt.{self.dtype}({self.kind})")
            value = e.w.value(f"call {self.kind} @llvm.sqrt.{self.dtype}({self.kind} {value})")
        return value

    def final(self) -> Value:
        """The reduction's value."""
        e = self.e
        if self.output is None:
            value = self._finished(self.result)
            return convert(e.w, value, self.dtype, self.target_dtype)
        output = self.output
        if not self.in_register and self.name in ("mean", "norm"):
            e.for_each(output.dims, lambda index: e.put(output, index, self._finished(e.get(output, index))), flat=True)
        if self.dtype != self.target_dtype:
            rounded = e.allocate(self.target_dtype, output.dims, None)
            e.for_each(
                output.dims,
                lambda index: e.put(rounded, index, convert(e.w, e.get(output, index), self.dtype, self.target_dtype)),
                flat=True,
            )
            output = rounded
        return output


class _ToShape(Accumulator):
    """A sum to a shape of which it is known at run time only where it has length 1."""

    def __init__(self, e: Emitter, sink: Sink, dims: Sequence[str]) -> None:
        super().__init__(e, sink, dims)
        like = e.dims(sink.let.args[1])
        self.in_register = self.covers_all = False
        self.output = e.allocate(self.dtype, like)
        e.set_all(self.output, self.zero())
        lead = len(dims) - len(like)
        self.lead = lead
        self.steps = []
        for n, step, whole in zip(like, self.output.strides, dims[lead:], strict=True):
            one = e.w.compare("eq", n, "1")
            same = e.w.compare("eq", n, whole)
            fits = e.w.value(f"or i1 {one}, {same}")
            e.check(fits, "shape", "a derivative of length {0} does not fit an array of length {1}", [whole, n])
            self.steps.append(e.w.select(one, "0", step))

    def _allocate(self) -> None:
        return

    def add(self, value: str, index: Sequence[str]) -> None:
        """Take in the element at one position."""
        e = self.e
        assert self.output is not None
        out = self.output
        view = View(out.dtype, out.data, out.dims, tuple(self.steps), out.owner)
        value = convert(e.w, value, self.source_dtype, self.dtype)
        at = list(index[self.lead :])
        e.put(view, at, self.combine(e.get(view, at), value))


def accumulator(e: Emitter, sink: Sink, dims: Sequence[str]) -> Accumulator:
    """The accumulator of a reduction."""
    if sink.let.op.name == "sum_to" and sink.axes == (-1,):
        return _ToShape(e, Sink(sink.let, sink.source, tuple(range(len(dims) - _rank(sink)))), dims)
    return Accumulator(e, sink, dims)


def _rank(sink: Sink) -> int:
    return sink.let.target.type.rank

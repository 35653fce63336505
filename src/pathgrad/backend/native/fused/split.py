"""Groups of fused array statements on several threads (floor 4).

A group that one loop over all elements computes is written as a function of a range of them. It is called once for the
whole, or by each thread for its part; sums are completed in the order of the parts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from ....ir import Const, Var, dtype_of
from ..divided.division import WORK, WordReader, append, call_own, call_team, fields_in_memory, run_team, worthwhile
from ..divided.work import SLOW
from ..emit.emitter import Emitter
from ..emit.groups import Group, Member, Sink
from ..emit.values import Owned, Pending, Splat, Value, View
from ..emit.writer import LLVM_TYPES
from .reductions import Accumulator

__all__ = ["Nest", "split"]

_BY_POSITION = frozenset({"arange", "linspace", "iota_like", "outer"})


class Nest(Protocol):
    """The loops of one group."""

    e: Emitter
    group: Group
    members: list[Member]
    outputs: dict[Var, View]
    accumulators: list[Accumulator]
    writes: list[Sink]

    def is_flat(self) -> bool:
        """Whether one loop over all elements can compute the group."""

    def write(self) -> None:
        """Write the loops."""


Make = Callable[[Emitter, Group, list[Member], dict[Var, View], list[Sink]], Nest]


def split(nest: Nest, make: Make) -> bool:
    """Write a group as a function of a range of elements, and its calls; False where it is to be written in place."""
    e, dims = nest.e, nest.group.dims
    each = sum(10 if m.let.op.name in SLOW else 1 for m in nest.members) + len(nest.accumulators) + len(nest.writes)
    if not dims or not worthwhile(e) or not nest.is_flat():
        return False
    if any(m.let.op.name in _BY_POSITION for m in nest.members):
        return False
    if all(n.isdigit() for n in dims) and int(e.size(dims)) * each < WORK:
        return False
    inputs = _inputs(nest)
    if inputs is None or _reads_elsewhere(nest, inputs):
        return False
    name = _write_function(nest, inputs, make)
    _write_calls(nest, inputs, name, each)
    return True


def _inputs(nest: Nest) -> dict[Var, Value] | None:
    """What the group reads from outside."""
    found: dict[Var, Value] = {}
    own = {m.let.target for m in nest.members}
    atoms = [a for m in nest.members for a in m.operands] + [a.sink.source for a in nest.accumulators]
    atoms += [s.source for s in nest.writes]
    for atom in atoms:
        if isinstance(atom, Const):
            if atom.type.is_array:
                return None
        elif atom not in own:
            value = nest.e.peek(atom)
            if isinstance(value, Pending) or not isinstance(value, str | View | Splat):
                return None
            found[atom] = value
    return found


def _arguments(inputs: dict[Var, Value], outputs: Sequence[View], written: Sequence[View]) -> list[tuple[str, str]]:
    """The function's arguments: kinds and values; an output that lies where something is read has none of its own."""
    fields = []
    read = {value.data for value in inputs.values() if isinstance(value, View)}
    for variable, value in inputs.items():
        if isinstance(value, View):
            fields.append(("ptr", value.data))
        else:
            assert isinstance(value, str | Splat)
            fields.append((LLVM_TYPES[dtype_of(variable)], value if isinstance(value, str) else value.value))
    new = [view for view in outputs if view.data not in read]
    return [*fields, *(("ptr", view.data) for view in [*new, *written])]


def _reads_elsewhere(nest: Nest, inputs: dict[Var, Value]) -> bool:
    """Whether the group reads another part of an array that it writes: two parameters would share storage."""
    written = {id(s.target.owner): s.target.data for s in nest.writes if s.target is not None}
    views = [v for v in inputs.values() if isinstance(v, View)]
    return any(written.get(id(v.owner), v.data) != v.data for v in views)


# ---- the function ----------------------------------------------------------------------------------------------------
def _write_function(nest: Nest, inputs: dict[Var, Value], make: Make) -> str:
    outer = nest.e
    e = Emitter(outer.module, outer.program, outer.names, outer.rules)
    e.depth, e.origin, e.loose, e.chains = 1, outer.origin, outer.loose, outer.chains
    n = e.w.value("sub nsw i64 %last, %first")
    parameters: list[str] = []

    def part(dtype: str, flag: str) -> View:
        """An array from the first element of the range on."""
        k = len(parameters)
        parameters.append(f"ptr noalias {flag}%a{k}")
        data = e.address(View(dtype, f"%a{k}", ("0",), ("1",)), ["%first"])
        return View(dtype, data, (n,), ("1",), Owned(f"%a{k}", on_stack=True), True)

    shared: dict[str, View] = {}
    written = {view.data for view in nest.outputs.values()}
    for variable, value in inputs.items():
        if isinstance(value, View):
            here = part(dtype_of(variable), "" if value.data in written else "readonly ")
            e.env[variable] = shared.setdefault(value.data, here)
        else:
            own = f"%a{len(parameters)}"
            parameters.append(f"{LLVM_TYPES[dtype_of(variable)]} {own}")
            e.env[variable] = own if isinstance(value, str) else Splat(dtype_of(variable), own, (n,))
    outputs = {
        target: shared[view.data] if view.data in shared else part(view.dtype, "")
        for target, view in nest.outputs.items()
    }
    group = Group((n,), (None,))
    for m in nest.members:
        e.env[m.let.target] = Pending((n,))
    sinks = [Sink(a.sink.let, a.sink.source, (0,)) for a in nest.accumulators]
    for s in nest.writes:
        assert s.target is not None
        target = part(s.target.dtype, "")
        sinks.append(Sink(s.let, s.source, target=target))
        for variable, value in inputs.items():
            if isinstance(value, View) and value.data == s.target.data:
                e.env[variable] = target
    inner = make(e, group, nest.members, outputs, sinks)
    inner.write()
    fields_in_memory(e, [(a.kind, a.result) for a in inner.accumulators], "%results")
    e.w.effect("ret i32 0")
    name = f"pg_range_{len(outer.module.functions)}"
    append(outer, name, parameters, e.w.text(), "#0")
    kinds = [p.split()[0] for p in parameters]
    loads = [
        f"  %at{k} = getelementptr i64, ptr %args, i64 {k}\n  %x{k} = load {kind}, ptr %at{k}\n"
        for k, kind in enumerate(kinds)
    ]
    given = ", ".join(["ptr %state", *(f"{kind} %x{k}" for k, kind in enumerate(kinds)), "i64 %first", "i64 %last"])
    head = "ptr %state, ptr %args, i64 %first, i64 %last, ptr %results"
    call = f"  %status = call i32 @{name}.own({given}, ptr %results)\n  ret i32 %status\n"
    outer.module.functions.append(f"define internal i32 @{name}({head}) #0 {{\n{''.join(loads)}{call}}}")
    return name


# ---- the calls -------------------------------------------------------------------------------------------------------
def _write_calls(nest: Nest, inputs: dict[Var, Value], name: str, each: int) -> None:
    e, w = nest.e, nest.e.w
    total = e.size(nest.group.dims)
    written = [s.target for s in nest.writes if s.target is not None]
    fields = _arguments(inputs, list(nest.outputs.values()), written)
    words = len(nest.accumulators)
    several, plain, out = (w.new_label(x) for x in ("team", "whole", "range"))
    outer, e.owned = e.owned, []
    run_team(e, w.compare("sge", total, str(-(-WORK // each))), several, plain)
    args = fields_in_memory(e, fields, w.slot(f"[{max(len(fields), 1)} x i64]"))
    count, results = call_team(e, name, args, total, words)

    def one(t: str, sums: list[str]) -> list[str]:
        at = WordReader(e, w.value(f"getelementptr i64, ptr {results}, i64 {w.multiply(t, str(words))}"))
        return [a.combine(value, at.next(a.kind)) for a, value in zip(nest.accumulators, sums, strict=True)]

    finals = w.counted(count, [(a.kind, a.zero()) for a in nest.accumulators], one, "parts") if words else []
    for owner in e.owned:
        e.release(owner)
    e.owned = outer
    label = w.label
    w.jump(out)
    w.start(plain)
    slot = w.slot(f"[{max(words, 1)} x i64]")
    call_own(e, name, [*(f"{kind} {value}" for kind, value in fields), "i64 0", f"i64 {total}", f"ptr {slot}"])
    on = w.label
    at = WordReader(e, slot)
    whole = [at.next(a.kind) for a in nest.accumulators]
    w.jump(out)
    w.start(out)
    for a, final, value in zip(nest.accumulators, finals, whole, strict=True):
        a.result = w.value(f"phi {a.kind} [ {final}, %{label} ], [ {value}, %{on} ]")
    for a in nest.accumulators:
        a.store([])

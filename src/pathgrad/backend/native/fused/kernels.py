"""A group of fused statements as a nest of loops (floor 4).

One loop over all elements where every array is contiguous, otherwise a loop for each axis. Sums may be reassociated
(``reassoc``), and the products that go into them contracted, so that they are vectorised; everything else is computed
as IEEE says.
"""

from __future__ import annotations

from collections.abc import Sequence

from ....ir import Atom, Type, Var, dtype_of
from ..elements.conversion import convert
from ..elements.scalars import elementwise
from ..emit.emitter import Emitter
from ..emit.groups import Group, Member, Sink
from ..emit.values import Pending, Splat, View
from .fusion import same_lengths
from .generators import GENERATORS
from .reductions import Accumulator, accumulator
from .reuse import storage_for
from .split import split

__all__ = ["write_group"]


def write_group(e: Emitter, group: Group) -> None:
    """Write a group and give its variables their values."""
    wanted = [m for m in group.members if e.read_later(m.let.target)]
    sinks = [s for s in group.sinks if s.target is not None or e.read_later(s.let.target)]
    needed = _needed(group, wanted, sinks)
    members = [m for m in group.members if m.let.target in needed]
    outputs: dict[Var, View] = {}
    for m in wanted:
        type_ = m.let.target.type
        assert isinstance(type_, Type)
        place = storage_for(e, group, members, sinks, m.let.target)
        if place is None or any(place is view for view in outputs.values()):
            place = e.allocate(type_.dtype, group.dims, m.let.target)
        outputs[m.let.target] = place
    nest = _Nest(e, group, members, outputs, sinks)
    if members or sinks:
        start, w = len(e.w.lines), e.w
        nest.write()
        w.regions.append((start, len(w.lines)))
    for m in group.members:
        if m.let.target in outputs:
            e.env[m.let.target] = outputs[m.let.target]
    nest.finish()


def _needed(group: Group, wanted: list[Member], sinks: list[Sink]) -> set[Var]:
    needed = {m.let.target for m in wanted} | {s.source for s in sinks if isinstance(s.source, Var)}
    for m in reversed(group.members):
        if m.let.target in needed:
            needed.update(a for a in m.operands if isinstance(a, Var))
    return needed


class _Nest:
    """The loops of one group."""

    def __init__(
        self, e: Emitter, group: Group, members: list[Member], outputs: dict[Var, View], sinks: list[Sink]
    ) -> None:
        self.e = e
        self.group = group
        self.members = members
        self.outputs = outputs
        rank = len(group.dims)
        self.accumulators: list[Accumulator] = [accumulator(e, s, group.dims) for s in sinks if s.target is None]
        self.writes = [s for s in sinks if s.target is not None]
        self.rank = rank

    # ---- loops -------------------------------------------------------------------------------------------------------
    def write(self) -> None:
        """Write the loops."""
        if split(self, _Nest):
            return
        known = all(n.isdigit() for n in self.group.dims)
        self.e.has_rows = self.e.has_rows or (not known and (self.e.depth > 0 or self.rank > 1))
        dims = self.group.dims
        registers = [a for a in self.accumulators if a.in_register]
        if self.rank > 1 and self.is_flat():
            total = self.e.size(dims)
            finals = self._loop(total, [a.zero() for a in registers], registers, ["0"] * (self.rank - 1))
            for a, value in zip(registers, finals, strict=True):
                a.result = value
                a.store([])
            return
        self._axis(0, [], registers)

    def is_flat(self) -> bool:
        """Whether one loop over all elements can compute the group."""
        arrays = [v for m in self.members for v in map(self._outside, m.operands) if isinstance(v, View)]
        arrays += [v for a in self.accumulators if isinstance(v := self._outside(a.sink.source), View)]
        if any(m.let.op.name == "outer" for m in self.members):
            return False
        arrays += [s.target for s in self.writes if s.target is not None]
        if not all(a.contiguous and same_lengths(self.e, a.dims, self.group.dims) for a in arrays):
            return False
        return all(a.covers_all for a in self.accumulators)

    def _outside(self, atom: Atom) -> object:
        value = self.e.peek(atom)
        return None if isinstance(value, Pending) else value

    def _axis(self, axis: int, index: list[str], registers: list[Accumulator]) -> None:
        """The loop over one axis; sums over it and all inner axes are carried in registers."""
        starting = [a for a in registers if a.first_axis == axis]
        carried = [a for a in registers if a.first_axis <= axis]
        initial = [a.zero() if a in starting else a.result for a in carried]
        finals = self._loop(self.group.dims[axis], initial, carried, index)
        for a, value in zip(carried, finals, strict=True):
            a.result = value
        for a in starting:
            a.store(index)

    def _loop(self, trips: str, initial: list[str], carried: list[Accumulator], index: list[str]) -> list[str]:
        e = self.e

        def body(k: str, values: list[str]) -> list[str]:
            for a, value in zip(carried, values, strict=True):
                a.result = value
            here = [*index, k]
            if len(here) == self.rank:
                self._position(here)
            else:
                self._axis(len(here), here, [a for a in self.accumulators if a.in_register])
            return [a.result for a in carried]

        kinds = [(a.kind, value) for a, value in zip(carried, initial, strict=True)]
        innermost = len(index) == self.rank - 1
        return e.w.counted(trips, kinds, body, "axis", once=innermost and not self.accumulators)

    # ---- one position ------------------------------------------------------------------------------------------------
    def _position(self, index: Sequence[str]) -> None:
        e = self.e
        values: dict[Var, str] = {}
        loaded: dict[int, str] = {}

        def element(atom: Atom) -> str:
            if isinstance(atom, Var) and atom in values:
                return values[atom]
            value = e.peek(atom)
            if isinstance(value, str):
                return value
            if isinstance(value, Splat):
                return value.value
            assert isinstance(value, View), atom
            if id(value) not in loaded:
                loaded[id(value)] = e.get(value, index)
            return loaded[id(value)]

        for m in self.members:
            values[m.let.target] = _member(e, m, element, index)
        # an output may lie where something is read
        summed = [element(a.sink.source) for a in self.accumulators]
        written = [element(s.source) for s in self.writes]
        for target, view in self.outputs.items():
            e.put(view, index, values[target])
        for a, value in zip(self.accumulators, summed, strict=True):
            a.add(value, index)
        for s, value in zip(self.writes, written, strict=True):
            _write(e, s, value, index)

    def finish(self) -> None:
        """Give the reductions their values."""
        for a in self.accumulators:
            self.e.env[a.sink.let.target] = a.final()


def _member(e: Emitter, m: Member, element: object, index: Sequence[str]) -> str:
    assert callable(element)
    name = m.let.op.name
    type_ = m.let.target.type
    assert isinstance(type_, Type)
    if name in GENERATORS:
        return GENERATORS[name](e, m.let, [element(a) for a in m.operands], index)
    operands = [(element(a), dtype_of(a)) for a in m.operands]
    return elementwise(e.module, e.w, name, operands, type_.dtype, m.let.target in e.loose)


def _write(e: Emitter, s: Sink, value: str, index: Sequence[str]) -> None:
    assert s.target is not None
    value = convert(e.w, value, dtype_of(s.source), s.target.dtype)
    if s.let.op.name == "accumulate":
        before = e.get(s.target, index)
        both = [(before, s.target.dtype), (value, s.target.dtype)]
        value = elementwise(e.module, e.w, "add", both, s.target.dtype, s.let.target in e.loose)
    e.put(s.target, index, value)

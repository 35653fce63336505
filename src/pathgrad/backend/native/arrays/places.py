"""Writing and adding to places of arrays (floor 4)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ....errors import NativeUnsupported
from ....ir import Atom, Const, Let, Var, dtype_of, type_of
from ..elements.conversion import convert
from ..elements.scalars import elementwise
from ..emit.emitter import Emitter
from ..emit.groups import Group, Sink
from ..emit.values import Pending, Splat, View
from ..emit.writer import number
from .apart import may_overwrite
from .chain_writer import write_chain
from .views import element_view, stretched

__all__ = ["PLACES"]


def _store(e: Emitter, let: Let) -> None:
    base, value, *numbers = let.args
    if isinstance(e.peek(base), Pending):
        e.flush()
    array = e.array(base)
    reads = e.group is not None and array.owner is not None and id(array.owner) in e.group.storages
    # what does not join the group is written now, and the group must have read its operands by then
    if e.group is not None and reads and (value not in e.group.values or not _reads_apart(e, e.group, let, array)):
        e.flush()
    # what comes out of a list has another owner, and may be the array that is written
    if e.group is not None and base in e.stack.listed and not e.stack.listed.isdisjoint(_operands(e.group)):
        e.flush()
    e.env[let.target] = array
    where = element_view(e, let, array, numbers)
    assert isinstance(where, View)
    if not _joins(e, let, where, value):
        _write(e, let, where, value)


def _operands(group: Group) -> set[Atom]:
    """What a group reads, its own values among it."""
    return {a for m in group.members for a in m.operands} | {s.source for s in group.sinks}


def _reads_apart(e: Emitter, group: Group, let: Let, array: View) -> bool:
    """Whether a write leaves alone what the open group reads of its array, but for the element in its own position."""
    for atom in _operands(group):
        value = e.peek(atom)
        if not isinstance(value, View) or value.owner is not array.owner:
            continue
        if not may_overwrite(e, let, atom, array):
            return False
    return True


def _joins(e: Emitter, let: Let, where: View, value: object) -> bool:
    """Whether a write of what the open group computes becomes part of it."""
    group = e.group
    if group is None or not isinstance(value, Var) or value not in group.values or where.owner is None:
        return False
    if len(where.dims) != len(group.dims):
        return False
    if not all(e.suppose_equal(n, m) for n, m in zip(where.dims, group.dims, strict=True)):
        return False
    group.sinks.append(Sink(let, value, target=where))
    group.written.add(id(where.owner))
    return True


def _write(e: Emitter, let: Let, where: View, value: object) -> None:
    assert isinstance(value, Var | Const)
    if not where.dims:
        new = convert(e.w, _one(e, value), dtype_of(value), where.dtype)
        if let.op.name == "accumulate":
            before = e.get(where, [])
            if let.target in e.chains:
                new = write_chain(e, e.chains[let.target], before)
            else:
                both = [(before, where.dtype), (new, where.dtype)]
                new = elementwise(e.module, e.w, "add", both, where.dtype, let.target in e.loose)
        e.put(where, [], new)
        return
    source = e.read(value)
    if isinstance(source, View | Splat):
        for n, token in zip(source.dims, where.dims[-len(source.dims) :], strict=False):
            if n != "1" and not e.suppose_equal(n, token):
                e.check(
                    e.w.value(f"or i1 {e.w.compare('eq', n, token)}, {e.w.compare('eq', n, '1')}"),
                    "shape",
                    "could not broadcast input array of length {0} into length {1}",
                    [n, token],
                )
        if len(source.dims) > len(where.dims):
            raise NativeUnsupported("a write of an array of higher rank")
        if isinstance(source, View) and source.owner is not None and source.owner is where.owner:
            copied = e.allocate(source.dtype, source.dims)
            e.copy_into(copied, source)
            source = copied
    spread = stretched(e, source, value, list(where.dims), dtype_of(value))
    accumulates = let.op.name == "accumulate"

    def element(index: Sequence[str]) -> None:
        new = spread.value if isinstance(spread, Splat) else e.get(spread, index)  # type: ignore[arg-type]
        new = convert(e.w, new, dtype_of(value), where.dtype)
        if accumulates:
            before = (e.get(where, index), where.dtype)
            both = [before, (new, where.dtype)]
            new = elementwise(e.module, e.w, "add", both, where.dtype, let.target in e.loose)
        e.put(where, index, new)

    if not accumulates and isinstance(spread, Splat) and where.contiguous:
        e.set_all(where, convert(e.w, spread.value, dtype_of(value), where.dtype))
        return
    flat = where.contiguous and (isinstance(spread, Splat) or (isinstance(spread, View) and spread.contiguous))
    e.for_each(where.dims, element, flat=flat)


def _one(e: Emitter, atom: object) -> str:
    value = e.read(atom)  # type: ignore[arg-type]
    if isinstance(value, View | Splat):
        total = e.size(value.dims)
        if total != "1":
            e.check(e.w.compare("eq", total, "1"), "value", "setting an array element with a sequence")
        if isinstance(value, Splat):
            return value.value
        return e.get(value, ["0"] * len(value.dims))
    assert isinstance(value, str)
    return value


def _scatter(e: Emitter, let: Let) -> None:
    value, like, *numbers = let.args
    e.read(value)
    type_ = type_of(let.target)
    array = e.allocate(type_.dtype, e.dims(like), let.target)
    e.set_all(array, number(0, type_.dtype))
    e.env[let.target] = array
    where = element_view(e, let, array, numbers)
    assert isinstance(where, View)
    _write(e, let, where, value)


PLACES: dict[str, Callable[[Emitter, Let], None]] = {
    "store": _store,
    "accumulate": _store,
    "scatter": _scatter,
}

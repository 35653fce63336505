"""Creating, writing and joining arrays (floor 4)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ...errors import NativeUnsupported
from ...ir import Atom, Const, Let, Type, Var
from .apart import may_overwrite
from .chain_writer import write_chain
from .emitter import Emitter
from .groups import Group, Sink
from .scalars import convert, elementwise
from .values import Pending, Splat, View
from .views import element_view, stretched
from .writer import number

__all__ = ["ARRAYS", "numbered_dims", "trip_count"]


def _target(let: Let) -> Type:
    assert isinstance(let.target.type, Type)
    return let.target.type


# ---- creation --------------------------------------------------------------------------------------------------------
def _lengths(e: Emitter, let: Let, first: int = 0) -> tuple[str, ...]:
    dims = []
    for atom, token in zip(let.args[first:], _target(let).dims, strict=True):
        n = e.scalar(atom)
        if not n.isdigit():
            e.check(e.w.compare("sge", n, "0"), "value", "negative dimensions are not allowed")
        dims.append(e.length_of(token, n))
    return tuple(dims)


def _zeros(e: Emitter, let: Let) -> None:
    type_ = _target(let)
    dims = _lengths(e, let)
    zero = number(0, type_.dtype)
    e.env[let.target] = Splat(type_.dtype, zero, dims) if dims else zero


def _empty(e: Emitter, let: Let) -> None:
    type_ = _target(let)
    dims = _lengths(e, let)
    if not dims:
        e.env[let.target] = number(0, type_.dtype)
        return
    view = e.allocate(type_.dtype, dims, let.target)
    if e.module.options.poison and type_.dtype in ("f64", "f32"):
        e.set_all(view, number(float("nan"), type_.dtype))
    e.env[let.target] = view


def _full(e: Emitter, let: Let) -> None:
    type_ = _target(let)
    value = convert(e.w, e.scalar(let.args[0]), _dtype(let.args[0]), type_.dtype)
    dims = _lengths(e, let, 1)
    e.env[let.target] = Splat(type_.dtype, value, dims) if dims else value


def _zeros_like(e: Emitter, let: Let) -> None:
    type_ = _target(let)
    zero = number(0, type_.dtype)
    e.env[let.target] = Splat(type_.dtype, zero, e.dims(let.args[0])) if type_.rank else zero


def numbered_dims(e: Emitter, let: Let) -> tuple[str, ...]:
    """The lengths of an array whose elements follow from their position."""
    name = let.op.name
    if name == "iota_like":
        return e.dims(let.args[0])
    if name == "outer":
        return (*e.dims(let.args[0]), *e.dims(let.args[1]))
    if name == "linspace":
        n = convert(e.w, e.scalar(let.args[2]), _dtype(let.args[2]), "i64")
        if not n.isdigit():
            e.check(e.w.compare("sge", n, "0"), "value", "number of samples, {0}, must be non-negative", [n])
        return (n,)
    start, stop, step = (e.scalar(a) for a in let.args)
    kinds = {_dtype(a) for a in let.args}
    if kinds == {"i64"}:
        return (trip_count(e, start, stop, step),)
    first, last, by = (convert(e.w, e.scalar(a), _dtype(a), "f64") for a in let.args)
    width = e.w.value(f"fsub double {last}, {first}")
    parts = e.w.value(f"fdiv double {width}, {by}")
    e.module.declare("declare double @llvm.ceil.f64(double)")
    e.module.declare("declare double @llvm.fabs.f64(double)")
    size = e.w.value(f"call double @llvm.fabs.f64(double {parts})")
    fits = e.w.value(f"fcmp olt double {size}, {number(2.0**60, 'f64')}")
    e.check(fits, "value", "arange: the number of elements is not finite, or too large")
    count = convert(e.w, e.w.value(f"call double @llvm.ceil.f64(double {parts})"), "f64", "i64")
    return (e.w.select(e.w.compare("sgt", count, "0"), count, "0"),)


def trip_count(e: Emitter, start: str, stop: str, step: str) -> str:
    """``len(range(start, stop, step))``."""
    w = e.w
    if step in ("1", "-1"):
        gap = w.subtract(stop, start) if step == "1" else w.subtract(start, stop)
        if gap.lstrip("-").isdigit():
            return str(max(int(gap), 0))
        if start == "0" and step == "1" and stop in e.lengths.values():
            return gap
        return w.select(w.compare("sgt", gap, "0"), gap, "0")
    if all(x.lstrip("-").isdigit() for x in (start, stop, step)) and int(step):
        return str(len(range(int(start), int(stop), int(step))))
    if not step.lstrip("-").isdigit():
        e.check(w.compare("ne", step, "0"), "value", "range() arg 3 must not be zero")
    if step == "0":
        e.check("false", "value", "range() arg 3 must not be zero")
        return "0"
    up = w.compare("sgt", step, "0")
    low, high = w.select(up, start, stop), w.select(up, stop, start)
    width = w.select(up, step, w.subtract("0", step))
    gap = w.subtract(high, low)
    some = w.compare("sgt", gap, "0")
    parts = w.value(f"sdiv i64 {w.subtract(gap, '1')}, {width}")
    return w.select(some, w.add(parts, "1"), "0")


def _count_trips(e: Emitter, let: Let) -> None:
    e.env[let.target] = trip_count(e, *(e.scalar(a) for a in let.args))


def _length(e: Emitter, let: Let) -> None:
    e.env[let.target] = e.dims(let.args[0])[let.params["axis"]]


def _count_like(e: Emitter, let: Let) -> None:
    axis = let.params["axis"]
    dims = e.dims(let.args[0]) if let.args[0].type.rank else ()
    total = e.size(dims if axis is None else [dims[k] for k in axis])
    e.env[let.target] = convert(e.w, total, "i64", "f64")


def _undefined(e: Emitter, let: Let) -> None:
    type_ = _target(let)
    zero = number(0, type_.dtype)
    # nobody reads its elements, but it may be kept; one element fits where the type tells no length
    dims = tuple(e.known_length(token) or "1" for token in type_.dims)
    e.env[let.target] = Splat(type_.dtype, zero, dims) if dims else zero


# ---- writing ---------------------------------------------------------------------------------------------------------
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
        new = convert(e.w, _one(e, value), _dtype(value), where.dtype)
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
    spread = stretched(e, source, value, list(where.dims), _dtype(value))
    accumulates = let.op.name == "accumulate"

    def element(index: Sequence[str]) -> None:
        new = spread.value if isinstance(spread, Splat) else e.get(spread, index)  # type: ignore[arg-type]
        new = convert(e.w, new, _dtype(value), where.dtype)
        if accumulates:
            before = (e.get(where, index), where.dtype)
            both = [before, (new, where.dtype)]
            new = elementwise(e.module, e.w, "add", both, where.dtype, let.target in e.loose)
        e.put(where, index, new)

    if not accumulates and isinstance(spread, Splat) and where.contiguous:
        e.set_all(where, convert(e.w, spread.value, _dtype(value), where.dtype))
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
    type_ = _target(let)
    array = e.allocate(type_.dtype, e.dims(like), let.target)
    e.set_all(array, number(0, type_.dtype))
    e.env[let.target] = array
    where = element_view(e, let, array, numbers)
    assert isinstance(where, View)
    _write(e, let, where, value)


# ---- joining ---------------------------------------------------------------------------------------------------------
def _pack(e: Emitter, let: Let) -> None:
    type_ = _target(let)
    values = [convert(e.w, e.scalar(a), _dtype(a), type_.dtype) for a in let.args]
    array = e.allocate(type_.dtype, (str(len(values)),), let.target)
    for k, value in enumerate(values):
        e.put(array, [str(k)], value)
    e.env[let.target] = array


def _copy_part(e: Emitter, target: View, part: View | Splat | str, dtype: str) -> None:
    def element(index: Sequence[str]) -> None:
        value = part if isinstance(part, str) else part.value if isinstance(part, Splat) else e.get(part, index)
        e.put(target, index, convert(e.w, value, dtype, target.dtype))

    flat = target.contiguous and not (isinstance(part, View) and not part.contiguous)
    e.for_each(target.dims, element, flat=flat)


def _part(e: Emitter, array: View, axis: int, start: str, n: str) -> View:
    data = e.address(View(array.dtype, array.data, ("0",), ("1",)), [e.w.multiply(start, array.strides[axis])])
    dims = (*array.dims[:axis], n, *array.dims[axis + 1 :])
    return View(array.dtype, data, dims, array.strides, array.owner, axis == 0)


def _concatenate(e: Emitter, let: Let) -> None:
    type_ = _target(let)
    parts = [e.read(a) for a in let.args]
    axis = let.params["axis"] % type_.rank
    total = "0"
    for part in parts:
        assert isinstance(part, View | Splat)
        total = e.w.add(total, part.dims[axis])
    first = parts[0]
    assert isinstance(first, View | Splat)
    for part in parts[1:]:
        for k, (a, b) in enumerate(zip(first.dims, part.dims, strict=True)):  # type: ignore[union-attr]
            if k != axis and a != b:
                e.check(
                    e.w.compare("eq", a, b),
                    "shape",
                    "all the input array dimensions except for the concatenation axis must match exactly",
                )
    array = e.allocate(type_.dtype, (*first.dims[:axis], total, *first.dims[axis + 1 :]), let.target)
    start = "0"
    for part, atom in zip(parts, let.args, strict=True):
        assert isinstance(part, View | Splat)
        _copy_part(e, _part(e, array, axis, start, part.dims[axis]), part, _dtype(atom))
        start = e.w.add(start, part.dims[axis])
    e.env[let.target] = array


def _stack(e: Emitter, let: Let) -> None:
    type_ = _target(let)
    parts = [e.read(a) for a in let.args]
    axis = let.params["axis"] % type_.rank
    first = parts[0]
    own = () if isinstance(first, str) else first.dims  # type: ignore[union-attr]
    for part in parts[1:]:
        for a, b in zip(own, () if isinstance(part, str) else part.dims, strict=True):  # type: ignore[union-attr]
            if a != b:
                e.check(e.w.compare("eq", a, b), "shape", "all input arrays must have the same shape")
    array = e.allocate(type_.dtype, (*own[:axis], str(len(parts)), *own[axis:]), let.target)
    for k, (part, atom) in enumerate(zip(parts, let.args, strict=True)):
        place = _part(e, array, axis, str(k), "1")
        dims = place.dims[:axis] + place.dims[axis + 1 :]
        strides = place.strides[:axis] + place.strides[axis + 1 :]
        whole = axis == 0
        _copy_part(e, View(place.dtype, place.data, dims, strides, place.owner, whole), part, _dtype(atom))  # type: ignore[arg-type]
    e.env[let.target] = array


def _place(e: Emitter, let: Let) -> None:
    type_ = _target(let)
    axis = let.params["axis"] % type_.rank
    lengths = [e.dims(part)[axis] for part in let.args[1:]]
    value = e.read(let.args[0])
    total, start = "0", "0"
    for k, n in enumerate(lengths):
        start = total if k == let.params["position"] else start
        total = e.w.add(total, n)
    own = e.dims(let.args[1 + let.params["position"]])
    array = e.allocate(type_.dtype, (*own[:axis], total, *own[axis + 1 :]), let.target)
    e.set_all(array, number(0, type_.dtype))
    part = _part(e, array, axis, start, lengths[let.params["position"]])
    assert isinstance(value, View | Splat)
    _copy_part(e, part, value, _dtype(let.args[0]))
    e.env[let.target] = array


# ---- scans and positions of extrema ----------------------------------------------------------------------------------
def _cumsum(e: Emitter, let: Let) -> None:
    type_ = _target(let)
    source = e.array(let.args[0])
    axis = let.params["axis"] % type_.rank
    backward = bool(let.params.get("backward"))
    array = e.allocate(type_.dtype, source.dims, let.target)
    n = source.dims[axis]
    others = [d for k, d in enumerate(source.dims) if k != axis]
    kind = {"f64": "double", "f32": "float", "i64": "i64"}[type_.dtype]

    def line(outer: Sequence[str]) -> None:
        def step(k: str, carried: list[str]) -> list[str]:
            at = e.w.subtract(e.w.subtract(n, "1"), k) if backward else k
            index = [*outer[:axis], at, *outer[axis:]]
            new = convert(e.w, e.get(source, index), source.dtype, type_.dtype)
            both = [(carried[0], type_.dtype), (new, type_.dtype)]
            total = elementwise(e.module, e.w, "add", both, type_.dtype)
            e.put(array, index, total)
            return [total]

        e.w.counted(n, [(kind, number(0, type_.dtype))], step, "scan")

    e.for_each(others, line)
    e.env[let.target] = array


def _argextremum(larger: bool) -> Callable[[Emitter, Let], None]:
    def write(e: Emitter, let: Let) -> None:
        source = e.array(let.args[0])
        rank = len(source.dims)
        axis = let.params["axis"]
        if axis is None:
            source = e.contiguous(source)
            total = e.size(source.dims)
            source, rank, over = View(source.dtype, source.data, (total,), ("1",), source.owner, True), 1, 0
        else:
            over = axis[0] % rank
        n = source.dims[over]
        e.check(e.w.compare("ne", n, "0"), "value", "attempt to get argmax or argmin of an empty sequence")
        others = [d for k, d in enumerate(source.dims) if k != over]
        kind = {"f64": "double", "f32": "float", "i64": "i64", "bool": "i1"}[source.dtype]

        def best(outer: Sequence[str]) -> str:
            first = e.get(source, [*outer[:over], "0", *outer[over:]])

            def step(k: str, carried: list[str]) -> list[str]:
                value = e.get(source, [*outer[:over], k, *outer[over:]])
                better = _better(e, value, carried[0], source.dtype, larger)
                return [e.w.select(better, value, carried[0], kind), e.w.select(better, k, carried[1])]

            return e.w.counted(n, [(kind, first), ("i64", "0")], step, "arg")[1]

        if not others:
            e.env[let.target] = best([])
            return
        array = e.allocate("i64", others, let.target)
        e.for_each(others, lambda outer: e.put(array, outer, best(outer)))
        e.env[let.target] = array

    return write


def _better(e: Emitter, new: str, old: str, dtype: str, larger: bool) -> str:
    """The first nan wins over all numbers."""
    if dtype in ("i64", "bool"):
        sign = "s" if dtype == "i64" else "u"
        return e.w.compare(f"{sign}{'gt' if larger else 'lt'}", new, old, "i64" if dtype == "i64" else "i1")
    kind = "double" if dtype == "f64" else "float"
    unordered = e.w.value(f"fcmp u{'gt' if larger else 'lt'} {kind} {new}, {old}")
    known = e.w.value(f"fcmp ord {kind} {old}, {old}")
    return e.w.value(f"and i1 {unordered}, {known}")


def _dtype(atom: object) -> str:
    type_ = atom.type  # type: ignore[attr-defined]
    assert isinstance(type_, Type)
    return type_.dtype


ARRAYS: dict[str, Callable[[Emitter, Let], None]] = {
    "zeros": _zeros,
    "empty": _empty,
    "full": _full,
    "zeros_like": _zeros_like,
    "trip_count": _count_trips,
    "length": _length,
    "count_like": _count_like,
    "undefined": _undefined,
    "store": _store,
    "accumulate": _store,
    "scatter": _scatter,
    "pack": _pack,
    "concatenate": _concatenate,
    "stack": _stack,
    "place": _place,
    "cumsum": _cumsum,
    "argmax": _argextremum(True),
    "argmin": _argextremum(False),
}

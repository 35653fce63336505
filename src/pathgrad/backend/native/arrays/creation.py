"""Creating arrays, and counting their elements (floor 4)."""

from __future__ import annotations

from collections.abc import Callable

from ....ir import Let, dtype_of, type_of
from ..elements.conversion import convert
from ..emit.emitter import Emitter
from ..emit.values import Splat
from ..emit.writer import number

__all__ = ["CREATION", "numbered_dims", "trip_count"]


def _lengths(e: Emitter, let: Let, first: int = 0) -> tuple[str, ...]:
    dims = []
    for atom, token in zip(let.args[first:], type_of(let.target).dims, strict=True):
        n = e.scalar(atom)
        if not n.isdigit():
            e.check(e.w.compare("sge", n, "0"), "value", "negative dimensions are not allowed")
        dims.append(e.length_of(token, n))
    return tuple(dims)


def _zeros(e: Emitter, let: Let) -> None:
    type_ = type_of(let.target)
    dims = _lengths(e, let)
    zero = number(0, type_.dtype)
    e.env[let.target] = Splat(type_.dtype, zero, dims) if dims else zero


def _empty(e: Emitter, let: Let) -> None:
    type_ = type_of(let.target)
    dims = _lengths(e, let)
    if not dims:
        e.env[let.target] = number(0, type_.dtype)
        return
    view = e.allocate(type_.dtype, dims, let.target)
    if e.module.options.poison and type_.dtype in ("f64", "f32"):
        e.set_all(view, number(float("nan"), type_.dtype))
    e.env[let.target] = view


def _full(e: Emitter, let: Let) -> None:
    type_ = type_of(let.target)
    value = convert(e.w, e.scalar(let.args[0]), dtype_of(let.args[0]), type_.dtype)
    dims = _lengths(e, let, 1)
    e.env[let.target] = Splat(type_.dtype, value, dims) if dims else value


def _zeros_like(e: Emitter, let: Let) -> None:
    type_ = type_of(let.target)
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
        n = convert(e.w, e.scalar(let.args[2]), dtype_of(let.args[2]), "i64")
        if not n.isdigit():
            e.check(e.w.compare("sge", n, "0"), "value", "number of samples, {0}, must be non-negative", [n])
        return (n,)
    start, stop, step = (e.scalar(a) for a in let.args)
    kinds = {dtype_of(a) for a in let.args}
    if kinds == {"i64"}:
        return (trip_count(e, start, stop, step),)
    first, last, by = (convert(e.w, e.scalar(a), dtype_of(a), "f64") for a in let.args)
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
    type_ = type_of(let.target)
    zero = number(0, type_.dtype)
    # nobody reads its elements, but it may be kept; one element fits where the type tells no length
    dims = tuple(e.known_length(token) or "1" for token in type_.dims)
    e.env[let.target] = Splat(type_.dtype, zero, dims) if dims else zero


CREATION: dict[str, Callable[[Emitter, Let], None]] = {
    "zeros": _zeros,
    "empty": _empty,
    "full": _full,
    "zeros_like": _zeros_like,
    "trip_count": _count_trips,
    "length": _length,
    "count_like": _count_like,
    "undefined": _undefined,
}

"""Members of a group that are no plain operator: copies, conversions, numbered positions (floor 4)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ....ir import Const, Let, dtype_of
from ..elements.conversion import convert
from ..elements.scalars import elementwise
from ..emit.emitter import Emitter
from ..emit.writer import LLVM_TYPES, number

__all__ = ["GENERATORS", "check_integral", "checked_power"]


def _cast(e: Emitter, let: Let, values: list[str], index: Sequence[str]) -> str:
    return convert(e.w, values[0], dtype_of(let.args[0]), dtype_of(let.target))


def _arange(e: Emitter, let: Let, values: list[str], index: Sequence[str]) -> str:
    """Start + k step."""
    start, _, step = let.args
    dtype = dtype_of(let.target)
    first = convert(e.w, e.scalar(start), dtype_of(start), dtype)
    by = convert(e.w, e.scalar(step), dtype_of(step), dtype)
    k = convert(e.w, index[0], "i64", dtype)
    letter = "" if dtype == "i64" else "f"
    kind = {"i64": "i64", "f64": "double", "f32": "float"}[dtype]
    if dtype in ("f64", "f32"):
        second = e.w.value(f"fadd {kind} {first}, {by}")
        by = e.w.value(f"fsub {kind} {second}, {first}")
    product = e.w.value(f"{letter}mul {kind} {k}, {by}")
    return e.w.value(f"{letter}add {kind} {first}, {product}")


def _iota(e: Emitter, let: Let, values: list[str], index: Sequence[str]) -> str:
    return convert(e.w, index[0], "i64", dtype_of(let.target))


def _linspace(e: Emitter, let: Let, values: list[str], index: Sequence[str]) -> str:
    """Start + k (stop - start) / (num - 1), and stop itself at the end."""
    dtype = dtype_of(let.target)
    kind = {"f64": "double", "f32": "float"}[dtype]
    start, stop = (convert(e.w, e.scalar(a), dtype_of(a), dtype) for a in let.args[:2])
    count = convert(e.w, e.scalar(let.args[2]), dtype_of(let.args[2]), "i64")
    endpoint = bool(let.params["endpoint"])
    last = e.w.subtract(count, "1")
    parts = last if endpoint else count
    single = e.w.compare("slt", parts, "1")
    parts = e.w.select(single, "1", parts)
    width = e.w.value(f"fsub {kind} {stop}, {start}")
    step = e.w.value(f"fdiv {kind} {width}, {convert(e.w, parts, 'i64', dtype)}")
    product = e.w.value(f"fmul {kind} {convert(e.w, index[0], 'i64', dtype)}, {step}")
    value = e.w.value(f"fadd {kind} {product}, {start}")
    if not endpoint:
        return value
    at_end = e.w.compare("eq", index[0], last)
    several = e.w.compare("sgt", count, "1")
    return e.w.select(e.w.value(f"and i1 {at_end}, {several}"), stop, value, kind)


def _outer(e: Emitter, let: Let, values: list[str], index: Sequence[str]) -> str:
    dtype = dtype_of(let.target)
    a, b = (e.array(x) for x in let.args)
    left, right = e.get(a, index[: len(a.dims)]), e.get(b, index[len(a.dims) :])
    return elementwise(e.module, e.w, "multiply", [(left, a.dtype), (right, b.dtype)], dtype)


def _same(e: Emitter, let: Let, values: list[str], index: Sequence[str]) -> str:
    return values[0]


def checked_power(e: Emitter, let: Let, values: list[str]) -> str:
    """A power; an integer has no negative ones."""
    dtype = dtype_of(let.target)
    exponent = values[1]
    known = isinstance(let.args[1], Const) and not exponent.startswith("-")
    if dtype == "i64" and dtype_of(let.args[1]) == "i64" and not known:
        origin, e.origin = e.origin, let.origin
        e.check(e.w.compare("sge", exponent, "0"), "value", "Integers to negative integer powers are not allowed.")
        e.origin = origin
    operands = [(v, dtype_of(a)) for v, a in zip(values, let.args, strict=True)]
    return elementwise(e.module, e.w, "power", operands, dtype)


def check_integral(e: Emitter, value: str, dtype: str) -> None:
    """Fail where a number has no integer: nan, and what 64 bits do not hold."""
    if dtype not in ("f64", "f32"):
        return
    kind = LLVM_TYPES[dtype]
    known = e.w.value(f"fcmp ord {kind} {value}, {value}")
    e.check(known, "value", "cannot convert float NaN to integer")
    above = e.w.value(f"fcmp oge {kind} {value}, {number(-(2.0**63), dtype)}")
    below = e.w.value(f"fcmp olt {kind} {value}, {number(2.0**63, dtype)}")
    e.check(e.w.value(f"and i1 {above}, {below}"), "overflow", "the float does not fit into an integer of 64 bits")


def _power(e: Emitter, let: Let, values: list[str], index: Sequence[str]) -> str:
    return checked_power(e, let, values)


GENERATORS: dict[str, Callable[[Emitter, Let, list[str], Sequence[str]], str]] = {
    "cast": _cast,
    "cast_like": _cast,
    "copy": _same,
    "arange": _arange,
    "iota_like": _iota,
    "linspace": _linspace,
    "outer": _outer,
    "power": _power,
}

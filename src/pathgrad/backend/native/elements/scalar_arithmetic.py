"""Arithmetic, choices and comparisons of numbers as instructions (floor 4).

IEEE arithmetic in the order of the program, NumPy's conventions where IEEE says nothing: integer division by zero is 0,
``maximum`` hands on nan.
"""

from __future__ import annotations

import math

from ..emit.writer import LLVM_TYPES, number
from .conversion import convert
from .element import Element, Rule

__all__ = ["ARITHMETIC"]


def _arithmetic(letter: str) -> Rule:
    def rule(e: Element, x: list[str], dtype: str) -> str:
        if dtype == "bool":
            return e.of({"add": "or", "mul": "and"}[letter], dtype, *x)
        return e.arithmetic(letter, dtype, x[0], x[1])

    return rule


def _negative(e: Element, x: list[str], dtype: str) -> str:
    return e.of("sub", dtype, "0", x[0]) if dtype == "i64" else e.of("fneg", dtype, x[0])


def _power(e: Element, x: list[str], dtype: str) -> str:
    if dtype == "i64":
        return e.module.helper_call(e.w, "pg_power_i64", "i64", [f"i64 {v}" for v in x])
    exponent = _literal(x[1])
    if exponent is not None:
        chained = _power_by_constant(e, x[0], exponent, dtype)
        if chained is not None:
            return chained
    return e.library("pow", dtype, *x)


def _literal(text: str) -> float | None:
    if text.startswith("0x"):
        value: float = float.fromhex("0x0p0") if int(text, 16) == 0 else _from_bits(text)
        return value
    return None


def _from_bits(text: str) -> float:
    import struct

    value: float = struct.unpack(">d", int(text, 16).to_bytes(8, "big"))[0]
    return value


def _power_by_constant(e: Element, x: str, exponent: float, dtype: str) -> str | None:
    one = number(1.0, dtype)
    if exponent == 0.5:
        root = e.intrinsic("sqrt", dtype, e.of("fadd", dtype, x, number(0.0, dtype)))
        return e.select(e.compare("eq", dtype, x, number(-math.inf, dtype)), number(math.inf, dtype), root, dtype)
    if not exponent.is_integer() or abs(exponent) > 4:
        return None
    n = abs(int(exponent))
    if n == 0:
        return one
    square = e.of("fmul", dtype, x, x) if n > 1 else x
    result = {1: x, 2: square}.get(n) or e.of("fmul", dtype, square, x if n == 3 else square)
    return e.of("fdiv", dtype, one, result) if exponent < 0 else result


def _half_squared_difference(e: Element, x: list[str], dtype: str) -> str:
    d = e.of("fsub", dtype, *x)
    return e.of("fmul", dtype, number(0.5, dtype), e.of("fmul", dtype, d, d))


def _extend(e: Element, x: list[str], dtype: str) -> str:
    product = e.arithmetic("mul", dtype, *x)
    zero = number(0.0, dtype)
    return e.select(e.compare("eq", dtype, x[0], zero), zero, product, dtype)


def _extremum(name: str, comparison: str) -> Rule:
    def rule(e: Element, x: list[str], dtype: str) -> str:
        if dtype in ("i64", "bool"):
            return e.select(e.compare(comparison, dtype, *x), x[0], x[1], dtype)
        return e.intrinsic(name, dtype, *x)

    return rule


def _absolute(e: Element, x: list[str], dtype: str) -> str:
    if dtype == "bool":
        return x[0]
    if dtype == "i64":
        return e.select(e.compare("lt", dtype, x[0], "0"), e.of("sub", dtype, "0", x[0]), x[0], dtype)
    return e.intrinsic("fabs", dtype, x[0])


def _relu(e: Element, x: list[str], dtype: str) -> str:
    return e.intrinsic("maximum", dtype, x[0], number(0.0, dtype))


def _sign(e: Element, x: list[str], dtype: str) -> str:
    zero, one, minus = (number(v, dtype) for v in (0, 1, -1))
    below = e.select(e.compare("lt", dtype, x[0], zero), minus, zero if dtype == "i64" else x[0], dtype)
    below = below if dtype == "i64" else e.select(e.compare("eq", dtype, x[0], zero), zero, below, dtype)
    return e.select(e.compare("gt", dtype, x[0], zero), one, below, dtype)


# ---- division --------------------------------------------------------------------------------------------------------
def _divide(e: Element, x: list[str], dtype: str) -> str:
    """A quotient; a derivative's is a product: what is divided comes late, and the reciprocal is there by then."""
    if not e.loose or _literal(x[0]) is not None:
        return e.of("fdiv", dtype, *x)
    return e.of("fmul", dtype, x[0], e.of("fdiv", dtype, number(1.0, dtype), x[1]))


def _floor_divide(e: Element, x: list[str], dtype: str) -> str:
    if dtype == "i64":
        return _integer_division(e, x)[0]
    return e.module.helper_call(e.w, "pg_floor_divide", "double", _wide(e, x, dtype), dtype)


def _remainder(e: Element, x: list[str], dtype: str) -> str:
    if dtype == "i64":
        return _integer_division(e, x)[1]
    return e.module.helper_call(e.w, "pg_remainder", "double", _wide(e, x, dtype), dtype)


def _wide(e: Element, x: list[str], dtype: str) -> list[str]:
    return [f"double {convert(e.w, v, dtype, 'f64')}" for v in x]


def _integer_division(e: Element, x: list[str]) -> tuple[str, str]:
    """Quotient towards minus infinity and remainder with the divisor's sign; both 0 for a divisor of 0."""
    a, b = x
    by_zero = e.compare("eq", "i64", b, "0")
    by_minus = e.compare("eq", "i64", b, "-1")
    safe = e.select(e.w.value(f"or i1 {by_zero}, {by_minus}"), "1", b, "i64")
    q, r = e.of("sdiv", "i64", a, safe), e.of("srem", "i64", a, safe)
    other = e.compare("lt", "i64", e.of("xor", "i64", r, safe), "0")
    adjust = e.w.value(f"and i1 {e.compare('ne', 'i64', r, '0')}, {other}")
    q = e.select(adjust, e.of("sub", "i64", q, "1"), q, "i64")
    r = e.select(adjust, e.of("add", "i64", r, safe), r, "i64")
    q = e.select(by_minus, e.of("sub", "i64", "0", a), q, "i64")
    return e.select(by_zero, "0", q, "i64"), e.select(by_zero, "0", r, "i64")


# ---- comparisons -----------------------------------------------------------------------------------------------------
def _comparison(predicate: str) -> Rule:
    return lambda e, x, dtype: e.compare(predicate, dtype, *x)


def _logic(instruction: str) -> Rule:
    return lambda e, x, dtype: e.w.value(f"{instruction} i1 {x[0]}, {x[1]}")


def _isfinite(e: Element, x: list[str], dtype: str) -> str:
    return e.compare("lt", dtype, e.intrinsic("fabs", dtype, x[0]), number(math.inf, dtype))


def _isinf(e: Element, x: list[str], dtype: str) -> str:
    return e.compare("eq", dtype, e.intrinsic("fabs", dtype, x[0]), number(math.inf, dtype))


ARITHMETIC: dict[str, Rule] = {
    "add": _arithmetic("add"),
    "subtract": _arithmetic("sub"),
    "multiply": _arithmetic("mul"),
    "divide": _divide,
    "negative": _negative,
    "positive": lambda e, x, dtype: x[0],
    "power": _power,
    "square": lambda e, x, dtype: e.arithmetic("mul", dtype, x[0], x[0]),
    "reciprocal": lambda e, x, dtype: e.of("fdiv", dtype, number(1.0, dtype), x[0]),
    "half_squared_difference": _half_squared_difference,
    "extend": _extend,
    "where": lambda e, x, dtype: e.select(x[0], x[1], x[2], dtype),
    "maximum": _extremum("maximum", "gt"),
    "minimum": _extremum("minimum", "lt"),
    "absolute": _absolute,
    "relu": _relu,
    "sign": _sign,
    "floor_divide": _floor_divide,
    "remainder": _remainder,
    "less": _comparison("lt"),
    "less_equal": _comparison("le"),
    "greater": _comparison("gt"),
    "greater_equal": _comparison("ge"),
    "equal": _comparison("eq"),
    "not_equal": _comparison("ne"),
    "logical_and": _logic("and"),
    "logical_or": _logic("or"),
    "logical_xor": _logic("xor"),
    "logical_not": lambda e, x, dtype: e.w.value(f"xor i1 {x[0]}, true"),
    "isnan": lambda e, x, dtype: e.w.value(f"fcmp uno {LLVM_TYPES[dtype]} {x[0]}, {x[0]}"),
    "isinf": _isinf,
    "isfinite": _isfinite,
}

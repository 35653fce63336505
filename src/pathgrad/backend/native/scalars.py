"""Elementwise operators as instructions (floor 4).

Each rule takes operands that already have the operator's own type and writes what computes one element: IEEE
arithmetic in the order of the program, NumPy's conventions where IEEE says nothing (integer division by zero is 0,
``maximum`` hands on nan).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from ...errors import NativeUnsupported
from ...ir.types import promote
from ...ops import TABLE
from . import mathematics
from .module import NativeModule
from .writer import LLVM_TYPES, Writer, number

__all__ = ["Operand", "convert", "elementwise"]

#: A value and its dtype.
Operand = tuple[str, str]
Rule = Callable[["_Element", list[str], str], str]


def convert(w: Writer, value: str, source: str, target: str) -> str:
    """A number in another dtype, as NumPy's ``astype`` gives it."""
    if source == target:
        return value
    if source == "i64" and target in ("f64", "f32") and value.lstrip("-").isdigit():
        return number(int(value), target)
    a, b = LLVM_TYPES[source], LLVM_TYPES[target]
    if target == "bool":
        if source == "i64":
            return w.value(f"icmp ne i64 {value}, 0")
        return w.value(f"fcmp une {a} {value}, {number(0.0, source)}")
    if source == "bool":
        return w.value(f"zext i1 {value} to i64") if target == "i64" else w.value(f"uitofp i1 {value} to {b}")
    if source == "i64":
        return w.value(f"sitofp i64 {value} to {b}")
    if target == "i64":
        return _to_integer(w, value, a, source)
    return w.value(f"fpext float {value} to double") if target == "f64" else w.value(f"fptrunc double {value} to float")


def _to_integer(w: Writer, value: str, kind: str, dtype: str) -> str:
    """Towards zero; what does not fit gives the smallest integer, as the processor's own conversion does."""
    low, high = number(-(2.0**63), dtype), number(2.0**63, dtype)
    fits = w.value(f"fcmp oge {kind} {value}, {low}")
    below = w.value(f"fcmp olt {kind} {value}, {high}")
    both = w.value(f"and i1 {fits}, {below}")
    safe = w.select(both, value, number(0.0, dtype), kind)
    return w.select(both, w.value(f"fptosi {kind} {safe} to i64"), str(-(2**63)))


def elementwise(
    module: NativeModule, w: Writer, name: str, operands: Sequence[Operand], result: str, loose: bool = False
) -> str:
    """Write one element of an elementwise operator.

    Parameters
    ----------
    module : NativeModule
        Collects the functions that are called.
    w : Writer
        Where the instructions go.
    name : str
        The operator's name.
    operands : sequence of (value, dtype)
        The operands' elements.
    result : str
        The dtype of the result.
    loose : bool
        Whether products may go into sums unrounded, and divisions be products with reciprocals (`loose`).

    Returns
    -------
    str
        The value.

    Raises
    ------
    NativeUnsupported
        The operator has no rule.
    """
    rule = _RULES.get(name)
    if rule is None:
        raise NativeUnsupported(f"operator {name} has no native form")
    dtype = _own_dtype(name, [d for _, d in operands], result)
    skip = 1 if name == "where" else 0
    values = [v if k < skip else convert(w, v, d, dtype) for k, (v, d) in enumerate(operands)]
    if name == "where":
        values[0] = convert(w, operands[0][0], operands[0][1], "bool")
    value = rule(_Element(module, w, loose), values, dtype)
    if name == "where":
        return value
    # numbers made of truth values are computed as integers
    return convert(w, value, dtype, "bool") if result == "bool" and TABLE[name].result != "bool" else value


def _own_dtype(name: str, dtypes: list[str], result: str) -> str:
    """The dtype in which an operator computes."""
    if name.startswith("logical_"):
        return "bool"
    if result != "bool" or name == "where":
        return result
    if TABLE[name].result != "bool":
        return "i64"
    own = promote(*dtypes)
    if name in ("isnan", "isinf", "isfinite") and own in ("i64", "bool"):
        return "f64"
    return "i64" if own == "bool" else own


class _Element:
    """The element being computed: instructions by name."""

    def __init__(self, module: NativeModule, writer: Writer, loose: bool = False) -> None:
        self.module = module
        self.w = writer
        self.loose = loose

    def of(self, instruction: str, dtype: str, *values: str) -> str:
        """An instruction on operands of one type."""
        flags = " nsz contract" if self.loose and instruction in ("fadd", "fsub", "fmul", "fneg") else ""
        return self.w.value(f"{instruction}{flags} {LLVM_TYPES[dtype]} {', '.join(values)}")

    def arithmetic(self, letter: str, dtype: str, a: str, b: str) -> str:
        """``+ - *`` on floats or integers."""
        return self.of(letter if dtype == "i64" else f"f{letter}", dtype, a, b)

    def compare(self, predicate: str, dtype: str, a: str, b: str) -> str:
        """An ordered comparison (``ne`` holds for nan too)."""
        if dtype in ("i64", "bool"):
            signed = predicate if predicate in ("eq", "ne") else ("s" if dtype == "i64" else "u") + predicate
            return self.w.compare(signed, a, b, LLVM_TYPES[dtype])
        return self.w.value(f"fcmp {'u' if predicate == 'ne' else 'o'}{predicate} {LLVM_TYPES[dtype]} {a}, {b}")

    def select(self, condition: str, a: str, b: str, dtype: str) -> str:
        """One of two values."""
        return self.w.select(condition, a, b, LLVM_TYPES[dtype])

    def intrinsic(self, name: str, dtype: str, *values: str) -> str:
        """An intrinsic function of LLVM."""
        kind = LLVM_TYPES[dtype]
        full = f"llvm.{name}.{ {'f64': 'f64', 'f32': 'f32', 'i64': 'i64'}[dtype] }"
        self.module.declare(f"declare {kind} @{full}({', '.join([kind] * len(values))})")
        return self.w.value(f"call {kind} @{full}({', '.join(f'{kind} {v}' for v in values)})")

    def library(self, name: str, dtype: str, *values: str) -> str:
        """A function of the C library or of SciPy, in double precision."""
        return self.widened(name, dtype, values, lambda wide: self.module.library_call(self.w, name, wide))

    def ours(self, name: str, dtype: str, value: str) -> str:
        """One of our own vectorised functions."""
        self.module.uses_mathematics(name, dtype)
        return self.w.value(mathematics.call(name, dtype, value))

    def widened(self, name: str, dtype: str, values: Sequence[str], compute: Callable[[list[str]], str]) -> str:
        """Compute in double precision and round back."""
        wide = [convert(self.w, v, dtype, "f64") for v in values]
        return convert(self.w, compute(wide), "f64", dtype)


# ---- arithmetic ------------------------------------------------------------------------------------------------------
def _arithmetic(letter: str) -> Rule:
    def rule(e: _Element, x: list[str], dtype: str) -> str:
        if dtype == "bool":
            return e.of({"add": "or", "mul": "and"}[letter], dtype, *x)
        return e.arithmetic(letter, dtype, x[0], x[1])

    return rule


def _negative(e: _Element, x: list[str], dtype: str) -> str:
    return e.of("sub", dtype, "0", x[0]) if dtype == "i64" else e.of("fneg", dtype, x[0])


def _power(e: _Element, x: list[str], dtype: str) -> str:
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


def _power_by_constant(e: _Element, x: str, exponent: float, dtype: str) -> str | None:
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


def _hypot(e: _Element, x: list[str], dtype: str) -> str:
    return e.library("hypot", dtype, *x)


def _half_squared_difference(e: _Element, x: list[str], dtype: str) -> str:
    d = e.of("fsub", dtype, *x)
    return e.of("fmul", dtype, number(0.5, dtype), e.of("fmul", dtype, d, d))


def _extend(e: _Element, x: list[str], dtype: str) -> str:
    product = e.arithmetic("mul", dtype, *x)
    zero = number(0.0, dtype)
    return e.select(e.compare("eq", dtype, x[0], zero), zero, product, dtype)


def _extremum(name: str, comparison: str) -> Rule:
    def rule(e: _Element, x: list[str], dtype: str) -> str:
        if dtype in ("i64", "bool"):
            return e.select(e.compare(comparison, dtype, *x), x[0], x[1], dtype)
        return e.intrinsic(name, dtype, *x)

    return rule


def _absolute(e: _Element, x: list[str], dtype: str) -> str:
    if dtype == "bool":
        return x[0]
    if dtype == "i64":
        return e.select(e.compare("lt", dtype, x[0], "0"), e.of("sub", dtype, "0", x[0]), x[0], dtype)
    return e.intrinsic("fabs", dtype, x[0])


def _relu(e: _Element, x: list[str], dtype: str) -> str:
    return e.intrinsic("maximum", dtype, x[0], number(0.0, dtype))


def _sign(e: _Element, x: list[str], dtype: str) -> str:
    zero, one, minus = (number(v, dtype) for v in (0, 1, -1))
    below = e.select(e.compare("lt", dtype, x[0], zero), minus, zero if dtype == "i64" else x[0], dtype)
    below = below if dtype == "i64" else e.select(e.compare("eq", dtype, x[0], zero), zero, below, dtype)
    return e.select(e.compare("gt", dtype, x[0], zero), one, below, dtype)


# ---- division --------------------------------------------------------------------------------------------------------
def _divide(e: _Element, x: list[str], dtype: str) -> str:
    """A quotient; a derivative's is a product: what is divided comes late, and the reciprocal is there by then."""
    if not e.loose or _literal(x[0]) is not None:
        return e.of("fdiv", dtype, *x)
    return e.of("fmul", dtype, x[0], e.of("fdiv", dtype, number(1.0, dtype), x[1]))


def _floor_divide(e: _Element, x: list[str], dtype: str) -> str:
    if dtype == "i64":
        return _integer_division(e, x)[0]
    return e.module.helper_call(e.w, "pg_floor_divide", "double", _wide(e, x, dtype), dtype)


def _remainder(e: _Element, x: list[str], dtype: str) -> str:
    if dtype == "i64":
        return _integer_division(e, x)[1]
    return e.module.helper_call(e.w, "pg_remainder", "double", _wide(e, x, dtype), dtype)


def _wide(e: _Element, x: list[str], dtype: str) -> list[str]:
    return [f"double {convert(e.w, v, dtype, 'f64')}" for v in x]


def _integer_division(e: _Element, x: list[str]) -> tuple[str, str]:
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


# ---- functions -------------------------------------------------------------------------------------------------------
def _function(name: str, library: str = "") -> Rule:
    def rule(e: _Element, x: list[str], dtype: str) -> str:
        if name in mathematics.NAMES and len(x) == 1:
            return e.ours(name, dtype, x[0])
        return e.library(library or name, dtype, *x)

    return rule


def _intrinsic(name: str) -> Rule:
    return lambda e, x, dtype: e.intrinsic(name, dtype, *x)


def _scaled(factor: float) -> Rule:
    return lambda e, x, dtype: e.of("fmul", dtype, x[0], number(factor, dtype))


def _sigmoid(e: _Element, x: list[str], dtype: str) -> str:
    if "sigmoid" in mathematics.NAMES:
        return e.ours("sigmoid", dtype, x[0])
    one = number(1.0, dtype)
    small = _function("exp")(e, [e.of("fneg", dtype, e.intrinsic("fabs", dtype, x[0]))], dtype)
    top = e.select(e.compare("ge", dtype, x[0], number(0.0, dtype)), one, small, dtype)
    return e.of("fdiv", dtype, top, e.of("fadd", dtype, one, small))


def _logaddexp(e: _Element, x: list[str], dtype: str) -> str:
    """Max + log1p(exp(-|difference|)); the difference of equal infinities is taken as 0."""
    zero = number(0.0, dtype)
    larger = e.intrinsic("maximum", dtype, *x)
    apart = e.intrinsic("fabs", dtype, e.of("fsub", dtype, *x))
    apart = e.select(e.compare("eq", dtype, *x), zero, apart, dtype)
    small = _function("exp")(e, [e.of("fneg", dtype, apart)], dtype)
    return e.of("fadd", dtype, larger, _function("log1p")(e, [small], dtype))


def _softplus(e: _Element, x: list[str], dtype: str) -> str:
    return _logaddexp(e, [number(0.0, dtype), x[0]], dtype)


def _xlogy(e: _Element, x: list[str], dtype: str) -> str:
    zero = number(0.0, dtype)
    product = e.of("fmul", dtype, x[0], _function("log")(e, [x[1]], dtype))
    is_zero = e.compare("eq", dtype, x[0], zero)
    known = e.w.value(f"fcmp ord {LLVM_TYPES[dtype]} {x[1]}, {x[1]}")
    return e.select(e.w.value(f"and i1 {is_zero}, {known}"), zero, product, dtype)


def _sinc(e: _Element, x: list[str], dtype: str) -> str:
    at_zero = e.compare("eq", dtype, x[0], number(0.0, dtype))
    angle = e.of("fmul", dtype, number(math.pi, dtype), e.select(at_zero, number(1e-20, dtype), x[0], dtype))
    return e.of("fdiv", dtype, _function("sin")(e, [angle], dtype), angle)


def _polygamma(e: _Element, x: list[str], dtype: str) -> str:
    return e.widened("polygamma", dtype, x, lambda wide: e.module.polygamma_call(e.w, wide))


# ---- comparisons -----------------------------------------------------------------------------------------------------
def _comparison(predicate: str) -> Rule:
    return lambda e, x, dtype: e.compare(predicate, dtype, *x)


def _logic(instruction: str) -> Rule:
    return lambda e, x, dtype: e.w.value(f"{instruction} i1 {x[0]}, {x[1]}")


def _isfinite(e: _Element, x: list[str], dtype: str) -> str:
    return e.compare("lt", dtype, e.intrinsic("fabs", dtype, x[0]), number(math.inf, dtype))


def _isinf(e: _Element, x: list[str], dtype: str) -> str:
    return e.compare("eq", dtype, e.intrinsic("fabs", dtype, x[0]), number(math.inf, dtype))


_RULES: dict[str, Rule] = {
    "add": _arithmetic("add"),
    "subtract": _arithmetic("sub"),
    "multiply": _arithmetic("mul"),
    "divide": _divide,
    "negative": _negative,
    "positive": lambda e, x, dtype: x[0],
    "power": _power,
    "square": lambda e, x, dtype: e.arithmetic("mul", dtype, x[0], x[0]),
    "reciprocal": lambda e, x, dtype: e.of("fdiv", dtype, number(1.0, dtype), x[0]),
    "sqrt": _intrinsic("sqrt"),
    "hypot": _hypot,
    "half_squared_difference": _half_squared_difference,
    "extend": _extend,
    "where": lambda e, x, dtype: e.select(x[0], x[1], x[2], dtype),
    "maximum": _extremum("maximum", "gt"),
    "minimum": _extremum("minimum", "lt"),
    "absolute": _absolute,
    "relu": _relu,
    "sign": _sign,
    "floor": _intrinsic("floor"),
    "ceil": _intrinsic("ceil"),
    "rint": _intrinsic("roundeven"),
    "trunc": _intrinsic("trunc"),
    "floor_divide": _floor_divide,
    "remainder": _remainder,
    "sigmoid": _sigmoid,
    "logaddexp": _logaddexp,
    "softplus": _softplus,
    "xlogy": _xlogy,
    "sinc": _sinc,
    "degrees": _scaled(180.0 / math.pi),
    "radians": _scaled(math.pi / 180.0),
    "arcsin": _function("arcsin", "asin"),
    "arccos": _function("arccos", "acos"),
    "arctan": _function("arctan", "atan"),
    "arctan2": _function("arctan2", "atan2"),
    "arcsinh": _function("arcsinh", "asinh"),
    "arccosh": _function("arccosh", "acosh"),
    "arctanh": _function("arctanh", "atanh"),
    "gammaln": _function("gammaln"),
    "digamma": _function("digamma"),
    "polygamma": _polygamma,
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
    **{
        name: _function(name)
        for name in (
            "exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "sin", "cos", "tan", "sinh", "cosh", "tanh",
            "cbrt", "erf", "erfc", "ndtr",
        )
    },
}  # fmt: skip

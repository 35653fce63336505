"""Mathematical functions of numbers as instructions: LLVM's own, ours, and those of libraries (floor 4)."""

from __future__ import annotations

import math

from .. import mathematics
from ..emit.writer import LLVM_TYPES, number
from .element import Element, Rule

__all__ = ["FUNCTIONS"]


def _function(name: str, library: str = "") -> Rule:
    def rule(e: Element, x: list[str], dtype: str) -> str:
        if name in mathematics.NAMES and len(x) == 1:
            return e.ours(name, dtype, x[0])
        return e.library(library or name, dtype, *x)

    return rule


def _intrinsic(name: str) -> Rule:
    return lambda e, x, dtype: e.intrinsic(name, dtype, *x)


def _scaled(factor: float) -> Rule:
    return lambda e, x, dtype: e.of("fmul", dtype, x[0], number(factor, dtype))


def _sigmoid(e: Element, x: list[str], dtype: str) -> str:
    if "sigmoid" in mathematics.NAMES:
        return e.ours("sigmoid", dtype, x[0])
    one = number(1.0, dtype)
    small = _function("exp")(e, [e.of("fneg", dtype, e.intrinsic("fabs", dtype, x[0]))], dtype)
    top = e.select(e.compare("ge", dtype, x[0], number(0.0, dtype)), one, small, dtype)
    return e.of("fdiv", dtype, top, e.of("fadd", dtype, one, small))


def _logaddexp(e: Element, x: list[str], dtype: str) -> str:
    """Max + log1p(exp(-|difference|)); the difference of equal infinities is taken as 0."""
    zero = number(0.0, dtype)
    larger = e.intrinsic("maximum", dtype, *x)
    apart = e.intrinsic("fabs", dtype, e.of("fsub", dtype, *x))
    apart = e.select(e.compare("eq", dtype, *x), zero, apart, dtype)
    small = _function("exp")(e, [e.of("fneg", dtype, apart)], dtype)
    return e.of("fadd", dtype, larger, _function("log1p")(e, [small], dtype))


def _softplus(e: Element, x: list[str], dtype: str) -> str:
    return _logaddexp(e, [number(0.0, dtype), x[0]], dtype)


def _xlogy(e: Element, x: list[str], dtype: str) -> str:
    zero = number(0.0, dtype)
    product = e.of("fmul", dtype, x[0], _function("log")(e, [x[1]], dtype))
    is_zero = e.compare("eq", dtype, x[0], zero)
    known = e.w.value(f"fcmp ord {LLVM_TYPES[dtype]} {x[1]}, {x[1]}")
    return e.select(e.w.value(f"and i1 {is_zero}, {known}"), zero, product, dtype)


def _sinc(e: Element, x: list[str], dtype: str) -> str:
    at_zero = e.compare("eq", dtype, x[0], number(0.0, dtype))
    angle = e.of("fmul", dtype, number(math.pi, dtype), e.select(at_zero, number(1e-20, dtype), x[0], dtype))
    return e.of("fdiv", dtype, _function("sin")(e, [angle], dtype), angle)


def _polygamma(e: Element, x: list[str], dtype: str) -> str:
    return e.widened("polygamma", dtype, x, lambda wide: e.module.polygamma_call(e.w, wide))


def _hypot(e: Element, x: list[str], dtype: str) -> str:
    return e.library("hypot", dtype, *x)


FUNCTIONS: dict[str, Rule] = {
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
    "sqrt": _intrinsic("sqrt"),
    "hypot": _hypot,
    "floor": _intrinsic("floor"),
    "ceil": _intrinsic("ceil"),
    "rint": _intrinsic("roundeven"),
    "trunc": _intrinsic("trunc"),
    **{
        name: _function(name)
        for name in (
            "exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "sin", "cos", "tan", "sinh", "cosh", "tanh",
            "cbrt", "erf", "erfc", "ndtr",
        )
    },
}  # fmt: skip

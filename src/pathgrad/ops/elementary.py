"""Arithmetic, powers and the choice operators (floor 0).

Sources: the rules of differentiation for arithmetic; lecture, section 3 for ``+`` and ``*``, section 5 for the square
root and the half squared difference.
"""
# ruff: noqa: E501  (a record is one line, so that a traceback's line is the operator)

from __future__ import annotations

from typing import Any

import numpy as np

from .domain import AWAY_FROM_ZERO, BOOLEAN, POSITIVE, REAL
from .record import Op, op


def _extend(t: Any, label: Any) -> Any:
    with np.errstate(invalid="ignore", over="ignore"):
        product = np.multiply(t, label)
    return np.where(np.equal(t, 0), np.zeros_like(product), product)[()]


# fmt: off
# ---- arithmetic ------------------------------------------------------------------------------------------------------
add = op("add", np.add, lambda v, x, y: 1.0, lambda v, x, y: 1.0,
         domain=(REAL, REAL), ref="lecture 3", spellings=("numpy.add", "operator.add"), symbol="+", linear=(0, 1), total=True, result="number",
         sympy=lambda sp, x, y: x + y, reference=lambda mp, x, y: x + y)
subtract = op("subtract", np.subtract, lambda v, x, y: 1.0, lambda v, x, y: -1.0,
         domain=(REAL, REAL), ref="sum rule", spellings=("numpy.subtract", "operator.sub"), symbol="−", linear=(0, 1), total=True, result="number",
         sympy=lambda sp, x, y: x - y, reference=lambda mp, x, y: x - y)
multiply = op("multiply", np.multiply, lambda v, x, y: y, lambda v, x, y: x,
         domain=(REAL, REAL), ref="lecture 3", spellings=("numpy.multiply", "operator.mul"), symbol="×", total=True, result="number",
         sympy=lambda sp, x, y: x * y, reference=lambda mp, x, y: x * y)
divide = op("divide", np.true_divide, lambda v, x, y: 1.0 / y, lambda v, x, y: -(v / y),
         domain=(REAL, AWAY_FROM_ZERO), ref="quotient rule", spellings=("numpy.divide", "numpy.true_divide", "operator.truediv"), symbol="÷", linear=(0,),
         sympy=lambda sp, x, y: x / y, reference=lambda mp, x, y: x / y)
negative = op("negative", np.negative, lambda v, x: -1.0,
         domain=(REAL,), ref="sum rule", spellings=("numpy.negative", "operator.neg"), symbol="−", linear=(0,), total=True, result="number",
         sympy=lambda sp, x: -x, reference=lambda mp, x: -x)
positive = op("positive", np.positive, lambda v, x: 1.0,
         domain=(REAL,), ref="identity", spellings=("numpy.positive", "operator.pos"), symbol="+", linear=(0,), total=True, result="number",
         sympy=lambda sp, x: x, reference=lambda mp, x: +x)
power = op("power", np.power,
         lambda v, x, y: where(y == 0, y / where(x == 0, 1.0, x), y * x ** (y - 1)),
         lambda v, x, y: where(v == 0, 0.0, v * log(x)),
         domain=(POSITIVE, REAL), ref="power rule; d(x^y)/dy = x^y log x", spellings=("numpy.power", "math.pow", "operator.pow"), symbol="^", edge=True, result="number",
         kinks="x = 0 with 0 < y < 1: the label of x is infinite; x = 0 with y > 0: the label of y is 0; x = y = 0: the labels are 0 and −∞",
         sympy=lambda sp, x, y: x**y, reference=lambda mp, x, y: mp.power(x, y))
square = op("square", np.square, lambda v, x: 2.0 * x,
         domain=(REAL,), ref="power rule", spellings=("numpy.square",), symbol="²", total=True, result="number",
         sympy=lambda sp, x: x**2, reference=lambda mp, x: x * x)
reciprocal = op("reciprocal", np.reciprocal, lambda v, x: -v * v,
         domain=(AWAY_FROM_ZERO,), ref="power rule", spellings=("numpy.reciprocal",), symbol="1/x",
         sympy=lambda sp, x: 1 / x, reference=lambda mp, x: 1 / x)
sqrt = op("sqrt", np.sqrt, lambda v, x: 1.0 / (2.0 * v),
         domain=(POSITIVE,), ref="lecture 5", spellings=("numpy.sqrt", "math.sqrt"), symbol="√", edge=True,
         kinks="x = 0: the label is infinite",
         sympy=lambda sp, x: sp.sqrt(x), reference=lambda mp, x: mp.sqrt(x))
cbrt = op("cbrt", np.cbrt, lambda v, x: 1.0 / (3.0 * v * v),
         domain=(AWAY_FROM_ZERO,), ref="power rule", spellings=("numpy.cbrt", "math.cbrt"), symbol="∛", edge=True,
         kinks="x = 0: the label is infinite",
         sympy=lambda sp, x: sp.sign(x) * sp.Abs(x) ** sp.Rational(1, 3), reference=lambda mp, x: mp.sign(x) * mp.cbrt(abs(x)))
hypot = op("hypot", np.hypot, lambda v, x, y: x / where(v == 0, 1.0, v), lambda v, x, y: y / where(v == 0, 1.0, v),
         domain=(AWAY_FROM_ZERO, AWAY_FROM_ZERO), ref="d sqrt(x^2 + y^2)", spellings=("numpy.hypot", "math.hypot"), total=True,
         kinks="x = y = 0: both labels 0 (the mean of the one-sided derivatives)",
         sympy=lambda sp, x, y: sp.sqrt(x**2 + y**2), reference=lambda mp, x, y: mp.hypot(x, y))
half_squared_difference = op("half_squared_difference", lambda x, t: 0.5 * np.square(np.subtract(x, t)), lambda v, x, t: x - t, lambda v, x, t: t - x,
         domain=(REAL, REAL), ref="lecture 5", spellings=("pathgrad.half_squared_difference",), symbol="½(x−v)²", total=True,
         sympy=lambda sp, x, t: (x - t) ** 2 / 2, reference=lambda mp, x, t: (x - t) ** 2 / 2)

extend = op("extend", _extend, lambda v, t, label: label, lambda v, t, label: t,
         domain=(AWAY_FROM_ZERO, REAL), ref="a semiring's zero annihilates: 0 extend a = 0 for every a", symbol="⊗", edge=True,
         kinks="t = 0: the value is 0 for every label, infinite or nan",
         sympy=lambda sp, t, label: t * label, reference=lambda mp, t, label: t * label)

# ---- choice ----------------------------------------------------------------------------------------------------------
where: Op = op("where", np.where, None, lambda v, c, x, y: where(c, 1.0, 0.0), lambda v, c, x, y: where(c, 0.0, 1.0),
         domain=(BOOLEAN, REAL, REAL), ref="lecture 3: a path not taken contributes nothing", spellings=("numpy.where",), selects=True, linear=(1, 2), total=True, result="number",
         sympy=lambda sp, c, x, y: sp.Piecewise((x, c), (y, True)), reference=lambda mp, c, x, y: x if c else y)
maximum = op("maximum", np.maximum,
         lambda v, x, y: where(x > y, 1.0, where(x == y, 0.5, 0.0)),
         lambda v, x, y: where(y > x, 1.0, where(x == y, 0.5, 0.0)),
         domain=(REAL, REAL), ref="subgradient", spellings=("numpy.maximum",), symbol="max", selects=True, total=True, result="number",
         kinks="x = y: one half each",
         sympy=lambda sp, x, y: sp.Max(x, y), reference=lambda mp, x, y: max(x, y))
minimum = op("minimum", np.minimum,
         lambda v, x, y: where(x < y, 1.0, where(x == y, 0.5, 0.0)),
         lambda v, x, y: where(y < x, 1.0, where(x == y, 0.5, 0.0)),
         domain=(REAL, REAL), ref="subgradient", spellings=("numpy.minimum",), symbol="min", selects=True, total=True, result="number",
         kinks="x = y: one half each",
         sympy=lambda sp, x, y: sp.Min(x, y), reference=lambda mp, x, y: min(x, y))
absolute = op("absolute", np.absolute, lambda v, x: sign(x),
         domain=(AWAY_FROM_ZERO,), ref="subgradient", spellings=("numpy.absolute", "numpy.abs", "numpy.fabs", "math.fabs"), symbol="|x|", total=True, result="number",
         kinks="x = 0: label 0",
         sympy=lambda sp, x: sp.Abs(x), reference=lambda mp, x: abs(x))
relu = op("relu", lambda x: np.maximum(x, 0.0), lambda v, x: where(x > 0, 1.0, 0.0),
         domain=(AWAY_FROM_ZERO,), ref="subgradient", spellings=("pathgrad.relu",), selects=True, total=True, result="float",
         kinks="x = 0: label 0",
         sympy=lambda sp, x: sp.Max(x, 0), reference=lambda mp, x: max(x, 0))
# fmt: on

# Labels above call the operators below; the tables refer to each other only when a label is called.
from .exponential import log  # noqa: E402
from .rounding import sign  # noqa: E402

"""Operators that step: sign, rounding, integer division (floor 0).

Their derivative is zero wherever it exists, which ``None`` says; ``%`` is the exception.
"""
# ruff: noqa: E501

from __future__ import annotations

import numpy as np

from .domain import AWAY_FROM_ZERO, Interval
from .record import op

_POLICY = "at the steps: 0, as on both sides"
_OFF_GRID = Interval(-3.0, 3.0, tuple(k / 2 for k in range(-6, 7)))
_DIVIDEND = Interval(2.0625, 2.9375)
_DIVISOR = Interval(0.71875, 0.9375)

# fmt: off
sign = op("sign", np.sign, None,
         domain=(AWAY_FROM_ZERO,), ref="constant on each side", spellings=("numpy.sign",), total=True, result="number", kinks=_POLICY,
         sympy=lambda sp, x: sp.sign(x), reference=lambda mp, x: mp.sign(x))
floor = op("floor", np.floor, None,
         domain=(_OFF_GRID,), ref="constant between steps", spellings=("numpy.floor",), symbol="⌊x⌋", total=True, kinks=_POLICY,
         sympy=lambda sp, x: sp.floor(x), reference=lambda mp, x: mp.floor(x))
ceil = op("ceil", np.ceil, None,
         domain=(_OFF_GRID,), ref="constant between steps", spellings=("numpy.ceil",), symbol="⌈x⌉", total=True, kinks=_POLICY,
         sympy=lambda sp, x: sp.ceiling(x), reference=lambda mp, x: mp.ceil(x))
rint = op("rint", np.rint, None,
         domain=(_OFF_GRID,), ref="constant between steps", spellings=("numpy.rint", "numpy.round"), total=True, kinks=_POLICY,
         sympy=lambda sp, x: sp.floor(x + sp.Rational(1, 2)), reference=lambda mp, x: mp.nint(x))
trunc = op("trunc", np.trunc, None,
         domain=(_OFF_GRID,), ref="constant between steps", spellings=("numpy.trunc", "numpy.fix"), total=True, kinks=_POLICY,
         sympy=lambda sp, x: sp.sign(x) * sp.floor(sp.Abs(x)), reference=lambda mp, x: mp.sign(x) * mp.floor(abs(x)))
remainder = op("remainder", np.remainder, lambda v, x, y: 1.0, lambda v, x, y: -(x // y),
         domain=(_DIVIDEND, _DIVISOR), ref="x - y floor(x / y)", spellings=("numpy.remainder", "numpy.mod", "operator.mod"), symbol="%", result="number",
         kinks="where x / y is an integer: the derivative from the right",
         sympy=lambda sp, x, y: x - y * sp.floor(x / y), reference=lambda mp, x, y: x - y * mp.floor(x / y))
floor_divide = op("floor_divide", np.floor_divide, None, None,
         domain=(_DIVIDEND, _DIVISOR), ref="constant between steps", spellings=("numpy.floor_divide", "operator.floordiv"), symbol="//", result="number", kinks=_POLICY,
         sympy=lambda sp, x, y: sp.floor(x / y), reference=lambda mp, x, y: mp.floor(x / y))
# fmt: on

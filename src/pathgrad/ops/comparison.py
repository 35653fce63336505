"""Comparisons and logic: results without a derivative (floor 0)."""
# ruff: noqa: E501

from __future__ import annotations

import numpy as np

from .domain import BOOLEAN, REAL
from .record import op

# fmt: off
less = op("less", np.less, None, None, domain=(REAL, REAL), ref="comparison", spellings=("numpy.less", "operator.lt"), symbol="<", result="bool", total=True,
         sympy=lambda sp, x, y: sp.Lt(x, y), reference=lambda mp, x, y: x < y)
less_equal = op("less_equal", np.less_equal, None, None, domain=(REAL, REAL), ref="comparison", spellings=("numpy.less_equal", "operator.le"), symbol="≤", result="bool", total=True,
         sympy=lambda sp, x, y: sp.Le(x, y), reference=lambda mp, x, y: x <= y)
greater = op("greater", np.greater, None, None, domain=(REAL, REAL), ref="comparison", spellings=("numpy.greater", "operator.gt"), symbol=">", result="bool", total=True,
         sympy=lambda sp, x, y: sp.Gt(x, y), reference=lambda mp, x, y: x > y)
greater_equal = op("greater_equal", np.greater_equal, None, None, domain=(REAL, REAL), ref="comparison", spellings=("numpy.greater_equal", "operator.ge"), symbol="≥", result="bool", total=True,
         sympy=lambda sp, x, y: sp.Ge(x, y), reference=lambda mp, x, y: x >= y)
equal = op("equal", np.equal, None, None, domain=(REAL, REAL), ref="comparison", spellings=("numpy.equal", "operator.eq"), symbol="=", result="bool", total=True,
         sympy=lambda sp, x, y: sp.Eq(x, y), reference=lambda mp, x, y: x == y)
not_equal = op("not_equal", np.not_equal, None, None, domain=(REAL, REAL), ref="comparison", spellings=("numpy.not_equal", "operator.ne"), symbol="≠", result="bool", total=True,
         sympy=lambda sp, x, y: sp.Ne(x, y), reference=lambda mp, x, y: x != y)
logical_and = op("logical_and", np.logical_and, None, None, domain=(BOOLEAN, BOOLEAN), ref="logic", spellings=("numpy.logical_and",), symbol="and", result="bool", total=True,
         sympy=lambda sp, x, y: sp.And(x, y), reference=lambda mp, x, y: bool(x) and bool(y))
logical_or = op("logical_or", np.logical_or, None, None, domain=(BOOLEAN, BOOLEAN), ref="logic", spellings=("numpy.logical_or",), symbol="or", result="bool", total=True,
         sympy=lambda sp, x, y: sp.Or(x, y), reference=lambda mp, x, y: bool(x) or bool(y))
logical_not = op("logical_not", np.logical_not, None, domain=(BOOLEAN,), ref="logic", spellings=("numpy.logical_not", "operator.not_"), symbol="not", result="bool", total=True,
         sympy=lambda sp, x: sp.Not(x), reference=lambda mp, x: not x)
logical_xor = op("logical_xor", np.logical_xor, None, None, domain=(BOOLEAN, BOOLEAN), ref="logic", spellings=("numpy.logical_xor",), symbol="xor", result="bool", total=True,
         sympy=lambda sp, x, y: sp.Xor(x, y), reference=lambda mp, x, y: bool(x) != bool(y))
isfinite = op("isfinite", np.isfinite, None, domain=(REAL,), ref="classification", spellings=("numpy.isfinite", "math.isfinite"), result="bool", total=True,
         reference=lambda mp, x: mp.isfinite(x))
isnan = op("isnan", np.isnan, None, domain=(REAL,), ref="classification", spellings=("numpy.isnan", "math.isnan"), result="bool", total=True,
         reference=lambda mp, x: mp.isnan(x))
isinf = op("isinf", np.isinf, None, domain=(REAL,), ref="classification", spellings=("numpy.isinf", "math.isinf"), result="bool", total=True,
         reference=lambda mp, x: mp.isinf(x))
# fmt: on

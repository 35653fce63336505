"""Exponentials, logarithms and the sigmoid family (floor 0).

Sources: DLMF chapter 4 (https://dlmf.nist.gov/4); lecture, section 5 for the sigmoid.
"""

from __future__ import annotations

import math

import numpy as np

from .domain import POSITIVE, REAL, Interval
from .record import Op, op, scipy_special

_LN2, _LN10 = math.log(2.0), math.log(10.0)
_ABOVE_MINUS_ONE = Interval(-0.875, 6.0)


# fmt: off
exp = op("exp", np.exp, lambda v, x: v,
         domain=(REAL,), ref="DLMF 4.20", spellings=("numpy.exp", "math.exp"),
         sympy=lambda sp, x: sp.exp(x), reference=lambda mp, x: mp.exp(x))
exp2 = op("exp2", np.exp2, lambda v, x: _LN2 * v,
         domain=(REAL,), ref="DLMF 4.20", spellings=("numpy.exp2", "math.exp2"),
         sympy=lambda sp, x: 2**x, reference=lambda mp, x: mp.power(2, x))
expm1 = op("expm1", np.expm1, lambda v, x: v + 1.0,
         domain=(REAL,), ref="DLMF 4.20", spellings=("numpy.expm1", "math.expm1"),
         sympy=lambda sp, x: sp.exp(x) - 1, reference=lambda mp, x: mp.expm1(x))
log = op("log", np.log, lambda v, x: 1.0 / x,
         domain=(POSITIVE,), ref="DLMF 4.7.1", spellings=("numpy.log", "math.log"),
         sympy=lambda sp, x: sp.log(x), reference=lambda mp, x: mp.log(x))
log2 = op("log2", np.log2, lambda v, x: (1.0 / _LN2) / x,
         domain=(POSITIVE,), ref="DLMF 4.7.1", spellings=("numpy.log2", "math.log2"),
         sympy=lambda sp, x: sp.log(x) / sp.log(2), reference=lambda mp, x: mp.log(x, 2))
log10 = op("log10", np.log10, lambda v, x: (1.0 / _LN10) / x,
         domain=(POSITIVE,), ref="DLMF 4.7.1", spellings=("numpy.log10", "math.log10"),
         sympy=lambda sp, x: sp.log(x) / sp.log(10), reference=lambda mp, x: mp.log10(x))
log1p = op("log1p", np.log1p, lambda v, x: 1.0 / (1.0 + x),
         domain=(_ABOVE_MINUS_ONE,), ref="DLMF 4.7.1", spellings=("numpy.log1p", "math.log1p"),
         sympy=lambda sp, x: sp.log(1 + x), reference=lambda mp, x: mp.log1p(x))
logaddexp = op("logaddexp", np.logaddexp, lambda v, x, y: sigmoid(x - y), lambda v, x, y: sigmoid(y - x),
         domain=(REAL, REAL), ref="d log(e^x + e^y) = e^x / (e^x + e^y)", spellings=("numpy.logaddexp",), total=True,
         sympy=lambda sp, x, y: sp.log(sp.exp(x) + sp.exp(y)), reference=lambda mp, x, y: mp.log(mp.exp(x) + mp.exp(y)))
sigmoid: Op = op("sigmoid", scipy_special("expit"), lambda v, x: v * (1.0 - v),
         domain=(REAL,), ref="lecture 5", spellings=("pathgrad.sigmoid", "scipy.special.expit"), symbol="σ", total=True,
         sympy=lambda sp, x: 1 / (1 + sp.exp(-x)), reference=lambda mp, x: 1 / (1 + mp.exp(-x)))
softplus = op("softplus", lambda x: np.logaddexp(0.0, x), lambda v, x: sigmoid(x),
         domain=(REAL,), ref="d log(1 + e^x) = sigmoid(x)", spellings=("pathgrad.softplus",), total=True,
         sympy=lambda sp, x: sp.log(1 + sp.exp(x)), reference=lambda mp, x: mp.log1p(mp.exp(x)))
xlogy = op("xlogy", scipy_special("xlogy"), lambda v, x, y: log(y), lambda v, x, y: x / y,
         domain=(POSITIVE, POSITIVE), ref="d(x log y)", spellings=("scipy.special.xlogy",), edge=True,
         kinks="y = 0: the label of x is infinite, the label of y is x/y as NumPy gives it",
         sympy=lambda sp, x, y: x * sp.log(y), reference=lambda mp, x, y: x * mp.log(y))
# fmt: on

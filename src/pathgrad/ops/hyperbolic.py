"""Hyperbolic functions and their inverses (floor 0).

Source: DLMF chapter 4 (https://dlmf.nist.gov/4).
"""

from __future__ import annotations

import numpy as np

from .domain import BEYOND_ONE, REAL, UNIT
from .elementary import sqrt
from .record import Op, op

# fmt: off
sinh = op("sinh", np.sinh, lambda v, x: cosh(x),
         domain=(REAL,), ref="DLMF 4.34.1", spellings=("numpy.sinh", "math.sinh"),
         sympy=lambda sp, x: sp.sinh(x), reference=lambda mp, x: mp.sinh(x))
cosh: Op = op("cosh", np.cosh, lambda v, x: sinh(x),
         domain=(REAL,), ref="DLMF 4.34.2", spellings=("numpy.cosh", "math.cosh"),
         sympy=lambda sp, x: sp.cosh(x), reference=lambda mp, x: mp.cosh(x))
tanh = op("tanh", np.tanh, lambda v, x: 1.0 - v * v,
         domain=(REAL,), ref="DLMF 4.34.3", spellings=("numpy.tanh", "math.tanh"), total=True,
         sympy=lambda sp, x: sp.tanh(x), reference=lambda mp, x: mp.tanh(x))
arcsinh = op("arcsinh", np.arcsinh, lambda v, x: 1.0 / sqrt(1.0 + x * x),
         domain=(REAL,), ref="DLMF 4.38.9", spellings=("numpy.arcsinh", "numpy.asinh", "math.asinh"), total=True,
         sympy=lambda sp, x: sp.asinh(x), reference=lambda mp, x: mp.asinh(x))
arccosh = op("arccosh", np.arccosh, lambda v, x: 1.0 / (sqrt(x - 1.0) * sqrt(x + 1.0)),
         domain=(BEYOND_ONE,), ref="DLMF 4.38.10", spellings=("numpy.arccosh", "numpy.acosh", "math.acosh"), edge=True,
         kinks="x = 1: the label is infinite",
         sympy=lambda sp, x: sp.acosh(x), reference=lambda mp, x: mp.acosh(x))
arctanh = op("arctanh", np.arctanh, lambda v, x: 1.0 / ((1.0 - x) * (1.0 + x)),
         domain=(UNIT,), ref="DLMF 4.38.11", spellings=("numpy.arctanh", "numpy.atanh", "math.atanh"),
         sympy=lambda sp, x: sp.atanh(x), reference=lambda mp, x: mp.atanh(x))
# fmt: on

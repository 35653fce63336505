"""Circular functions and their inverses (floor 0).

Source: DLMF chapter 4 (https://dlmf.nist.gov/4).
"""
# ruff: noqa: E501

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .domain import AWAY_FROM_ZERO, REAL, UNIT, WITHIN_PERIOD
from .elementary import absolute, hypot, sqrt, where
from .record import Op, op

_PI = math.pi
# d sinc(x)/dx = sum over k >= 1 of (-1)^k 2k pi^(2k) x^(2k-1) / (2k+1)!, divided by x, in powers of x^2
_SINC_SERIES = [(-1.0) ** k * 2 * k * _PI ** (2 * k) / math.factorial(2 * k + 1) for k in range(1, 9)]


def _sinc_label(v: Any, x: Any) -> Any:
    """(cos(pi x) - sinc(x)) / x, by its series where the difference cancels."""
    square, series = x * x, 0.0
    for coefficient in reversed(_SINC_SERIES):
        series = series * square + coefficient
    near = absolute(x) < 0.125
    return where(near, x * series, (cos(_PI * x) - v) / where(near, 1.0, x))


# fmt: off
sin = op("sin", np.sin, lambda v, x: cos(x),
         domain=(REAL,), ref="DLMF 4.20.1", spellings=("numpy.sin", "math.sin"), total=True,
         sympy=lambda sp, x: sp.sin(x), reference=lambda mp, x: mp.sin(x))
cos: Op = op("cos", np.cos, lambda v, x: -sin(x),
         domain=(REAL,), ref="DLMF 4.20.2", spellings=("numpy.cos", "math.cos"), total=True,
         sympy=lambda sp, x: sp.cos(x), reference=lambda mp, x: mp.cos(x))
tan = op("tan", np.tan, lambda v, x: 1.0 + v * v,
         domain=(WITHIN_PERIOD,), ref="DLMF 4.20.3", spellings=("numpy.tan", "math.tan"),
         sympy=lambda sp, x: sp.tan(x), reference=lambda mp, x: mp.tan(x))
arcsin = op("arcsin", np.arcsin, lambda v, x: 1.0 / sqrt((1.0 - x) * (1.0 + x)),
         domain=(UNIT,), ref="DLMF 4.24.7", spellings=("numpy.arcsin", "numpy.asin", "math.asin"), edge=True,
         kinks="|x| = 1: the label is infinite",
         sympy=lambda sp, x: sp.asin(x), reference=lambda mp, x: mp.asin(x))
arccos = op("arccos", np.arccos, lambda v, x: -1.0 / sqrt((1.0 - x) * (1.0 + x)),
         domain=(UNIT,), ref="DLMF 4.24.8", spellings=("numpy.arccos", "numpy.acos", "math.acos"), edge=True,
         kinks="|x| = 1: the label is infinite",
         sympy=lambda sp, x: sp.acos(x), reference=lambda mp, x: mp.acos(x))
arctan = op("arctan", np.arctan, lambda v, x: 1.0 / (1.0 + x * x),
         domain=(REAL,), ref="DLMF 4.24.9", spellings=("numpy.arctan", "numpy.atan", "math.atan"), total=True,
         sympy=lambda sp, x: sp.atan(x), reference=lambda mp, x: mp.atan(x))
arctan2 = op("arctan2", np.arctan2,
         lambda v, y, x: (x / hypot(x, y)) / hypot(x, y), lambda v, y, x: -(y / hypot(x, y)) / hypot(x, y),
         domain=(AWAY_FROM_ZERO, AWAY_FROM_ZERO), ref="DLMF 4.23.26", spellings=("numpy.arctan2", "numpy.atan2", "math.atan2"), edge=True,
         kinks="x = y = 0: not defined (nan), as NumPy gives it",
         sympy=lambda sp, y, x: sp.atan2(y, x), reference=lambda mp, y, x: mp.atan2(y, x))
sinc = op("sinc", np.sinc, _sinc_label,
         domain=(REAL,), ref="NumPy's normalised sinc, sin(pi x)/(pi x)", spellings=("numpy.sinc",), total=True,
         sympy=lambda sp, x: sp.sinc(sp.pi * x), reference=lambda mp, x: mp.sincpi(x))
degrees = op("degrees", np.degrees, lambda v, x: 180.0 / _PI,
         domain=(REAL,), ref="unit", spellings=("numpy.degrees", "numpy.rad2deg", "math.degrees"), linear=(0,), total=True,
         sympy=lambda sp, x: x * 180 / sp.pi, reference=lambda mp, x: mp.degrees(x))
radians = op("radians", np.radians, lambda v, x: _PI / 180.0,
         domain=(REAL,), ref="unit", spellings=("numpy.radians", "numpy.deg2rad", "math.radians"), linear=(0,), total=True,
         sympy=lambda sp, x: x * sp.pi / 180, reference=lambda mp, x: mp.radians(x))
# fmt: on

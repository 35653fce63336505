"""Special functions, with SciPy's values (floor 0).

Sources: DLMF chapters 5 and 7 (https://dlmf.nist.gov/5, https://dlmf.nist.gov/7).
"""
# ruff: noqa: E501

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .domain import POSITIVE, REAL
from .exponential import exp
from .record import Op, op, scipy_special

_TWO_OVER_SQRT_PI = 2.0 / math.sqrt(math.pi)
_ONE_OVER_SQRT_TWO_PI = 1.0 / math.sqrt(2.0 * math.pi)


def _polygamma(n: Any, x: Any) -> Any:
    # SciPy computes in double precision whatever the operand's
    return scipy_special("polygamma")(n, x).astype(np.result_type(np.asarray(x).dtype, np.float32))[()]


# fmt: off
erf = op("erf", scipy_special("erf"), lambda v, x: _TWO_OVER_SQRT_PI * exp(-x * x),
         domain=(REAL,), ref="DLMF 7.10.1", spellings=("scipy.special.erf", "math.erf"), total=True,
         sympy=lambda sp, x: sp.erf(x), reference=lambda mp, x: mp.erf(x))
erfc = op("erfc", scipy_special("erfc"), lambda v, x: -_TWO_OVER_SQRT_PI * exp(-x * x),
         domain=(REAL,), ref="DLMF 7.10.1", spellings=("scipy.special.erfc", "math.erfc"), total=True,
         sympy=lambda sp, x: sp.erfc(x), reference=lambda mp, x: mp.erfc(x))
ndtr = op("ndtr", scipy_special("ndtr"), lambda v, x: _ONE_OVER_SQRT_TWO_PI * exp(-0.5 * x * x),
         domain=(REAL,), ref="the normal density", spellings=("scipy.special.ndtr",), symbol="Φ", total=True,
         sympy=lambda sp, x: (1 + sp.erf(x / sp.sqrt(2))) / 2, reference=lambda mp, x: mp.ncdf(x))
gammaln = op("gammaln", scipy_special("gammaln"), lambda v, x: digamma(x),
         domain=(POSITIVE,), ref="DLMF 5.2.2", spellings=("scipy.special.gammaln", "math.lgamma"), symbol="lnΓ",
         sympy=lambda sp, x: sp.loggamma(x), reference=lambda mp, x: mp.loggamma(x))
digamma: Op = op("digamma", scipy_special("digamma"), lambda v, x: polygamma(1, x),
         domain=(POSITIVE,), ref="DLMF 5.15.1", spellings=("scipy.special.digamma", "scipy.special.psi"), symbol="ψ",
         sympy=lambda sp, x: sp.digamma(x), reference=lambda mp, x: mp.digamma(x))
polygamma: Op = op("polygamma", _polygamma, None, lambda v, n, x: polygamma(n + 1, x),
         domain=(POSITIVE, POSITIVE), ref="DLMF 5.15.1", spellings=("scipy.special.polygamma",), symbol="ψₙ", facts={"integer": (0,)},
         sympy=lambda sp, n, x: sp.polygamma(n, x), reference=lambda mp, n, x: mp.psi(int(n), x))
# fmt: on

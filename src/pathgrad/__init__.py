"""pathgrad: automatic differentiation as a path problem.

Every operation labels the edges from its operands with local partial derivatives; extend multiplies the labels along a
path, combine adds over all paths. Solved from the inputs it is forward mode, from the outputs reverse mode.

>>> import pathgrad as pg
>>> pg.grad(lambda x, y: (x + 4 * y) * ((x + y) * y))(3.0, 5.0)
155.0
"""

from __future__ import annotations

from . import errors, ops
from .api import (
    checkpoint,
    compile,  # noqa: A004  (pg.compile)
    grad,
    hessian,
    hvp,
    jacobian,
    jvp,
    trace_table,
    transform,
    value_and_grad,
    vjp,
)
from .arithmetic import Dual, box, constant, derivative, variable
from .frontend.trace import trace
from .graph import BOOLEAN, COUNT, INTERVAL, MAX_TIMES, REAL, SYMBOLIC, Graph, GraphBuilder, Semiring
from .ops.elementary import half_squared_difference, relu
from .ops.exponential import sigmoid, softplus
from .options import options
from .testing import check_grads

__all__ = [
    "BOOLEAN",
    "COUNT",
    "INTERVAL",
    "MAX_TIMES",
    "REAL",
    "SYMBOLIC",
    "Dual",
    "Graph",
    "GraphBuilder",
    "Semiring",
    "box",
    "check_grads",
    "checkpoint",
    "compile",
    "constant",
    "derivative",
    "errors",
    "grad",
    "half_squared_difference",
    "hessian",
    "hvp",
    "jacobian",
    "jvp",
    "ops",
    "options",
    "relu",
    "sigmoid",
    "softplus",
    "trace",
    "trace_table",
    "transform",
    "value_and_grad",
    "variable",
    "vjp",
]

__version__ = "0.1.0"

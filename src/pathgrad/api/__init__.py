"""The verbs of the package (floor 5).

`derived` is what all share: a user's function, the programs derived from it, and running them; `addresses` what it
offers to C; `compiled` runs the function's own program; `gradients`, `products` and `jacobians` are the verbs spelled
as in the JAX ecosystem; `transformed` gives the derivative program itself (with `annotations`, where types come from
annotations), `checkpoint` marks long loops, `tables` the lecture's Example 2.2; `located` gives errors the user's line.
"""

from __future__ import annotations

from .annotations import specs_from_annotations
from .checkpoint import checkpoint
from .compiled import Compiled, compile  # noqa: A004  (pg.compile)
from .derived import Derived
from .gradients import grad, value_and_grad
from .jacobians import hessian, jacobian
from .products import hvp, jvp, vjp
from .tables import trace_table
from .transformed import Transformed, transform

__all__ = [
    "Compiled",
    "Derived",
    "Transformed",
    "checkpoint",
    "compile",
    "grad",
    "hessian",
    "hvp",
    "jacobian",
    "jvp",
    "specs_from_annotations",
    "trace_table",
    "transform",
    "value_and_grad",
    "vjp",
]

"""NumPy's array functions and methods, as operators of the table (floor 2).

Importing this module registers them all. Elementwise functions need no entry: their records name their spellings.
"""

from __future__ import annotations

import ast
from typing import Any

from ..ops import TABLE
from . import numpy_creation, numpy_reductions, numpy_shaping  # noqa: F401  (importing them registers their handlers)
from .context import Reader
from .numpy_register import METHODS, handler_of, reads
from .operands import operate

__all__ = ["METHODS", "clip", "handler_of"]


@reads("clip", ".clip")
def clip(reader: Reader, node: ast.AST, x: Any, a_min: Any = None, a_max: Any = None) -> Any:
    """``minimum(maximum(x, a_min), a_max)``."""
    if a_min is not None:
        x = operate(reader, TABLE["maximum"], [x, a_min])
    if a_max is not None:
        x = operate(reader, TABLE["minimum"], [x, a_max])
    return x

"""Differentiation arithmetics by overloading (floor 1).

Reading order: `overload` (what overloading is), `dual` (the arithmetic itself), `levels` (nesting), `retarget`
(ordinary functions made to work on it), `derivative` and `box` (what is built from it), `cells` and `creation`
(arrays), `catalogue`, `shaping` and `reductions` (NumPy's functions).
"""

from __future__ import annotations

from .box import box
from .cells import Cells, as_cells
from .derivative import derivative
from .dual import Dual, constant, extend, level_of, variable
from .overload import Overloaded
from .retarget import replace, retarget

__all__ = [
    "Cells",
    "Dual",
    "Overloaded",
    "as_cells",
    "box",
    "constant",
    "derivative",
    "extend",
    "level_of",
    "replace",
    "retarget",
    "variable",
]

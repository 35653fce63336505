"""From programs to what runs (floor 4).

`emit` prints a program as a Python module that needs only NumPy: `naming` decides names and nesting, `statements` prints
functions, `spelling` operators, `support` holds what modules carry with them. `load` makes a module callable.
"""

from __future__ import annotations

from .emit import Module, emit
from .load import load

__all__ = ["Module", "emit", "load"]

"""From programs to what runs (floor 4).

`emit` prints a program as a Python module that needs only NumPy. In reading order: `naming` decides names and nesting;
`text` knows what binds how tightly; `spelling` writes operators, `constants` arrays, `expressions` what stands inside a
line; `signatures` writes what stands around a function's statements, `endings` and `arms` the ends of blocks and the
two sides of a branch, `statements` all statements; `support` holds what modules carry with them. `load` makes a module
callable.
"""

from __future__ import annotations

from .emit import Module, emit
from .executable import Executable
from .load import load

__all__ = ["Executable", "Module", "emit", "load"]

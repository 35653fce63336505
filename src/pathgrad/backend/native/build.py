"""The native module of a program and of the programs that it calls (floor 4)."""

from __future__ import annotations

import re

from ...ir import Program, programs_called
from .functions import write_function
from .module import NativeModule

__all__ = ["build"]

_ATTRIBUTES = """
attributes #0 = { nounwind "prefer-vector-width"="512" }
!0 = !{!"branch_weights", i32 100000, i32 1}
"""


def build(program: Program, bounds_checks: bool = True, poison: bool = False) -> tuple[NativeModule, dict[int, str]]:
    """Write the functions of a program and of all that it calls.

    Returns
    -------
    module, names
        The module, and the name of each program's function by the program's identity.
    """
    module = NativeModule(bounds_checks=bounds_checks, poison=poison)
    programs = programs_called(program)
    names: dict[int, str] = {}
    for k, each in enumerate(programs):
        plain = re.sub(r"\W", "_", each.name)
        names[id(each)] = f"pg_main_{plain}" if each is program else f"pg_{k}_{plain}"
    for each in programs:
        write_function(module, each, names, inline=each is not program)
    module.global_text("")
    return module, names


def module_text(module: NativeModule) -> str:
    """The complete text of a module."""
    return module.text() + _ATTRIBUTES

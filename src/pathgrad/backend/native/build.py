"""The native module of a program and of the programs that it calls (floor 4)."""

from __future__ import annotations

import re

from ...ir import ListType, Program, Type, Var, programs_called
from ...options import Options
from .control import part_types
from .emitter import Emitter, Rules
from .functions import signature
from .kernels import write_group
from .module import NativeModule
from .statements import write_statement
from .storage import release_list
from .values import Listing, Owned, View

__all__ = ["build"]

_ATTRIBUTES = """
attributes #0 = { nounwind "prefer-vector-width"="512" }
!0 = !{!"branch_weights", i32 100000, i32 1}
"""


def build(program: Program, options: Options) -> tuple[NativeModule, dict[int, str]]:
    """Write the functions of a program and of all that it calls.

    Returns
    -------
    module, names
        The module, and the name of each program's function by the program's identity.
    """
    module = NativeModule(options)
    programs = programs_called(program)
    names: dict[int, str] = {}
    for k, each in enumerate(programs):
        plain = re.sub(r"\W", "_", each.name)
        names[id(each)] = f"pg_main_{plain}" if each is program else f"pg_{k}_{plain}"
    for each in programs:
        _write_function(module, each, names, internal=each is not program)
    return module, names


def module_text(module: NativeModule) -> str:
    """The complete text of a module."""
    return module.text() + _ATTRIBUTES


_RULES = Rules(write_statement, write_group, release_list)


def _write_function(module: NativeModule, program: Program, names: dict[int, str], internal: bool) -> None:
    """Write a program as a function of the module."""
    e = Emitter(module, program, names, _RULES)
    for k, variable in enumerate(program.inputs):
        e.local.add(variable)
        e.env[variable] = _parameter(e, program, k, variable)
    e.block(program.body, set())
    for atom in program.body.yields:
        if isinstance(atom.type, Type) and atom.type.rank:
            array = e.array(atom)
            if array.owner is None:
                copied = e.allocate(array.dtype, array.dims)
                e.copy_into(copied, array)
                if isinstance(atom, Var):
                    e.env[atom] = copied
    parts = e.hand_on(program.body.yields, set())
    e.leave()
    kinds = [kind for atom in program.body.yields for kind in part_types(atom.type)]
    for k, (kind, part) in enumerate(zip(kinds, [p for group in parts for p in group], strict=True)):
        at = e.w.value(f"getelementptr i64, ptr %results, i64 {k}")
        e.w.effect(f"store {kind} {part}, ptr {at}")
    e.w.effect("ret i32 0")
    linkage = "internal " if internal else ""
    head = f"define {linkage}i32 @{names[id(program)]}({', '.join(signature(program))}) #0 {{"
    module.functions.append(f"; {program.name}\n{head}\n{e.w.text()}\n}}")


def _parameter(e: Emitter, program: Program, k: int, variable: Var) -> str | View | Listing:
    type_ = variable.type
    if isinstance(type_, ListType):
        return Listing(f"%a{k}", type_, None)
    if not type_.rank:
        return f"%a{k}"
    dims = []
    for axis, token in enumerate(type_.dims):
        dims.append(e.length_of(token, f"%a{k}.{axis}"))
    owner = None
    if k in program.consumed:
        owner = Owned(f"%a{k}.h")
        e.owned.append(owner)
    return View(type_.dtype, f"%a{k}", tuple(dims), e.steps(dims), owner, True)

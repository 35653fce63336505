"""The native module of a program and of the programs that it calls (floor 4)."""

from __future__ import annotations

import re

from ...ir import Call, ListType, Program, Supposition, Type, Var, programs_called, walk
from ...options import Options
from ...transform.components import InNumbers
from .analysis.chains import short_chains
from .analysis.loose import loose_results
from .arrays.storage import release_list
from .control.functions import own_storage, signature
from .control.loops import part_types
from .emit.emitter import Emitter, Rules
from .emit.module import NativeModule
from .emit.repeated import share_repeated
from .emit.values import Listing, Owned, View
from .fused.kernels import write_group
from .statements import write_statement
from .support.metadata import numbered
from .support.runtime import STACK_LIMIT_AT

__all__ = ["build"]

_ATTRIBUTES = """
attributes #0 = { nounwind "prefer-vector-width"="512" }
attributes #1 = { nounwind "prefer-vector-width"="256" }
"""


def build(
    program: Program,
    options: Options,
    may_bail: bool = False,
    numbers: InNumbers | None = None,
) -> tuple[NativeModule, dict[int, str]]:
    """Write the functions of a program and of all that it calls.

    Parameters
    ----------
    program : Program
        The program.
    options : Options
        How to compile.
    may_bail : bool
        Whether a function may return 2: the call must start again in code that was built without this.
    numbers : InNumbers, optional
        What else must hold at its end, and what need not be rounded on its own.

    Returns
    -------
    module, names
        The module, and the name of each program's function by the program's identity.
    """
    module = NativeModule(options, may_bail)
    programs = programs_called(program)
    names: dict[int, str] = {}
    for k, each in enumerate(programs):
        plain = re.sub(r"\W", "_", each.name)
        names[id(each)] = f"pg_main_{plain}" if each is program else f"pg_{k}_{plain}"
    called = {id(s.program) for each in programs for s in walk(each.body) if isinstance(s, Call)}
    for each in programs:
        own = numbers if each is program else None
        _write_function(module, each, names, each is not program, id(each) in called, own)
    return module, names


def module_text(module: NativeModule) -> str:
    """The complete text of a module."""
    return numbered(module.text() + _ATTRIBUTES.rstrip())


_RULES = Rules(write_statement, write_group, release_list)


def _write_function(
    module: NativeModule,
    program: Program,
    names: dict[int, str],
    internal: bool,
    called: bool,
    numbers: InNumbers | None = None,
) -> None:
    """Write a program as a function of the module."""
    e = Emitter(module, program, names, _RULES)
    e.is_called = called
    if not called:
        e.loose = loose_results(program)
        e.chains = short_chains(program, e.loose)
        e.loose |= numbers.sums if numbers else set()
    recursive = program in _reached_from(program)
    if recursive:
        _check_depth(e)
    for k, variable in enumerate(program.inputs):
        e.local.add(variable)
        e.env[variable] = _parameter(e, program, k, variable)
    for supposition in program.supposed:
        e.bail_unless(_holds(e, supposition))
    e.block(program.body, set())
    if numbers and numbers.finite is not None:
        total = e.scalar(numbers.finite)
        none = e.w.value(f"fsub double {total}, {total}")
        e.bail_unless(e.w.value(f"fcmp oeq double {none}, 0.0"))
    for atom in program.body.yields:
        if isinstance(atom.type, Type) and atom.type.rank:
            array = e.array(atom)
            if array.owner is None or called:
                own = own_storage(e, array)
                if isinstance(atom, Var):
                    e.env[atom] = own
    parts = e.hand_on(program.body.yields, set())
    e.leave()
    kinds = [kind for atom in program.body.yields for kind in part_types(atom.type)]
    for k, (kind, part) in enumerate(zip(kinds, [p for group in parts for p in group], strict=True)):
        at = e.w.value(f"getelementptr i64, ptr %results, i64 {k}")
        e.w.effect(f"store {kind} {part}, ptr {at}")
    e.w.effect("ret i32 0")
    share_repeated(e.w, e.attributes, module.shared)
    linkage = "internal " if internal else ""
    attributes = f'{e.attributes} "disable-tail-calls"="true"' if recursive else e.attributes
    head = f"define {linkage}i32 @{names[id(program)]}({', '.join(signature(program))}) {attributes} {{"
    module.functions.append(f"; {program.name}\n{head}\n{e.w.text()}\n}}")


def _holds(e: Emitter, supposition: Supposition) -> str:
    """Whether what a program supposes holds of its arguments."""
    total = str(supposition.constant)
    for k, axis, times in supposition.terms:
        total = e.w.add(total, e.w.multiply(f"%a{k}" if axis is None else f"%a{k}.{axis}", str(times)))
    return e.w.compare("eq" if supposition.exact else "sge", total, "0")


def _reached_from(program: Program) -> list[Program]:
    """The programs that a program calls, directly or through others; itself among them if it is recursive."""
    found: list[Program] = []
    waiting = [program]
    while waiting:
        for s in walk(waiting.pop().body):
            if isinstance(s, Call) and not any(s.program is p for p in found):
                found.append(s.program)
                waiting.append(s.program)
    return found


def _check_depth(e: Emitter) -> None:
    """Fail where the call has used up its stack."""
    e.module.declare("declare ptr @llvm.frameaddress.p0(i32)")
    here = e.w.value("ptrtoint ptr {} to i64".format(e.w.value("call ptr @llvm.frameaddress.p0(i32 0)")))
    at = e.w.value(f"getelementptr i8, ptr %state, i64 {STACK_LIMIT_AT}")
    limit = e.w.value(f"load i64, ptr {at}")
    e.check(e.w.compare("ugt", here, limit), "recursion", f"maximum recursion depth exceeded in {e.program.name}")


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

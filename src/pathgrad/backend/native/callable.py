"""From programs to native code that Python calls (floor 4)."""

from __future__ import annotations

from collections.abc import Callable

from ...ir import Loop, Program, Type, While, walk
from ...options import Options
from ...transform.components import in_numbers
from ...transform.supposed import suppose_lengths
from .arrange import arranged
from .build import build, module_text
from .entry import write_entry
from .process.machine import SEARCHED, object_code
from .process.program import NativeProgram
from .process.symbols import Leaf

__all__ = ["compile_native"]

#: Programs of more statements are not searched for parallel operations beyond the usual.
_SEARCHED = 1000


def leaves_of(program: Program, weak: Callable[[int], bool]) -> list[Leaf]:
    """The arguments of a program's entry; ``weak`` says which numbers are Python's own."""
    leaves = []
    for k, variable in enumerate(program.inputs):
        type_ = variable.type
        assert isinstance(type_, Type)
        if type_.rank:
            leaves.append(Leaf("array", type_.dtype, type_.dims))
        elif type_.dtype == "bool":
            leaves.append(Leaf("bool", "bool"))
        elif type_.dtype == "f32":
            leaves.append(Leaf("float32", "f32"))
        elif type_.dtype == "i64":
            leaves.append(Leaf("int" if weak(k) else "int64", "i64"))
        else:
            leaves.append(Leaf("float" if weak(k) else "float64", "f64"))
    return leaves


def compile_native(
    program: Program,
    options: Options,
    weak: Callable[[int], bool] = lambda _: True,
    general: Callable[[], Program] | None = None,
) -> NativeProgram:
    """Compile a program.

    Parameters
    ----------
    program : Program
        The program; no list among its inputs and outputs.
    options : Options
        How.
    weak : callable
        Whether the k-th input, a number, is a Python number.
    general : callable, optional
        The program for any arguments, where this one supposes something of them. Where it is given, positions may be
        checked before loops: a call that finds one outside, or arguments that are not as supposed, starts again in code
        for the general program, which checks every position where it is used.

    Raises
    ------
    NativeUnsupported
        Something in the program has no native form.
    """
    may_bail = general is not None and not program.consumed
    if general is not None and not may_bail:
        program = general()
    leaves = leaves_of(program, weak)
    numbers = in_numbers(suppose_lengths(program) if may_bail else program, may_bail)
    program = arranged(numbers.program, options.bounds_checks and not may_bail)
    module, names = build(program, options, may_bail, numbers)
    write_entry(module, program, names[id(program)], leaves, _takes_time(program))
    text = module_text(module)
    if numbers.sums and sum(1 for _ in walk(program.body)) <= _SEARCHED:
        text = SEARCHED + text
    code = object_code(text, options.optimize, options.cache)
    written = sorted(program.consumed)
    native = NativeProgram(text, code, module.scipy, module.sites, leaves, options.optimize, module.arrays, written)
    if general is not None and may_bail:
        native.make_checked = lambda: compile_native(general(), options, weak)
    return native


def _takes_time(program: Program) -> bool:
    return any(v.type.rank for v in program.inputs) or any(isinstance(s, Loop | While) for s in walk(program.body))

"""Printing a program as a Python module that needs only NumPy (floor 4).

The user's names, loops and order; each derivative statement beside the line that it comes from; temporaries nested
again; the same text every time.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath
from typing import Any

import numpy as np

from ..ir import Const, Program, programs_called, walk
from .constants import array_text, is_literal
from .statements import FunctionWriter
from .support import SUPPORT, required

__all__ = ["Module", "emit"]


class Module:
    """An emitted module.

    Attributes
    ----------
    source : str
        The complete text.
    name : str
        The function that it is about.
    constants : dict
        Arrays of the user's globals by name; the text holds their values, a loaded module the arrays themselves.
    """

    def __init__(self, source: str, name: str, constants: dict[str, np.ndarray[Any, Any]]) -> None:
        self.source = source
        self.name = name
        self.constants = constants


def emit(program: Program, description: str = "") -> Module:
    """The Python module of a program and of the programs that it calls.

    Parameters
    ----------
    program : Program
        The program; its grouping of inputs and outputs becomes the signature.
    description : str
        One sentence for the module's docstring.

    Returns
    -------
    Module
        The text, its function and its constants.
    """
    programs = programs_called(program)
    names = _program_names(programs, program)
    constants = _constants(programs)
    constant_names = {id(value): name for name, value in constants.items()}
    used: set[str] = set()
    functions = []
    for each in programs:
        taken = set(constants) | set(names.values())
        writer = FunctionWriter(each, names, constant_names, taken, used, is_main=each is program)
        functions.append(writer.write())
    head = f'"""{description or _describe(program)}"""\n'
    imports = ["import numpy as np"]
    support = required(used)
    imports += [s for s in support if s.startswith("import ")]
    blocks = ["\n".join(sorted(imports))]
    if constants:
        blocks.append("\n".join(f"{name} = {array_text(value)}" for name, value in constants.items()))
    blocks += [s.rstrip() for s in support if not s.startswith("import ")]
    blocks += functions
    return Module(head + "\n" + blocks[0] + "\n\n\n" + "\n\n\n".join(blocks[1:]) + "\n", names[id(program)], constants)


def _describe(program: Program) -> str:
    where = f" of {PurePath(program.filename).name}" if program.filename else ""
    return f"{program.name}{where}, written by pathgrad. Needs only NumPy."


def _program_names(programs: Sequence[Program], main: Program) -> dict[int, str]:
    """A distinct function name for every program; the main one keeps its own."""
    reserved = {"np", "math", *SUPPORT}
    own = main.name if main.name not in reserved else f"{main.name}_"
    names = {id(main): own}
    taken = {own, *reserved}
    for program in programs:
        if program is main:
            continue
        name, n = program.name, 1
        while name in taken:
            n += 1
            name = f"{program.name}_{n}"
        taken.add(name)
        names[id(program)] = name
    return names


def _constants(programs: Sequence[Program]) -> dict[str, np.ndarray[Any, Any]]:
    """The arrays that programs refer to, by a distinct name."""
    found: dict[str, np.ndarray[Any, Any]] = {}
    by_identity: dict[int, str] = {}
    for program in programs:
        atoms = [a for s in walk(program.body) for a in _atoms(s)]
        for atom in [*atoms, *program.outputs]:
            if (
                not (isinstance(atom, Const) and atom.type.is_array)
                or is_literal(atom)
                or id(atom.value) in by_identity
            ):
                continue
            base = atom.name if atom.name.isidentifier() else "data"
            name, n = base, 1
            while name in found or name in ("np", "math") or name in SUPPORT:
                n += 1
                name = f"{base}_{n}"
            by_identity[id(atom.value)] = name
            found[name] = atom.value
    return found


def _atoms(statement: Any) -> list[Any]:
    from ..ir import operands, sub_blocks

    return [*operands(statement), *(a for block in sub_blocks(statement) for a in block.yields)]

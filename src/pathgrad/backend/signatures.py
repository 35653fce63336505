"""What stands around a function's statements: signature, docstring, what is returned (floor 4).

The function that a module is about groups its inputs and outputs as the user does, in tuples, lists and dictionaries;
a function that it calls takes and returns them one by one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..ir import Atom, Program
from .naming import Names
from .text import Text

__all__ = ["docstring", "returned", "signature"]


def docstring(program: Program) -> list[str]:
    """The lines of a program's docstring; none where it has none."""
    if not program.doc:
        return []
    first, *rest = program.doc.split("\n")
    if not rest:
        return [f'    """{first}"""']
    return [f'    """{first}', *(f"    {line}".rstrip() for line in rest), '    """']


def signature(program: Program, names: Names, grouped: bool) -> tuple[str, list[str]]:
    """The parameters of a function, and the lines that take apart those that are trees.

    Parameters
    ----------
    program : Program
        The program.
    names : Names
        Knows the names of its inputs.
    grouped : bool
        Whether inputs are grouped as the user does.

    Returns
    -------
    tuple of str and list of str
        What stands between the parentheses, and the first lines of the body.
    """
    inputs = [names.of[v] for v in program.inputs]
    if not (grouped and program.parameters):
        return ", ".join(inputs), []
    parts, lines = [], []
    taken = set(names.of)
    for parameter in program.parameters:
        if isinstance(parameter.tree, int):
            parts.append(inputs[parameter.tree])
            continue
        name = names.choose(parameter.name, taken)
        parts.append(name)
        lines += _unpack(parameter.tree, name, inputs)
    return ", ".join(parts), lines


def _unpack(tree: Any, name: str, inputs: list[str]) -> list[str]:
    """The lines that name the inputs in a tree called ``name``."""
    if isinstance(tree, dict):
        return [line for key, t in tree.items() for line in _unpack(t, f"{name}[{key!r}]", inputs)]
    if isinstance(tree, tuple | list):
        target = _pattern(tree, inputs)
        if target is not None:
            return [f"{target} = {name}"] if tree else []
        return [line for k, t in enumerate(tree) for line in _unpack(t, f"{name}[{k}]", inputs)]
    return [] if tree is None else [f"{inputs[tree]} = {name}"]


def _pattern(tree: Any, inputs: list[str]) -> str | None:
    """A tuple of names as an assignment's target."""
    parts = []
    for t in tree:
        part = inputs[t] if isinstance(t, int) else None
        if isinstance(t, tuple | list):
            inner = _pattern(t, inputs)
            part = None if inner is None else f"({inner})"
        elif t is None:
            part = "_"
        if part is None:
            return None
        parts.append(part)
    return ", ".join(parts) + ("," if len(parts) == 1 else "")


def returned(program: Program, text: Callable[[Atom], Text], grouped: bool) -> str:
    """What a function returns, where ``text`` gives the expression of an atom."""

    def output(k: int) -> str:
        return text(program.outputs[k]).text

    if grouped and program.parameters:
        return _tree(program.result, output, top=True)
    return ", ".join(map(output, range(len(program.outputs)))) or "None"


def _tree(tree: Any, output: Callable[[int], str], top: bool = False) -> str:
    """A tree of outputs; parentheses around a whole tuple are left out."""
    if isinstance(tree, int):
        return output(tree)
    if isinstance(tree, dict):
        return "{" + ", ".join(f"{k!r}: {_tree(t, output)}" for k, t in tree.items()) + "}"
    if isinstance(tree, list):
        return "[" + ", ".join(_tree(t, output) for t in tree) + "]"
    if isinstance(tree, tuple):
        inside = ", ".join(_tree(t, output) for t in tree) + ("," if len(tree) == 1 else "")
        return inside if top and tree else f"({inside})"
    return "None"

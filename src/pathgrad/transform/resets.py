"""A cotangent that is taken, set to zero and given back is written once (floor 3).

The adjoint of a write takes the cotangent of the element and sets it to zero; where the written value came from the
same element, some of it is added again. If nothing in between sees the zero, the addition is a write; if what is added
is what was taken, nothing happened.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..ir import Block, Const, Let, Loop, Program, Var, sub_blocks
from ..ir.liveness import statement_reads
from ..ops import TABLE
from .apart import are_apart, are_same_place
from .simplify import rename_atoms

__all__ = ["write_once"]


def write_once(program: Program) -> Program:
    """Write what is added to elements that were set to zero; changes ``program`` in place.

    Parameters
    ----------
    program : Program
        A program; only its adjoint statements are changed.

    Returns
    -------
    Program
        ``program``.
    """
    _block(program.body, [])
    return program


def _block(block: Block, loops: Sequence[Loop]) -> None:
    for s in block.statements:
        inside = [*loops, s] if isinstance(s, Loop) else loops
        for inner in sub_blocks(s):
            _block(inner, inside)
    for s in list(block.statements):
        if isinstance(s, Let) and _is_reset(s):
            addition = _addition(block, s, loops)
            if addition is not None:
                _replace(block, s, addition)


def _is_reset(s: Let) -> bool:
    zero = s.op.name == "store" and s.role == "adjoint" and s.params["index"].is_element
    return zero and isinstance(s.args[1], Const) and not s.args[1].type.is_array and bool(s.args[1].value == 0)


def _addition(block: Block, reset: Let, loops: Sequence[Loop]) -> Let | None:
    """What is added to the element that was set to zero, if nothing sees it before."""
    version = reset.target
    for s in block.statements[block.statements.index(reset) + 1 :]:
        if version not in statement_reads(s):
            continue
        if not isinstance(s, Let) or s.op.name not in ("load", "store", "accumulate") or s.args[0] is not version:
            return None
        if not s.params["index"].is_element or version in s.args[1:]:
            return None
        if s.op.name == "accumulate" and are_same_place(reset, s):
            return s if s.role == "adjoint" else None
        if not are_apart(loops, reset, s):
            return None
        if s.op.consumes:
            version = s.target
    return None


def _replace(block: Block, reset: Let, addition: Let) -> None:
    taken = next((x for x in block.statements if isinstance(x, Let) and x.target is addition.args[1]), None)
    same = taken is not None and taken.op.name == "load" and taken.args[0] is reset.args[0]
    gone = {reset.target: reset.args[0]}
    block.statements.remove(reset)
    if same and taken is not None and are_same_place(taken, reset):
        before = addition.args[0]
        block.statements.remove(addition)
        gone[addition.target] = gone.get(before, before) if isinstance(before, Var) else before
    else:
        addition.op = TABLE["store"]
    rename_atoms(block, gone)

"""A cotangent takes the place of what was kept for it (floor 3).

A backward loop that reads an element of an array that the forward loop kept, and writes the same element of a new one,
needs no new one: nothing reads what was kept again.
"""

from __future__ import annotations

from ..ir import Atom, Block, Let, Loop, Program, Type, Var, defined, sub_blocks
from ..ir.liveness import statement_reads
from .apart import are_same_place

__all__ = ["reuse_storage"]


def reuse_storage(program: Program) -> Program:
    """Write results over what was kept; changes ``program`` in place.

    Parameters
    ----------
    program : Program
        A program; only loops of its adjoint statements are changed.

    Returns
    -------
    Program
        ``program``.
    """
    _block(program.body)
    return program


def _block(block: Block) -> None:
    made = {s.target: s for s in block.statements if isinstance(s, Let) and s.op.name == "empty"}
    #: what a loop leaves in storage that was made for it, and the statement that made it
    kept: dict[Var, Let] = {}
    for s in list(block.statements):
        for inner in sub_blocks(s):
            _block(inner)
        if not isinstance(s, Loop):
            continue
        if s.role == "adjoint" and not s.exits:
            for k, init in enumerate(s.inits):
                if isinstance(init, Var) and init in made and _reads(init, block) == 1:
                    same = [v for v, let in kept.items() if _is_as_long(let, made[init])]
                    found = next((v for v in same if _fits(s, k, v, block)), None)
                    if found is not None:
                        _reuse(s, k, found)
                        block.statements.remove(made[init])
                        del kept[found]
        kept.update((r, made[i]) for r, i in zip(s.results, s.inits, strict=True) if isinstance(i, Var) and i in made)


def _is_as_long(one: Let, other: Let) -> bool:
    """Whether two vectors have one length and one dtype."""
    if len(one.args) != 1 or len(other.args) != 1 or one.params != other.params:
        return False
    a, b = one.args[0].dimension, other.args[0].dimension
    return one.args[0] is other.args[0] or (a is not None and bool(a == b))


def _reads(v: Var, block: Block) -> int:
    """How many statements of a block read a variable; its yields count, and each initial value of a loop."""
    count = sum(a is v for a in block.yields)
    for s in block.statements:
        inits: list[Atom] = s.inits if isinstance(s, Loop) else []
        count += max(int(v in statement_reads(s)), sum(a is v for a in inits))
    return count


def _fits(s: Loop, k: int, kept: Var, block: Block) -> bool:
    """Whether a loop reads each element of what was kept before it writes the same one, and nothing else reads it."""
    param, last = s.params[k], s.body.yields[k]
    if not isinstance(kept.type, Type) or kept in s.inits or _reads(kept, block) != 1:
        return False
    statements = s.body.statements
    write = next((x for x in statements if isinstance(x, Let) and x.target is last), None)
    if write is None or write.op.name != "store" or write.args[0] is not param or write.args[2:] != (s.index,):
        return False
    if not write.params["index"].is_element or sum(y is last or y is param for y in s.body.yields) != 1:
        return False
    at = statements.index(write)
    for j, x in enumerate(statements):
        reads = statement_reads(x)
        if x is not write and not reads.isdisjoint({param, last}):
            return False
        if kept not in reads:
            continue
        if not isinstance(x, Let) or x.op.name != "load" or j > at or not are_same_place(write, x):
            return False
    return kept not in s.body.yields and not any(kept in defined(x) for x in statements)


def _reuse(s: Loop, k: int, kept: Var) -> None:
    s.inits[k] = kept
    for x in s.body.statements:
        if isinstance(x, Let) and x.op.name == "load" and x.args[0] is kept:
            x.args = (s.params[k], *x.args[1:])

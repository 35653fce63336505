"""Short loops over small arrays, written out (floor 3)."""

from __future__ import annotations

from ..ir import Atom, Block, Branch, Const, Let, Loop, Statement, Var, sub_blocks, walk
from ..ir.types import I64
from .elements import small_shape
from .simplify import clone_block, rename_atoms

__all__ = ["by_position", "unroll"]

#: Loops of at most so many iterations, and so many statements, are written out.
_UNROLLED = 8


def unroll(block: Block) -> None:
    """Write out loops that fill small arrays; changes ``block`` in place."""
    statements: list[Statement] = []
    renamed: dict[Var, Atom] = {}
    for s in block.statements:
        for inner in sub_blocks(s):
            unroll(inner)
        turns = _turns(s)
        if turns is None or not isinstance(s, Loop):
            statements.append(s)
            continue
        carried = list(s.inits)
        for k in turns:
            mapping: dict[Var, Atom] = dict(zip(s.params, carried, strict=True))
            mapping[s.index] = Const(k, I64)
            body = clone_block(s.body, mapping)
            statements += body.statements
            carried = body.yields
        renamed.update(zip(s.results, carried, strict=True))
    block.statements = statements
    if renamed:
        rename_atoms(block, renamed)


def _turns(s: Statement) -> range | None:
    if not isinstance(s, Loop) or s.exits or s.trips is not None or not s.params:
        return None
    if not all(isinstance(a, Const) for a in (s.start, s.stop, s.step)):
        return None
    if any(small_shape(p.type) is None for p in s.params) or any(sub_blocks(inner) for inner in s.body.statements):
        return None
    turns = range(int(s.start.value), int(s.stop.value), int(s.step.value))  # type: ignore[union-attr]
    if len(turns) > _UNROLLED or len(s.body.statements) > _UNROLLED:
        return None
    return turns[::-1] if s.reversed else turns


def by_position(block: Block) -> set[Var]:
    """Arrays that are read or written at positions that are not known, and all that shares their storage."""
    parent: dict[Var, Var] = {}

    def root(v: Var) -> Var:
        while (up := parent.get(v, v)) is not v:
            v = up
        return v

    def join(*atoms: Atom) -> None:
        own = [a for a in atoms if isinstance(a, Var) and a.type.is_array]
        for v in own[1:]:
            parent[root(v)] = root(own[0])

    found: list[Var] = []
    members: list[Var] = []
    for s in walk(block):
        if isinstance(s, Loop):
            for k, param in enumerate(s.params):
                join(param, s.inits[k], s.body.yields[k], s.results[k])
            members += s.params
        elif isinstance(s, Branch):
            for result, a, b in zip(s.results, s.then.yields, s.orelse.yields, strict=True):
                join(result, a, b)
        elif isinstance(s, Let) and s.op.name in ("load", "store", "accumulate"):
            base = s.args[0]
            if s.op.consumes:
                join(s.target, base)
            numbers = s.args[1:] if s.op.name == "load" else s.args[2:]
            if isinstance(base, Var) and not all(isinstance(a, Const) for a in numbers):
                found.append(base)
    roots = {root(v) for v in found}
    return {v for v in members if root(v) in roots}

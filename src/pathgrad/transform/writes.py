"""Which arrays statements write in place (floor 3)."""

from __future__ import annotations

from collections.abc import Sequence

from ..ir import Branch, Call, Let, ListType, Statement, Var, sub_blocks

__all__ = ["changed_in_place", "is_written"]


def changed_in_place(statements: Sequence[Statement], params: Sequence[Var]) -> set[Var]:
    """The versions of the carried arrays that the body writes in place."""
    versions: dict[Var, Var] = {p: p for p in params if p.type.is_array and not isinstance(p.type, ListType)}
    written: set[Var] = set()
    _follow(statements, versions, written)
    return {v for v, origin in versions.items() if origin in written}


def is_written(v: Var, statements: Sequence[Statement]) -> bool:
    """Whether one of these statements writes into an array in place."""
    written: set[Var] = set()
    _follow(statements, {v: v}, written)
    return bool(written)


def _follow(statements: Sequence[Statement], versions: dict[Var, Var], written: set[Var]) -> None:
    for s in statements:
        if isinstance(s, Let):
            source = s.args[0] if s.args else None
            if s.op.consumes and isinstance(source, Var) and source in versions:
                versions[s.target] = versions[source]
                written.add(versions[source])
            continue
        if isinstance(s, Call):
            for j, k in enumerate(sorted(s.program.consumed)):
                argument = s.args[k]
                if isinstance(argument, Var) and argument in versions:
                    count = len(s.results) - len(s.program.consumed)
                    if count + j < len(s.results):
                        versions[s.results[count + j]] = versions[argument]
                    written.add(versions[argument])
            continue
        if not isinstance(s, Branch):
            for param, init in zip(s.params, s.inits, strict=True):
                if isinstance(init, Var) and init in versions:
                    versions[param] = versions[init]
        for inner in sub_blocks(s):
            _follow(inner.statements, versions, written)
        arms = [s.then, s.orelse] if isinstance(s, Branch) else [s.body]
        for arm in arms:
            for result, atom in zip(s.results, arm.yields, strict=False):
                if isinstance(atom, Var) and atom in versions:
                    versions[result] = versions[atom]

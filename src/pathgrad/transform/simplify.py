"""Removing what is not read, and computing nothing twice (floor 3).

Programs have value semantics, so two statements that apply one operator to the same atoms are one statement wherever
the first is visible.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from ..ir import Atom, Block, Branch, Call, Const, Let, Loop, Program, Statement, Var, While
from ..ir.liveness import free_variables, statement_reads

__all__ = ["clone_block", "remove_dead", "rename_atoms", "share_common"]


# ---- dead statements -------------------------------------------------------------------------------------------------
def remove_dead(program: Program) -> Program:
    """Remove statements, carried variables and branch results that nothing reads; changes ``program`` in place."""
    _prune(program.body)
    return program


def _prune(block: Block) -> None:
    live = {a for a in block.yields if isinstance(a, Var)}
    kept: list[Statement] = []
    for statement in reversed(block.statements):
        alive = _shrink(statement, live)
        if alive is not None:
            kept.append(alive)
            live |= statement_reads(alive)
    kept.reverse()
    block.statements[:] = kept


def _shrink(s: Statement, live: set[Var]) -> Statement | None:
    """A statement without the results that are not live; None if none is."""
    if isinstance(s, Let):
        return s if s.target in live else None
    if isinstance(s, Call):
        return s if any(r in live for r in s.results) else None
    if isinstance(s, Branch):
        keep = [k for k, r in enumerate(s.results) if r in live]
        if not keep:
            return None
        s.results = [s.results[k] for k in keep]
        for arm in (s.then, s.orelse):
            arm.yields = [arm.yields[k] for k in keep]
            _prune(arm)
        return s
    if s.trips is not None and s.trips not in live:
        s.trips = None
    if s.trips is None and not any(r in live for r in s.results):
        return None
    return _shrink_loop(s, live)


def _shrink_loop(s: Loop | While, live: set[Var]) -> Statement:
    needed = {k for k, r in enumerate(s.results) if r in live}
    extra = [s.body.yields[len(s.params)]] if s.exits else []
    while True:
        keep = sorted(needed)
        trial = Block(list(s.body.statements), [*(s.body.yields[k] for k in keep), *extra])
        reads = _live_reads(trial)
        if isinstance(s, While):
            reads |= free_variables(s.condition)
        more = {k for k, p in enumerate(s.params) if p in reads}
        if more <= needed:
            break
        needed |= more
    s.body.yields = [*(s.body.yields[k] for k in keep), *extra]
    s.params = [s.params[k] for k in keep]
    s.inits = [s.inits[k] for k in keep]
    s.results = [s.results[k] for k in keep]
    _prune(s.body)
    if isinstance(s, While):
        _prune(s.condition)
    return s


def _live_reads(block: Block) -> set[Var]:
    """What a block reads from outside once its dead statements are gone, without changing it."""
    live = {a for a in block.yields if isinstance(a, Var)}
    for s in reversed(block.statements):
        results = {s.target} if isinstance(s, Let) else set(s.results)
        if isinstance(s, Loop | While) and s.trips is not None:
            results.add(s.trips)
        if live.isdisjoint(results):
            continue
        live -= results
        live |= _reads_for(s, live | results)
    return live


def _reads_for(s: Statement, live: set[Var]) -> set[Var]:
    if isinstance(s, Let | Call):
        return statement_reads(s)
    if isinstance(s, Branch):
        keep = [k for k, r in enumerate(s.results) if r in live]
        reads = {s.condition} if isinstance(s.condition, Var) else set()
        for arm in (s.then, s.orelse):
            reads |= _live_reads(Block(arm.statements, [arm.yields[k] for k in keep]))
        return reads
    needed = {k for k, r in enumerate(s.results) if r in live}
    extra = [s.body.yields[len(s.params)]] if s.exits else []
    while True:
        inner = _live_reads(Block(s.body.statements, [*(s.body.yields[k] for k in sorted(needed)), *extra]))
        if isinstance(s, While):
            inner |= free_variables(s.condition)
        more = {k for k, p in enumerate(s.params) if p in inner} - needed
        if not more:
            break
        needed |= more
    inner -= set(s.params)
    ends: list[Atom] = []
    if isinstance(s, Loop):
        inner.discard(s.index)
        ends = [s.start, s.stop, s.step]
    return inner | {a for a in (*ends, *(s.inits[k] for k in needed)) if isinstance(a, Var)}


# ---- renaming --------------------------------------------------------------------------------------------------------
AtomMap = dict[Var, Atom]


def rename_atoms(block: Block, mapping: AtomMap) -> None:
    """Replace variables that are read, everywhere in a block; changes the block in place."""

    def get(atom: Atom) -> Atom:
        while isinstance(atom, Var) and atom in mapping:
            atom = mapping[atom]
        return atom

    for s in block.statements:
        if isinstance(s, Let):
            s.args = tuple(map(get, s.args))
        elif isinstance(s, Call):
            s.args = list(map(get, s.args))
        elif isinstance(s, Branch):
            s.condition = get(s.condition)
            rename_atoms(s.then, mapping)
            rename_atoms(s.orelse, mapping)
        else:
            s.inits = list(map(get, s.inits))
            if isinstance(s, Loop):
                s.start, s.stop, s.step = get(s.start), get(s.stop), get(s.step)
            else:
                rename_atoms(s.condition, mapping)
            rename_atoms(s.body, mapping)
    block.yields = list(map(get, block.yields))


def clone_block(block: Block, mapping: AtomMap) -> Block:
    """A copy of a block with fresh variables; ``mapping`` receives old to new."""
    return Block([_clone(s, mapping) for s in block.statements], [_get(a, mapping) for a in block.yields])


def _get(atom: Atom, mapping: AtomMap) -> Atom:
    return mapping.get(atom, atom) if isinstance(atom, Var) else atom


def _fresh(variable: Var, mapping: AtomMap) -> Var:
    new = Var(variable.name, variable.type, temporary=variable.temporary)
    if variable.dimension is not variable:
        new.dimension = variable.dimension
    mapping[variable] = new
    return new


def _clone(s: Statement, mapping: AtomMap) -> Statement:
    def get(atom: Atom) -> Atom:
        return _get(atom, mapping)

    def fresh(variables: Iterable[Var]) -> list[Var]:
        return [_fresh(v, mapping) for v in variables]

    if isinstance(s, Let):
        args = tuple(map(get, s.args))
        return Let(_fresh(s.target, mapping), s.op, args, s.params, s.origin, s.role)
    if isinstance(s, Call):
        args_ = list(map(get, s.args))
        return Call(s.program, args_, fresh(s.results), s.origin, s.role)
    if isinstance(s, Branch):
        condition = get(s.condition)
        then, orelse = clone_block(s.then, mapping), clone_block(s.orelse, mapping)
        return Branch(condition, then, orelse, fresh(s.results), s.origin, s.role)
    inits = list(map(get, s.inits))
    if isinstance(s, Loop):
        ends = get(s.start), get(s.stop), get(s.step)
        index = _fresh(s.index, mapping)
        params = fresh(s.params)
        body = clone_block(s.body, mapping)
        results = fresh(s.results)
        trips = _fresh(s.trips, mapping) if s.trips else None
        return Loop(index, *ends, params, inits, body, results, s.exits, s.reversed, trips, s.origin, s.role)
    params = fresh(s.params)
    condition_block = clone_block(s.condition, mapping)
    body = clone_block(s.body, mapping)
    results = fresh(s.results)
    trips = _fresh(s.trips, mapping) if s.trips else None
    return While(params, inits, condition_block, body, results, s.exits, trips, s.origin, s.role)


# ---- common statements -----------------------------------------------------------------------------------------------
_KEEP_APART = {"empty", "zeros", "full", "zeros_like", "copy", "new_list", "undefined", "pack", "arange", "zero_list"}


def share_common(program: Program) -> Program:
    """Replace a statement by an equal one that is visible; changes ``program`` in place.

    Statements that create storage stay apart: sharing them would only call for copies later.
    """
    _share(program.body, {}, {})
    return program


def _key(s: Let, get: Callable[[Atom], Atom]) -> Any:
    args = tuple(_atom_key(get(a)) for a in s.args)
    return (s.op.name, args, tuple(sorted((k, repr(v)) for k, v in s.params.items())))


def _atom_key(atom: Atom) -> Any:
    if isinstance(atom, Const):
        return ("constant", str(atom.type), id(atom.value) if atom.type.is_array else repr(atom.value))
    return atom


def _share(block: Block, seen: dict[Any, Var], mapping: AtomMap) -> None:
    here = dict(seen)

    def get(atom: Atom) -> Atom:
        return _get(atom, mapping)

    statements: list[Statement] = []
    for s in block.statements:
        if isinstance(s, Let):
            s = replace(s, args=tuple(map(get, s.args)))
            if not s.op.consumes and s.op.name not in _KEEP_APART:
                key = _key(s, get)
                before = here.get(key)
                if before is not None:
                    mapping[s.target] = before
                    continue
                here[key] = s.target
        elif isinstance(s, Call):
            s.args = list(map(get, s.args))
        elif isinstance(s, Branch):
            s.condition = get(s.condition)
            _share(s.then, here, mapping)
            _share(s.orelse, here, mapping)
        else:
            s.inits = list(map(get, s.inits))
            if isinstance(s, Loop):
                s.start, s.stop, s.step = get(s.start), get(s.stop), get(s.step)
            else:
                _share(s.condition, here, mapping)
            _share(s.body, here, mapping)
        statements.append(s)
    block.statements = statements
    block.yields = list(map(get, block.yields))

"""Removing what nothing reads (floor 1)."""

from __future__ import annotations

from .liveness import free_variables, statement_reads
from .program import Atom, Block, Branch, Call, Let, Loop, Program, Statement, Var, While

__all__ = ["remove_dead"]


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
        reads = _reads_for(s, live)
        live -= results
        live |= reads
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

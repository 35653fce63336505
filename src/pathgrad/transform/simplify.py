"""Renaming, and computing nothing twice (floor 3).

Programs have value semantics, so two statements that apply one operator to the same atoms are one statement wherever
the first is visible.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from ..ir import (
    Atom,
    Block,
    Branch,
    Call,
    Const,
    Let,
    Loop,
    Program,
    Statement,
    Type,
    Var,
    While,
    defined,
    sub_blocks,
    walk,
)
from ..ir.liveness import statement_reads
from ..ops import TABLE
from .fold import folded

__all__ = ["AtomMap", "clone_block", "mapped", "rename_atoms", "share_common"]


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
    return Block([_clone(s, mapping) for s in block.statements], [mapped(a, mapping) for a in block.yields])


def mapped(atom: Atom, mapping: AtomMap) -> Atom:
    """What an atom is replaced by; the atom itself where it is not."""
    return mapping.get(atom, atom) if isinstance(atom, Var) else atom


def _fresh(variable: Var, mapping: AtomMap) -> Var:
    new = Var(variable.name, variable.type, temporary=variable.temporary)
    if variable.dimension is not variable:
        new.dimension = variable.dimension
    mapping[variable] = new
    return new


def _clone(s: Statement, mapping: AtomMap) -> Statement:
    def get(atom: Atom) -> Atom:
        return mapped(atom, mapping)

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
        shape = s.exits, s.reversed, trips
        return Loop(index, *ends, params, inits, body, results, *shape, s.origin, s.role, s.checkpoints)
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

    Statements that create storage stay apart: sharing them would only call for copies later. A carried variable that
    no iteration changes is its initial value, and a derivative times 1 is the derivative.
    """
    _still(program.body)
    _Sharing().block(program.body, {})
    return program


def _still(block: Block) -> None:
    """Replace carried variables that every iteration hands on as they came."""
    for s in block.statements:
        for inner in sub_blocks(s):
            _still(inner)
    mapping: AtomMap = {}
    for s in block.statements:
        if isinstance(s, Loop | While):
            keep = [k for k, p in enumerate(s.params) if s.body.yields[k] is not p]
            if len(keep) == len(s.params):
                continue
            inside: AtomMap = {}
            for k, p in enumerate(s.params):
                if k not in keep:
                    inside[p] = s.inits[k]
                    mapping[s.results[k]] = s.inits[k]
            rename_atoms(s.body, inside)
            if isinstance(s, While):
                rename_atoms(s.condition, inside)
            s.body.yields = [*(s.body.yields[k] for k in keep), *s.body.yields[len(s.params) :]]
            s.params, s.inits = [s.params[k] for k in keep], [s.inits[k] for k in keep]
            s.results = [s.results[k] for k in keep]
    if mapping:
        rename_atoms(block, mapping)


def _is_one(atom: Atom) -> bool:
    return isinstance(atom, Const) and not atom.type.is_array and bool(atom.value == 1)


def _times_one(s: Let, ones: set[Var]) -> Atom | None:
    """The other factor of a derivative product with 1, or with an array of ones."""
    if s.op.name != "multiply" or s.role == "primal":
        return None
    for one, other in (s.args, s.args[::-1]):
        if other.type != s.target.type or not isinstance(other.type, Type) or not isinstance(s.target.type, Type):
            continue
        if _is_one(one) or (one in ones and other.type.dims == s.target.type.dims and None not in other.type.dims):
            return other
    return None


def _key(s: Let, get: Callable[[Atom], Atom]) -> Any:
    args = tuple(_atom_key(get(a)) for a in s.args)
    return (s.op.name, args, tuple(sorted((k, repr(v)) for k, v in s.params.items())))


def _atom_key(atom: Atom) -> Any:
    if isinstance(atom, Const):
        return ("constant", str(atom.type), id(atom.value) if atom.type.is_array else repr(atom.value))
    return atom


class _Sharing:
    """Statements that are visible, by what they compute and by what they define."""

    def __init__(self) -> None:
        self.mapping: AtomMap = {}
        self.ones: set[Var] = set()
        self.known: dict[Var, Let] = {}
        #: what was visible where a branch stands
        self.visible: dict[int, dict[Any, Any]] = {}

    def get(self, atom: Atom) -> Atom:
        """What an atom has been replaced by."""
        return mapped(atom, self.mapping)

    def block(self, block: Block, seen: dict[Any, Any]) -> None:
        """Share the statements of a block; ``seen`` are those that are visible from outside."""
        here = dict(seen)
        statements: list[Statement] = []
        for s in block.statements:
            if isinstance(s, Let):
                statements += self.let(s, here)
                continue
            if isinstance(s, Call):
                s.args = list(map(self.get, s.args))
            elif isinstance(s, Branch):
                s.condition = self.get(s.condition)
                earlier = self.joined(s, statements)
                if earlier is not None:
                    self.branch(earlier, self.visible[id(earlier)])
                    self.note_arms(earlier, here)
                    continue
                self.visible[id(s)] = dict(here)
                self.branch(s, here)
                self.note_arms(s, here)
            else:
                s.inits = list(map(self.get, s.inits))
                if isinstance(s, Loop):
                    s.start, s.stop, s.step = self.get(s.start), self.get(s.stop), self.get(s.step)
                else:
                    self.block(s.condition, here)
                self.block(s.body, here)
            statements.append(s)
        block.statements = statements
        block.yields = list(map(self.get, block.yields))

    def let(self, s: Let, here: dict[Any, Any]) -> list[Let]:
        """What becomes of a statement."""
        s = Let(s.target, s.op, tuple(map(self.get, s.args)), s.params, s.origin, s.role)
        if s.op.name == "add" and s.role != "primal" and s.args[0] is s.args[1] and isinstance(s.args[0], Var):
            s = replace(s, op=TABLE["multiply"], args=(Const(2.0, Type("f64")), s.args[0]))
        if s.op.name in ("broadcast_with", "spread") and _is_one(s.args[0]):
            self.ones.add(s.target)
        same = _times_one(s, self.ones) or self.packed(s)
        if same is not None:
            self.mapping[s.target] = same
            return []
        found: list[Let] | Atom = [s]
        if s.role in ("adjoint", "tangent"):
            found = folded(s, self.known, lambda other: here.get(_key(other, self.get)))
        if not isinstance(found, list):
            self.mapping[s.target] = found
            return []
        result: list[Let] = []
        for each in found:
            if not each.op.consumes and each.op.name not in _KEEP_APART:
                key = _key(each, self.get)
                before = here.get(key)
                if before is not None:
                    self.mapping[each.target] = before
                    continue
                here[key] = each.target
            self.known[each.target] = each
            result.append(each)
        return result

    def packed(self, s: Let) -> Atom | None:
        """The number that is read out of an array made of numbers."""
        made = self.known.get(s.args[0]) if s.op.name == "load" and isinstance(s.args[0], Var) else None
        if made is None or made.op.name != "pack" or len(s.args) != 2 or not s.params["index"].is_element:
            return None
        at = s.args[1]
        if not isinstance(at, Const) or not -len(made.args) <= at.value < len(made.args):
            return None
        found = made.args[int(at.value)]
        return found if found.type == s.target.type else None

    def branch(self, s: Branch, here: dict[Any, Any]) -> None:
        """Share the statements of both arms, and results that are equal in both."""
        for side, arm in enumerate((s.then, s.orelse)):
            self.block(arm, {**here, **here.get(_arm_key(s.condition, side), {})})
        for result, pair in zip(s.results, zip(s.then.yields, s.orelse.yields, strict=True), strict=True):
            outer = self.same_in_both(s, *pair)
            if outer is not None:
                self.mapping[result] = outer
        first: dict[Any, int] = {}
        for k, pair in enumerate(zip(s.then.yields, s.orelse.yields, strict=True)):
            at = first.setdefault(tuple(map(self.yielded, pair)), k)
            if at != k:
                self.mapping[s.results[k]] = s.results[at]
        keep = sorted(first.values())
        s.results = [s.results[k] for k in keep]
        for arm in (s.then, s.orelse):
            arm.yields = [arm.yields[k] for k in keep]

    def same_in_both(self, s: Branch, a: Atom, b: Atom) -> Var | None:
        """The variable from outside that both arms yield; where one of them yields nothing, the other decides."""
        own = {v for arm in (s.then, s.orelse) for x in arm.statements for v in defined(x)}
        for one, other in ((a, b), (b, a)):
            if isinstance(one, Var) and one not in own and (one is other or self.is_undefined(other)):
                return one
        return None

    def note_arms(self, s: Branch, here: dict[Any, Any]) -> None:
        """What an arm yields is known by the branch's result in the same arm of later branches on the condition."""
        for side, arm in enumerate((s.then, s.orelse)):
            known = dict(here.get(_arm_key(s.condition, side), {}))
            names: AtomMap = {}
            for result, atom in zip(s.results, arm.yields, strict=True):
                if isinstance(atom, Var) and result.type == atom.type:
                    names.setdefault(atom, result)
            get = functools.partial(mapped, mapping=names)
            for x in arm.statements:
                if isinstance(x, Let) and x.target in names and not x.op.consumes and x.op.name not in _KEEP_APART:
                    known[_key(x, get)] = names[x.target]
            here[_arm_key(s.condition, side)] = known

    def yielded(self, atom: Atom) -> Any:
        """What an arm yields; one undefined number is as good as another."""
        return ("undefined", str(atom.type)) if self.is_undefined(atom) else _atom_key(atom)

    def is_undefined(self, atom: Atom) -> bool:
        """Whether a number is none that anything reads."""
        made = self.known.get(atom) if isinstance(atom, Var) else None
        return made is not None and made.op.name == "undefined" and not atom.type.is_array

    def joined(self, s: Branch, before: list[Statement]) -> Branch | None:
        """An earlier branch on the same condition that takes over what this one computes; None where there is none.

        Both stand where the earlier one stood, so this one may read nothing that was defined since. Of several the
        first is taken: it may be the same branch, written for another derivative.
        """
        if not _is_pure(s):
            return None
        since: set[Var] = set()
        reads = {a for v in statement_reads(s) if isinstance(a := self.get(v), Var)}
        reads_arrays = any(v.type.is_array for v in reads)
        found = None
        for other in reversed(before):
            if isinstance(other, Branch) and other.condition is s.condition and _is_pure(other):
                found = other
            since.update(defined(other))
            if reads_arrays and not (isinstance(other, Let) and not other.op.consumes):
                break
            if not reads.isdisjoint(since):
                break
        return _join(found, s, self.mapping) if found is not None else None


def _arm_key(condition: Atom, side: int) -> Any:
    return ("arm", condition, side)


def _is_pure(s: Branch) -> bool:
    """Whether a branch writes nothing in place and calls nothing."""
    inner = [x for arm in (s.then, s.orelse) for x in walk(arm)]
    return all(isinstance(x, Branch) or (isinstance(x, Let) and not x.op.consumes) for x in inner)


def _join(one: Branch, other: Branch, mapping: AtomMap) -> Branch:
    """Let a branch do what another one does after it; what that reads of its results is there in the same arm."""
    for arm, more in ((one.then, other.then), (one.orelse, other.orelse)):
        rename_atoms(more, {**mapping, **dict(zip(one.results, arm.yields, strict=True))})
        arm.statements += more.statements
        arm.yields += more.yields
    one.results += other.results
    return one

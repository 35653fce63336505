"""Loops of adjoints that only add to places of arrays (floor 3).

Additions can be done in any order. So additions to one element are one, iterations that do nothing but add run from the
first to the last, and what an iteration adds to the element of the next one is handed on as a number: each iteration
then touches one element, which no other touches.
"""

from __future__ import annotations

from collections.abc import Container
from typing import Any, TypeGuard

from ..ir import (
    Atom,
    Block,
    Branch,
    Builder,
    Const,
    Let,
    Loop,
    Program,
    Statement,
    Type,
    Var,
    defined,
    sub_blocks,
    walk,
)
from ..ir.liveness import statement_reads
from ..ops import TABLE
from .affine import Forms
from .simplify import rename_atoms
from .sums import has_iterations

__all__ = ["arrange_additions", "only_adds"]


def arrange_additions(program: Program) -> Program:
    """Join, turn and hand on additions; changes ``program`` in place.

    Parameters
    ----------
    program : Program
        A program; only its adjoint statements are changed.

    Returns
    -------
    Program
        ``program``.
    """
    _block(program.body)
    return program


def _block(block: Block) -> None:
    _join(block)
    for s in block.statements:
        for inner in sub_blocks(s):
            _block(inner)
    place = 0
    for s in list(block.statements):
        place += 1
        if isinstance(s, Loop) and s.role == "adjoint" and not s.exits and only_adds(s):
            s.reversed = False
            for k in range(len(s.params)):
                after = _hand_on(s, k)
                block.statements[place:place] = after
                place += len(after)


# ---- additions to one element ----------------------------------------------------------------------------------------
def _join(block: Block) -> None:
    """Add once to an element to which a block adds twice."""
    adding: dict[Var, Let] = {s.target: s for s in block.statements if _is_addition(s)}
    if len(adding) < 2:
        return
    uses: dict[Var, int] = {}
    for s in block.statements:
        for v in statement_reads(s):
            uses[v] = uses.get(v, 0) + 1
    for a in block.yields:
        if isinstance(a, Var):
            uses[a] = uses.get(a, 0) + 1
    for s in list(adding.values()):
        before = s.args[0]
        while isinstance(before, Var) and before in adding and uses.get(before) == 1:
            first = adding[before]
            if first.params["index"] == s.params["index"] and first.args[2:] == s.args[2:]:
                _join_two(block, first, s)
                del adding[before]
                break
            before = first.args[0]


def _is_addition(s: Statement) -> TypeGuard[Let]:
    return isinstance(s, Let) and s.op.name == "accumulate" and s.role == "adjoint" and s.params["index"].is_element


def _join_two(block: Block, first: Let, second: Let) -> None:
    builder = Builder()
    with builder.open() as new, builder.at(second.origin, second.role):
        a, b = first.args[1], second.args[1]
        name = getattr(b, "name", "t")
        total = builder.emit(TABLE["multiply"], [2.0, a]) if a is b else builder.emit(TABLE["add"], [a, b], {}, name)
    at = block.statements.index(second)
    second.args = (second.args[0], total, *second.args[2:])
    block.statements[at:at] = new.statements
    block.statements.remove(first)
    rename_atoms(block, {first.target: first.args[0]})


# ---- order -----------------------------------------------------------------------------------------------------------
def only_adds(s: Loop) -> bool:
    """Whether each thing that iterations hand on is a sum: a number or an array that is added to and not read.

    Additions to arrays that change places from one iteration to the next have an order.
    """
    adding: dict[Var, Var] = {p: p for p in s.params}
    handed = list(zip(s.params, s.body.yields, strict=False))
    for inner in walk(s.body):
        if isinstance(inner, Let) and _adds(inner, adding):
            adding[inner.target] = adding[_base(inner, adding)]
        elif isinstance(inner, Loop):
            handed += zip(inner.params, inner.body.yields, strict=False)
            for p, i, r in zip(inner.params, inner.inits, inner.results, strict=True):
                if isinstance(i, Var) and i in adding:
                    adding[p] = adding[r] = adding[i]  # what the loop hands on must be checked with its body
        elif isinstance(inner, Branch) and any(a in adding for arm in sub_blocks(inner) for a in arm.yields):
            return False
    same = all(isinstance(y, Var) and adding.get(y) is adding[p] for p, y in handed if p in adding)
    return same and _reads_nothing(s.body, set(adding))


def _base(s: Let, adding: Container[Any]) -> Any:
    """What a statement adds to."""
    return s.args[0] if s.args[0] in adding else s.args[1]


def _adds(s: Let, adding: Container[Any]) -> bool:
    if s.args and s.args[0] in adding and s.op.name == "accumulate":
        return not any(a in adding for a in s.args[1:])
    if s.op.name in ("add", "subtract") and s.target.type == Type("f64"):
        return s.args[0] in adding and s.args[1] not in adding
    return s.op.name == "add" and s.target.type == Type("f64") and s.args[1] in adding and s.args[0] not in adding


def _reads_nothing(block: Block, adding: set[Var]) -> bool:
    """Whether nothing but additions reads what is added to, and each version is added to once."""
    used: set[Var] = set()
    for s in block.statements:
        if isinstance(s, Let) and s.target in adding:
            base = _base(s, adding)
            if base in used:
                return False
            used.add(base)
        elif isinstance(s, Loop):
            inside = set(s.params) & adding
            pairs = zip(s.params, s.inits, s.body.yields, strict=False)
            if s.exits or any((p in adding) != (y in adding) for p, _, y in pairs):
                return False
            own = inside | {v for inner in walk(s.body) for v in defined(inner)}
            free = {v for inner in s.body.statements for v in statement_reads(inner)} - own
            if not free.isdisjoint(adding) or not _reads_nothing(s.body, adding):
                return False
            starts = [i for p, i in zip(s.params, s.inits, strict=True) if p in inside]
            others = [i for p, i in zip(s.params, s.inits, strict=True) if p not in inside]
            if any(i in adding for i in others) or any(i in used for i in starts) or len(set(starts)) < len(starts):
                return False
            used.update(i for i in starts if isinstance(i, Var))
        elif not statement_reads(s).isdisjoint(adding):
            return False
    ends = [y for y in block.yields if y in adding]
    return len(set(ends)) == len(ends) and used.isdisjoint(ends)


# ---- the element of the next iteration -------------------------------------------------------------------------------
def _hand_on(s: Loop, k: int) -> list[Let | Branch]:
    """Where each iteration adds to its own element and to the next one's, hand the second on as a number."""
    param = s.params[k]
    chain = [x for x in s.body.statements if _is_addition(x)]
    own = _chain(chain, param, s.body.yields[k])
    if len(own) != 2 or getattr(s.step, "value", 0) != 1:
        return []
    forms = Forms(s, set())
    places = []
    inside = {s.index, *s.params, *(v for inner in walk(s.body) for v in defined(inner))}
    for let in own:
        at = [a for a in let.args[2:] if a in inside]
        form = forms.of(at[0]) if len(at) == 1 else None
        if form is None or form.terms != {s.index: 1}:
            return []
        places.append((let, let.args.index(at[0]), form.constant))
    (first, axis, here), (second, other, there) = sorted(places, key=lambda p: p[2])
    if axis != other or there != here + 1 or first.args[2:axis] != second.args[2:axis]:
        return []
    if first.args[axis + 1 :] != second.args[axis + 1 :] or first.args[1].type.rank or second.args[1].type.rank:
        return []
    return _handed(s, k, first, second, axis, there)


def _chain(lets: list[Let], param: Var, last: Atom) -> list[Let]:
    """The additions that lead from a parameter to what is yielded."""
    found: list[Let] = []
    v: Atom = param
    for let in lets:
        if let.args[0] is v:
            found.append(let)
            v = let.target
    return found if v is last else []


def _handed(s: Loop, k: int, first: Let, second: Let, axis: int, offset: int) -> list[Let | Branch]:
    assert isinstance(s.params[k].type, Type)
    number = Type(s.params[k].type.dtype)  # type: ignore[union-attr]
    value = second.args[1]
    name = getattr(value, "name", "t")
    carried, handed = Var(name, number), Var(name, number)
    # the second addition is the next iteration's
    s.body.statements.remove(second)
    rename_atoms(s.body, {second.target: second.args[0]})
    builder = Builder()
    with builder.open() as new, builder.at(first.origin, first.role):
        total = builder.emit(TABLE["add"], [first.args[1], carried], {}, name)
    at = s.body.statements.index(first)
    first.args = (first.args[0], total, *first.args[2:])
    s.body.statements[at:at] = new.statements
    result = s.results[k]
    s.results[k] = Var(result.name, result.type)
    s.params.append(carried)
    s.inits.append(Const(0.0, number))
    s.body.yields.append(value)
    s.results.append(handed)
    before, test = has_iterations(s)
    with builder.open() as end, builder.at(second.origin, second.role):
        last = builder.emit(TABLE["add"], [s.stop, offset - 1], {}, "n") if offset != 1 else s.stop
        args = (s.results[k], handed, *second.args[2:axis], last, *second.args[axis + 1 :])
        added = Var(result.name, result.type)
        builder.append(Let(added, second.op, args, second.params, second.origin, second.role))
    end.yields = [added]
    return [*before, Branch(test, end, Block([], [s.results[k]]), [result], s.origin, s.role)]

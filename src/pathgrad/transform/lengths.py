"""What is known of lengths, carried through loops and branches (floor 3).

The reader gives an array that a loop carries lengths of its own, because a loop may change them. Most do not: a carried
array keeps the lengths of its initial value if the body, given these, yields them again. With lengths known, broadcasts
that repeat nothing vanish, and lengths that are literals become numbers.
"""

from __future__ import annotations

from typing import Any

from ..errors import ShapeError
from ..ir import Atom, Block, Branch, Const, Let, ListType, Loop, Program, Type, Var, While, dims_of
from ..ir.builder import infer, shortened, target_base
from .simplify import rename_atoms

__all__ = ["settle_lengths"]


def settle_lengths(program: Program) -> Program:
    """Refine the dimension tokens of a program; changes it in place.

    Parameters
    ----------
    program : Program
        A program that nobody else holds.

    Returns
    -------
    Program
        ``program``.
    """
    _block(program.body)
    mapping: dict[Var, Atom] = {}
    _simplify(program.body, mapping)
    if mapping:
        rename_atoms(program.body, mapping)
    return program


# ---- tokens ----------------------------------------------------------------------------------------------------------
def _with_dims(variable: Var, dims: tuple[Any, ...]) -> None:
    if isinstance(variable.type, Type) and variable.type.rank == len(dims):
        variable.type = Type(variable.type.dtype, variable.type.rank, dims)


def _refine(variable: Var, dims: tuple[Any, ...]) -> None:
    """Take the tokens that are known; keep the variable's own for the others."""
    own = dims_of(variable)
    if len(own) == len(dims):
        _with_dims(variable, tuple(o if d is None else d for o, d in zip(own, dims, strict=True)))


def _agreed(a: tuple[Any, ...], b: tuple[Any, ...], own: tuple[Any, ...]) -> tuple[Any, ...]:
    """Tokens on which two values agree, and otherwise the given ones."""
    return tuple(
        x if x is not None and x == y else (o if o is not None and o not in (x, y) else object())
        for x, y, o in zip(a, b, own, strict=True)
    )


# ---- one pass --------------------------------------------------------------------------------------------------------
def _block(block: Block) -> None:
    for s in block.statements:
        if isinstance(s, Let):
            _let(s)
        elif isinstance(s, Loop | While):
            _loop(s)
        elif isinstance(s, Branch):
            _block(s.then)
            _block(s.orelse)
            for result, a, b in zip(s.results, s.then.yields, s.orelse.yields, strict=True):
                if isinstance(result.type, Type) and result.type.rank:
                    _with_dims(result, _agreed(dims_of(a), dims_of(b), dims_of(result)))


def _let(let: Let) -> None:
    target = let.target
    if not isinstance(target.type, Type) or any(isinstance(a.type, ListType) for a in let.args):
        return
    if target.type.rank:
        try:
            inferred = infer(let.op, let.args, dict(let.params))
        except ShapeError:
            return
        if isinstance(inferred, Type):
            _refine(target, inferred.dims)
    elif let.op.name == "length":
        token = dims_of(let.args[0])[let.params["axis"]]
        if token is not None:
            target.dimension = token
    elif let.op.name in ("add", "subtract") and isinstance(let.args[1], Const) and target.type.dtype == "i64":
        base, already = target_base(let.args[0].dimension)
        by = let.args[1].value if let.op.name == "subtract" else -let.args[1].value
        target.dimension = shortened(base, already + by)


def _loop(s: Loop | While) -> None:
    arrays = [k for k, p in enumerate(s.params) if isinstance(p.type, Type) and p.type.rank]
    before = {k: dims_of(s.params[k]) for k in arrays}
    for k in arrays:
        _with_dims(s.params[k], dims_of(s.inits[k]))
    for _ in range(4):
        if isinstance(s, While):
            _block(s.condition)
        _block(s.body)
        changed = False
        for k in arrays:
            carried, yielded = dims_of(s.params[k]), dims_of(s.body.yields[k])
            if carried != yielded or None in carried:
                changed = True
                _with_dims(s.params[k], _agreed(carried, yielded, before[k]))
        if not changed:
            break
    else:
        for k in arrays:
            _with_dims(s.params[k], tuple(object() for _ in before[k]))
        _block(s.body)
    for k in arrays:
        _with_dims(s.results[k], dims_of(s.params[k]))


# ---- what lengths decide ---------------------------------------------------------------------------------------------
def _simplify(block: Block, mapping: dict[Var, Atom]) -> None:
    kept = []
    for s in block.statements:
        if isinstance(s, Let):
            replacement = _replacement(s, mapping)
            if replacement is not None:
                mapping[s.target] = replacement
                continue
        elif isinstance(s, Loop | While):
            if isinstance(s, While):
                _simplify(s.condition, mapping)
            _simplify(s.body, mapping)
        elif isinstance(s, Branch):
            _simplify(s.then, mapping)
            _simplify(s.orelse, mapping)
        kept.append(s)
    block.statements = kept


def _replacement(let: Let, mapping: dict[Var, Atom]) -> Atom | None:
    token: Any
    if let.op.name == "length":
        token = dims_of(let.args[0])[let.params["axis"]]
        if token == 1 and not isinstance(token, bool):
            return Const(1, let.target.type)  # type: ignore[arg-type]
        if isinstance(token, tuple) and token[0] == "literal":
            return Const(int(token[1]), let.target.type)  # type: ignore[arg-type]
    if let.op.name == "broadcast_with" and let.args[0].type.rank:
        mine = dims_of(let.args[0])
        if None not in mine and mine == dims_of(let.target) and all(_repeats(dims_of(a), mine) for a in let.args[1:]):
            source = let.args[0]
            while isinstance(source, Var) and source in mapping:
                source = mapping[source]
            return source
    return None


def _repeats(dims: tuple[Any, ...], whole: tuple[Any, ...]) -> bool:
    """Whether an array of these lengths is broadcast to ``whole`` for certain."""
    if len(dims) > len(whole):
        return False
    return all(d == 1 or d == w for d, w in zip(dims, whole[len(whole) - len(dims) :], strict=True))

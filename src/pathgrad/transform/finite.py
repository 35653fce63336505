"""Sums that are finite only if certain numbers are (floor 3).

A sum, a difference and a product are finite only if their operands are, and so is a quotient if its first operand is.
So few numbers answer for many: those of which the others are operands. What a loop carries often answers for all of its
iterations, and is looked at once, at the end; other numbers are summed in each iteration.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..ir import Atom, Block, Branch, Const, Let, Loop, Program, Var, defined, remove_dead, walk
from ..ir.types import F64
from ..ops import TABLE
from .simplify import clone_block

__all__ = ["sum_skipped"]

#: Operators whose result is not finite if one of so many first operands is not.
_HANDS_ON = {"add": 2, "subtract": 2, "multiply": 2, "negative": 1, "divide": 1}

Skipped = dict[int, list[tuple[Var, Atom]]]


def sum_skipped(block: Block, skipped: Skipped, inputs: Iterable[Var] = ()) -> Atom | None:
    """A number that is finite only if all factors are that were left out in a block and in the blocks inside.

    Parameters
    ----------
    block : Block
        Changed in place: the sums are added to it.
    skipped : dict
        By the identity of a block, the factors, each with the number that lacks it.
    inputs : iterable of Var
        The inputs of the program.

    Returns
    -------
    Atom or None
        The number; None where nothing was left out.
    """
    return _sum(block, skipped, {*inputs, *_alive(block)})


def _alive(block: Block) -> set[Var]:
    """The variables that are left if what nothing reads is removed."""
    mapping: dict[Var, Atom] = {}
    copy = Program("", [], clone_block(block, mapping))
    remove_dead(copy)
    left = {v for s in walk(copy.body) for v in defined(s)}
    left |= {p for s in walk(copy.body) if isinstance(s, Loop) for p in s.params}
    return {v for v, new in mapping.items() if new in left}


def _sum(block: Block, skipped: Skipped, alive: set[Var], answered: frozenset[Var] = frozenset()) -> Atom | None:
    """The sum for a block; ``answered`` are finite if something is that is summed elsewhere."""
    wanted = [v for v, lacking in skipped.get(id(block), ()) if not isinstance(lacking, Var) or lacking in alive]
    items: list[Atom] = list(_answering(block, [v for v in wanted if v not in answered]))
    for s in list(block.statements):
        if isinstance(s, Loop):
            lasting = _lasting(s, alive)
            finite = {y for k in lasting if isinstance(y := s.body.yields[k], Var)}
            _hand_back(s.body, finite)
            inner = _sum(s.body, skipped, alive, frozenset(finite))
            if any(v in finite for v, _ in skipped.get(id(s.body), ())):
                items += [s.results[k] for k in lasting]
            if inner is not None:
                items.append(_carried(s, inner))
        elif isinstance(s, Branch):
            inners = [_sum(arm, skipped, alive) for arm in (s.then, s.orelse)]
            if any(inner is not None for inner in inners):
                for arm, inner in zip((s.then, s.orelse), inners, strict=True):
                    arm.yields.append(Const(0.0, F64) if inner is None else inner)
                s.results.append(Var("finite", F64))
                items.append(s.results[-1])
    return _added(block, items)


def _lasting(loop: Loop, alive: set[Var]) -> list[int]:
    """Carried numbers of which one is not finite at the end if one has not been in any iteration."""
    found = [k for k, p in enumerate(loop.params) if p.type == F64 and p in alive]
    while True:
        finite = {y for k in found if isinstance(y := loop.body.yields[k], Var)}
        _hand_back(loop.body, finite)
        left = [k for k in found if loop.params[k] in finite]
        if left == found:
            return found
        found = left


def _answering(block: Block, wanted: list[Var]) -> list[Var]:
    """The fewest numbers that can be found by which all of these are finite."""
    where = {v: k for k, s in enumerate(block.statements) for v in defined(s)}
    found: list[Var] = []
    finite: set[Var] = set()
    for v in sorted(dict.fromkeys(wanted), key=lambda v: -where.get(v, -1)):
        if v not in finite:
            found.append(v)
            finite.add(v)
            _hand_back(block, finite)
    return found


def _hand_back(block: Block, finite: set[Var]) -> None:
    for s in reversed(block.statements):
        if isinstance(s, Let) and s.target in finite and s.op.name in _HANDS_ON:
            finite.update(a for a in s.args[: _HANDS_ON[s.op.name]] if isinstance(a, Var))


def _carried(loop: Loop, item: Atom) -> Var:
    """The sum over the iterations of a loop."""
    param, result = Var("finite", F64), Var("finite", F64)
    new = Var("finite", F64)
    loop.body.statements.append(Let(new, TABLE["add"], (param, item), {}, loop.origin, "kept"))
    loop.params.append(param)
    loop.inits.append(Const(0.0, F64))
    loop.body.yields.insert(len(loop.params) - 1, new)
    loop.results.append(result)
    return result


def _added(block: Block, items: list[Atom]) -> Atom | None:
    """The sum of some numbers, in pairs: no chain of additions."""
    while len(items) > 1:
        pairs: list[Atom] = []
        for a, b in zip(items[::2], items[1::2], strict=False):
            total = Var("finite", F64)
            block.statements.append(Let(total, TABLE["add"], (a, b), {}, None, "kept"))
            pairs.append(total)
        items = pairs + items[len(items) // 2 * 2 :]
    return items[0] if items else None

"""What a backward part needs from the forward part of its scope: kept, or computed again (floor 3).

The rule, scope by scope. In an outermost loop the backward body re-executes what it reads from the carried values at
the start of the iteration, which the forward loop keeps (and only those that are read), with what is `costly`; in loops
inside it, what the backward body reads is kept as it is, unless it is cheap to have again. A read of an array that the
loop changes in place is kept: the array is gone by then, the element is small. In a branch, what the backward arm reads
is a result of the forward arm.
"""

from __future__ import annotations

from collections.abc import Sequence, Set

from ..ir import Atom, Block, Branch, Builder, Loop, Statement, Type, Var, While, defined
from ..ir.liveness import statement_reads
from ..ops import TABLE
from .additions import only_adds
from .costly import worth_keeping
from .extents import Lengths
from .keeper import Keeper
from .scope import Past, Scope
from .simplify import clone_block, rename_atoms

__all__ = ["cut_branch", "cut_loop", "prepend"]


# ---- branches --------------------------------------------------------------------------------------------------------
def cut_branch(s: Branch, backward: list[Block], results: list[Var], builder: Builder, past: Past) -> Branch:
    """The backward branch; ``s`` becomes the forward branch, with one more result for each value that is read."""
    for arm, other, block in ((s.then, s.orelse, backward[0]), (s.orelse, s.then, backward[1])):
        scope = Scope(arm.statements, [], None, past)
        scope.read_shapes_elsewhere(block)
        demanded = scope.demanded(block)
        kept, again = scope.divide(demanded, keep_all=True)
        mapping: dict[Var, Atom] = {}
        for v in kept:
            result = Var(v.name, v.type)
            s.results.append(result)
            arm.yields.append(v)
            with builder.open(other), builder.at(s.origin, "kept"):
                other.yields.append(builder.emit(TABLE["undefined"], [], {"type": v.type}, "undefined"))
            mapping[v] = result
        mapping.update(scope.restored())
        prepend(block, scope.slice(again), mapping)
    return Branch(s.condition, backward[0], backward[1], results, s.origin, "adjoint")


# ---- loops -----------------------------------------------------------------------------------------------------------
def cut_loop(
    s: Loop | While,
    backward: Block,
    params: list[Var],
    inits: list[Atom],
    results: list[Var],
    builder: Builder,
    depth: int,
    past: Past,
    lengths: Lengths,
    totals: dict[Var, Var] | None = None,
) -> list[Statement]:
    """Append the backward loop; return the forward loop, with what it keeps, and the statements before it.

    Where ``totals`` is given, and the forward loop does nothing but add to numbers of which the backward loop computes
    the terms again, the backward loop adds them, too; ``totals`` then says which result is which.
    """
    index = s.index if isinstance(s, Loop) else None
    scope = Scope(s.body.statements, s.params, index, past)
    scope.read_shapes_elsewhere(backward)
    demanded = scope.demanded(backward)
    kept, again = scope.divide(demanded, keep_all=depth > 0)
    if not depth and (also := worth_keeping(scope, demanded, kept, again)):
        kept, again = scope.divide(demanded, keep_all=False, also=also)
    sums: list[int] = []
    if totals is not None and _is_sum(s):
        ends = [y for y in s.body.yields if isinstance(y, Var)]
        others, more = scope.divide([*demanded, *ends], keep_all=False, given=set(s.params))
        if not others:
            kept, again, sums = [], more, list(range(len(s.params)))
    before: list[Statement] = []
    back_index = Var(index.name if index is not None else "k", Type("i64"))
    keeper = Keeper(s, builder, back_index, before, lengths)
    mapping: dict[Var, Atom] = {} if index is None else {index: back_index}
    reads = Block()
    for v in kept:
        with builder.open(reads), builder.at(s.origin, "adjoint"):
            mapping[v] = keeper.keep(v)
    params, inits, results = list(params), list(inits), list(results)
    for k in sums:
        total, result = (Var(v.name, v.type) for v in (s.params[k], s.results[k]))
        mapping[s.params[k]] = total
        params, inits, results = [*params, total], [*inits, s.inits[k]], [*results, result]
        backward.yields.append(s.body.yields[k])
        assert totals is not None
        totals[s.results[k]] = result
    restored = scope.restored()
    mapping.update(restored)
    late = {v for v in restored.values() if isinstance(v, Var)}
    prepend(backward, scope.slice(again), mapping, reads.statements, late)
    with builder.at(s.origin, "adjoint"):
        start, stop, step = keeper.ends()
        turned = not (isinstance(s, Loop) and s.reversed)
        builder.append(
            Loop(
                back_index,
                start,
                stop,
                step,
                params,
                inits,
                backward,
                results,
                False,
                turned,
                None,
                s.origin,
                "adjoint",
            )
        )
    return [*before, s]


def _is_sum(s: Loop | While) -> bool:
    """Whether a loop does nothing but add to numbers, from the first iteration to the last."""
    is_plain = isinstance(s, Loop) and not (s.exits or s.reversed) and s.trips is None and s.checkpoints is None
    return is_plain and not any(p.type.is_array for p in s.params) and isinstance(s, Loop) and only_adds(s)


def prepend(
    block: Block,
    again: list[Statement],
    mapping: dict[Var, Atom],
    reads: Sequence[Statement] = (),
    late: Set[Var] = frozenset(),
) -> None:
    """Let a backward block read values that are kept or computed again.

    Parameters
    ----------
    block : Block
        The backward block; changed in place.
    again : list of Statement
        Statements of the forward block that are executed again before it.
    mapping : dict
        What variables of the forward block are called there.
    reads : sequence of Statement
        The statements that read what is kept.
    late : set of Var
        Restored versions of arrays, which are there only for a while: what reads them is computed where it is used.
    """
    recomputed = clone_block(Block(again, []), mapping).statements
    rename_atoms(block, mapping)
    depending = set(late)
    early: list[Statement] = []
    sunk: list[Statement] = []
    for s in recomputed:
        if depending.isdisjoint(statement_reads(s)):
            early.append(s)
        else:
            sunk.append(s)
            depending.update(defined(s))
    for s in reversed(sunk):
        targets = set(defined(s))
        users = (k for k, user in enumerate(block.statements) if not targets.isdisjoint(statement_reads(user)))
        block.statements.insert(next(users, len(block.statements)), s)
    block.statements[:0] = [*reads, *early]

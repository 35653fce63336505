"""How much work a loop is: what decides whether threads pay (floor 4).

`cost` is what can be said when compiling; `work` is computed at run time, where the lengths of inner loops are known.
"""

from __future__ import annotations

from typing import Any

from ....ir import Atom, Block, Branch, Call, Const, Let, Loop, Program, Type, While, sub_blocks
from ..arrays.creation import trip_count
from ..emit.emitter import Emitter

__all__ = ["SLOW", "cost", "work"]

SLOW = frozenset({"exp", "log", "sin", "cos", "tanh", "sigmoid", "power", "erf", "expm1", "log1p", "tan", "sqrt"})
#: Turns of a loop of which nothing is known.
_SOME = 16
#: Estimates end here, so that their products fit into 64 bits.
_MOST = 1 << 20


def cost(block: Block, calls: tuple[Program, ...] = ()) -> int:
    """About how many operations on numbers a block is, at least 1; ``calls`` are the programs being looked into."""
    total = 1
    for s in block.statements:
        if isinstance(s, Let):
            arrays = [a for a in (*s.args, s.target) if a.type.is_array]
            moves = s.op.views or s.op.consumes
            total += _each(s) * (50 if arrays and not moves else 1)
        elif isinstance(s, Loop):
            ends = [a.value for a in (s.start, s.stop, s.step) if isinstance(a, Const)]
            total += cost(s.body, calls) * (len(range(*ends)) if len(ends) == 3 and ends[2] else _SOME)
        elif isinstance(s, Call):
            is_new = not any(s.program is p for p in calls)
            total += cost(s.program.body, (*calls, s.program)) if is_new else _SOME
        elif isinstance(s, While):
            total += _SOME * (cost(s.condition, calls) + cost(s.body, calls))
        else:
            total += max(cost(arm, calls) for arm in sub_blocks(s))
        if total > 1 << 40:
            return total
    return total


def _each(s: Let) -> int:
    """Operations on numbers for each element."""
    return 10 if s.op.name in SLOW else 1


def work(e: Emitter, block: Block) -> str:
    """About how many operations on numbers a block is, by the lengths that are known where this is written.

    Parameters
    ----------
    e : Emitter
        Where the estimate is computed: before the loop whose body the block is.
    block : Block
        The block.
    """
    w = e.w
    total, known = "0", 1
    arrays: dict[tuple[str, ...], int] = {}
    for s in block.statements:
        if isinstance(s, Loop):
            once = w.multiply(_turns(e, s), work(e, s.body))
            total = w.add(total, _at_most(e, once))
        elif isinstance(s, Branch):
            total = w.add(total, work(e, max(sub_blocks(s), key=cost)))
        elif isinstance(s, Let) and (lengths := _lengths(e, s)):
            arrays[lengths] = arrays.get(lengths, 0) + _each(s)
        else:
            known += cost(Block([s]))
    for lengths, each in arrays.items():
        size = str(min(each, _MOST))
        for n in lengths:
            size = _at_most(e, w.multiply(size, n))
        total = w.add(total, size)
    return w.add(total, str(min(known, _MOST)))


def _lengths(e: Emitter, s: Let) -> tuple[str, ...]:
    """The lengths whose product says how much a statement on arrays is; none where it is a number, or a view."""
    index = s.params.get("index")
    if s.op.views or s.op.name == "length" or (s.op.consumes and index is not None and index.is_element):
        return ()
    shapes: dict[Atom, tuple[Any, ...]] = {
        a: a.type.dims for a in (*s.args, s.target) if isinstance(a.type, Type) and a.type.rank
    }
    if s.op.name == "matmul":
        return tuple(_length(e, token) for token in (*shapes.get(s.target, ()), shapes[s.args[0]][-1]))
    if s.op.consumes or s.op.name == "load":
        # what is moved, not all that it is moved in or out of
        for whole in (s.args[0], *([s.target] if s.op.consumes else [])):
            shapes.pop(whole, None)
    return tuple(_length(e, token) for token in max(shapes.values(), key=len, default=()))


def _length(e: Emitter, token: object) -> str:
    """The length that a token stands for, if it is known here."""
    if token == 1:
        return "1"
    if isinstance(token, tuple) and token[0] == "literal":
        return str(int(token[1]))
    return e.lengths.get(token, str(_SOME))


def _turns(e: Emitter, s: Loop) -> str:
    """The number of turns of an inner loop, from 0 to a limit."""
    ends = [_known(e, a) for a in (s.start, s.stop)]
    if ends[0] is None or ends[1] is None or not isinstance(s.step, Const) or not s.step.value:
        return str(_SOME)
    return _at_most(e, trip_count(e, ends[0], ends[1], str(int(s.step.value))))


def _known(e: Emitter, atom: Atom) -> str | None:
    """An end of a loop, if it is known here."""
    if isinstance(atom, Const):
        return str(int(atom.value))
    found = e.env.get(atom)
    if isinstance(found, str):
        return found
    token = atom.dimension
    less = 0
    if isinstance(token, tuple) and token[0] == "shorter":
        _, token, less = token
    length = e.lengths.get(token)
    return None if length is None else e.w.subtract(length, str(less))


def _at_most(e: Emitter, n: str) -> str:
    if n.isdigit():
        return str(min(int(n), _MOST))
    return e.w.select(e.w.compare("slt", n, str(_MOST)), n, str(_MOST))

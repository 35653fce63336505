"""The first addition to a zero is a write (floor 3).

An array of zeros to whose elements a loop adds once each need not be zeros: the loop writes them, and what is behind
them is zeroed after it.
"""

from __future__ import annotations

from ..ir import Atom, Block, Builder, Const, Let, Loop, Program, Type, Var, sub_blocks
from ..ir.builder import target_base
from ..ir.liveness import statement_reads
from ..ops import TABLE, Index, Slice
from .affine import Forms

__all__ = ["write_first_sums"]


def write_first_sums(program: Program) -> Program:
    """Write what loops add to fresh zeros, once for each element; changes ``program`` in place.

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
    zeros = {s.target: s for s in block.statements if isinstance(s, Let) and s.op.name in ("zeros_like", "zeros")}
    for s in list(block.statements):
        for inner in sub_blocks(s):
            _block(inner)
        if isinstance(s, Loop) and s.role == "adjoint" and not s.exits:
            for k, init in enumerate(s.inits):
                if isinstance(init, Var) and init in zeros and _is_fresh(init, s, block):
                    _write(s, k, zeros[init], block)


def _is_fresh(zero: Var, s: Loop, block: Block) -> bool:
    """Whether nothing but the loop reads the zeros."""
    inits = sum(i is zero for i in s.inits)
    others = any(zero in statement_reads(other) for other in block.statements if other is not s)
    inside = any(zero in statement_reads(inner) for inner in s.body.statements)
    return inits == 1 and not others and not inside and zero not in block.yields


def _write(s: Loop, k: int, zero: Let, block: Block) -> None:
    param, last, result = s.params[k], s.body.yields[k], s.results[k]
    let = next((x for x in s.body.statements if isinstance(x, Let) and x.target is last), None)
    if let is None or let.op.name != "accumulate" or let.args[0] is not param or len(let.args) != 3:
        return
    end = _end(s, let.args[2])
    if end is None or not let.params["index"].is_element:
        return
    if not isinstance(param.type, Type) or param.type.rank != 1 or let.args[1].type != Type(param.type.dtype):
        return
    if any(x is not let and {param, last} & statement_reads(x) for x in s.body.statements):
        return
    if sum(y is last or y is param for y in s.body.yields) != 1:
        return
    let.op, let.args = TABLE["store"], let.args
    builder = Builder()
    with builder.open() as before, builder.at(zero.origin, zero.role):
        if zero.op.name == "zeros_like":
            length = builder.emit(TABLE["length"], [zero.args[0]], {"axis": 0}, "n")
            made = Let(zero.target, TABLE["empty"], (length,), {"dtype": param.type.dtype}, zero.origin, zero.role)
        else:
            length = zero.args[0]
            made = Let(zero.target, TABLE["empty"], zero.args, zero.params, zero.origin, zero.role)
        builder.append(made)
    at = block.statements.index(zero)
    block.statements[at : at + 1] = before.statements
    if end == target_base(length.dimension):
        return
    s.results[k] = Var(result.name, result.type)
    with builder.open() as after, builder.at(s.origin, s.role):
        trips = builder.emit(TABLE["trip_count"], [s.start, s.stop, s.step], {}, "n")
        args = (s.results[k], Const(0.0, Type(param.type.dtype)), trips)
        index = Index((Slice(start=True),))
        builder.append(Let(result, TABLE["store"], args, {"index": index}, s.origin, s.role))
    at = block.statements.index(s)
    block.statements[at + 1 : at + 1] = after.statements


def _end(s: Loop, place: Atom) -> tuple[object, int] | None:
    """The end of the places that a loop writes one by one from the first on, as a length; None where it does not."""
    form = Forms(s, set()).of(place)
    step = s.step.value if isinstance(s.step, Const) else 0
    if form is None or form.terms != {s.index: 1} or step not in (1, -1):
        return None
    least, most = (s.start, s.stop) if step == 1 else (s.stop, s.start)
    # a loop that counts down reaches its start, and stops before its end
    moved = form.constant + (step == -1)
    if not isinstance(least, Const) or least.value + moved != 0:
        return None
    base, shorter = target_base(most.dimension)
    return base, shorter - moved

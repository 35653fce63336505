"""Loops that only add, the one that makes sums innermost (floor 3).

Where all iterations of a nest do nothing but add, its loops may stand in any order. A loop whose index does not occur
in one of the places that are added to goes inside: that sum is then a number (`sums`), and the other places lie side by
side.
"""

from __future__ import annotations

import itertools

from ..ir import Atom, Block, Let, Loop, Program, Statement, Type, Var, sub_blocks, walk
from ..ir.liveness import statement_reads
from .additions import only_adds
from .affine import Form, Forms

__all__ = ["sums_inside"]

_CHEAP = {"load", "add", "subtract", "multiply", "negative"}


def sums_inside(program: Program) -> Program:
    """Move loops that make sums inside the loops that they contain; changes ``program`` in place.

    Parameters
    ----------
    program : Program
        A program; only loops of its adjoint statements are moved.

    Returns
    -------
    Program
        ``program``.
    """
    _block(program.body)
    return program


def _block(block: Block) -> None:
    for k, s in enumerate(block.statements):
        if isinstance(s, Loop) and s.role == "adjoint" and not s.exits:
            nest = _nest(s)
            if len(nest) > 1 and only_adds(s) and _pays(s, nest[-1]):
                block.statements[k] = _turned(nest)
                continue
        for inner in sub_blocks(s):
            _block(inner)


def _nest(s: Loop) -> list[Loop]:
    """The loops inside each other that can all be outside ``s``: nothing but cheap numbers stands between them."""
    nest = [s]
    changing: set[Var] = {s.index}
    while True:
        body = nest[-1].body
        last = body.statements[-1] if body.statements else None
        before = body.statements[:-1]
        if not isinstance(last, Loop) or last.exits or not all(_is_cheap(x) for x in before):
            return nest
        changing |= {x.target for x in before if isinstance(x, Let)}
        ends = {last.start, last.stop, last.step}
        same = last.inits == nest[-1].params and body.yields == last.results
        if not same or not ends.isdisjoint(changing):
            return nest
        nest.append(last)


def _is_cheap(s: Statement) -> bool:
    return isinstance(s, Let) and s.op.name in _CHEAP and not s.target.type.is_array


def _pays(s: Loop, innermost: Loop) -> bool:
    """Whether a sum over ``s`` is into one place, and its index moves all others along the last axis, or not at all."""
    forms = Forms(s, set())
    has_sum = False
    for let in walk(s.body):
        if isinstance(let, Loop) and let is not innermost and let not in _nest(s):
            return False
        if not isinstance(let, Let) or let.op.name not in ("load", "accumulate"):
            continue
        if not let.params["index"].is_element:
            return False
        base = let.args[0]
        numbers: tuple[Atom, ...] = let.args[1:] if let.op.name == "load" else let.args[2:]
        if not isinstance(base.type, Type) or len(numbers) != base.type.rank:
            return False
        found = [forms.of(a) for a in numbers]
        if any(form is None for form in found):
            return False
        places = [form for form in found if form is not None]
        if any(s.index in form.terms for form in places[:-1]) or places[-1].terms.get(s.index, 0) not in (0, 1):
            return False
        has_sum = has_sum or (let.op.name == "accumulate" and not _moves(places, s))
    return has_sum


def _moves(places: list[Form], s: Loop) -> bool:
    return any(s.index in form.terms for form in places)


def _turned(nest: list[Loop]) -> Loop:
    """The nest with its outermost loop innermost; what stood between is computed there."""
    outer, inner = nest[0], nest[-1]
    between: list[Statement] = [x for loop in nest[:-1] for x in loop.body.statements[:-1]]
    results = outer.results
    moved = [Var(v.name, v.type) for v in results]
    params = [loop.params for loop in nest]
    # the loops keep their parameters by place: each takes what the loop around it hands on
    for loop, own in zip(nest[1:], params[:-1], strict=True):
        loop.params = own
    outer.params = params[-1]
    nest[1].inits = outer.inits
    for around, loop in zip(nest[1:], [*nest[2:], outer], strict=True):
        loop.inits = list(around.params)
        body = around.body if loop is not outer else Block()
        if loop is outer:
            outer.body = Block([*between, *inner.body.statements], inner.body.yields)
            outer.results = moved
            inner.body = Block([outer], list(moved))
        else:
            body.statements[:] = [loop]
            body.yields = list(loop.results)
    nest[1].results = results
    for loop, below in itertools.pairwise(nest[1:]):
        below.results = [Var(v.name, v.type) for v in below.params]
        loop.body.yields = list(below.results)
    assert all(v not in statement_reads(x) for x in between for v in inner.params)
    return nest[1]

"""Recurrences of derivatives, one fused operation an iteration (floor 4).

A backward loop is linear in the cotangents that its iterations hand on: what the next iteration waits for is a number
of this one times labels, plus something. The labels do not wait. Multiplied with each other first, they leave one
multiplication and one addition on the chain, however long the expression was.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ....ir import Atom, Block, Const, Let, Loop, Program, Type, Var, walk
from ....transform.affine import Form, Forms, direction
from .chained import Chain, Product

__all__ = ["short_chains"]

#: Longer bodies keep the processor busy while a chain waits.
_LARGEST = 60
_MOST_FACTORS = 4
_MOST_PRODUCTS = 3


_Linear = dict[Var | None, tuple[Product, ...]]


def short_chains(program: Program, loose: set[Var]) -> dict[Var, Chain]:
    """What to compute otherwise in loops of derivatives.

    Parameters
    ----------
    program : Program
        A program.
    loose : set of Var
        Results that may be rounded otherwise.

    Returns
    -------
    dict
        By the target of the statement: an ``accumulate`` into the next iteration's element.
    """
    found: dict[Var, Chain] = {}
    for s in walk(program.body):
        if isinstance(s, Loop) and s.role == "adjoint" and len(s.body.statements) <= _LARGEST and _is_plain(s.body):
            _Body(s, loose).chains(found)
    return found


def _is_plain(block: Block) -> bool:
    """Whether a block computes with numbers only."""
    return all(
        isinstance(s, Let)
        and (not s.args[1].type.is_array if s.op.name in ("store", "accumulate") else not s.target.type.is_array)
        for s in block.statements
    )


class _Body:
    """The body of a loop: what it has from the iteration before, and what it hands on."""

    def __init__(self, loop: Loop, loose: set[Var]) -> None:
        self.loop = loop
        self.loose = loose
        self.lets = [s for s in loop.body.statements if isinstance(s, Let)]
        #: the carried array of which something is a version
        self.origin: dict[Var, Var] = {p: p for p in loop.params if p.type.is_array}
        for s in self.lets:
            if s.op.consumes and (base := self.array(s.args[0])) is not None:
                self.origin[s.target] = base
        changed = {self.origin[s.target] for s in self.lets if s.target in self.origin}
        self.loads = {s.target: s for s in self.lets if s.op.name == "load" and self.array(s.args[0]) in changed}
        self.uses: dict[Var, int] = {}
        for s in self.lets:
            for a in s.args:
                if isinstance(a, Var):
                    self.uses[a] = self.uses.get(a, 0) + 1
        self.linear: dict[Var, _Linear | None] = {v: {v: (Product(),)} for v in self.loads}
        #: operations that each result waits for, those that are fused with the addition not counted
        self.length: dict[Var, int] = dict.fromkeys(self.loads, 0)

    def array(self, atom: Atom) -> Var | None:
        """The carried array of which something is a version."""
        return self.origin.get(atom) if isinstance(atom, Var) else None

    def chains(self, found: dict[Var, Chain]) -> None:
        """Add what is to be computed otherwise."""
        if not self.loads:
            return
        forms = Forms(self.loop, set())
        for s in self.lets:
            if s.op.name == "accumulate" and s.target in self.loose:
                self._accumulated(s, forms, found)
            elif s.target not in self.linear and not s.target.type.is_array:
                self._follow(s)

    def _accumulated(self, s: Let, forms: Forms, found: dict[Var, Chain]) -> None:
        value = s.args[1]
        linear = self.linear.get(value) if isinstance(value, Var) else None
        if linear is None or not isinstance(value, Var):
            return
        own = [v for v in linear if v is not None and self._feeds(s, self.loads[v], forms)]
        waits = self.length[value]
        fused = waits == 1 and self.uses.get(value, 0) == 1
        if len(own) != 1 or waits == 0 or fused or len(linear) > 2:
            return
        rest = tuple((v, p) for v, p in linear.items() if v is not own[0])
        found[s.target] = Chain(own[0], linear[own[0]], rest)

    def _feeds(self, s: Let, load: Let, forms: Forms) -> bool:
        """Whether an addition is to the element that a load of the next iteration reads."""
        if self.array(s.target) is not self.array(load.args[0]) or not s.params["index"].is_element:
            return False
        if s.params["index"] != load.params["index"]:
            return False
        step = getattr(self.loop.step, "value", 0)
        moved = abs(step) * direction(self.loop)
        apart = []
        for a, b in zip(s.args[2:], load.args[1:], strict=True):
            if a is b:
                apart.append(Form())
                continue
            one, other = forms.of(a), forms.of(b)
            if one is None or other is None:
                return False
            apart.append(one.plus(other, -1))
        places = [forms.of(b) for b in load.args[1:]]
        moves = [p is not None and abs(p.terms.get(self.loop.index, 0)) == 1 for p in places]
        if sum(moves) != 1 or any(p is None for p in places) or not moved:
            return False
        k = moves.index(True)
        place = places[k]
        assert place is not None
        wanted = moved * place.terms[self.loop.index]
        return all(not f.terms and f.constant == (wanted if j == k else 0) for j, f in enumerate(apart))

    # ---- what is linear ----------------------------------------------------------------------------------------------
    def _follow(self, s: Let) -> None:
        """Note what a number is in terms of those from the iteration before."""
        depending = [a for a in s.args if isinstance(a, Var) and a in self.linear]
        if not depending:
            return
        self.length[s.target] = max(self.length.get(a, 0) for a in depending) + (s.op.name != "negative")
        self.linear[s.target] = self._combined(s)

    def _combined(self, s: Let) -> _Linear | None:
        if s.target not in self.loose or s.target.type != Type("f64"):
            return None
        parts = [self._of(a) for a in s.args]
        if any(p is None for p in parts):
            return None
        known = [p for p in parts if p is not None]
        name = s.op.name
        if name == "negative":
            return _scaled(known[0], lambda p: replace(p, negative=not p.negative))
        if name in ("add", "subtract"):
            first, second = known
            if name == "subtract":
                second = {v: tuple(replace(p, negative=not p.negative) for p in own) for v, own in second.items()}
            total = {v: first.get(v, ()) + second.get(v, ()) for v in dict.fromkeys([*first, *second])}
            return total if all(len(p) <= _MOST_PRODUCTS for p in total.values()) else None
        if name == "multiply":
            a, b = s.args
            if set(known[1]) == {None}:
                return _scaled(known[0], lambda p: replace(p, factors=(*p.factors, b)))
            if set(known[0]) == {None}:
                return _scaled(known[1], lambda p: replace(p, factors=(*p.factors, a)))
        if name == "divide" and set(known[1]) == {None}:
            return _scaled(known[0], lambda p: replace(p, divisors=(*p.divisors, s.args[1])))
        return None

    def _of(self, atom: Atom) -> _Linear | None:
        if isinstance(atom, Var) and atom in self.linear:
            return self.linear[atom]
        if isinstance(atom, Const) and atom.type.is_array:
            return None
        return {None: (Product(False, (atom,)),)}


def _scaled(linear: _Linear, change: Callable[[Product], Product]) -> _Linear | None:
    result: _Linear = {v: tuple(change(p) for p in products) for v, products in linear.items()}
    small = all(len(p.factors) + len(p.divisors) <= _MOST_FACTORS for products in result.values() for p in products)
    return result if small else None

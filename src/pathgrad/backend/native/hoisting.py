"""Checks of positions before the loop instead of in it (floor 4).

Before a loop, the least and the greatest value of each position that the loop (or a loop inside it) reads or writes is
known from the ends of the loops, as a sum of values that are there already. If all lie inside their arrays, no check is
needed within. If one does not, the program may still be right (a negative position counts from the end; a branch may
not be taken), so the call starts again in code that checks each position where it is used: programs change nothing of
their caller's, so starting again is allowed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ...ir import Atom, Block, Const, Let, Loop, Type, Var, defined, walk
from ...ops import Integer
from .emitter import Emitter
from .stationary import is_stationary
from .values import View

__all__ = ["hoist_checks"]


@dataclass(frozen=True)
class _Affine:
    """A sum of multiples of values that are there, and a number."""

    terms: tuple[tuple[str, int], ...] = ()
    constant: int = 0

    @staticmethod
    def of(text: str) -> _Affine:
        return _Affine((), int(text)) if text.lstrip("-").isdigit() else _Affine(((text, 1),))

    def plus(self, other: _Affine, times: int = 1) -> _Affine:
        terms = dict(self.terms)
        for text, coefficient in other.terms:
            terms[text] = terms.get(text, 0) + times * coefficient
        left = tuple((t, c) for t, c in terms.items() if c)
        return _Affine(left, self.constant + times * other.constant)

    def write(self, e: Emitter) -> str:
        """The sum as instructions."""
        total = "0"
        for text, coefficient in self.terms:
            total = e.w.add(total, e.w.multiply(text, str(coefficient)))
        return e.w.add(total, str(self.constant))


_Range = tuple[_Affine, _Affine]


def hoist_checks(e: Emitter, loop: Loop) -> None:
    """Check before ``loop`` the positions used in it; those that are checked are noted in ``e.proven``."""
    if not e.module.may_bail or not e.module.options.bounds_checks:
        return
    inside = {v for s in walk(loop.body) for v in _all_defined(s)} | {loop.index, *loop.params}
    ranges = _Ranges(e, inside)
    seen: set[object] = set()
    holds = "true"
    for let, axis, position, array in _accesses(loop.body):
        key = (id(let), axis)
        if key in e.proven:
            continue
        found, n = ranges.of(position), ranges.length(array, axis)
        if found is None or n is None:
            continue
        e.proven.add(key)
        low, beyond = found[0], n.plus(found[1], -1)
        if (low, beyond) in seen:
            continue
        seen.add((low, beyond))
        if low.terms or low.constant < 0:
            holds = _both(e, holds, e.w.compare("sge", low.write(e), "0"))
        if beyond.terms or beyond.constant < 1:
            holds = _both(e, holds, e.w.compare("sgt", beyond.write(e), "0"))
    if holds != "true":
        empty = ranges.is_empty(loop)
        if empty is not None:
            holds = e.w.value(f"or i1 {holds}, {empty}")
        e.bail_unless(holds)


def _both(e: Emitter, a: str, b: str) -> str:
    return b if a == "true" else e.w.value(f"and i1 {a}, {b}")


def _all_defined(s: object) -> list[Var]:
    found = defined(s)  # type: ignore[arg-type]
    if isinstance(s, Loop):
        found = [*found, s.index, *s.params]
    return found


def _accesses(block: Block) -> Iterator[tuple[Let, int, Atom, Atom]]:
    """The positions that are used whenever the block runs: statement, axis, position, array."""
    for s in block.statements:
        if isinstance(s, Loop):
            yield from _accesses(s.body)
        elif isinstance(s, Let) and s.op.name in ("load", "store", "accumulate"):
            numbers = iter(s.args[1 if s.op.name == "load" else 2 :])
            axis = 0
            for item in s.params["index"].items:
                if isinstance(item, Integer):
                    position = next(numbers)
                    if isinstance(position, Var):
                        yield s, axis, position, s.args[0]
                else:
                    for present in (getattr(item, x, False) for x in ("start", "stop", "step")):
                        if present:
                            next(numbers)
                axis += type(item).__name__ != "NewAxis"


class _Ranges:
    """Least and greatest values, as sums of what is there before a loop."""

    def __init__(self, e: Emitter, inside: set[Var]) -> None:
        self.e = e
        self.inside = inside
        self.definitions = e.definitions
        self.open: set[Var] = set()

    def of(self, atom: Atom) -> _Range | None:
        """The least and the greatest value of an integer."""
        if isinstance(atom, Const):
            both = _Affine((), int(atom.value))
            return both, both
        if atom not in self.inside:
            value = self.e.env.get(atom)
            return (_Affine.of(value), _Affine.of(value)) if isinstance(value, str) else None
        if atom in self.open:
            return None
        self.open.add(atom)
        try:
            return self._defined(atom)
        finally:
            self.open.discard(atom)

    def _defined(self, atom: Var) -> _Range | None:
        if atom in self.definitions.lets:
            return self._let(self.definitions.lets[atom])
        if atom in self.definitions.indices:
            return self._index(self.definitions.indices[atom])
        if atom in self.definitions.carried:
            return self._carried(*self.definitions.carried[atom])
        return None

    def _let(self, let: Let) -> _Range | None:
        name = let.op.name
        if name == "length":
            n = self.length(let.args[0], let.params["axis"])
            return None if n is None else (n, n)
        if name == "negative":
            inner = self.of(let.args[0])
            return None if inner is None else (_Affine().plus(inner[1], -1), _Affine().plus(inner[0], -1))
        if name not in ("add", "subtract", "multiply"):
            return None
        a, b = self.of(let.args[0]), self.of(let.args[1])
        if a is None or b is None:
            return None
        if name == "add":
            return a[0].plus(b[0]), a[1].plus(b[1])
        if name == "subtract":
            return a[0].plus(b[1], -1), a[1].plus(b[0], -1)
        if a[0] == a[1] and not a[0].terms:
            a, b = b, a
        if b[0] != b[1] or b[0].terms:
            return None
        factor = b[0].constant
        low, high = (a[0], a[1]) if factor >= 0 else (a[1], a[0])
        return _Affine().plus(low, factor), _Affine().plus(high, factor)

    def _ends(self, loop: Loop) -> _Range | None:
        """The least and the greatest index of a loop."""
        start, stop = self.of(loop.start), self.of(loop.stop)
        if start is None or stop is None or not isinstance(loop.step, Const) or loop.step.value == 0:
            return None
        if loop.step.value > 0:
            return start[0], stop[1].plus(_Affine((), 1), -1)
        return stop[0].plus(_Affine((), 1)), start[1]

    def _index(self, loop: Loop) -> _Range | None:
        return self._ends(loop)

    def _carried(self, loop: Loop, k: int) -> _Range | None:
        """A number that each iteration moves by the same step."""
        step = self._step(loop.body.yields[k], loop.params[k])
        initial, ends = self.of(loop.inits[k]), self._ends(loop)
        if step is None or initial is None or ends is None or abs(loop.step.value) != 1:  # type: ignore[union-attr]
            return None
        turns = ends[1].plus(ends[0], -1)
        if step >= 0:
            return initial[0], initial[1].plus(turns, step)
        return initial[0].plus(turns, step), initial[1]

    def _step(self, atom: Atom, param: Var) -> int | None:
        total = 0
        while atom is not param:
            let = self.definitions.lets.get(atom) if isinstance(atom, Var) else None
            if let is None or let.op.name not in ("add", "subtract"):
                return None
            a, b = let.args
            if let.op.name == "add" and isinstance(a, Const):
                a, b = b, a
            if not isinstance(b, Const) or not isinstance(b.value, int):
                return None
            total += b.value if let.op.name == "add" else -b.value
            atom = a
        return total

    def length(self, array: Atom, axis: int) -> _Affine | None:
        """The length of an axis of an array."""
        if isinstance(array.type, Type):
            token = array.type.dims[axis]
            if token == 1 and not isinstance(token, bool):
                return _Affine((), 1)
            if isinstance(token, tuple) and token[0] == "literal":
                return _Affine((), int(token[1]))
            if token is not None and token in self.e.lengths:
                return _Affine.of(self.e.lengths[token])
        origin = self._origin(array)
        value = self.e.env.get(origin) if isinstance(origin, Var) and origin not in self.inside else None
        dims = getattr(value, "dims", None) if isinstance(value, View) else None
        return None if dims is None else _Affine.of(dims[axis])

    def _origin(self, array: Atom) -> Atom:
        """The array from outside in whose storage an array of the loop lies."""
        while isinstance(array, Var) and array in self.inside:
            let = self.definitions.lets.get(array)
            if let is not None and let.op.consumes:
                array = let.args[0]
                continue
            loop, k = self.definitions.carried.get(array) or self.definitions.results.get(array) or (None, 0)
            if loop is None or not is_stationary(loop, k):
                return array
            array = loop.inits[k]
        return array

    def is_empty(self, loop: Loop) -> str | None:
        """Whether the loop has no iteration."""
        ends = self._ends(loop)
        if ends is None:
            return None
        turns = ends[1].plus(ends[0], -1)
        if not turns.terms:
            return None
        return self.e.w.compare("slt", turns.write(self.e), "0")

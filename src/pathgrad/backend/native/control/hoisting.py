"""Checks of positions before the loop instead of in it (floor 4).

Before a loop, the least and the greatest value of each position that the loop (or a loop inside it) reads or writes is
known from the ends of the loops, as a sum of values that are there already. If all lie inside their arrays, no check is
needed within. If one does not, the program may still be right (a negative position counts from the end; a branch may
not be taken), so the call starts again in code that checks each position where it is used: programs change nothing of
their caller's, so starting again is allowed.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass, replace

from ....ir import Atom, Block, Const, Let, Loop, Type, Var, defined, walk
from ....ops import Integer
from ..analysis.definitions import distance_from
from ..analysis.stationary import is_stationary
from ..emit.emitter import Emitter
from ..emit.values import View

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


@dataclass(frozen=True)
class _Range:
    """Where an integer lies; nothing is known of an end without numbers.

    Attributes
    ----------
    least, greatest : tuple of _Affine
        It is none of these numbers less, or greater.
    falls : bool
        Whether it is less where an index is greater.
    """

    least: tuple[_Affine, ...] = ()
    greatest: tuple[_Affine, ...] = ()
    falls: bool = False

    @staticmethod
    def of(only: _Affine) -> _Range:
        return _Range((only,), (only,))

    @property
    def is_one(self) -> bool:
        return len(self.least) == 1 and self.least == self.greatest

    @property
    def is_choice(self) -> bool:
        return len(self.least) > 1 or len(self.greatest) > 1

    def plus(self, other: _Range, times: int = 1) -> _Range:
        """The range of ``self + times * other``, as if both were free.

        Where ends are chosen, as in ``x[i - j]`` with ``j < min(i + 1, 5)``, they seldom are: that is not known.
        """
        falls = self.falls or other.falls or (times < 0 and not other.is_one)
        if falls and (self.is_choice or other.is_choice):
            return _Range()
        low, high = (other.least, other.greatest) if times >= 0 else (other.greatest, other.least)
        least = tuple(a.plus(b, times) for a in self.least for b in low)
        return _Range(least, tuple(a.plus(b, times) for a in self.greatest for b in high), falls)


def hoist_checks(e: Emitter, loop: Loop) -> None:
    """Check before ``loop`` the positions used in it; those that are checked are noted in ``e.proven``.

    Who wants no checks has those for negative positions, which count from the end: a test in the loop would cost more.
    """
    if not e.module.may_bail:
        return
    checked = e.module.options.bounds_checks
    inside = {v for s in walk(loop.body) for v in _all_defined(s)} | {loop.index, *loop.params}
    ranges = _Ranges(e, inside)
    seen: set[tuple[_Affine, ...]] = set()
    holds = "true"
    for let, axis, position, array in _accesses(loop.body):
        key = (id(let), axis)
        if key in e.proven:
            continue
        found, n = ranges.of(position), ranges.length(array, axis)
        if not found.least or (checked and not found.greatest) or n is None:
            continue
        e.proven.add(key)
        left = tuple(n.plus(last, -1).plus(_Affine((), 1), -1) for last in found.greatest)
        for numbers in (found.least, left) if checked else (found.least,):
            if numbers not in seen:
                seen.add(numbers)
                holds = _both(e, holds, _one_holds(e, numbers))
    if holds != "true":
        empty = ranges.is_empty(loop)
        if empty is not None:
            holds = e.w.value(f"or i1 {holds}, {empty}")
        e.bail_unless(holds)


def _one_holds(e: Emitter, numbers: tuple[_Affine, ...]) -> str:
    """Whether one of some sums, at least, is not negative."""
    if any(not n.terms and n.constant >= 0 for n in numbers):
        return "true"
    tests = [e.w.compare("sge", n.write(e), "0") for n in numbers if n.terms]
    return functools.reduce(lambda a, b: e.w.value(f"or i1 {a}, {b}"), tests) if tests else "false"


def _both(e: Emitter, a: str, b: str) -> str:
    if "true" in (a, b):
        return b if a == "true" else a
    return e.w.value(f"and i1 {a}, {b}")


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

    def of(self, atom: Atom) -> _Range:
        """The range of an integer."""
        if isinstance(atom, Const):
            return _Range.of(_Affine((), int(atom.value)))
        if atom not in self.inside:
            value = self.e.env.get(atom)
            return _Range.of(_Affine.of(value)) if isinstance(value, str) else _Range()
        if atom in self.open:
            return _Range()
        self.open.add(atom)
        try:
            return self._defined(atom)
        finally:
            self.open.discard(atom)

    def _defined(self, atom: Var) -> _Range:
        if atom in self.definitions.lets:
            return self._let(self.definitions.lets[atom])
        if atom in self.definitions.indices:
            return self._ends(self.definitions.indices[atom])
        if atom in self.definitions.carried:
            return self._carried(*self.definitions.carried[atom])
        return _Range()

    def _let(self, let: Let) -> _Range:
        name = let.op.name
        if name == "length":
            n = self.length(let.args[0], let.params["axis"])
            return _Range() if n is None else _Range.of(n)
        if name == "negative":
            return _Range.of(_Affine()).plus(self.of(let.args[0]), -1)
        if name not in ("add", "subtract", "multiply", "minimum", "maximum"):
            return _Range()
        a, b = self.of(let.args[0]), self.of(let.args[1])
        if name == "add":
            return a.plus(b)
        if name == "subtract":
            return a.plus(b, -1)
        if name in ("minimum", "maximum"):
            if a.falls or b.falls:
                return _Range()
            return _Range((), a.greatest + b.greatest) if name == "minimum" else _Range(a.least + b.least, ())
        if a.is_one and not a.least[0].terms:
            a, b = b, a
        if not b.is_one or b.least[0].terms:
            return _Range()
        return _Range.of(_Affine()).plus(a, b.least[0].constant)

    def _ends(self, loop: Loop) -> _Range:
        """The range of a loop's index."""
        if not isinstance(loop.step, Const) or loop.step.value == 0:
            return _Range()
        start, stop, one = self.of(loop.start), self.of(loop.stop), _Affine((), 1)
        falls = start.falls or stop.falls
        if loop.step.value > 0:
            return _Range(start.least, tuple(n.plus(one, -1) for n in stop.greatest), falls)
        return _Range(tuple(n.plus(one) for n in stop.least), start.greatest, falls)

    def _carried(self, loop: Loop, k: int) -> _Range:
        """A number that each iteration moves by the same step."""
        step = distance_from(loop.params[k], loop.body.yields[k], self.definitions.lets)
        initial, turns = self.of(loop.inits[k]), self._turns(loop)
        if step is None or turns is None or abs(loop.step.value) != 1:  # type: ignore[union-attr]
            return _Range()
        moved = initial.plus(_Range.of(turns), step)
        if step >= 0:
            return replace(moved, least=initial.least)
        return _Range(moved.least, initial.greatest, falls=True)

    def _turns(self, loop: Loop) -> _Affine | None:
        """One less than the greatest number of iterations."""
        ends = self._ends(loop)
        if ends.is_choice or not ends.least or not ends.greatest:
            return None
        return ends.greatest[0].plus(ends.least[0], -1)

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
        turns = self._turns(loop)
        if turns is None or not turns.terms:
            return None
        return self.e.w.compare("slt", turns.write(self.e), "0")

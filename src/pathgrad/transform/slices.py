"""The lengths that slices can only have (floor 3).

``gates[:n]``, ``gates[n : 2 * n]``, ``gates[3 * n :]`` meet arrays of length ``n`` in the statements around them. They
have that length if ``gates`` has 4 n elements: a matter of the arguments, which whoever calls the program can look at
before. Programs whose lengths are known have no broadcasts to find out, and keep arrays of loops in rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from ..ir import Atom, Const, Let, Loop, Program, Statement, Supposition, Type, Var, While, defined, dims_of, walk
from ..ir.builder import target_base
from ..ops import Integer, Slice
from .affine import Form
from .extents import form_of_length
from .inline import with_inputs
from .length_classes import LengthClasses
from .lengths import settle_lengths

__all__ = ["carried_over", "suppose_slices"]

#: A slice: its place among the statements that read, and the axis of its result.
_Place = tuple[int, int]


def suppose_slices(program: Program) -> Program:
    """The program for arguments for which its slices have the lengths of what they meet.

    Parameters
    ----------
    program : Program
        Not changed.

    Returns
    -------
    Program
        A new program with ``supposed``; ``program`` itself where nothing is known better.
    """
    known = set(_places(program))
    if all(_is_known(token, known) for s in walk(program.body) for token, *_ in _slices(s)):
        return program
    excluded: set[_Place] = set()
    while True:
        new = with_inputs(program, program.inputs)
        slices = _Slices(new, known)
        slices.suppose(excluded)
        if not slices.lengths:
            return program
        settle_lengths(new)
        needed, failed = slices.needed()
        if not failed:
            return replace(new, supposed=tuple(dict.fromkeys([*program.supposed, *needed])), derived={})
        excluded |= failed


def carried_over(program: Program, derived: Program) -> tuple[Supposition, ...] | None:
    """What a program supposes, as said of the arguments of one that was derived from it; None where it cannot be."""
    places = _places(derived)
    found = []
    for supposition in program.supposed:
        tokens = [(_token(program.inputs[k], axis), times) for k, axis, times in supposition.terms]
        if any(token not in places for token, _ in tokens):
            return None
        found.append(replace(supposition, terms=tuple((*places[token], times) for token, times in tokens)))
    return tuple(found)


def _token(v: Var, axis: int | None) -> Any:
    return v.dimension if axis is None else dims_of(v)[axis]


def _places(program: Program) -> dict[Any, tuple[int, int | None]]:
    """Where the arguments have each length, or integer."""
    places: dict[Any, tuple[int, int | None]] = {}
    for k, v in enumerate(program.inputs):
        for axis in range(v.type.rank) if isinstance(v.type, Type) and v.type.rank else [None]:
            places.setdefault(_token(v, axis), (k, axis))
    return places


def _is_known(token: Any, known: set[Any]) -> bool:
    base, _ = target_base(token)
    return base == 1 or (isinstance(base, tuple) and base[0] == "literal") or (base is not None and base in known)


def _slices(s: Statement) -> Iterator[tuple[Any, int, int, list[Atom | None]]]:
    """The slices of a read: length, axis of the result, axis that is read, and ends."""
    if not isinstance(s, Let) or s.op.name != "load" or not s.target.type.is_array:
        return
    numbers = iter(s.args[1:])
    own = axis = 0
    for item in s.params["index"].items:
        if isinstance(item, Integer):
            next(numbers)
            axis += 1
            continue
        if isinstance(item, Slice):
            ends = [next(numbers) if there else None for there in (item.start, item.stop, item.step)]
            if ends[2] is None:
                yield dims_of(s.target)[own], own, axis, ends
            axis += 1
        own += 1


class _Slices:
    """The slices of a program, and what is supposed of them.

    Attributes
    ----------
    lengths : dict
        The length that is supposed of each.
    """

    def __init__(self, program: Program, known: set[Any]) -> None:
        self.program, self.known = program, known
        self.places = _places(program)
        self.reads = [s for s in walk(program.body) if isinstance(s, Let) and s.op.name == "load"]
        self.lengths: dict[_Place, Any] = {}
        self.conditions: dict[Supposition, None] = {}

    def suppose(self, excluded: set[_Place]) -> None:
        """Note in the program what lengths slices have if they are those of what they meet."""
        classes = LengthClasses(self.program.body)
        met = self._met(classes)
        for k, s in enumerate(self.reads):
            dims = list(dims_of(s.target))
            for token, own, *_ in _slices(s):
                lengths = met.get(classes.of(s.target, len(dims) - own), set())
                if len(lengths) == 1 and not _is_known(token, self.known) and (k, own) not in excluded:
                    (dims[own],) = lengths
                    self.lengths[k, own] = dims[own]
            if isinstance(s.target.type, Type):
                s.target.type = Type(s.target.type.dtype, s.target.type.rank, tuple(dims))

    def _met(self, classes: LengthClasses) -> dict[Any, set[Any]]:
        """The known lengths in each class."""
        variables = set(self.program.inputs)
        for s in walk(self.program.body):
            variables |= {v for v in defined(s) if v.type.is_array}
            variables |= set(s.params) if isinstance(s, Loop | While) else set()
        known: dict[Any, set[Any]] = {}
        for v in variables:
            for axis, token in enumerate(dims_of(v)):
                if token != 1 and _is_known(token, self.known):
                    known.setdefault(classes.of(v, len(dims_of(v)) - axis), set()).add(token)
        return known

    # ---- what must hold ----------------------------------------------------------------------------------------------
    def needed(self) -> tuple[list[Supposition], set[_Place]]:
        """What the lengths need of the arguments; and those of which that cannot be said."""
        self.definitions = {s.target: s for s in walk(self.program.body) if isinstance(s, Let)}
        failed: set[_Place] = set()
        for k, s in enumerate(self.reads):
            for _, own, axis, ends in _slices(s):
                if (k, own) in self.lengths and not self._need(dims_of(s.args[0])[axis], ends, self.lengths[k, own]):
                    failed.add((k, own))
        return list(self.conditions), failed

    def _need(self, base: Any, ends: list[Atom | None], token: Any) -> bool:
        """A slice lies within its axis, and is as long as supposed; False where that is no matter of arguments."""
        whole, length = self._length(base), self._length(token)
        if whole is None or length is None:
            return False
        start = Form() if ends[0] is None else self._end(ends[0], whole)
        stop = whole if ends[1] is None else self._end(ends[1], whole)
        if start is None or stop is None:
            return False
        longer = stop.plus(start, -1).plus(length, -1)
        return self._require(start) and self._require(whole.plus(stop, -1)) and self._require(longer, exact=True)

    def _require(self, form: Form, exact: bool = False) -> bool:
        """Note that a form must be 0, or not negative; False if it never is."""
        if not form.terms:
            return form.constant == 0 if exact else form.constant >= 0
        terms = tuple((*self.places[symbol], times) for symbol, times in form.terms.items())
        certain = form.constant >= 0 and all(axis is not None and times > 0 for _, axis, times in terms)
        if exact or not certain:
            self.conditions[Supposition(terms, form.constant, exact)] = None
        return True

    def _end(self, atom: Atom, whole: Form) -> Form | None:
        """An end of a slice: negative numbers count from the end of the axis."""
        if isinstance(atom, Const) and atom.value < 0:
            return whole.plus(Form(int(atom.value)))
        return self._integer(atom)

    def _integer(self, atom: Atom) -> Form | None:
        """An integer as a sum of what is known when the program is called."""
        if isinstance(atom, Const):
            return Form(int(atom.value))
        s = self.definitions.get(atom)
        if s is None or s.op.name not in ("add", "subtract", "negative", "multiply"):
            return form_of_length(atom.dimension) if _is_known(atom.dimension, self.known) else None
        parts = [self._integer(a) for a in s.args]
        a, b = parts[0], parts[-1]
        if a is None or b is None:
            return None
        if s.op.name == "negative":
            return Form().plus(a, -1)
        if s.op.name != "multiply":
            return a.plus(b, 1 if s.op.name == "add" else -1)
        if not a.terms:
            a, b = b, a
        return None if b.terms else Form().plus(a, b.constant)

    def _length(self, token: Any) -> Form | None:
        """The length of an axis; what is shorter than nothing is no length."""
        form = form_of_length(token) if _is_known(token, self.known) else None
        return form if form is not None and self._require(form) else None

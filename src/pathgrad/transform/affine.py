"""Indices as affine forms of loop indices, and what can be proved of them (floor 3).

A form is a sum of integers times symbols. A symbol is a variable that does not change in the loops considered, the
length of an axis, or the index of a loop as seen from one of two places in the program (`Ranges`). Proofs eliminate the
indices, innermost first, by the ends of their ranges.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field

from ..ir import Atom, Const, Let, Loop, Var, While, defined, walk
from ..ir.builder import target_base

__all__ = ["Form", "Forms", "Ranges", "direction", "renamed"]


@dataclass(frozen=True)
class Form:
    """``constant + sum(coefficient * symbol)``."""

    constant: int = 0
    terms: Mapping[Hashable, int] = field(default_factory=dict)

    def plus(self, other: Form, times: int = 1) -> Form:
        """``self + times * other``."""
        terms = dict(self.terms)
        for symbol, coefficient in other.terms.items():
            terms[symbol] = terms.get(symbol, 0) + times * coefficient
        return Form(self.constant + times * other.constant, {s: c for s, c in terms.items() if c})

    def replaced(self, symbol: Hashable, by: Form) -> Form:
        """The form with another form in the place of a symbol."""
        coefficient = self.terms.get(symbol, 0)
        rest = {s: c for s, c in self.terms.items() if s != symbol}
        return Form(self.constant, rest).plus(by, coefficient)


class Forms:
    """The forms of the integers inside a loop.

    Parameters
    ----------
    loop : Loop or While
        The outermost loop that is considered.
    same_length : set of Var
        Arrays whose lengths are the same in all iterations, though they are defined inside.
    """

    def __init__(self, loop: Loop | While, same_length: set[Var]) -> None:
        self.same_length = same_length
        self.definitions: dict[Var, Let] = {}
        self.indices = {loop.index} if isinstance(loop, Loop) else set()
        #: what may be another number in another iteration
        self.inside: set[Var] = set(loop.params)
        for s in walk(loop.body):
            self.inside.update(defined(s))
            if isinstance(s, Let):
                self.definitions[s.target] = s
            elif isinstance(s, Loop):
                self.indices.add(s.index)
                self.inside.update(s.params)
            elif isinstance(s, While):
                self.inside.update(s.params)

    def of(self, atom: Atom) -> Form | None:
        """The form of an integer; None where it is no sum of indices and of what the loop does not change."""
        if isinstance(atom, Const):
            return Form(int(atom.value))
        if atom in self.indices:
            return Form(0, {atom: 1})
        let = self.definitions.get(atom)
        if let is not None and let.op.name in ("add", "subtract", "negative", "multiply"):
            return self._sum(let)
        if atom in self.inside and not (
            let is not None
            and let.op.name == "length"
            and (let.args[0] not in self.inside or let.args[0] in self.same_length)
        ):
            return None
        base, shorter = target_base(atom.dimension)
        return Form(-shorter, {base: 1})

    def _sum(self, let: Let) -> Form | None:
        forms = [self.of(a) for a in let.args]
        if any(f is None for f in forms):
            return None
        parts = [f for f in forms if f is not None]
        if let.op.name == "negative":
            return Form().plus(parts[0], -1)
        if let.op.name != "multiply":
            return parts[0].plus(parts[1], 1 if let.op.name == "add" else -1)
        for factor, other in (parts, parts[::-1]):
            if not factor.terms:
                return Form().plus(other, factor.constant)
        return None


class Ranges:
    """The ranges of loop indices, and proofs by them.

    Parameters
    ----------
    forms : Forms
        Gives the forms of the ends.
    """

    def __init__(self, forms: Forms) -> None:
        self.forms = forms
        self.bounds: list[tuple[Hashable, Form | None, Form | None]] = []

    def add_index(self, loop: Loop, symbol: Hashable, names: Mapping[Hashable, Form]) -> None:
        """Let ``symbol`` be the index of a loop; ``names`` are the forms of the indices of the loops around it."""
        step = loop.step.value if isinstance(loop.step, Const) else 0
        start, stop = renamed(self.forms.of(loop.start), names), renamed(self.forms.of(loop.stop), names)
        if step > 0:
            self.bounds.append((symbol, start, stop and stop.plus(Form(1), -1)))
        elif step < 0:
            self.bounds.append((symbol, stop and stop.plus(Form(1)), start))
        else:
            self.bounds.append((symbol, None, None))

    def add_least(self, symbol: Hashable, least: int) -> None:
        """Let ``symbol`` be an integer from ``least``."""
        self.bounds.append((symbol, Form(least), None))

    def is_positive(self, form: Form) -> bool:
        """Whether a form is certainly at least 1 for all indices in their ranges."""
        least = self._bound(form, least=True)
        return least is not None and not least.terms and least.constant >= 1

    def greatest(self, form: Form) -> Form | None:
        """A form that is nowhere less, without the indices; None where there is none."""
        return self._bound(form, least=False)

    def _bound(self, form: Form, least: bool) -> Form | None:
        for symbol, lower, upper in reversed(self.bounds):
            coefficient = form.terms.get(symbol, 0)
            if not coefficient:
                continue
            bound = lower if (coefficient > 0) == least else upper
            if bound is None:
                return None
            form = form.replaced(symbol, bound)
        return form


def renamed(form: Form | None, names: Mapping[Hashable, Form]) -> Form | None:
    """A form with other forms in the places of some symbols, all at once."""
    if form is None:
        return None
    result = Form(form.constant)
    for symbol, coefficient in form.terms.items():
        result = result.plus(names.get(symbol, Form(0, {symbol: 1})), coefficient)
    return result


def direction(loop: Loop) -> int:
    """1 where later iterations have greater indices, -1 where they have smaller ones, 0 where that is not known."""
    step = loop.step.value if isinstance(loop.step, Const) else 0
    sign = (step > 0) - (step < 0)
    return -sign if loop.reversed else sign

"""Nests of two loops whose outer iterations may run side by side (floor 3).

The inner loop may do nothing to arrays but add to elements, each iteration to one of its own. The element may move on
from one iteration of the outer loop to the next: then the inner loops are compared by elements, not by their indices,
which is skewing them (Wolfe, "Loop skewing: the wavefront method revisited", 1986).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from ..ir import Atom, Const, Let, Loop, Type, Var
from ..ir.liveness import free_variables
from .affine import Form, Forms, Ranges

__all__ = ["Nest", "nest_of"]

#: So many iterations are executed side by side,
TOGETHER = 4
#: or all of them, if it is known that there are no more than so many.
_FEW = 8
#: Statements that an inner loop may have.
_LARGEST = 16


@dataclass(frozen=True)
class Nest:
    """A loop, the one loop in its body, and what else is there.

    Attributes
    ----------
    outer, inner : Loop
        The loops.
    early, late : list of Let
        What does not depend on the inner loop of the same iteration, and what does.
    together : int
        How many iterations of the outer loop are executed side by side: a group.
    drift : int
        How far on an element is in the next iteration of the outer loop, for the same index of the inner one.
    places : set of Var
        The positions of the elements, where they are computed in the inner loop.
    rises : tuple of int
        How far on are the elements at which the inner loop starts and stops in the next iteration: -1, 0 or 1.
    fits : bool
        Whether no iteration of a group stops before another one starts, however few elements there are.
    """

    outer: Loop
    inner: Loop
    early: list[Let]
    late: list[Let]
    together: int
    drift: int
    places: set[Var]
    rises: tuple[int, int]
    fits: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether one group is all iterations."""
        return _turns(self.outer) == self.together

    @property
    def last_to_start(self) -> int:
        """Which iteration of a group starts at the last element."""
        return self.together - 1 if self.rises[0] > 0 else 0

    @property
    def first_to_stop(self) -> int:
        """Which iteration of a group stops at the first element."""
        return self.together - 1 if self.rises[1] < 0 else 0

    @property
    def before(self) -> list[int]:
        """The iterations of a group that start before the last one to start."""
        return [k for k in range(self.together) if self.rises[0] and k != self.last_to_start]

    @property
    def after(self) -> list[int]:
        """The iterations of a group that stop after the first one to stop."""
        return [k for k in range(self.together) if self.rises[1] and k != self.first_to_stop]


def nest_of(outer: Loop) -> Nest | None:
    """The nest, if its iterations may be executed side by side and gain by it."""
    inner, lets = None, []
    for s in outer.body.statements:
        if isinstance(s, Let):
            lets.append(s)
        elif isinstance(s, Loop) and inner is None:
            inner = s
        else:
            return None
    if inner is None or not (_is_plain(outer) and _is_plain(inner)) or len(inner.body.statements) > _LARGEST:
        return None
    body = [s for s in inner.body.statements if isinstance(s, Let)]
    if len(body) < len(inner.body.statements) or not all(_is_simple(s) for s in [*lets, *body]):
        return None
    after = _reached(inner.results, lets)
    early, late = [s for s in lets if s.target not in after], [s for s in lets if s.target in after]
    forms = Forms(outer, set())
    elements, start, stop = _elements(outer, inner, early, body, forms), forms.of(inner.start), forms.of(inner.stop)
    if elements is None or start is None or stop is None or not _is_in_phases(outer, inner, early, late):
        return None
    drift, places = elements
    together = _together(outer, inner, drift)
    rises = start.terms.get(outer.index, 0) + drift, stop.terms.get(outer.index, 0) + drift
    if together < 2 or max(map(abs, rises)) > 1:
        return None
    nest = Nest(outer, inner, early, late, together, drift, places, rises)
    return replace(nest, fits=_fits(nest, start, stop, forms))


def _is_plain(s: Loop) -> bool:
    """Whether a loop counts up one by one, and no one asks how far."""
    if s.exits or s.reversed or s.trips is not None or s.checkpoints is not None:
        return False
    return isinstance(s.step, Const) and s.step.value == 1


def _is_simple(s: Let) -> bool:
    """Whether a statement gives a number, or writes one element."""
    if s.op.name in ("store", "accumulate"):
        return bool(s.params["index"].is_element)
    return isinstance(s.target.type, Type) and not s.target.type.rank and not s.op.consumes


def _reached(start: Iterable[Atom], lets: Iterable[Let]) -> set[Atom]:
    """Some values, and what is computed of them."""
    found = set(start)
    for s in lets:
        if not found.isdisjoint(s.args):
            found.add(s.target)
    return found


def _together(outer: Loop, inner: Loop, drift: int) -> int:
    """How many iterations are executed side by side; LLVM writes loops over a few numbers out, unless they drift."""
    if _is_known(inner.stop) or (_is_known(outer.stop) and not drift):
        return 1
    turns = _turns(outer)
    if turns is None:
        return 1 if _is_known(outer.stop) else TOGETHER
    return turns if turns <= _FEW else TOGETHER


def _turns(s: Loop) -> int | None:
    """How many iterations a loop has, where that is known."""
    if isinstance(s.start, Const) and isinstance(s.stop, Const):
        return int(s.stop.value) - int(s.start.value)
    return None


def _is_known(stop: Atom) -> bool:
    token = stop.dimension
    return token == 1 or (isinstance(token, tuple) and token[0] == "literal")


# ---- elements --------------------------------------------------------------------------------------------------------
def _elements(
    outer: Loop, inner: Loop, early: Sequence[Let], body: Sequence[Let], forms: Forms
) -> tuple[int, set[Var]] | None:
    """How the elements drift, and the numbers that are their positions.

    None where the inner loop writes anything but sums, reads them, or adds to an element in more than one iteration.
    """
    arrays = [p for p in inner.params if p.type.is_array]
    counted = [p for p in inner.params if not p.type.is_array]
    moving = _reached([*_reached([outer.index, *outer.params], early), *counted], body)
    varying = _reached([inner.index, *counted], body)
    ranges = Ranges(forms)
    ranges.add_index(outer, outer.index, {})
    ranges.add_index(inner, inner.index, {})

    def own(places: Sequence[Atom]) -> tuple[int, Atom] | None:
        """How an element drifts, and the position that does; if another one moves, little is shared."""
        for at in places:
            form = forms.of(at)
            if form is None or form.terms.get(inner.index) != 1 or not ranges.is_positive(form.plus(Form(1))):
                continue  # a negative position is another name for an element
            drift, others = form.terms.get(outer.index, 0), set(places) - {at}
            if others.isdisjoint(moving | varying if drift else moving):
                return drift, at
        return None

    found = []
    chains = {p: p for p in arrays}
    for s in body:
        base = next((p for p, v in chains.items() if s.args and s.args[0] is v), None)
        if base is not None:
            if s.op.name != "accumulate" or chains[base] is not base or any(v in s.args[1:] for v in chains.values()):
                return None
            found.append(own(s.args[2:]))
            chains[base] = s.target
        elif s.op.consumes or any(v in s.args for v in chains.values()):
            return None
    yields = dict(zip(inner.params, inner.body.yields, strict=True))
    if any(yields[p] is not v or v is p for p, v in chains.items()):
        return None
    known = [each for each in found if each is not None]
    drifts = {drift for drift, _ in known}
    if len(drifts) != 1 or len(known) < len(found):
        return None
    return drifts.pop(), {at for _, at in known if isinstance(at, Var) and at is not inner.index}


def _fits(nest: Nest, start: Form, stop: Form, forms: Forms) -> bool:
    """Whether the elements that the iterations of a group have in common are never less than none."""
    index, low, high = nest.outer.index, nest.last_to_start, nest.first_to_stop
    ranges = Ranges(forms)
    ranges.add_index(nest.outer, index, {})
    for known in (0, nest.together - 1):  # the iteration of the group that has the index of the proof
        starts = start.replaced(index, Form(low - known, {index: 1}))
        stops = stop.replaced(index, Form(high - known, {index: 1}))
        if ranges.is_positive(stops.plus(starts, -1).plus(Form(1 + nest.drift * (high - low)))):
            return True
    return False


# ---- what else is there ----------------------------------------------------------------------------------------------
def _is_in_phases(outer: Loop, inner: Loop, early_lets: list[Let], late_lets: list[Let]) -> bool:
    """Whether each value that the outer loop carries is used before, in or after the inner loop, in one of them."""
    lets = [*early_lets, *late_lets]
    after = {*inner.results, *(s.target for s in late_lets)}
    carried: set[Atom] = {*outer.params, *(s.target for s in lets)}
    if any(s.op.consumes and s.args[0] not in carried for s in lets):
        return False
    for p, i, r in zip(inner.params, inner.inits, inner.results, strict=True):
        if p.type.is_array and (i not in outer.params or r not in outer.body.yields):
            return False
    body = free_variables(inner.body)
    for p, y in zip(outer.params, outer.body.yields, strict=True):
        if y in inner.results:
            start = inner.inits[inner.results.index(y)]
            if start is not p or not p.type.is_array or p in body or any({p, y} & set(s.args) for s in lets):
                return False
            continue
        versions: set[Var] = {p}
        for s in lets:
            if s.op.consumes and s.args[0] in versions:
                versions.add(s.target)
        early, late = (any(not versions.isdisjoint(s.args) for s in part) for part in (early_lets, late_lets))
        within = not versions.isdisjoint({*body, *inner.inits})
        if p.type.is_array and (y not in versions or early + late + within > 1):
            return False
        if y in after and (early or within):
            return False
        if y in outer.params and y is not p:
            return False
    return True

"""Nests of two loops whose outer iterations may run side by side (floor 3).

The inner loop may do nothing to arrays but add to elements, each iteration to one of its own. The element may be the
same one in each iteration of the outer loop, or the next, or the one before: then the inner loops are compared by
elements, not by their indices, as by a skewed index (Wolfe, "Loop skewing: the wavefront method revisited", 1986).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

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


@dataclass
class Nest:
    """A loop, the one loop in its body, and what else is there.

    Attributes
    ----------
    outer, inner : Loop
        The loops.
    early, late : list of Let
        What does not depend on the inner loop of the same iteration, and what does.
    together : int
        How many iterations of the outer loop are executed side by side.
    whole : bool
        Whether these are all that there are.
    drift : int
        How far on an element is for the same index of the inner loop in the next iteration of the outer one: -1, 0 or 1.
    places : set of Var
        The positions of the elements, as far as they are computed in the inner loop.
    rises : tuple of int
        How far on are the elements with which the inner loop starts and stops: -1, 0 or 1.
    fits : bool
        Whether all iterations of a group certainly stop after the last one of them has started.
    """

    outer: Loop
    inner: Loop
    early: list[Let]
    late: list[Let]
    together: int = TOGETHER
    whole: bool = False
    drift: int = 0
    places: set[Atom] = field(default_factory=set)
    rises: tuple[int, int] = (0, 0)
    fits: bool = False

    @property
    def last_to_start(self) -> int:
        """Which iteration of a group starts with the last element."""
        return self.together - 1 if self.rises[0] > 0 else 0

    @property
    def first_to_stop(self) -> int:
        """Which iteration of a group stops at the first element."""
        return self.together - 1 if self.rises[1] < 0 else 0


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
    late = [s for s in lets if s.target in after]
    nest = Nest(outer, inner, [s for s in lets if s.target not in after], late)
    forms = Forms(outer, set())
    fits = _adds_in_place(nest, body, forms) and _is_in_phases(nest, after) and _is_long(nest) and _rises(nest, forms)
    return nest if fits else None


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


def _is_long(nest: Nest) -> bool:
    """Whether loops are not over a few numbers, which LLVM writes out; a few iterations that drift are taken at once."""
    outer = nest.outer
    if _is_known(nest.inner.stop):
        return False
    if not _is_known(outer.stop):
        return True
    if not nest.drift or not isinstance(outer.start, Const) or not isinstance(outer.stop, Const):
        return False
    turns = int(outer.stop.value) - int(outer.start.value)
    if turns <= _FEW:
        nest.together, nest.whole = turns, True
    return turns > 1


def _is_known(stop: Atom) -> bool:
    token = stop.dimension
    return token == 1 or (isinstance(token, tuple) and token[0] == "literal")


# ---- elements --------------------------------------------------------------------------------------------------------
def _adds_in_place(nest: Nest, body: Sequence[Let], forms: Forms) -> bool:
    """Whether the inner loop writes nothing but sums, each iteration to an element of its own; notes how they drift."""
    outer, inner = nest.outer, nest.inner
    arrays = [p for p in inner.params if p.type.is_array]
    own = [p for p in inner.params if not p.type.is_array]
    around = _reached([outer.index, *outer.params], nest.early)
    moving = _reached([*around, *own], body)
    varying = _reached([inner.index, *own], body)
    ranges = Ranges(forms)
    ranges.add_index(outer, outer.index, {})
    ranges.add_index(inner, inner.index, {})

    def drift_of(places: Sequence[Atom]) -> int | None:
        """How the element drifts; a negative position is another name for an element, so there may be none."""
        for at in places:
            form = forms.of(at)
            if form is None or form.terms.get(inner.index) != 1 or not ranges.is_positive(form.plus(Form(1))):
                continue
            drift, others = form.terms.get(outer.index, 0), set(places) - {at}
            if abs(drift) <= 1 and others.isdisjoint(moving | varying if drift else moving):
                nest.places.add(at)
                return drift
        return None

    drifts: set[int | None] = set()
    chains = {p: p for p in arrays}
    for s in body:
        base = next((p for p, v in chains.items() if s.args and s.args[0] is v), None)
        if base is not None:
            if s.op.name != "accumulate" or chains[base] is not base or any(v in s.args[1:] for v in chains.values()):
                return False
            drifts.add(drift_of(s.args[2:]))
            chains[base] = s.target
        elif s.op.consumes or any(v in s.args for v in chains.values()):
            return False
    yields = dict(zip(inner.params, inner.body.yields, strict=True))
    if len(drifts) != 1 or any(yields[p] is not v or v is p for p, v in chains.items()):
        return False
    drift = drifts.pop()
    nest.drift = drift or 0
    return drift is not None


def _rises(nest: Nest, forms: Forms) -> bool:
    """Note how far on the inner loops start and stop; False where that is not known, or too far."""
    outer, inner = nest.outer, nest.inner
    start, stop = forms.of(inner.start), forms.of(inner.stop)
    if start is None or stop is None:
        return False
    rises = [form.terms.get(outer.index, 0) + nest.drift for form in (start, stop)]
    nest.rises = rises[0], rises[1]
    ranges = Ranges(forms)
    ranges.add_index(outer, outer.index, {})
    low, high = nest.last_to_start, nest.first_to_stop
    common = Form(1 + nest.drift * (high - low))
    for known in (0, nest.together - 1):  # the iteration of the group that has the index of the proof
        moved = [
            form.replaced(outer.index, Form(k - known, {outer.index: 1})) for form, k in ((start, low), (stop, high))
        ]
        nest.fits = nest.fits or ranges.is_positive(common.plus(moved[1]).plus(moved[0], -1))
    return all(abs(rise) <= 1 for rise in rises)


# ---- what else is there ----------------------------------------------------------------------------------------------
def _is_in_phases(nest: Nest, after: set[Atom]) -> bool:
    """Whether each value that the outer loop carries is used before, in or after the inner loop, in one of them."""
    outer, inner = nest.outer, nest.inner
    lets = [*nest.early, *nest.late]
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
        early, late = (any(not versions.isdisjoint(s.args) for s in part) for part in (nest.early, nest.late))
        within = not versions.isdisjoint({*body, *inner.inits})
        if p.type.is_array and (y not in versions or early + late + within > 1):
            return False
        if y in after and (early or within):
            return False
        if y in outer.params and y is not p:
            return False
    return True

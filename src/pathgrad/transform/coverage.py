"""Which elements of an array have been written before they are read (floor 3).

What is written is a list of boxes: for each axis a half-open interval whose ends are affine in loop indices and in
lengths (`affine`). A loop over `k` that writes the element `k` has written all elements before `k` when an iteration
starts, and those of its whole range when it ends.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..ir import Atom, Branch, Let, Loop, Statement, Type, Var, While
from ..ir.liveness import statement_reads
from ..ops import Index, Integer, NewAxis
from .affine import Form, Forms, Ranges, direction
from .extents import form_of_length

__all__ = ["is_written_first"]

_Interval = tuple[Form, Form]
_Box = tuple[_Interval, ...]
#: For each version of the array that is not written completely: what is.
_Written = dict[Var, list[_Box]]


class _ReadError(Exception):
    """Something is read that may not have been written."""


def is_written_first(loop: Loop | While, position: int) -> bool:
    """Whether no iteration reads what a carried array held when the iteration started.

    Parameters
    ----------
    loop : Loop or While
        The loop.
    position : int
        Which of the variables that it carries is the array.

    Returns
    -------
    bool
        False also where it is not known.
    """
    array = loop.params[position]
    if not isinstance(array.type, Type) or not array.type.rank:
        return False
    coverage = _Coverage(loop, array.type)
    written: _Written = {array: []}
    try:
        if isinstance(loop, While):
            coverage.statements(loop.condition.statements, written)
            coverage.refuse(loop.condition.yields, written)
        coverage.statements(loop.body.statements, written)
        others = [a for k, a in enumerate(loop.body.yields) if k != position]
        coverage.refuse(others, written)
    except _ReadError:
        return False
    return True


class _Coverage:
    def __init__(self, loop: Loop | While, type_: Type) -> None:
        self.forms = Forms(loop, set())
        self.ranges = Ranges(self.forms)
        if isinstance(loop, Loop):
            self.ranges.add_index(loop, loop.index, {})
        self.lengths = [form_of_length(token) for token in type_.dims]
        #: off while it is found out what an iteration writes
        self.checking = True

    # ---- statements --------------------------------------------------------------------------------------------------
    def statements(self, statements: Sequence[Statement], written: _Written) -> None:
        """Follow the statements; ``written`` receives the versions that they make."""
        for s in statements:
            if isinstance(s, Let):
                self.let(s, written)
            elif isinstance(s, Branch):
                self.branch(s, written)
            elif isinstance(s, Loop | While):
                self.loop(s, written)
            else:
                self.refuse(s.args, written)

    def refuse(self, atoms: Sequence[Atom], written: _Written) -> None:
        """None of these may be a version that is not written completely."""
        if any(a in written for a in atoms):
            raise _ReadError

    def let(self, s: Let, written: _Written) -> None:
        reads = statement_reads(s, contents_only=True)
        if reads.isdisjoint(written):
            return
        base = s.args[0]
        if base not in written or s.op.name not in ("store", "accumulate", "load"):
            raise _ReadError
        assert isinstance(base, Var)
        numbers = s.args[1:] if s.op.name == "load" else s.args[2:]
        self.refuse(s.args[1:], written)
        box = self.box(s.params["index"], numbers)
        if s.op.name != "store":
            self.need(box, written[base])
        if s.op.name != "load":
            boxes = list(written[base])
            if s.op.name == "store" and box is not None and self.is_from_the_start(box):
                boxes = _merged([*boxes, box])
            self.put(s.target, boxes, written)

    def put(self, v: Var, boxes: list[_Box], written: _Written) -> None:
        """Note what of a version is written, unless it is all."""
        if not any(self.is_whole(box) for box in boxes):
            written[v] = boxes

    def branch(self, s: Branch, written: _Written) -> None:
        arms = []
        for arm in (s.then, s.orelse):
            inside = dict(written)
            self.statements(arm.statements, inside)
            arms.append(inside)
        for result, one, other in zip(s.results, s.then.yields, s.orelse.yields, strict=True):
            found = [inside[a] for a, inside in zip((one, other), arms, strict=True) if a in inside]
            if found:
                written[result] = [box for box in found[0] if all(box in boxes for boxes in found[1:])]

    # ---- loops -------------------------------------------------------------------------------------------------------
    def loop(self, s: Loop | While, written: _Written) -> None:
        carried = {p: written[i] for p, i in zip(s.params, s.inits, strict=True) if i in written}
        count = len(self.ranges.bounds)
        if isinstance(s, Loop):
            self.ranges.add_index(s, s.index, {})
        if isinstance(s, While):
            self.statements(s.condition.statements, {**written, **carried})
        each = self.iteration(s, {**written, **carried}, carried)
        if isinstance(s, Loop):
            new = {p: [b for b in boxes if b not in carried[p]] for p, boxes in each.items()}
            before = {p: _merged([*carried[p], *self.swept(s, new.get(p, []), True)]) for p in carried}
            after = {p: _merged([*carried[p], *self.swept(s, new.get(p, []), False)]) for p in carried}
        else:
            before = after = carried
        if self.checking and carried:
            self.iteration(s, {**written, **before}, carried)
        del self.ranges.bounds[count:]
        for p, result in zip(s.params, s.results, strict=True):
            if p in carried:
                self.put(result, after[p], written)

    def iteration(self, s: Loop | While, inside: _Written, carried: _Written) -> _Written:
        """What an iteration has written of each carried version; unchecked unless nothing else is known of it."""
        checking = self.checking
        first = any(inside[p] is carried[p] for p in carried)
        self.checking = checking and not first
        try:
            self.statements(s.body.statements, inside)
        finally:
            self.checking = checking
        each: _Written = {}
        for k, y in enumerate(s.body.yields):
            p = s.params[k] if k < len(s.params) else None
            if y not in inside:
                if p in carried and p is not None:
                    each[p] = [] if None in self.lengths else [tuple((Form(), n) for n in self.lengths if n)]
                continue
            if p is None or p not in carried:
                raise _ReadError
            each[p] = inside[y]
            if any(not any(self.is_inside(box, b) for b in each[p]) for box in carried[p]):
                raise _ReadError
        return each

    def swept(self, s: Loop, boxes: list[_Box], before: bool) -> list[_Box]:
        """What all iterations have written (or, ``before``, those that came before the present one)."""
        start, stop = self.forms.of(s.start), self.forms.of(s.stop)
        sign = direction(s)
        step = getattr(s.step, "value", 0)
        if start is None or stop is None or abs(step) != 1:
            return []
        least, end = (start, stop) if step == 1 else (stop.plus(Form(1)), start.plus(Form(1)))
        result: list[_Box] = []
        for box in boxes:
            moving = [k for k, ends in enumerate(box) if any(s.index in form.terms for form in ends)]
            if not moving and before:
                continue
            if not moving:
                if not s.exits and self.ranges_before(s).is_positive(end.plus(least, -1)):
                    result.append(box)
                continue
            if len(moving) > 1 or (s.exits and not before):
                continue
            low, high = box[moving[0]]
            if low.terms.get(s.index) != 1 or high != low.plus(Form(1)):
                continue
            here, offset = Form(0, {s.index: 1}), low.plus(Form(0, {s.index: 1}), -1)
            ends = least, end
            if before:
                ends = (least, here) if sign > 0 else (here.plus(Form(1)), end)
            interval = ends[0].plus(offset), ends[1].plus(offset)
            result.append((*box[: moving[0]], interval, *box[moving[0] + 1 :]))
        return result

    def ranges_before(self, s: Loop) -> Ranges:
        """The ranges of the loops around ``s``."""
        ranges = Ranges(self.forms)
        ranges.bounds = [b for b in self.ranges.bounds if b[0] is not s.index]
        return ranges

    # ---- boxes -------------------------------------------------------------------------------------------------------
    def box(self, index: Index, atoms: Sequence[Atom]) -> _Box | None:
        """The elements that an index selects; None where that is not known."""
        numbers = iter(atoms)
        lengths = iter(self.lengths)
        result: list[_Interval] = []
        known = True
        for item in index.items:
            if isinstance(item, NewAxis):
                continue
            length = next(lengths)
            low: Form | None
            high: Form | None
            if isinstance(item, Integer):
                low = self.forms.of(next(numbers))
                high = low and low.plus(Form(1))
            else:
                low = self.forms.of(next(numbers)) if item.start else Form()
                high = self.forms.of(next(numbers)) if item.stop else length
                known = known and not item.step
                known = known and high is not None and self.is_least(high, Form())
                if item.step:
                    next(numbers)
            if low is None or high is None:
                known = False
            else:
                result.append((low, high))
        for length in lengths:
            if length is None:
                known = False
            else:
                result.append((Form(), length))
        return tuple(result) if known else None

    def need(self, box: _Box | None, boxes: list[_Box]) -> None:
        """Refuse a read of what may not have been written."""
        if self.checking and (box is None or not any(self.is_inside(box, b) for b in boxes)):
            raise _ReadError

    def is_least(self, form: Form, other: Form) -> bool:
        """Whether a form is certainly at least another."""
        return self.ranges.is_positive(form.plus(other, -1).plus(Form(1)))

    def is_from_the_start(self, box: _Box) -> bool:
        """Whether no position counts from the end; the last one of an empty axis is an error in any case."""
        return all(
            self.is_least(low, Form()) or (length is not None and low == length.plus(Form(1), -1))
            for (low, _), length in zip(box, self.lengths, strict=True)
        )

    def is_inside(self, box: _Box, other: _Box) -> bool:
        """Whether a box is certainly a part of another."""
        return all(
            self.is_least(low, least) and self.is_least(end, high)
            for (low, high), (least, end) in zip(box, other, strict=True)
        )

    def is_whole(self, box: _Box) -> bool:
        """Whether a box is certainly the whole array."""
        return all(
            length is not None and self.is_least(Form(), low) and self.is_least(high, length)
            for (low, high), length in zip(box, self.lengths, strict=True)
        )


def _merged(boxes: list[_Box]) -> list[_Box]:
    """The boxes, those that lie side by side made one."""
    result: list[_Box] = []
    for box in boxes:
        merging = True
        while merging:
            merging = False
            for other in result:
                union = _union(box, other)
                if union is not None:
                    result.remove(other)
                    box, merging = union, True
                    break
        result.append(box)
    return result


def _union(a: _Box, b: _Box) -> _Box | None:
    different = [k for k, (one, other) in enumerate(zip(a, b, strict=True)) if one != other]
    if not different:
        return a
    if len(different) > 1:
        return None
    k = different[0]
    for (low, end), (start, high) in ((a[k], b[k]), (b[k], a[k])):
        if end == start:
            return (*a[:k], (low, high), *a[k + 1 :])
    return None

"""Which loops have iterations that wait for each other (floor 3).

Iterations wait for nothing where all that they hand on are sums or products, numbers that are computed anew in each
iteration, and arrays of which each iteration reads and writes its own elements. Compilers run several iterations of
such loops at once; of all others none.
"""

from __future__ import annotations

from ..ir import Atom, Branch, Let, Loop, Var, defined, walk
from ..ir.liveness import statement_reads
from .affine import Form, Forms

__all__ = ["is_recurrent"]

_KINDS = {"add": "sum", "subtract": "sum", "multiply": "product"}


def is_recurrent(loop: Loop) -> bool:
    """Whether an iteration may need what the one before it has computed.

    Parameters
    ----------
    loop : Loop
        A loop whose body has no loops.
    """
    depending = _depending(loop)
    for k, param in enumerate(loop.params):
        if param.type.is_array:
            if not _has_own_elements(loop, param):
                return True
        elif loop.body.yields[k] in depending and not _is_total(loop, k):
            return True
    return False


def _depending(loop: Loop) -> set[Atom]:
    """What is computed from what the loop carries."""
    found: set[Atom] = set(loop.params)
    for s in walk(loop.body):
        if not found.isdisjoint(statement_reads(s)):
            found.update(defined(s))
    return found


def _is_total(loop: Loop, k: int) -> bool:
    """Whether all that is done to a carried number is to add to it, or to multiply it."""
    present, kind = loop.params[k], ""
    past: set[Var] = {present}
    for s in loop.body.statements:
        if past.isdisjoint(statement_reads(s)):
            continue
        own = _KINDS.get(s.op.name, "") if isinstance(s, Let) else ""
        if not isinstance(s, Let) or not own or kind not in ("", own) or not _continues(s, present):
            return False
        if sum(a in past for a in s.args) != 1:
            return False
        kind, present = own, s.target
        past.add(present)
    return [a for a in loop.body.yields if a in past] == [present] == [loop.body.yields[k]]


def _continues(s: Let, total: Var) -> bool:
    return s.args[0] is total or (s.op.name != "subtract" and s.args[1] is total)


def _has_own_elements(loop: Loop, array: Var) -> bool:
    """Whether each iteration reads and writes elements of an array that no other one touches."""
    versions: set[Atom] = {array}
    forms = Forms(loop, set())
    common: list[tuple[int, Form]] | None = None
    for s in walk(loop.body):
        if versions.isdisjoint(statement_reads(s)):
            continue
        if isinstance(s, Branch):
            versions.update(v for v in defined(s) if v.type.is_array)
            continue
        if not isinstance(s, Let) or s.op.name not in ("load", "store", "accumulate"):
            return False
        if not s.params["index"].is_element or not versions.isdisjoint(s.args[1:]):
            return False
        if s.op.consumes:
            versions.add(s.target)
        places = _places(s, forms)
        common = places if common is None else [p for p in common if p in places]
    return common is None or any(form.terms.get(loop.index) for _, form in common)


def _places(s: Let, forms: Forms) -> list[tuple[int, Form]]:
    """The positions that a statement reads or writes, each with its axis, as far as they are sums."""
    numbers = s.args[1 if s.op.name == "load" else 2 :]
    found = [(axis, forms.of(a)) for axis, a in enumerate(numbers)]
    return [(axis, form) for axis, form in found if form is not None]

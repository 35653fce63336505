"""Which statements compute a derivative and nothing else (floor 4).

A value is IEEE arithmetic in the order of the program. A derivative is a sum over paths of products of labels, and is
as right in one order as in another: its products may go into sums unrounded, and a division is a product with the
reciprocal, of which the label speaks anyway. That holds where nothing that decides reads the result: a branch, a
position, a comparison, a choice at a kink would then depend on how it was rounded, and a sweep that computes it again
could decide otherwise.
"""

from __future__ import annotations

from ....ir import Atom, Branch, Call, Let, Loop, Program, Statement, Type, Var, While, is_float, walk

__all__ = ["loose_results"]

_DERIVATIVE = ("adjoint", "tangent")
#: What a derivative may go through although it chooses: only its first operand decides.
_CHOICES = ("where", "extend")
#: What only moves numbers: where a function hands on a derivative, it is a derivative still.
_MOVES = ("store", "load", "pack", "stack", "concatenate", "copy", "transpose", "reshape", "expand_dims")


def loose_results(program: Program) -> set[Var]:
    """The results of derivative arithmetic that nothing strict depends on.

    Parameters
    ----------
    program : Program
        A program.

    Returns
    -------
    set of Var
        Targets of statements whose role is that of a derivative.
    """
    sources: dict[Var, list[Atom]] = {}
    waiting: list[Atom] = []
    own: list[Var] = []
    for s in walk(program.body):
        _follow(s, sources)
        waiting += _strict(s)
        if isinstance(s, Let) and s.role in _DERIVATIVE:
            own.append(s.target)
    if not own:
        return set()
    strict: set[Var] = set()
    while waiting:
        atom = waiting.pop()
        if isinstance(atom, Var) and atom not in strict:
            strict.add(atom)
            waiting += sources.get(atom, ())
    return {v for v in own if v not in strict}


def _follow(s: Statement, sources: dict[Var, list[Atom]]) -> None:
    """Note what the variables that a statement assigns are made from."""
    if isinstance(s, Let):
        sources[s.target] = list(s.args)
    elif isinstance(s, Call):
        sources.update({r: list(s.args) for r in s.results})
    elif isinstance(s, Branch):
        for r, a, b in zip(s.results, s.then.yields, s.orelse.yields, strict=True):
            sources[r] = [a, b]
    else:
        for p, r, init, after in zip(s.params, s.results, s.inits, s.body.yields, strict=False):
            sources[p] = sources[r] = [init, after]


def _strict(s: Statement) -> list[Atom]:
    """The operands of a statement that must be what IEEE arithmetic gives."""
    if isinstance(s, Branch):
        return [s.condition]
    if isinstance(s, Loop):
        return [s.start, s.stop, s.step, *(s.body.yields[-1:] if s.exits else ())]
    if isinstance(s, While):
        return [s.condition.yields[0], *(s.body.yields[-1:] if s.exits else ())]
    if isinstance(s, Call):
        return [] if s.role in _DERIVATIVE else list(s.args)
    if s.role == "kept":
        return []
    if s.op.name in _MOVES:
        return [a for a in s.args if not is_float(a.type)]
    if s.role not in _DERIVATIVE:
        return list(s.args)
    if s.op.name in _CHOICES:
        return list(s.args[:1]) if s.op.name == "where" else []
    type_ = s.target.type
    decides = s.op.selects or bool(s.op.kinks) or not isinstance(type_, Type) or type_.dtype not in ("f64", "f32")
    return list(s.args) if decides else []

"""Which variables carry derivatives (floor 3).

A variable is *varied* if it depends on an active input, *useful* if an output depends on it, both through labels that
exist; it is *active* if it is both (Griewank and Walther, "Evaluating Derivatives", 2008, section 6.2). A variable is
*wild* unless it is provably finite for finite inputs: only labels with wild factors need the test that keeps a path
which was not taken at zero.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..ir import Atom, Block, Branch, Call, Const, Let, ListType, Loop, Program, Statement, Var, While, is_float, walk
from ..ops import Op

__all__ = ["differentiable_operands", "selects", "useful", "varied", "wild"]


def differentiable_operands(let: Let) -> list[int]:
    """The operands through which a statement carries derivatives."""
    op = let.op
    if not is_float(let.target.type):
        return []
    if op.facts.get("storage"):
        return {"push": [0, 1], "pop": [0], "recall": [0], "last": [0], "add_at": [0, 1], "add_lists": [0, 1]}.get(
            op.name, []
        )
    kind = op.facts.get("variadic")
    if kind == "arrays":
        positions: Iterable[int] = range(len(let.args))
    else:
        positions = [k for k, label in enumerate(op.labels) if label is not None]
    return [k for k in positions if is_float(let.args[k].type)]


def varied(program: Program, active: Iterable[Var]) -> set[Var]:
    """The variables that depend on ``active`` inputs."""
    found = set(active)
    size = -1
    while len(found) != size:
        size = len(found)
        _spread(program.body, found)
    return found


def _mark(pairs: Iterable[tuple[Var, Atom]], found: set[Var]) -> None:
    """Targets of varied sources are varied; a list is varied as a whole, from its first version on."""
    for target, source in pairs:
        if isinstance(source, Var) and source in found and is_float(target.type):
            found.add(target)
        if isinstance(target.type, ListType) and target in found and isinstance(source, Var):
            found.add(source)


def _spread(block: Block, found: set[Var]) -> None:
    for s in block.statements:
        if isinstance(s, Let):
            if any(s.args[k] in found for k in differentiable_operands(s)):
                found.add(s.target)
            if isinstance(s.target.type, ListType) and s.target in found and s.op.consumes:
                _mark([(s.target, s.args[0])], found)
        elif isinstance(s, Call):
            if any(a in found for a in s.args):
                found.update(r for r in s.results if is_float(r.type))
        elif isinstance(s, Branch):
            for arm in (s.then, s.orelse):
                _spread(arm, found)
                _mark(zip(s.results, arm.yields, strict=True), found)
        else:
            _mark(zip(s.params, s.inits, strict=True), found)
            _spread(s.body, found)
            count = len(s.params)
            _mark(zip(s.params, s.body.yields[:count], strict=True), found)
            _mark(zip(s.results, s.body.yields[:count], strict=True), found)
            _mark(zip(s.results, s.params, strict=True), found)


def useful(program: Program, outputs: Iterable[Atom]) -> set[Var]:
    """The variables on which ``outputs`` depend."""
    found = {a for a in outputs if isinstance(a, Var)}
    size = -1
    while len(found) != size:
        size = len(found)
        _gather(program.body, found)
    return found


def _add(atom: Atom, found: set[Var]) -> None:
    if isinstance(atom, Var) and is_float(atom.type):
        found.add(atom)


def _gather(block: Block, found: set[Var]) -> None:
    for s in reversed(block.statements):
        if isinstance(s, Let):
            if s.target in found:
                for k in differentiable_operands(s):
                    _add(s.args[k], found)
        elif isinstance(s, Call):
            if any(r in found for r in s.results):
                for atom in s.args:
                    _add(atom, found)
        elif isinstance(s, Branch):
            for arm in (s.then, s.orelse):
                for result, atom in zip(s.results, arm.yields, strict=True):
                    if result in found:
                        _add(atom, found)
                _gather(arm, found)
        else:
            _gather_loop(s, found)


def _gather_loop(s: Loop | While, found: set[Var]) -> None:
    for result, param, atom, init in zip(s.results, s.params, s.body.yields, s.inits, strict=False):
        if result in found:
            found.add(param)
        if param in found:
            _add(atom, found)
            _add(init, found)
            if is_float(result.type):
                found.add(result)
    _gather(s.body, found)
    for param, atom, init in zip(s.params, s.body.yields, s.inits, strict=False):
        if param in found:
            _add(atom, found)
            _add(init, found)


def wild(program: Program, inputs_too: bool) -> set[Var]:
    """The variables that are not provably finite for finite inputs."""
    found: set[Var] = set(program.inputs) if inputs_too else set()
    size = -1
    while len(found) != size:
        size = len(found)
        _run_wild(program.body, found)
    return found


def _gives_wild(program: Program) -> bool:
    """Whether a program may give infinite or undefined numbers for finite inputs; recursive ones may."""
    if "gives wild" not in program.derived:
        program.derived["gives wild"] = True
        found = wild(program, inputs_too=False)
        program.derived["gives wild"] = any(a in found for a in program.outputs)
    answer: bool = program.derived["gives wild"]
    return answer


def selects(program: Program) -> bool:
    """Whether a program may leave a path untaken, so that derivatives behind it are zero."""
    if "selects" not in program.derived:
        program.derived["selects"] = False
        program.derived["selects"] = any(
            isinstance(s, Branch)
            or (isinstance(s, Let) and s.op.selects)
            or (isinstance(s, Call) and selects(s.program))
            for s in walk(program.body)
        )
    answer: bool = program.derived["selects"]
    return answer


def _is_total(op: Op, let: Let) -> bool:
    if op.name in ("divide", "remainder", "floor_divide") and isinstance(let.args[1], Const):
        return bool(let.args[1].value != 0)
    if op.name == "power" and isinstance(let.args[1], Const):
        exponent = let.args[1].value
        return bool(exponent >= 0 and float(exponent).is_integer())
    return op.total


def _run_wild(block: Block, found: set[Var]) -> None:
    def flow(pairs: Iterable[tuple[Var, Atom]]) -> None:
        found.update(target for target, source in pairs if source in found)

    s: Statement
    for s in block.statements:
        if isinstance(s, Let):
            if not _is_total(s.op, s) or any(a in found for a in s.args):
                found.add(s.target)
        elif isinstance(s, Call):
            if any(a in found for a in s.args) or _gives_wild(s.program):
                found.update(s.results)
        elif isinstance(s, Branch):
            for arm in (s.then, s.orelse):
                _run_wild(arm, found)
                flow(zip(s.results, arm.yields, strict=True))
        else:
            flow(zip(s.params, s.inits, strict=True))
            _run_wild(s.body, found)
            flow(zip(s.params, s.body.yields, strict=False))
            flow(zip(s.results, s.params, strict=True))

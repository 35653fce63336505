"""Which loops have iterations that are independent apart from sums (floor 4).

Every carried value must be one of five things, by a proof that errs on the safe side:

- a *sum*: each iteration only adds to the number;
- a number that is *handed* on to the next iteration alone, which could compute it itself: a thread begins with that;
- an array that each iteration only adds to (``added``): a thread adds to zeros of its own;
- an array of which iteration ``i`` reads and writes positions ``[..., i + c, ...]`` only, or strips of them
  that are no longer than the loop's step (``divided``);
- an array that each iteration overwrites before it reads it (``scratch``): a thread has one of its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from ....ir import (
    Atom,
    Block,
    Branch,
    Const,
    Let,
    ListType,
    Loop,
    Statement,
    Type,
    Var,
    bound_inside,
    defined,
    walk,
)
from ....ir.liveness import statement_reads
from ....ops.indexing import Index, Integer, NewAxis
from .definitions import distance_from
from .stationary import is_stationary

__all__ = ["Independence", "free_atoms", "handed_on", "independence"]


@dataclass
class Independence:
    """What the carried values of a loop are, by position."""

    sums: list[int] = field(default_factory=list)
    handed: list[int] = field(default_factory=list)
    added: list[int] = field(default_factory=list)
    divided: list[int] = field(default_factory=list)
    scratch: list[int] = field(default_factory=list)


def independence(loop: Loop) -> Independence | None:
    """What each carried value is; None where iterations may depend on each other."""
    if loop.exits or loop.trips is not None or not isinstance(loop.step, Const):
        return None
    if any(isinstance(p.type, ListType) for p in loop.params):
        return None
    found = Independence()
    for k, param in enumerate(loop.params):
        if not param.type.is_array:
            if _is_sum(loop.body, param, k):
                found.sums.append(k)
            elif handed_on(loop, k) is not None:
                found.handed.append(k)
            else:
                return None
            continue
        uses = _Uses(loop)
        if not is_stationary(loop, k) or not uses.block(loop.body, {param}):
            return None
        if uses.divided():
            found.divided.append(k)
        elif uses.only_added() and isinstance(param.type, Type) and param.type.dtype in ("f64", "f32"):
            found.added.append(k)
        elif _Scratch(loop).overwritten(loop.body, {param}) is True:
            found.scratch.append(k)
        else:
            return None
    return found


# ---- sums ------------------------------------------------------------------------------------------------------------
def _is_sum(block: Block, param: Var, k: int) -> bool:
    if not isinstance(param.type, Type) or param.type.dtype not in ("f64", "f32", "i64"):
        return False
    end = _followed(block, param)
    return end is not None and [a is end for a in block.yields] == [j == k for j in range(len(block.yields))]


def _followed(block: Block, start: Var) -> Var | None:
    """The sum at the end of a block that starts as ``start``; None where anything else is done with it."""
    present = start
    for s in block.statements:
        if present not in statement_reads(s):
            continue
        if isinstance(s, Let):
            places = [j for j, a in enumerate(s.args) if a is present]
            fits = places in ([0], [1]) if s.op.name == "add" else s.op.name == "subtract" and places == [0]
            if not fits or s.target.type != present.type:
                return None
            present = s.target
        elif isinstance(s, Loop) and not s.exits:
            places = [j for j, a in enumerate(s.inits) if a is present]
            if len(places) != 1 or any(a is present for a in (s.start, s.stop, s.step)):
                return None
            if present in _read_inside(s) or not _is_sum(s.body, s.params[places[0]], places[0]):
                return None
            present = s.results[places[0]]
        elif isinstance(s, Branch) and s.condition is not present:
            ends = [_followed(arm, present) for arm in (s.then, s.orelse)]
            places = [j for j in range(len(s.results)) if s.then.yields[j] is ends[0]]
            if ends[0] is None or ends[1] is None or len(places) != 1:
                return None
            if [j for j in range(len(s.results)) if s.orelse.yields[j] is ends[1]] != places:
                return None
            present = s.results[places[0]]
        else:
            return None
    return present


def _read_inside(s: Loop) -> set[Var]:
    """What the body of a loop reads from outside."""
    read: set[Var] = set()
    for inner in s.body.statements:
        read |= statement_reads(inner)
    return read | {a for a in s.body.yields if isinstance(a, Var)}


# ---- numbers for the next iteration ----------------------------------------------------------------------------------
def handed_on(loop: Loop, k: int) -> list[Let] | None:
    """The statements that compute what the k-th carried value is next, if they need nothing that the loop carries."""
    definitions = {s.target: s for s in loop.body.statements if isinstance(s, Let)}
    inside = {*loop.params, *_assigned(loop.body.statements)}
    needed: dict[Var, Let] = {}
    waiting: list[Atom] = [loop.body.yields[k]]
    while waiting:
        atom = waiting.pop()
        if not isinstance(atom, Var) or atom not in inside or atom in needed:
            continue
        s = definitions.get(atom)
        if s is None or s.op.consumes or s.target.type.is_array:
            return None
        needed[atom] = s
        waiting += s.args
    return [s for s in loop.body.statements if isinstance(s, Let) and s.target in needed]


# ---- arrays ----------------------------------------------------------------------------------------------------------
class _Uses:
    """What the body of a loop does with an array, in all its versions."""

    def __init__(self, loop: Loop) -> None:
        self.loop = loop
        self.lets: list[Let] = []
        self.definitions = {s.target: s for s in walk(loop.body) if isinstance(s, Let)}

    def block(self, block: Block, versions: set[Var]) -> bool:
        """Note the uses in a block; False where something else than a `Let` reads the array."""
        return all(self.statement(s, versions) for s in block.statements)

    def statement(self, s: Statement, versions: set[Var]) -> bool:
        if versions.isdisjoint(statement_reads(s, contents_only=True)):
            return True
        if isinstance(s, Let):
            self.lets.append(s)
            if s.op.name in ("store", "accumulate") and s.args[0] in versions:
                versions.add(s.target)
                return versions.isdisjoint(a for a in s.args[1:] if isinstance(a, Var))
            return s.op.name == "load"
        if isinstance(s, Loop):
            for k, init in enumerate(s.inits):
                if init in versions:
                    if not is_stationary(s, k):
                        return False
                    versions |= {s.params[k], s.results[k]}
            return self.block(s.body, versions)
        if isinstance(s, Branch):
            if not (self.block(s.then, versions) and self.block(s.orelse, versions)):
                return False
            versions.update(
                r
                for r, a, b in zip(s.results, s.then.yields, s.orelse.yields, strict=True)
                if a in versions and b in versions
            )
            return all((a in versions) == (b in versions) for a, b in zip(s.then.yields, s.orelse.yields, strict=True))
        return False

    def only_added(self) -> bool:
        """Whether every use adds to the array."""
        return all(s.op.name == "accumulate" for s in self.lets)

    def divided(self) -> bool:
        """Whether every use is at one distance from the loop's index, in one axis."""
        places: set[tuple[int, int]] | None = None
        for s in self.lets:
            own = self.places(s)
            places = own if places is None else places & own
        return bool(places) and any(self.never_wraps(distance) for _, distance in places or ())

    def places(self, s: Let) -> set[tuple[int, int]]:
        """The axes in which a statement is at a distance from the index, with the distances."""
        index = s.params["index"]
        assert isinstance(index, Index)
        numbers = iter(s.args[1 if s.op.name == "load" else 2 :])
        found: set[tuple[int, int]] = set()
        axis = 0
        for item in index.items:
            if isinstance(item, NewAxis):
                continue
            if isinstance(item, Integer):
                distance = self.distance(next(numbers))
                if distance is not None:
                    found.add((axis, distance))
            else:
                ends = [next(numbers) if present else None for present in (item.start, item.stop, item.step)]
                distance = self.strip(*ends)
                if distance is not None:
                    found.add((axis, distance))
            axis += 1
        return found

    def strip(self, start: Atom | None, stop: Atom | None, step: Atom | None) -> int | None:
        """How far a slice's start is from the loop's index, if the slice is no longer than the loop's step."""
        width = self.loop.step
        if start is None or stop is None or step is not None or not isinstance(width, Const):
            return None
        first, end = self.distance(start), self.distance(stop)
        fits = first is not None and end is not None and first <= end <= first + int(width.value)
        return first if fits else None

    def distance(self, atom: Atom) -> int | None:
        """How far a position is from the loop's index; None where it is something else."""
        return distance_from(self.loop.index, atom, self.definitions)

    def never_wraps(self, distance: int) -> bool:
        """Whether positions at this distance are never negative: those would count from the end."""
        loop = self.loop
        assert isinstance(loop.step, Const)
        low = loop.start if loop.step.value > 0 else loop.stop
        if not isinstance(low, Const):
            return False
        return bool(int(low.value) + (loop.step.value < 0) + distance >= 0)


class _Scratch:
    """Whether an array is overwritten in each iteration before it is read."""

    def __init__(self, loop: Loop) -> None:
        # what is assigned in the body may differ between iterations
        self.varying = bound_inside(loop)

    def overwritten(self, block: Block, versions: set[Var]) -> bool | None:
        """True if a block overwrites all before reading any, None if it leaves the array alone, else False."""
        for s in block.statements:
            if versions.isdisjoint(statement_reads(s, contents_only=True)):
                continue
            if isinstance(s, Let):
                whole = s.op.name == "store" and s.args[0] in versions and not s.params["index"].items
                return whole and versions.isdisjoint(a for a in s.args[1:] if isinstance(a, Var))
            if not isinstance(s, Loop) or s.exits:
                return False
            places = [k for k, init in enumerate(s.inits) if init in versions]
            if len(places) != 1 or not versions.isdisjoint(_read_inside(s)):
                return False
            if any(a in self.varying for a in (s.start, s.stop, s.step)):
                return False
            param = s.params[places[0]]
            return self.fills(s, param) or self.overwritten(s.body, {param}) is True
        return None

    def fills(self, s: Loop, param: Var) -> bool:
        """Whether a loop writes each element of a vector, and reads only what the iteration has written."""
        type_ = param.type
        if not isinstance(type_, Type) or type_.rank != 1 or type_.dims[0] is None:
            return False
        ends = isinstance(s.start, Const) and s.start.value == 0 and isinstance(s.step, Const) and s.step.value == 1
        if not ends or _token(s.stop) != type_.dims[0]:
            return False
        uses = _Uses(s)
        if not uses.block(s.body, {param}) or not uses.lets:
            return False
        first = uses.lets[0]
        at_own_place = all((0, 0) in uses.places(x) and x.params["index"].is_element for x in uses.lets)
        return at_own_place and bool(first.op.name == "store") and first in s.body.statements


def _token(atom: Atom) -> object:
    return atom.dimension


def free_atoms(loop: Loop) -> set[Var]:
    """The variables from outside that a loop reads, its carried values excluded."""
    ends = {a for a in (loop.start, loop.stop, loop.step) if isinstance(a, Var)}
    return ends | (_read_inside(loop) - {loop.index, *loop.params} - _assigned(loop.body.statements))


def _assigned(statements: Iterable[Statement]) -> set[Var]:
    return {v for s in statements for v in defined(s)}

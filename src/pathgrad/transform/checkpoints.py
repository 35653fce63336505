"""The adjoint of a loop with checkpoints (floor 3).

The forward sweep keeps a few states (what the loop carries, at the start of an iteration) on a stack. The backward
sweep takes the newest, runs from there to the iteration whose turn it is, keeping further states on the way while there
is room, and executes that iteration again before its adjoint. How far it runs from one state to the next is decided by
`schedule`. All is ordinary program: a ``while`` around the user's loop, twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from ..ir import I64, Atom, Block, Builder, Call, ListType, Loop, Statement, Var, While, constant
from ..ir.liveness import free_variables, statement_reads
from ..ops import TABLE
from .keeper import literal_int
from .residuals import prepend
from .schedule import checkpoint_stride, checkpoint_total, scheduling_program
from .scope import Past, Scope
from .simplify import clone_block

__all__ = ["cut_checkpointed"]

_LARGEST = 10**9


def cut_checkpointed(
    s: Loop, backward: Block, params: list[Var], inits: list[Atom], results: list[Var], builder: Builder
) -> list[Statement]:
    """Append the backward loop; return the forward statements that replace the loop.

    Parameters
    ----------
    s : Loop
        The loop; its body may already keep what the adjoints of inner loops read.
    backward : Block
        The adjoint of one iteration, which reads variables of the body.
    params, inits, results
        The cotangents that the backward loop carries.
    builder : Builder
        Where the backward loop goes.
    """
    return _Cut(s, builder).run(backward, params, inits, results)


class _Stack(NamedTuple):
    """The kept states: a list for each carried variable, the list of their places, and how many may still be kept."""

    lists: list[Atom]
    places: Atom
    free: Atom

    @property
    def atoms(self) -> list[Atom]:
        return [*self.lists, self.places, self.free]


class _Cut:
    def __init__(self, s: Loop, builder: Builder) -> None:
        self.s, self.builder = s, builder
        #: places are the loop's own indices where it counts by ones, and iterations counted from 0 elsewhere
        self.by_index = literal_int(s.step) == 1
        self.scope = Scope(s.body.statements, s.params, s.index, Past.nothing())
        self.again: list[Statement] = []
        #: positions of the carried variables that make up a state: those that the adjoints read, directly or not
        self.state: list[int] = []

    def run(self, backward: Block, params: list[Var], inits: list[Atom], results: list[Var]) -> list[Statement]:
        """The forward statements."""
        s, builder = self.s, self.builder
        self.again = self.scope.closure(self.scope.demanded(backward))
        self.state = self.needed(free_variables(backward).union(*map(statement_reads, self.again)))
        with builder.open(Block()) as forward, builder.at(s.origin, "primal"):
            stack, end = self.keep_on_the_way() if not s.exits else self.keep_the_first()
        with builder.at(s.origin, "adjoint"):
            self.append_backward(backward, params, inits, results, stack, end)
        return forward.statements

    def needed(self, reads: set[Var]) -> list[int]:
        """The carried variables from which everything in ``reads`` can be computed at any later iteration."""
        params, yields = self.s.params, self.s.body.yields
        found = [k for k, p in enumerate(params) if p in reads]
        for k in found:
            atom = yields[k]
            if not isinstance(atom, Var):
                continue
            steps = self.scope.closure([atom])
            inner = {atom}.union(*map(statement_reads, steps))
            found += [j for j, p in enumerate(params) if p in inner and j not in found]
        return sorted(found)

    def of_state(self, variables: Sequence[Any]) -> list[Any]:
        """Those of the carried variables that make up a state."""
        return [variables[k] for k in self.state]

    # ---- forward -----------------------------------------------------------------------------------------------------
    def keep_on_the_way(self) -> tuple[_Stack, Atom]:
        """The forward sweep: it keeps the states that the backward sweep takes first."""
        s = self.s
        end = s.stop
        if not self.by_index:
            end = self.builder.emit(TABLE["trip_count"], [s.start, s.stop, s.step], {}, "n")
        stack = self.empty_stack(end)
        everything = list(range(len(s.params)))
        return self.run_to(end, s.inits, self.first(), stack, s.results, everything), end

    def keep_the_first(self) -> tuple[_Stack, Atom]:
        """The forward sweep of a loop that may be left: where it ends is not known, so it keeps the first state."""
        s, emit = self.s, self.builder.emit
        if s.trips is None:
            s.trips = Var("trips", I64)
        self.builder.append(s)
        end: Atom = s.trips
        if self.by_index and literal_int(s.start) != 0:
            end = emit(TABLE["add"], [s.start, s.trips], {}, "n")
        stack = self.pushed(self.empty_stack(end), self.of_state(s.inits), self.first())
        return stack, end

    def first(self) -> Atom:
        return self.s.start if self.by_index else constant(0)

    def empty_stack(self, end: Atom) -> _Stack:
        """No states yet."""
        s, emit = self.s, self.builder.emit
        lists = [emit(TABLE["new_list"], [], {"element": p.type}, f"{p.name}_kept") for p in self.of_state(s.params)]
        places = emit(TABLE["new_list"], [], {"element": I64}, "at_kept")
        free: Atom = constant(min(s.checkpoints or 0, _LARGEST))
        if not s.checkpoints:
            whole = end
            if self.by_index and literal_int(s.start) != 0:
                whole = emit(TABLE["subtract"], [end, s.start], {}, "n")
            free = self.call(checkpoint_total, [whole], "free")
        return _Stack(lists, places, free)

    # ---- both --------------------------------------------------------------------------------------------------------
    def call(self, function: Any, args: list[Atom], name: str) -> Atom:
        """A call of a function of the schedule."""
        result = Var(name, I64)
        s = self.s
        self.builder.append(Call(scheduling_program(function), args, [result], s.origin, self.builder.role))
        return result

    def pushed(self, stack: _Stack, state: Sequence[Atom], at: Atom) -> _Stack:
        """The stack with one more state."""
        emit = self.builder.emit
        lists = [emit(TABLE["push"], [kept, v], {}, kept.name) for kept, v in zip(stack.lists, state, strict=True)]
        places = emit(TABLE["push"], [stack.places, at], {}, "at_kept")
        return _Stack(lists, places, emit(TABLE["subtract"], [stack.free, 1], {}, "free"))

    def run_to(
        self, end: Atom, state: Sequence[Atom], at: Atom, stack: _Stack, results: Sequence[Var], carry: list[int]
    ) -> _Stack:
        """Run from the state at ``at`` to the one at ``end``, which becomes ``results``; the stack afterwards.

        ``carry`` are the positions of the carried variables that ``state`` and ``results`` consist of.
        """
        s, builder, emit = self.s, self.builder, self.builder.emit
        carried = [_fresh(s.params[k]) for k in carry]
        own = _fresh_stack(stack)
        here = Var("at", I64)
        with builder.open() as condition:
            condition.yields = [emit(TABLE["less"], [here, end], name="test")]
        with builder.open() as body:
            ahead = emit(TABLE["subtract"], [end, here], {}, "n")
            stride = self.call(checkpoint_stride, [ahead, own.free], "t")
            until = emit(TABLE["add"], [here, stride], {}, "until")
            kept = self.pushed(own, [v for k, v in zip(carry, carried, strict=True) if k in self.state], here)
            reached = [_fresh(v) for v in carried]
            builder.append(self.iterations(here, until, carried, reached, carry))
            body.yields = [*reached, *kept.atoms, until]
        after = _fresh_stack(stack)
        outs: list[Var] = [*results, *after.atoms, Var("at", I64)]  # type: ignore[list-item]
        ins: list[Var] = [*carried, *own.atoms, here]  # type: ignore[list-item]
        starts = [*state, *stack.atoms, at]
        builder.append(While(ins, starts, condition, body, outs, origin=s.origin, role="primal"))
        return after

    def iterations(self, here: Atom, until: Atom, carried: Sequence[Var], reached: list[Var], carry: list[int]) -> Loop:
        """The user's loop from one place to another."""
        s = self.s
        params = [_fresh(v) for v in carried]
        index = Var(s.index.name, I64)
        mapping: dict[Var, Atom] = {s.index: index}
        mapping.update(zip((s.params[k] for k in carry), params, strict=True))
        wanted = [s.body.yields[k] for k in carry]
        steps = self.scope.closure([a for a in wanted if isinstance(a, Var)])
        body = clone_block(Block(steps, wanted), mapping)
        start, stop = (here, until) if self.by_index else (self.index_at(here, "n"), self.index_at(until, "n"))
        return Loop(index, start, stop, s.step, params, list(carried), body, reached, origin=s.origin, role="primal")

    def index_at(self, place: Atom, name: str) -> Atom:
        """The loop's index at a place."""
        s, emit = self.s, self.builder.emit
        if self.by_index:
            return place
        if literal_int(s.start) == 0:
            return emit(TABLE["multiply"], [place, s.step], {}, name)
        return emit(TABLE["add"], [s.start, emit(TABLE["multiply"], [place, s.step], {}, "n")], {}, name)

    # ---- backward ----------------------------------------------------------------------------------------------------
    def append_backward(
        self, backward: Block, params: list[Var], inits: list[Atom], results: list[Var], stack: _Stack, end: Atom
    ) -> None:
        """The loop over the iterations' adjoints, last first."""
        s, builder, emit = self.s, self.builder, self.builder.emit
        own = _fresh_stack(stack)
        place = Var(s.index.name if self.by_index else "k", I64)
        with builder.open() as head:
            at = emit(TABLE["last"], [own.places], {}, "at")
            carried = self.of_state(s.params)
            state = [emit(TABLE["last"], [kept], {}, p.name) for kept, p in zip(own.lists, carried, strict=True)]
            lists = [emit(TABLE["pop"], [kept], {}, kept.name) for kept in own.lists]
            places = emit(TABLE["pop"], [own.places], {}, "at_kept")
            rest = _Stack(lists, places, emit(TABLE["add"], [own.free, 1], {}, "free"))
            wanted = [_fresh(v) for v in carried]
            with builder.at(s.origin, "primal"):
                left = self.run_to(place, state, at, rest, wanted, self.state)
            index = self.index_at(place, s.index.name)
        mapping: dict[Var, Atom] = {s.index: index, **dict(zip(carried, wanted, strict=True))}
        prepend(backward, self.again, mapping, head.statements)
        backward.yields = [*backward.yields, *left.atoms]
        after = _fresh_stack(stack)
        ins: list[Var] = [*params, *own.atoms]  # type: ignore[list-item]
        outs: list[Var] = [*results, *after.atoms]  # type: ignore[list-item]
        starts = [*inits, *stack.atoms]
        ends = (self.first(), end, constant(1))
        turned = Loop(place, *ends, ins, starts, backward, outs, reversed=True, origin=s.origin, role="adjoint")
        builder.append(turned)


def _fresh(v: Var) -> Var:
    """A variable like ``v``."""
    return Var(v.name, v.type, temporary=v.temporary)


def _fresh_stack(stack: _Stack) -> _Stack:
    """Variables for the parts of a stack."""
    lists: list[Atom] = [Var(kept.name, kept.type) for kept in stack.lists]
    return _Stack(lists, Var("at_kept", ListType(I64)), Var("free", I64))

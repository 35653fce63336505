"""Reading loops (floor 2).

A loop over numbers stays a loop, and one that may be left yields one more truth value; a loop over things known when
reading unrolls. What a loop carries, and in which types, is found by reading its body until nothing changes.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ..ir import BOOL, Atom, Block, Loop, Type, Var, While, constant
from ..ir.types import ValueType
from ..ops import TABLE
from .branches import guarded
from .containers import items_of
from .context import NORMAL, NeedsStatic, Outcome, Reader
from .handed_on import handed_on
from .iteration import Checkpointed, Counted, as_counted, static_items
from .list_aliases import note_loop_lists
from .loop_aliases import Rebound, note_shadows, refuse_shared_writes
from .operands import atom_of, operate
from .operators import truth
from .state import Mismatch, Template, leaves, rebuild, template_of
from .storage import type_of
from .values import NOT_TAKEN, UNBOUND, Array, Cell, DictValue, Frame, ListValue, Scalar

UNROLL_LIMIT = 2000


def read_while(reader: Reader, node: ast.While) -> Outcome:
    """Read a ``while``."""
    if node.orelse:
        reader.fail(node, "while ... else cannot be read; set a flag before break and test it afterwards")
    return _Loop(reader, node, node.body).read_while(node.test)


def read_for(reader: Reader, node: ast.For) -> Outcome:
    """Read a ``for``."""
    if node.orelse:
        reader.fail(node, "for ... else cannot be read; set a flag before break and test it afterwards")
    iterable = reader.evaluate(node.iter)
    return over(reader, node, iterable, node.target, node.body)


def over(reader: Reader, node: ast.AST, iterable: Any, target: ast.expr, body: Sequence[ast.stmt]) -> Outcome:
    """Read a loop over any iterable."""
    counted = as_counted(reader, node, iterable)
    if counted is None:
        iterable = iterable.iterable if isinstance(iterable, Checkpointed) else iterable
        return _unroll(reader, node, items_of(reader, node, iterable), target, body)
    before = reader.state.snapshot()
    depth = len(reader.builder.blocks)
    length = len(reader.builder.block.statements)
    try:
        return _Loop(reader, node, body).read_for(counted, target)
    except NeedsStatic as needed:
        static = static_items(reader, counted)
        del reader.builder.blocks[depth:]
        if static is None or len(static) > UNROLL_LIMIT or not _ours(needed.atom, counted):
            raise
        if counted.checkpoints is not None:
            raise needed.error from None
        reader.state.restore(before)
        del reader.builder.block.statements[length:]
        return _unroll(reader, node, static, target, body)


def _ours(atom: Any, counted: Counted) -> bool:
    return atom is None or atom is counted.index


def _unroll(reader: Reader, node: ast.AST, items: Sequence[Any], target: ast.expr, body: Sequence[ast.stmt]) -> Outcome:
    """Read the body once for each item."""
    if not items:
        return NORMAL
    if len(items) > UNROLL_LIMIT:
        reader.fail(node, f"this loop runs over {len(items)} objects; use an array, or a range of numbers")
    reader.assign(target, items[0])
    outcome = reader.run_block(body)
    outcome = Outcome(outcome.returned, outcome.value, outcome.broke)
    if outcome.returned is True or outcome.broke is True:
        return Outcome(outcome.returned, outcome.value)
    if outcome.is_normal:
        return _unroll(reader, node, items[1:], target, body)
    result = guarded(reader, node, outcome, lambda: _unroll(reader, node, items[1:], target, body))
    return Outcome(result.returned, result.value)


# ---- loops of the program --------------------------------------------------------------------------------------------
class _Loop:
    """Reads the body of a loop until what it carries, and in which types, no longer changes."""

    def __init__(self, reader: Reader, node: ast.AST, body: Sequence[ast.stmt]) -> None:
        self.reader, self.node, self.body = reader, node, body
        self.carried: dict[tuple[int, Any], Template] = {}
        self.dropped: set[tuple[int, Any]] = set()
        self.params: dict[tuple[int, Any], list[Var]] = {}
        self.values: dict[tuple[int, Any], Any] = {}
        self.begins: list[Cell | None] = []

    # -- what is carried
    def seed(self, before: list[Any]) -> None:
        """Names that the body assigns and that have a run-time form are carried from the first trial."""
        assigned = _assigned_names(self.body)
        frame = self.reader.frame
        position = self.reader.state.stores.index(frame)
        for name in sorted(assigned & set(frame.slots)):
            template = template_of(frame.slots[name], self.type_of)
            if template.kind != "fixed" and not any(part.kind == "fixed" for part in template.parts):
                self.carried[position, name] = template

    def type_of(self, array: Array) -> Type:
        return type_of(self.reader, array)

    def begin(self, before: list[Any]) -> None:
        """Bind what is carried to fresh parameters."""
        self.params.clear()
        self.values.clear()
        for place in self.dropped:
            before[place[0]][0].slots[place[1]] = UNBOUND
        for place, template in self.carried.items():
            store = before[place[0]][0]
            name = _slot_name(store, place[1])
            variables = [Var(name, t) for t in template.types()]
            self.params[place] = variables
            value = rebuild(template, iter(variables), name, self.reader.state)
            store.slots[place[1]] = value
            self.values[place] = value
        self.begins = self.cells(self.values.__getitem__)
        befores = [before[place[0]][1].get(place[1], UNBOUND) for place in self.carried]
        fresh = [self.values[place] for place in self.carried]
        note_loop_lists(befores, fresh, [None] * len(fresh), fresh)

    def grown(self, before: list[Any], start: list[Any], outcome: Outcome) -> bool:
        """Take up what the trial changed; whether another trial is needed."""
        changed = self.reader.state.changes(start[: len(before)])
        again = False
        for place, (store, key) in changed.items():
            new = store.slots.get(key, UNBOUND)
            old = before[place[0]][1].get(key, UNBOUND)
            if place in self.dropped:
                continue
            if old is UNBOUND and isinstance(store, ListValue | DictValue):
                raise NeedsStatic(
                    None,
                    self.reader.error(
                        self.node,
                        "a list or dict grows in a loop whose length is known at run time only; fill an array "
                        "(np.empty(n)) instead, or loop over a range whose ends are literal",
                    ),
                )
            if old is UNBOUND and place not in self.carried and not self.hands_on(store, key):
                self.dropped.add(place)
                continue
            again |= self.take(place, store, key, old, new)
        return again

    def take(self, place: tuple[int, Any], store: Any, key: Any, old: Any, new: Any) -> bool:
        name = _slot_name(store, key)
        try:
            if new is UNBOUND:
                return False
            wanted = template_of(new, self.type_of)
            have = self.carried.get(place)
            if have is None:
                have = wanted if old is UNBOUND else template_of(old, self.type_of)
            joined = have.join(wanted)
        except Mismatch as error:
            if isinstance(store, Frame):
                message = f"{name!r} is {error} in different iterations of this loop; keep one kind of value"
                self.reader.mismatches[name] = self.reader.error(self.node, message)
                self.carried.pop(place, None)
                self.dropped.add(place)
                return True
            self.reader.fail(
                self.node,
                f"{name!r} is {error} in different iterations of this loop; keep one kind and one number of axes",
            )
        if joined.kind == "fixed":
            return False
        first = place not in self.carried
        if any(part.kind == "fixed" for part in joined.parts):
            self.carried.pop(place, None)
            self.dropped.add(place)
            return True
        same = not first and list(map(_exact, joined.types())) == list(map(_exact, self.carried[place].types()))
        same = same and _weakness(joined) == _weakness(self.carried[place])
        self.carried[place] = joined
        return not same

    def hands_on(self, store: Any, key: Any) -> bool:
        """Whether a name that the loop brings into being may be read after the turn that assigns it."""
        return isinstance(store, Frame) and store.source is not None and key in handed_on(store.source, self.node)

    # -- the two loops
    def read_for(self, counted: Counted, target: ast.expr) -> Outcome:
        reader = self.reader

        def bind() -> None:
            reader.assign(target, counted.item())

        return self.read(counted, bind, None)

    def read_while(self, test: ast.expr) -> Outcome:
        return self.read(None, lambda: None, test)

    def read(self, counted: Counted | None, bind: Callable[[], None], test: ast.expr | None) -> Outcome:
        reader = self.reader
        before = reader.state.snapshot()
        self.seed(before)
        for _ in range(50):
            self.begin(before)
            start = reader.state.snapshot()
            condition = Block()
            if test is not None:
                with reader.builder.open(condition):
                    value = truth(reader, test)
                    condition.yields = [constant(value) if isinstance(value, bool) else value.atom]
            with reader.builder.open() as body:
                bind()
                outcome = reader.run_block(self.body)
            if not self.grown(before, start, outcome):
                break
            reader.state.restore(before)
        else:
            reader.fail(self.node, "the types of what this loop carries do not settle; initialise them before the loop")
        return self.finish(before, body, condition, counted, outcome, test is not None)

    def finish(
        self,
        before: list[Any],
        body: Block,
        condition: Block,
        counted: Counted | None,
        outcome: Outcome,
        is_while: bool,
    ) -> Outcome:
        reader = self.reader
        finals = {place: before[place[0]][0].slots.get(place[1], UNBOUND) for place in self.carried}
        befores = self.cells(lambda place: before[place[0]][1].get(place[1], UNBOUND))
        turned = self.cells(finals.__getitem__)
        refuse_shared_writes(reader, self.node, list(map(Rebound, befores, self.begins, turned)), self.is_rebound)
        params = [v for variables in self.params.values() for v in variables]
        with reader.builder.open(body):
            for place, template in self.carried.items():
                body.yields += leaves(finals[place], template, lambda v, t: atom_of(reader, v, t))
            extra_types, extra_template = self.returned(outcome)
            body.yields += self.returned_atoms(outcome, extra_template)
            exits = outcome.broke is not False or outcome.returned is not False
            if exits:
                body.yields.append(self.going_on(outcome))
        reader.state.restore(before)
        inits: list[Atom] = []
        for place, template in self.carried.items():
            store, slots = before[place[0]]
            inits += leaves(slots.get(place[1], UNBOUND), template, lambda v, t: atom_of(reader, v, t))
        extras = [Var("result" if k else "returned", t) for k, t in enumerate(extra_types)]
        for k, variable in enumerate(extras):
            inits.append(constant(False) if k == 0 else atom_of(reader, NOT_TAKEN, variable.type))
        results = [Var(v.name, v.type) for v in (*params, *extras)]
        origin, role = reader.builder.origin, reader.builder.role
        if is_while:
            reader.builder.append(While([*params, *extras], inits, condition, body, results, exits, None, origin, role))
        else:
            assert counted is not None
            ends = (counted.start, counted.stop, counted.step)
            loop = Loop(counted.index, *ends, [*params, *extras], inits, body, results, exits, origin=origin, role=role)
            loop.checkpoints = counted.checkpoints
            reader.builder.append(loop)
        atoms = iter(results)
        for place in self.dropped:
            before[place[0]][0].slots[place[1]] = UNBOUND
        for place, template in self.carried.items():
            store = before[place[0]][0]
            store.slots[place[1]] = rebuild(template, atoms, _slot_name(store, place[1]), reader.state)
        afters = self.cells(lambda place: before[place[0]][0].slots[place[1]])
        note_loop_lists(
            [before[place[0]][1].get(place[1], UNBOUND) for place in self.carried],
            [self.values[place] for place in self.carried],
            [finals[place] for place in self.carried],
            [before[place[0]][0].slots[place[1]] for place in self.carried],
        )
        arrays = list(map(Rebound, befores, self.begins, turned, afters))
        result = NORMAL
        if extra_template:
            returned = Scalar(next(atoms))
            value = rebuild(extra_template, atoms, "result", reader.state)
            result = Outcome(returned, value)
            returns = (list(_cells(v, extra_template)) for v in (outcome.value, value))
            arrays += [Rebound(end=end, after=after) for end, after in zip(*returns, strict=True)]
        note_shadows(arrays)
        return result

    def returned(self, outcome: Outcome) -> tuple[list[ValueType], Template | None]:
        """The types of the extra results of a loop that may return."""
        if outcome.returned is False:
            return [], None
        template = template_of(outcome.value, self.type_of)
        return [BOOL, *template.types()], template

    def returned_atoms(self, outcome: Outcome, template: Template | None) -> Iterator[Atom]:
        if outcome.returned is False:
            return
        yield constant(True) if outcome.returned is True else outcome.returned.atom
        assert template is not None
        yield from leaves(outcome.value, template, lambda v, t: atom_of(self.reader, v, t))

    def going_on(self, outcome: Outcome) -> Atom:
        """Whether the loop goes on after this iteration."""
        if outcome.returned is True or outcome.broke is True:
            return constant(False)
        flags = [flag for flag in (outcome.broke, outcome.returned) if isinstance(flag, Scalar)]
        left = flags[0]
        for flag in flags[1:]:
            left = operate(self.reader, TABLE["logical_or"], [left, flag], "left")
        going_on: Scalar = operate(self.reader, TABLE["logical_not"], [left], "going_on")
        return going_on.atom

    # -- which arrays share their storage
    def cells(self, values: Callable[[tuple[int, Any]], Any]) -> list[Cell | None]:
        """The storage of each leaf of what is carried; None where it is no array."""
        return [c for place, template in self.carried.items() for c in _cells(values(place), template)]

    def is_rebound(self, store: Any, key: Any) -> bool:
        """Whether a place is carried, or lives within a turn: then it is unbound when the next one starts."""
        place = (self.reader.state.stores.index(store), key)
        return place in self.carried or place in self.dropped


# ---- names -----------------------------------------------------------------------------------------------------------
def _exact(t: ValueType) -> tuple[Any, ...]:
    return (t, t.dims if isinstance(t, Type) else ())


def _weakness(t: Template) -> tuple[Any, ...]:
    return (t.weak, *(_weakness(part) for part in t.parts))


def _cells(value: Any, template: Template) -> Iterator[Cell | None]:
    for leaf in leaves(value, template, lambda leaf, _: leaf):
        yield leaf.cell if isinstance(leaf, Array) else None


def _slot_name(store: Any, key: Any) -> str:
    if isinstance(store, Cell):
        return store.name
    return key if isinstance(key, str) else f"item_{key}"


def _assigned_names(statements: Sequence[ast.stmt]) -> set[str]:
    return {
        node.id
        for statement in statements
        for node in ast.walk(statement)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }

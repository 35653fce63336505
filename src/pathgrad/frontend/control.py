"""Reading branches and loops (floor 2).

A condition that is known when reading chooses an arm; any other becomes a `Branch`. Early exits keep the program
structured: what follows an ``if`` that leaves the block is read inside the arm that does not leave, and a loop that
may be left yields one more truth value. A loop over numbers stays a loop; a loop over things known when reading
unrolls.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ..ir import BOOL, Atom, Block, Branch, Const, Loop, Var, While, constant
from ..ir.types import I64, Type, ValueType
from ..ops import TABLE
from . import arrays, expressions
from .state import Mismatch, Template, leaves, rebuild, template_of
from .values import UNBOUND, Array, Cell, DictValue, Frame, ListValue, Method, RangeValue, Scalar

if TYPE_CHECKING:
    from .reader import Outcome, Reader

UNROLL_LIMIT = 2000


# ---- branches --------------------------------------------------------------------------------------------------------
def read_if(reader: Reader, node: ast.If, rest: Sequence[ast.stmt]) -> tuple[Outcome, bool]:
    """Read an ``if``; the second result says whether the statements after it were read too."""
    test = expressions.truth(reader, node.test)
    if isinstance(test, bool):
        return reader.run_block(node.body if test else node.orelse), False
    takes_rest = _may_leave(node.body) or _may_leave(node.orelse)
    takes_rest = takes_rest and (_always_leaves(node.body) or _always_leaves(node.orelse))
    after = list(rest) if takes_rest else []
    outcome = branch(
        reader,
        node,
        test,
        lambda: reader.run_block([*node.body, *([] if _always_leaves(node.body) else after)]),
        lambda: reader.run_block([*node.orelse, *([] if _always_leaves(node.orelse) else after)]),
    )
    return outcome, takes_rest


def read_guarded(reader: Reader, node: ast.AST, outcome: Outcome, rest: Sequence[ast.stmt]) -> Outcome:
    """Read ``rest`` on the paths that did not leave the block."""
    return guarded(reader, node, outcome, lambda: reader.run_block(rest))


def guarded(reader: Reader, node: ast.AST, outcome: Outcome, rest: Callable[[], Outcome]) -> Outcome:
    """``outcome`` where it left the block, otherwise what ``rest`` gives."""
    from .reader import Outcome

    left: Scalar | None = None
    for flag in outcome.flags:
        if isinstance(flag, Scalar):
            left = flag if left is None else expressions.operate(reader, TABLE["logical_or"], [left, flag], "left")
    assert left is not None
    there = outcome
    if sum(isinstance(flag, Scalar) for flag in outcome.flags) == 1:
        certain = [isinstance(flag, Scalar) for flag in outcome.flags]
        there = Outcome(certain[0], outcome.value, certain[1], certain[2])
    return branch(reader, node, left, lambda: there, rest)


def branch(
    reader: Reader, node: ast.AST, test: Scalar, then: Callable[[], Outcome], orelse: Callable[[], Outcome]
) -> Outcome:
    """Read two arms from one state and join what they made of it."""
    from .reader import Outcome

    before = reader.state.snapshot()
    arms: list[tuple[Block, Outcome, dict[Any, Any]]] = []
    for arm in (then, orelse):
        with reader.builder.open() as block:
            outcome = arm()
        changed = {
            place: (store, key, store.slots.get(key, UNBOUND))
            for place, (store, key) in reader.state.changes(before).items()
        }
        arms.append((block, outcome, changed))
        reader.state.restore(before)
    (block_a, out_a, changed_a), (block_b, out_b, changed_b) = arms
    join = _Join(reader, node, block_a, block_b)
    dead_a, dead_b = out_a.returned is True, out_b.returned is True
    updates: list[tuple[Any, Any, Any]] = []
    for place in {**changed_a, **changed_b}:
        store, key, _ = changed_a.get(place) or changed_b[place]
        old = store.slots.get(key, UNBOUND)
        a = changed_a[place][2] if place in changed_a else old
        b = changed_b[place][2] if place in changed_b else old
        name = key if isinstance(key, str) and key != "content" else getattr(store, "name", "t")
        if isinstance(store, ListValue | DictValue) and (a is UNBOUND or b is UNBOUND) and not (dead_a or dead_b):
            reader.fail(node, "a list or dict grows on one path of this branch only; give it the same length on both")
        if not (dead_a and dead_b):
            joined = join(UNBOUND if dead_a else a, UNBOUND if dead_b else b, str(name))
            updates.append((store, key, joined))
    flags = [join.flag(a, b) for a, b in zip(out_a.flags, out_b.flags, strict=True)]
    value: Any = UNBOUND
    if out_a.returned is not False or out_b.returned is not False:
        value = join(out_a.value, out_b.value, "result")
    join.finish(test.atom)
    for store, key, joined in updates:
        store.slots[key] = joined
    return Outcome(flags[0], value, flags[1], flags[2])


class _Join:
    """Joins values of two arms; each difference becomes a result of the branch."""

    def __init__(self, reader: Reader, node: ast.AST, a: Block, b: Block) -> None:
        self.reader, self.node, self.blocks = reader, node, (a, b)
        self.results: list[Var] = []

    def __call__(self, a: Any, b: Any, name: str) -> Any:
        if a is b:
            return a
        type_of = self.reader_type_of
        if isinstance(a, Array) and isinstance(b, Array) and a.cell is b.cell and a.views == b.views:
            return a
        try:
            if a is UNBOUND or b is UNBOUND:
                template = template_of(b if a is UNBOUND else a, type_of)
                if template.kind == "fixed":
                    return b if a is UNBOUND else a
            else:
                template = template_of(a, type_of).join(template_of(b, type_of))
        except Mismatch as error:
            self.reader.fail(
                self.node,
                f"{name!r} is {error} on the two paths of this branch; give both paths the same kind of value",
            )
        if template.kind == "fixed" or self._same_numbers(a, b):
            return a
        atoms: list[Atom] = []
        sides = []
        for block, value in zip(self.blocks, (a, b), strict=True):
            with self.reader.builder.open(block):
                sides.append(list(leaves(value, template, self.read)))
        for left, right, wanted in zip(*sides, template.types(), strict=True):
            if left is right:
                atoms.append(left)
                continue
            result = Var(name, wanted, temporary=name in ("result", "left"))
            self.blocks[0].yields.append(left)
            self.blocks[1].yields.append(right)
            self.results.append(result)
            atoms.append(result)
        joined = rebuild(template, iter(atoms), name, self.reader.state)
        if isinstance(joined, Array):
            olds = {v.cell for v in (a, b) if isinstance(v, Array)}
            joined.cell.shadows |= olds
            for old in olds:
                old.shadows.add(joined.cell)
        return joined

    @staticmethod
    def _same_numbers(a: Any, b: Any) -> bool:
        return isinstance(a, bool | int | float) and type(a) is type(b) and repr(a) == repr(b)

    def reader_type_of(self, array: Array) -> Type:
        return arrays.type_of(self.reader, array)

    def read(self, value: Any, wanted: ValueType) -> Atom:
        return atom_of(self.reader, value, wanted)

    def flag(self, a: Any, b: Any) -> Any:
        return a if a is b else self(a, b, "left")

    def finish(self, test: Atom) -> None:
        builder = self.reader.builder
        a, b = self.blocks
        if self.results or a.statements or b.statements:
            builder.append(Branch(test, a, b, self.results, builder.origin, builder.role))


def atom_of(reader: Reader, value: Any, wanted: ValueType) -> Atom:
    """One leaf as an atom of the wanted type; an unbound one as a value that is never read."""
    if value is UNBOUND:
        return reader.builder.emit(TABLE["undefined"], [], {"type": wanted}, "undefined")
    if isinstance(value, Array):
        atom: Atom = arrays.atom(reader, value)
    elif isinstance(value, Var | Const):
        atom = value
    else:
        scalar = expressions.scalar(value)
        assert scalar is not None
        atom = scalar.atom
    return expressions.cast_atom(reader, atom, wanted)


def _may_leave(statements: Sequence[ast.stmt]) -> bool:
    return any(_leaves(s, {ast.Return, ast.Break, ast.Continue}) for s in statements)


def _leaves(node: ast.AST, kinds: set[type]) -> bool:
    if type(node) in kinds:
        return True
    if isinstance(node, ast.FunctionDef | ast.Lambda):
        return False
    inner = kinds & {ast.Return} if isinstance(node, ast.For | ast.While) else kinds
    return any(_leaves(child, inner) for child in ast.iter_child_nodes(node))


def _always_leaves(statements: Sequence[ast.stmt]) -> bool:
    for s in statements:
        if isinstance(s, ast.Return | ast.Break | ast.Continue):
            return True
        if isinstance(s, ast.If) and s.orelse and _always_leaves(s.body) and _always_leaves(s.orelse):
            return True
    return False


# ---- loops -----------------------------------------------------------------------------------------------------------
def read_while(reader: Reader, node: ast.While) -> Outcome:
    """Read a ``while``."""
    if node.orelse:
        reader.fail(node, "while ... else cannot be read; set a flag before break and test it afterwards")
    return _Loop(reader, node, node.body).read_while(node.test)


def read_for(reader: Reader, node: ast.For) -> Outcome:
    """Read a ``for``."""
    if node.orelse:
        reader.fail(node, "for ... else cannot be read; set a flag before break and test it afterwards")
    iterable = expressions.evaluate(reader, node.iter)
    return over(reader, node, iterable, node.target, node.body)


def over(reader: Reader, node: ast.AST, iterable: Any, target: ast.expr, body: Sequence[ast.stmt]) -> Outcome:
    """Read a loop over any iterable."""
    from .reader import NeedsStatic

    counted = arrays.as_counted(reader, node, iterable)
    if counted is None:
        return _unroll(reader, node, expressions.items(reader, node, iterable), target, body)
    before = reader.state.snapshot()
    depth = len(reader.builder.blocks)
    length = len(reader.builder.block.statements)
    try:
        return _Loop(reader, node, body).read_for(counted, target)
    except NeedsStatic as needed:
        static = arrays.static_items(reader, counted)
        del reader.builder.blocks[depth:]
        if static is None or len(static) > UNROLL_LIMIT or not _ours(needed.atom, counted):
            raise
        reader.state.restore(before)
        del reader.builder.block.statements[length:]
        return _unroll(reader, node, static, target, body)


def _ours(atom: Any, counted: arrays.Counted) -> bool:
    return atom is None or atom is counted.index


def _unroll(
    reader: Reader, node: ast.AST, items: Sequence[Any], target: ast.expr, body: Sequence[ast.stmt]
) -> Outcome:
    """Read the body once for each item."""
    from .reader import NORMAL, Outcome

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


class _Loop:
    """Reads the body of a loop until what it carries, and in which types, no longer changes."""

    def __init__(self, reader: Reader, node: ast.AST, body: Sequence[ast.stmt]) -> None:
        self.reader, self.node, self.body = reader, node, body
        self.carried: dict[tuple[int, Any], Template] = {}
        self.dropped: set[tuple[int, Any]] = set()
        self.params: dict[tuple[int, Any], list[Var]] = {}
        self.values: dict[tuple[int, Any], Any] = {}

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
        return arrays.type_of(self.reader, array)

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

    def grown(self, before: list[Any], start: list[Any], outcome: Outcome) -> bool:
        """Take up what the trial changed; whether another trial is needed."""
        from .reader import NeedsStatic

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
            if old is UNBOUND and place not in self.carried and not self.read_later(store, key):
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

    def read_later(self, store: Any, key: Any) -> bool:
        """Whether a name that the loop brings into being is read outside the loop."""
        if not isinstance(store, Frame) or store.source is None:
            return False
        return key in _names_read_outside(store.source.body, self.node)

    # -- the two loops
    def read_for(self, counted: arrays.Counted, target: ast.expr) -> Outcome:
        reader = self.reader

        def bind() -> None:
            reader.assign(target, counted.item())

        return self.read(counted, bind, None)

    def read_while(self, test: ast.expr) -> Outcome:
        return self.read(None, lambda: None, test)

    def read(self, counted: arrays.Counted | None, bind: Callable[[], None], test: ast.expr | None) -> Outcome:
        reader = self.reader
        before = reader.state.snapshot()
        self.seed(before)
        for _ in range(50):
            self.begin(before)
            start = reader.state.snapshot()
            condition = Block()
            if test is not None:
                with reader.builder.open(condition):
                    value = expressions.truth(reader, test)
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
        counted: arrays.Counted | None,
        outcome: Outcome,
        is_while: bool,
    ) -> Outcome:
        from .reader import NORMAL, Outcome

        reader = self.reader
        finals = {place: before[place[0]][0].slots.get(place[1], UNBOUND) for place in self.carried}
        self.check_aliases(before, finals)
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
            inits.append(constant(False) if k == 0 else atom_of(reader, UNBOUND, variable.type))
        results = [Var(v.name, v.type) for v in (*params, *extras)]
        origin, role = reader.builder.origin, reader.builder.role
        if is_while:
            reader.builder.append(
                While([*params, *extras], inits, condition, body, results, exits, None, origin, role)
            )
        else:
            assert counted is not None
            ends = (counted.start, counted.stop, counted.step)
            reader.builder.append(
                Loop(counted.index, *ends, [*params, *extras], inits, body, results, exits, origin=origin, role=role)
            )
        atoms = iter(results)
        for place in self.dropped:
            before[place[0]][0].slots[place[1]] = UNBOUND
        for place, template in self.carried.items():
            store = before[place[0]][0]
            store.slots[place[1]] = rebuild(template, atoms, _slot_name(store, place[1]), reader.state)
        if not extras:
            return NORMAL
        returned = Scalar(next(atoms))
        value = rebuild(extra_template, atoms, "result", reader.state) if extra_template else None
        return Outcome(returned, value)

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
            left = expressions.operate(self.reader, TABLE["logical_or"], [left, flag], "left")
        return expressions.operate(self.reader, TABLE["logical_not"], [left], "going_on").atom

    def check_aliases(self, before: list[Any], finals: dict[tuple[int, Any], Any]) -> None:
        """Refuse a loop that rebinds an array name and writes through it while another name sees the storage."""
        lifted = {
            place: (before[place[0]][1].get(place[1], UNBOUND), self.values[place], finals[place])
            for place in self.carried
            if isinstance(self.values[place], Array)
        }
        cells: list[tuple[Cell, ...]] = []
        for which in (0, 2):
            group = [v[which].cell for v in lifted.values() if isinstance(v[which], Array)]
            shared = len(set(group)) < len(group) or any(self.seen_elsewhere(c, set(lifted)) for c in group)
            if shared:
                cells.append(tuple(group))
        written = [v[1].cell for v in lifted.values() if v[1].cell.writes]
        written += [c for group in cells for c in group if c.writes]
        if cells and written:
            from ..errors import AliasError

            self.reader.fail(
                self.node,
                f"this loop rebinds {written[0].name!r} and also writes into it, while another name may share its "
                f"storage; write into a copy (x = x.copy()) or rebind without writing",
                AliasError,
            )

    def seen_elsewhere(self, cell: Cell, places: set[tuple[int, Any]]) -> bool:
        stores = self.reader.state.stores

        def besides(store: Any, key: Any) -> bool:
            return (stores.index(store), key) in places

        return self.reader.state.referenced(cell, besides)


def _exact(t: ValueType) -> tuple[Any, ...]:
    return (t, t.dims if isinstance(t, Type) else ())


def _weakness(t: Template) -> tuple[Any, ...]:
    return (t.weak, *(_weakness(part) for part in t.parts))


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


def _names_read_outside(statements: Sequence[ast.stmt], loop: ast.AST) -> set[str]:
    names: set[str] = set()

    def visit(node: ast.AST) -> None:
        if node is loop:
            return
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            names.add(node.id)
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            names.add(node.target.id)
        for child in ast.iter_child_nodes(node):
            visit(child)

    for statement in statements:
        visit(statement)
    return names



"""Reading branches, and joining what their arms made of one state (floor 2).

A condition that is known when reading chooses an arm; any other becomes a `Branch`. Early exits keep the program
structured: what follows an ``if`` that leaves the block is read inside the arm that does not leave.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from ..ir import Atom, Block, Branch, Type, Var
from ..ir.types import ValueType
from ..ops import TABLE
from .context import Outcome, Reader
from .list_aliases import note_lists
from .operands import atom_of, operate
from .operators import truth
from .state import Mismatch, leaves, rebuild, template_of
from .storage import type_of
from .values import NOT_TAKEN, UNBOUND, Array, Cell, DictValue, ListValue, Scalar


def read_if(reader: Reader, node: ast.If, rest: Sequence[ast.stmt]) -> tuple[Outcome, bool]:
    """Read an ``if``; the second result says whether the statements after it were read too."""
    test = truth(reader, node.test)
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


def guarded(reader: Reader, node: ast.AST, outcome: Outcome, rest: Callable[[], Outcome]) -> Outcome:
    """``outcome`` where it left the block, otherwise what ``rest`` gives."""
    left: Scalar | None = None
    for flag in outcome.flags:
        if isinstance(flag, Scalar):
            left = flag if left is None else operate(reader, TABLE["logical_or"], [left, flag], "left")
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
    join = _Join(reader, node, (block_a, changed_a), (block_b, changed_b))
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
        # names end with the function that returns, what it wrote into arrays does not
        if isinstance(store, Cell):
            updates.append((store, key, join(a, b, str(name))))
        elif not (dead_a and dead_b):
            joined = join(NOT_TAKEN if dead_a else a, NOT_TAKEN if dead_b else b, str(name))
            updates.append((store, key, joined))
    flags = [join.flag(a, b) for a, b in zip(out_a.flags, out_b.flags, strict=True)]
    value: Any = NOT_TAKEN
    if out_a.returned is not False or out_b.returned is not False:
        value = join(out_a.value, out_b.value, "result")
    join.finish(test.atom)
    for store, key, joined in updates:
        store.slots[key] = joined
    return Outcome(flags[0], value, flags[1], flags[2])


# ---- joining ---------------------------------------------------------------------------------------------------------
class _Join:
    """Joins values of two arms; each difference becomes a result of the branch."""

    def __init__(
        self, reader: Reader, node: ast.AST, a: tuple[Block, dict[Any, Any]], b: tuple[Block, dict[Any, Any]]
    ) -> None:
        self.reader, self.node, self.blocks = reader, node, (a[0], b[0])
        self.written = [[c for c in changed.values() if isinstance(c[0], Cell)] for changed in (a[1], b[1])]
        self.results: list[Var] = []

    def __call__(self, a: Any, b: Any, name: str) -> Any:
        if a is b:
            return a
        type_of = self.reader_type_of
        if isinstance(a, Array) and isinstance(b, Array) and a.cell is b.cell and a.views == b.views:
            return a
        try:
            missing_a, missing_b = (x is UNBOUND or x is NOT_TAKEN for x in (a, b))
            if missing_a or missing_b:
                template = template_of(b if missing_a else a, type_of)
                if template.kind == "fixed":
                    return b if missing_a else a
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
        for block, value, written in zip(self.blocks, (a, b), self.written, strict=True):
            with self.reader.builder.open(block), _as_written(written):
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
            joined.cell.may_be(c for v in (a, b) if isinstance(v, Array) for c in v.cell.candidates)
        note_lists(joined, (a, b))
        return joined

    @staticmethod
    def _same_numbers(a: Any, b: Any) -> bool:
        return isinstance(a, bool | int | float) and type(a) is type(b) and repr(a) == repr(b)

    def reader_type_of(self, array: Array) -> Type:
        return type_of(self.reader, array)

    def read(self, value: Any, wanted: ValueType) -> Atom:
        return atom_of(self.reader, value, wanted)

    def flag(self, a: Any, b: Any) -> Any:
        return a if a is b else self(a, b, "left")

    def finish(self, test: Atom) -> None:
        builder = self.reader.builder
        a, b = self.blocks
        if self.results or a.statements or b.statements:
            builder.append(Branch(test, a, b, self.results, builder.origin, builder.role))


@contextmanager
def _as_written(written: list[tuple[Any, Any, Any]]) -> Iterator[None]:
    """Arrays have the content that they have at the end of an arm."""
    before = [(store, key, store.slots[key]) for store, key, _ in written]
    for store, key, content in written:
        store.slots[key] = content
    yield
    for store, key, content in before:
        store.slots[key] = content


# ---- which statements leave a block ----------------------------------------------------------------------------------
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

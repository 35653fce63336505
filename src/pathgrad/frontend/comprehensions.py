"""Comprehensions and sums of generator expressions (floor 2)."""

from __future__ import annotations

import ast
from typing import Any

from ..ir import Const, Var, constant
from .containers import items_of
from .context import Reader
from .iteration import Zipped, as_counted
from .operators import truth
from .storage import element_of
from .values import Array, RangeValue, Scalar


def comprehend(reader: Reader, node: ast.ListComp | ast.GeneratorExp) -> list[Any]:
    """The items of a comprehension over things known when reading."""
    results: list[Any] = []

    def visit(depth: int) -> None:
        if depth == len(node.generators):
            results.append(reader.evaluate(node.elt))
            return
        generator = node.generators[depth]
        iterable = reader.evaluate(generator.iter)
        if isinstance(iterable, RangeValue | Zipped | Array):
            counted = as_counted(reader, node, iterable)
            length = counted.stop if counted else None
            if not (isinstance(iterable, Array) and isinstance(length, Const)):
                reader.fail(
                    node,
                    "a comprehension whose length is known at run time only cannot be read; fill an array in a loop",
                )
            values = [element_of(reader, iterable, constant(k)) for k in range(length.value)]
        else:
            values = items_of(reader, node, iterable)
        for value in values:
            reader.assign(generator.target, value)
            tests = [truth(reader, test) for test in generator.ifs]
            if not all(isinstance(test, bool) for test in tests):
                reader.fail(node, "a comprehension filtered by run-time numbers cannot be read; use a loop")
            if all(tests):
                visit(depth + 1)

    before = dict(reader.frame.slots)
    visit(0)
    for generator in node.generators:
        for name in (n.id for n in ast.walk(generator.target) if isinstance(n, ast.Name)):
            if name in before:
                reader.frame.slots[name] = before[name]
            else:
                reader.frame.slots.pop(name, None)
    return results


def sum_of_generator(reader: Reader, node: ast.GeneratorExp, name: str) -> Any:
    """``sum(e for ...)`` as the loop that it is."""
    total = f"_total_{node.lineno}_{node.col_offset}"
    add: ast.stmt = ast.AugAssign(ast.Name(total, ast.Store()), ast.Add(), node.elt)
    for generator in reversed(node.generators):
        for test in reversed(generator.ifs):
            add = ast.If(test, [add], [])
        add = ast.For(generator.target, generator.iter, [add], [])
    ast.copy_location(add, node)
    ast.fix_missing_locations(add)
    before = dict(reader.frame.slots)
    reader.frame.slots[total] = 0
    reader.statement(add)
    value = reader.frame.slots.pop(total)
    for target in {n.id for g in node.generators for n in ast.walk(g.target) if isinstance(n, ast.Name)}:
        if target in before:
            reader.frame.slots[target] = before[target]
        else:
            reader.frame.slots.pop(target, None)
    if isinstance(value, Scalar) and isinstance(value.atom, Var):
        value.atom.name = "total" if name == "t" else name
    return value

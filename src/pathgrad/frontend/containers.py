"""Lists, tuples and dicts: their items, unpacking, and keys (floor 2)."""

from __future__ import annotations

import ast
from typing import Any

from ..ir import Const, constant
from .context import NeedsStatic, Reader
from .list_aliases import refuse_shared_change
from .names import wrap
from .storage import element_of
from .values import Array, DictValue, ListValue, Scalar, describe


def items_of(reader: Reader, node: ast.AST, value: Any) -> list[Any]:
    """The items of something known when reading."""
    if isinstance(value, ListValue):
        return value.items
    if isinstance(value, DictValue):
        return list(value.slots)
    if isinstance(value, tuple | list | range | str | dict):
        return [wrap(item, "item") for item in value]
    reader.fail(node, f"{describe(value)} cannot be iterated over here; use range, an array, a list or a tuple")


def unpack(reader: Reader, node: ast.AST, value: Any, count: int) -> list[Any]:
    """The ``count`` items of a value."""
    if isinstance(value, Array):
        return [element_of(reader, value, constant(k)) for k in range(count)]
    if isinstance(value, Scalar):
        reader.fail(node, f"a number cannot be unpacked into {count} names")
    result = items_of(reader, node, value)
    if len(result) != count:
        reader.fail(node, f"{len(result)} values cannot be unpacked into {count} names")
    return result


def changeable(reader: Reader, node: ast.AST, target: ListValue | DictValue) -> None:
    """Note that a list or dict changes; refuse it for those of the surrounding module, and where others may see it."""
    if target.captured:
        reader.fail(
            node,
            "changes a list or dict of the surrounding module; build a new one (list(...)), or pass it as an argument",
        )
    refuse_shared_change(reader, node, target)
    target.changed = True


def extend_list(reader: Reader, node: ast.AST, target: ListValue, value: Any) -> None:
    """``target += value``."""
    changeable(reader, node, target)
    for item in items_of(reader, node, value):
        target.slots[len(target.slots)] = item


def static_key(reader: Reader, node: ast.expr, owner: Any) -> Any:
    """An index into a list, tuple or dict: it must be known when reading."""
    key = reader.evaluate(node)
    if isinstance(key, Scalar):
        if isinstance(key.atom, Const):
            key = key.atom.value
        else:
            raise NeedsStatic(
                key.atom,
                reader.error(
                    node,
                    "a list or tuple is indexed by a number that is known at run time only; use an array, or loop "
                    "over a range whose ends are literal",
                ),
            )
    if isinstance(owner, ListValue) and isinstance(key, int) and key < 0:
        key += len(owner.slots)
    return key

"""Which lists may be one list after a branch or a loop that rebinds names (floor 2).

Where a name has another list on each path, the reader goes on with a list of its own. In Python it is one of those,
which another name may see too. A change that would be missed there is refused.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from itertools import combinations
from typing import Any

from ..errors import AliasError
from .context import Reader
from .values import DictValue, ListValue

__all__ = ["note_lists", "note_loop_lists", "refuse_shared_change"]


def note_lists(fresh: Any, others: Iterable[Any]) -> None:
    """Note that a list, and the lists in it, may be the same as those of other values."""
    others = list(others)
    if isinstance(fresh, ListValue):
        lists = [o for o in others if isinstance(o, ListValue)]
        fresh.may_be(lists)
        for k, item in enumerate(fresh.items):
            note_lists(item, [o.slots.get(k) for o in lists])
    elif isinstance(fresh, tuple):
        for k, item in enumerate(fresh):
            note_lists(item, [o[k] for o in others if isinstance(o, tuple) and k < len(o)])


def note_loop_lists(befores: list[Any], begins: list[Any], ends: list[Any], fresh: list[Any]) -> None:
    """Note what lists may be that a loop carries: those before it, and what a turn ends with; also each other.

    ``fresh`` are those at the beginning of a turn, or after the loop.
    """
    for before, end, own in zip(befores, ends, fresh, strict=True):
        note_lists(own, [before, end])
    for (j, a), (k, b) in combinations(enumerate(fresh), 2):
        pairs = ((befores[j], befores[k]), (ends[j], ends[k]), (ends[j], begins[k]), (begins[j], ends[k]))
        if any(x is y and isinstance(x, ListValue) for x, y in pairs):
            note_lists(a, [b])


def refuse_shared_change(reader: Reader, node: ast.AST, target: ListValue | DictValue) -> None:
    """Refuse to change a list that may be another one, which something else refers to."""
    if not isinstance(target, ListValue):
        return
    seen: set[ListValue] = {target}
    waiting = [target]
    while waiting:
        more = waiting.pop().shadows - seen
        seen |= more
        waiting += more
    if any(reader.state.refers(other) for other in seen - {target}):
        reader.fail(
            node,
            "changes a list that on one path is also another name's; build a list of its own first (list(...))",
            AliasError,
        )

"""The names that a loop hands on: to its next turn, or to what follows it (floor 2).

A name that a loop brings into being is carried by it if it may be read before it is assigned again; any other lives
within one turn. Which names these are is found by going through the function backwards.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Sequence

from .source import Source

__all__ = ["handed_on"]


def handed_on(source: Source, loop: ast.AST) -> frozenset[str]:
    """The names that may be read, when a turn of the loop or the loop itself has ended, before they are assigned."""
    return _of_loops(source).get(loop, frozenset())


@functools.lru_cache(maxsize=64)
def _of_loops(source: Source) -> dict[ast.AST, frozenset[str]]:
    walk = _Backwards()
    walk.before(source.body, frozenset(), frozenset(), frozenset())
    inner = {node for s in source.body for node in ast.walk(s) if isinstance(node, ast.FunctionDef | ast.Lambda)}
    # an inner function reads when it is called, which may be anywhere
    always = frozenset().union(*map(_loaded, inner))
    return {loop: names | always for loop, names in walk.of_loops.items()}


class _Backwards:
    """From the names that are read after statements to those that are read from before them on.

    Attributes
    ----------
    of_loops : dict
        For each loop, the names that are read from the end of a turn on.
    """

    def __init__(self) -> None:
        self.of_loops: dict[ast.AST, frozenset[str]] = {}

    def before(
        self, statements: Sequence[ast.stmt], after: frozenset[str], broke: frozenset[str], continued: frozenset[str]
    ) -> frozenset[str]:
        """What is read from before a block on; ``broke`` and ``continued`` are read after what leaves it."""
        for s in reversed(statements):
            if isinstance(s, ast.If):
                arms = (self.before(arm, after, broke, continued) for arm in (s.body, s.orelse))
                after = _loaded(s.test).union(*arms)
            elif isinstance(s, ast.For):
                after = _loaded(s.iter) | self._before_turns(s, after, _loaded(s.target), _stored(s.target))
            elif isinstance(s, ast.While):
                after = self._before_turns(s, after, _loaded(s.test), frozenset())
            elif isinstance(s, ast.Break | ast.Continue):
                after = broke if isinstance(s, ast.Break) else continued
            elif isinstance(s, ast.Return):
                after = _loaded(s)
            elif isinstance(s, ast.Assign | ast.AnnAssign):
                after = after - _stored(s) | _loaded(s)
            elif isinstance(s, ast.AugAssign):
                after = after | _loaded(s) | _stored(s)
            else:
                after = after | _loaded(s)
        return after

    def _before_turns(
        self, s: ast.For | ast.While, after: frozenset[str], read: frozenset[str], assigned: frozenset[str]
    ) -> frozenset[str]:
        """What is read from the beginning of any turn on, or after the last one."""
        turn = after | read
        while (longer := turn | (self.before(s.body, turn, after, turn) - assigned)) != turn:
            turn = longer
        self.of_loops[s] = turn
        return turn


def _loaded(node: ast.AST) -> frozenset[str]:
    return _names(node, ast.Load)


def _stored(node: ast.AST) -> frozenset[str]:
    return _names(node, ast.Store)


def _names(node: ast.AST, context: type[ast.expr_context]) -> frozenset[str]:
    return frozenset(n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, context))

"""How inputs and outputs are grouped: trees of positions (floor 1).

A tree is a position, or a tuple, list or dict of trees; None stands where there is nothing.
"""

from __future__ import annotations

from typing import Any

__all__ = ["mentions", "moved"]


def moved(tree: Any, positions: dict[int, int]) -> Any:
    """A tree over other positions; leaves without one become None."""
    if isinstance(tree, int):
        return positions.get(tree)
    if isinstance(tree, tuple):
        return tuple(moved(t, positions) for t in tree)
    if isinstance(tree, list):
        return [moved(t, positions) for t in tree]
    return {k: moved(t, positions) for k, t in tree.items()} if isinstance(tree, dict) else None


def mentions(tree: Any, positions: dict[int, int]) -> bool:
    """Whether a tree has one of the positions."""
    if isinstance(tree, int):
        return tree in positions
    if isinstance(tree, tuple | list):
        return any(mentions(t, positions) for t in tree)
    return isinstance(tree, dict) and any(mentions(t, positions) for t in tree.values())

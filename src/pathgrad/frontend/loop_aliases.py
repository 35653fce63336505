"""Which arrays may share their storage after a loop that rebinds names (floor 2).

A name that a loop rebinds has storage of its own while the loop is read, and after it. In Python it may be the storage
that it had before the loop (if there was no turn), or what a turn bound it to, which another name may see too. Writes
that would be missed are refused: in the loop here, after it where they are read.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from ..errors import AliasError
from .context import Reader
from .values import Cell, Store

__all__ = ["Rebound", "note_shadows", "refuse_shared_writes"]


@dataclass(frozen=True)
class Rebound:
    """The storage of an array that a loop rebinds: before it, at the beginning and the end of a turn, and after it."""

    before: Cell | None = None
    begin: Cell | None = None
    end: Cell | None = None
    after: Cell | None = None


def refuse_shared_writes(
    reader: Reader, node: ast.AST, arrays: Sequence[Rebound], besides: Callable[[Store, Any], bool]
) -> None:
    """Refuse a loop that rebinds an array name and writes through it while another name sees the storage.

    ``besides(store, key)`` are the places that the loop carries, and those that live within a turn.
    """
    seen: list[Cell] = []
    arrays = [a for a in arrays if a.begin]
    for group in ([a.before for a in arrays if a.before], [a.end for a in arrays if a.end]):
        twins = any(_may_be_same(a, b) for a, b in combinations(group, 2))
        if twins or any(reader.state.referenced(c, besides) for cell in group for c in cell.candidates):
            seen += group
    rebound = [*(a.begin for a in arrays if a.begin), *seen]
    written = [cell for cell in rebound if any(c.writes for c in cell.candidates)]
    if seen and written:
        reader.fail(
            node,
            f"this loop rebinds {written[0].name!r} and also writes into it, while another name may share its "
            f"storage; write into a copy (x = x.copy()) or rebind without writing",
            AliasError,
        )


def note_shadows(arrays: Sequence[Rebound]) -> None:
    """Note what the arrays after a loop may be: what they were, what a turn made them, or each other."""
    arrays = [a for a in arrays if a.after]
    at = {a.begin: k for k, a in enumerate(arrays) if a.begin}
    turned = [at.get(a.end) if a.end else None for a in arrays]
    origins = [{c for c in (a.before, a.end) if c and c not in at} for a in arrays]
    pairs = {
        (j, k)
        for (j, a), (k, b) in combinations(enumerate(arrays), 2)
        if _may_be_same(a.before, b.before) or _may_be_same(a.end, b.end)
    }
    while True:
        longer = [o.union(origins[t]) if t is not None else o for o, t in zip(origins, turned, strict=True)]
        more = {
            (j, k)
            for j, k in combinations(range(len(arrays)), 2)
            if (turned[j], turned[k]) in pairs or (turned[k], turned[j]) in pairs
        }
        if longer == origins and more <= pairs:
            break
        origins, pairs = longer, pairs | more
    known = [{c for cell in cells for c in cell.candidates} for cells in origins]
    for k, (a, cells) in enumerate(zip(arrays, known, strict=True)):
        twins = [arrays[other].after for pair in pairs if k in pair for other in pair]
        if a.after:
            a.after.may_be([*cells, *filter(None, twins)])
    writes = sum(c.writes for a in arrays for c in (a.begin, a.end) if c)
    for a in arrays:
        for c in (a.before, a.after):
            if c:
                c.writes += writes


def _may_be_same(a: Cell | None, b: Cell | None) -> bool:
    return a is not None and b is not None and b in a.candidates

"""Arrays of one iteration, allocated once before the loop (floor 4).

An array that never leaves the iteration that makes it (`escape`) needs one storage for all iterations. It is allocated
before the outermost loop at which its lengths are known, outside of which it would have to be allocated anyway, and
given back after it. What one array has left is used for the next one of the same size: a body touches no more memory
than if each array were freed at its last use.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from .values import Owned
from .writer import Writer

__all__ = ["Scratch", "give_back"]

_Key = tuple[str, ...]


@dataclass(eq=False)
class Places:
    """The storage that a loop's iterations have: allocated before it, released after it.

    Attributes
    ----------
    w : Writer
        Writes the function that the loop is part of.
    at : int
        The line before the loop that takes the allocations.
    known : int
        Values with numbers up to this are there before the loop.
    lines : list of str
        The allocations.
    free : dict
        Storage that nothing uses, by size.
    owners : list of Owned
        All storage.
    """

    w: Writer
    at: int
    known: int
    lines: list[str] = field(default_factory=list)
    free: dict[_Key, list[str]] = field(default_factory=dict)
    owners: list[Owned] = field(default_factory=list)


class Scratch:
    """The storage of the loops around what is being written."""

    def __init__(self) -> None:
        #: the loops; None is a branch, whose arms may never run
        self.around: list[Places | None] = []

    @contextmanager
    def loop(self, w: Writer, release: Callable[[Owned], None]) -> Iterator[None]:
        """Write a loop in the context, from before the jump to its head to behind its end."""
        places = Places(w, len(w.lines), w.count)
        w.lines.append("")
        self.around.append(places)
        yield
        self.around.pop()
        w.lines[places.at] = "\n".join(places.lines)
        for owner in places.owners:
            release(owner)

    @contextmanager
    def arm(self) -> Iterator[None]:
        """Write an arm of a branch in the context."""
        self.around.append(None)
        yield
        self.around.pop()

    def take(self, w: Writer, sizes: Sequence[str], allocate: Callable[[], str]) -> Owned | None:
        """Storage from before the loops; None where there is no loop, or a size is not known before it.

        Parameters
        ----------
        w : Writer
            Writes the function that needs it.
        sizes : sequence of str
            The size in bytes of an element, and the lengths.
        allocate : callable
            Writes the allocation; the address.
        """
        places = self._outermost(w, sizes)
        if places is None:
            return None
        key = tuple(sizes)
        if places.free.get(key):
            return Owned(places.free[key].pop(), scratch=(places, key))
        here, w.lines = w.lines, places.lines
        data = allocate()
        w.lines = here
        places.owners.append(Owned(data))
        return Owned(data, scratch=(places, key))

    def _outermost(self, w: Writer, sizes: Sequence[str]) -> Places | None:
        newest = max((int(n) for size in sizes for n in re.findall(r"^%v(\d+)$", size)), default=0)
        found = None
        for places in reversed(self.around):
            if places is None or places.w is not w or newest > places.known:
                break
            found = places
        return found


def give_back(owner: Owned) -> None:
    """Let the next array of the same size have the storage."""
    assert owner.scratch is not None
    places, key = owner.scratch
    places.free.setdefault(key, []).append(owner.handle)

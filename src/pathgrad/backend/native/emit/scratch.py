"""Arrays that every turn of a loop makes anew (floor 4).

An array that stays inside its turn, and whose lengths are known before the loop, gets its storage there, once. Arrays
that are not in use at the same time share storage, as they would where each is allocated and released.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from .values import Owned
from .writer import Writer

__all__ = ["Scratch", "open_scratch"]


@dataclass
class Scratch:
    """What one loop allocates before its first turn.

    Attributes
    ----------
    w : Writer
        The function.
    position : int
        The line where the text goes that is written later.
    known : int
        Values up to this number are there before the loop.
    runs : str
        Whether the loop has a turn: lengths of others mean nothing.
    owned : list of Owned
        What the block around the loop holds.
    lines, label : list of str, str
        The text that goes there, and the block that it ends in.
    own : set of str
        The values that are computed there.
    spare : dict
        Storage that is not in use and its bytes, by element and lengths.
    """

    w: Writer
    position: int
    known: int
    runs: str
    owned: list[Owned]
    lines: list[str]
    label: str
    own: set[str] = field(default_factory=set)
    spare: dict[tuple[str, ...], list[tuple[str, str]]] = field(default_factory=dict)

    def has(self, dims: Sequence[str]) -> bool:
        """Whether lengths are known before the loop."""
        return all(not n.startswith("%v") or n in self.own or int(n[2:]) <= self.known for n in dims)

    def __enter__(self) -> Scratch:
        """Write before the loop."""
        self.w.lines, self.lines = self.lines, self.w.lines
        self.w.label, self.label = self.label, self.w.label
        return self

    def __exit__(self, *_: object) -> None:
        """Write on where the loop is written."""
        self.__enter__()

    def close(self, head: str) -> None:
        """Put what was written before the loop in its place."""
        self.w.lines[self.position] = "\n".join([*self.lines, f"  br label %{head}"])


def open_scratch(w: Writer, owned: list[Owned], first: str, last: str) -> tuple[Scratch, str]:
    """A place before a loop from ``first`` to ``last``; what is written next follows it."""
    before, head = w.new_label("before"), w.new_label("head")
    runs = w.compare("slt", first, last)
    w.jump(before)
    w.start(before)
    scratch = Scratch(w, len(w.lines), int(runs[2:]), runs, owned, [], before)
    w.lines.append("")
    w.start(head)
    return scratch, head

"""Basic indexing as data: the static part of ``a[i, :, None, 2:n]`` (floor 0).

The static part is an `Index`, one item for each position; the run-time numbers (integers and the ends of slices) are
operands of the operator that carries the `Index`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Index", "Integer", "NewAxis", "Slice"]


@dataclass(frozen=True)
class Integer:
    """An integer position: takes one operand and removes one axis."""


@dataclass(frozen=True)
class NewAxis:
    """``None`` in an index: takes no operand and adds an axis of length 1."""


@dataclass(frozen=True)
class Slice:
    """A slice; each end that is present takes one operand."""

    start: bool = False
    stop: bool = False
    step: bool = False


Item = Integer | NewAxis | Slice


@dataclass(frozen=True)
class Index:
    """The static part of a basic index; axes beyond the last item are taken whole.

    Examples
    --------
    >>> index = Index((Integer(), Slice(stop=True)))
    >>> index.with_operands([3, 5])
    (3, slice(None, 5, None))
    """

    items: tuple[Item, ...]

    def with_operands(self, operands: Sequence[Any]) -> tuple[Any, ...]:
        """The Python index with its run-time numbers filled in."""
        numbers: Iterator[Any] = iter(operands)
        index: list[Any] = []
        for item in self.items:
            if isinstance(item, Integer):
                index.append(next(numbers))
            elif isinstance(item, NewAxis):
                index.append(None)
            else:
                start = next(numbers) if item.start else None
                stop = next(numbers) if item.stop else None
                step = next(numbers) if item.step else None
                index.append(slice(start, stop, step))
        return tuple(index)

    @property
    def is_element(self) -> bool:
        """Whether every item is an integer."""
        return all(isinstance(item, Integer) for item in self.items)

    def axes_used(self) -> int:
        """How many axes of the array the items stand for."""
        return sum(not isinstance(item, NewAxis) for item in self.items)

    def rank(self, rank: int) -> int:
        """The rank of the result for an array of rank ``rank``."""
        removed = sum(isinstance(item, Integer) for item in self.items)
        added = sum(isinstance(item, NewAxis) for item in self.items)
        return rank - removed + added

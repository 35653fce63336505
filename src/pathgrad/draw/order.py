"""Fewer crossings: improve the order within layers (floor 6; imports nothing of the package).

Works on ``above`` and ``below``: for each place its neighbours in the layer over and under it.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Sequence
from itertools import pairwise

__all__ = ["crossings", "improve"]

_ROUNDS = 16
# Exchanging neighbours costs the square of a place's degree; pictures beyond this size cannot be read anyway.
_LARGEST = 3000

Neighbours = Sequence[Sequence[int]]


def crossings(layers: Sequence[Sequence[int]], below: Neighbours) -> int:
    """How many pairs of edges cross.

    Examples
    --------
    >>> crossings([[0, 1], [2, 3]], [[3], [2], [], []])
    1
    """
    total = 0
    for upper, lower in pairwise(layers):
        rank = {place: k for k, place in enumerate(lower)}
        seen: list[int] = []
        for place in upper:
            ends = [rank[j] for j in below[place]]
            total += sum(len(seen) - bisect_left(seen, end + 1) for end in ends)
            for end in ends:
                insort(seen, end)
    return total


def improve(layers: Sequence[Sequence[int]], above: Neighbours, below: Neighbours) -> list[list[int]]:
    """An order with at most as many crossings, by sweeps of means and exchanges of neighbours.

    Parameters
    ----------
    layers : sequence of sequences of int
        The places of each layer from left to right; not changed.
    above, below : sequence of sequences of int
        Neighbours of each place.

    Returns
    -------
    list of list of int

    Notes
    -----
    Source: E. Gansner, E. Koutsofios, S. North, K.-P. Vo, "A technique for drawing directed graphs", IEEE Transactions
    on Software Engineering 19 (1993), section 3, with means in place of medians.

    Examples
    --------
    >>> improve([[0, 1], [2, 3]], [[], [], [1], [0]], [[3], [2], [], []])
    [[0, 1], [3, 2]]
    """
    current = [list(layer) for layer in layers]
    best, fewest = [list(layer) for layer in current], crossings(current, below)
    if sum(map(len, layers)) > _LARGEST:
        return best
    for turn in range(_ROUNDS):
        downwards = turn % 2 == 0
        indices = range(1, len(current)) if downwards else range(len(current) - 2, -1, -1)
        for k in indices:
            fixed = {place: r for r, place in enumerate(current[k - 1 if downwards else k + 1])}
            _by_means(current[k], fixed, above if downwards else below)
        _exchange(current, above, below)
        count = crossings(current, below)
        if count < fewest:
            best, fewest = [list(layer) for layer in current], count
    return best


def _by_means(layer: list[int], fixed: dict[int, int], near: Neighbours) -> None:
    means = {place: sum(fixed[j] for j in near[place]) / len(near[place]) for place in layer if near[place]}
    # Places without neighbours on this side keep their position; the others are sorted around them.
    sortable = iter(sorted(means, key=lambda place: means[place]))
    layer[:] = [next(sortable) if place in means else place for place in layer]


def _exchange(layers: list[list[int]], above: Neighbours, below: Neighbours) -> None:
    """Exchange neighbours wherever that removes crossings, until it no longer does."""
    ranks = [{place: r for r, place in enumerate(layer)} for layer in layers]
    improved, rounds = True, 0
    while improved and rounds < _ROUNDS:
        improved, rounds = False, rounds + 1
        for k, layer in enumerate(layers):
            for i in range(len(layer) - 1):
                a, b = layer[i], layer[i + 1]
                gain = 0
                for near, rank in (
                    (above, ranks[k - 1] if k else {}),
                    (below, ranks[k + 1] if k + 1 < len(ranks) else {}),
                ):
                    left, right = [rank[j] for j in near[a]], [rank[j] for j in near[b]]
                    gain += sum((x > y) - (x < y) for x in left for y in right)
                if gain > 0:
                    layer[i], layer[i + 1] = b, a
                    ranks[k][a], ranks[k][b] = i + 1, i
                    improved = True

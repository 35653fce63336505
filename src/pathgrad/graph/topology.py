"""Order and reachability on compressed rows (floor 2; imports errors only).

Everything here sees bare lists: ``starts[v]:starts[v + 1]`` are the positions of the edges into vertex ``v``,
``operands`` their tails, ``carries`` whether they carry a derivative.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence

from ..errors import GraphError

__all__ = ["cycle", "relevant", "topological_order"]


def topological_order(starts: Sequence[int], operands: Sequence[int]) -> list[int]:
    """The vertices, operands before users; numbered so already, they keep their order.

    Parameters
    ----------
    starts, operands : sequence of int
        The compressed rows.

    Returns
    -------
    list of int
        A permutation of the vertices.

    Raises
    ------
    GraphError
        The edges contain a cycle; the message prints one.

    Notes
    -----
    Cost: linear in vertices and edges (Kahn's algorithm).

    Examples
    --------
    >>> topological_order([0, 1, 1, 2], [2, 1])
    [1, 2, 0]
    """
    count = len(starts) - 1
    # Graphs numbered operands first keep their numbers as order, so that ids and order agree.
    if all(operands[p] < v for v in range(count) for p in range(starts[v], starts[v + 1])):
        return list(range(count))
    users: list[list[int]] = [[] for _ in range(count)]
    waiting = [starts[v + 1] - starts[v] for v in range(count)]
    for vertex in range(count):
        for position in range(starts[vertex], starts[vertex + 1]):
            users[operands[position]].append(vertex)
    ready = deque(v for v in range(count) if waiting[v] == 0)
    order: list[int] = []
    while ready:
        vertex = ready.popleft()
        order.append(vertex)
        for user in users[vertex]:
            waiting[user] -= 1
            if waiting[user] == 0:
                ready.append(user)
    if len(order) < count:
        found = " → ".join(map(str, cycle(starts, operands, waiting)))
        raise GraphError(
            f"graph: the edges form a cycle, {found}; a computation graph is acyclic, because no value can depend on "
            f"itself. Remove one of these edges"
        )
    return order


def cycle(starts: Sequence[int], operands: Sequence[int], waiting: Sequence[int]) -> list[int]:
    """One cycle among the vertices that still wait for an operand, its first vertex repeated at the end.

    Examples
    --------
    >>> cycle([0, 1, 2], [1, 0], [1, 1])
    [0, 1, 0]
    """
    vertex = next(v for v in range(len(waiting)) if waiting[v] > 0)
    seen: dict[int, int] = {}
    walk: list[int] = []
    while vertex not in seen:
        seen[vertex] = len(walk)
        walk.append(vertex)
        vertex = next(operands[p] for p in range(starts[vertex], starts[vertex + 1]) if waiting[operands[p]] > 0)
    return [vertex, *reversed(walk[seen[vertex] :])]


def relevant(
    order: Sequence[int],
    starts: Sequence[int],
    operands: Sequence[int],
    carries: Sequence[bool],
    sources: Iterable[int],
    targets: Iterable[int],
) -> list[bool]:
    """For each vertex, whether it lies on a path from one of ``sources`` to one of ``targets``.

    "The relevant portion of the computation graph" (lecture, section 4). A source or target counts as such only if
    a path joins it to the other side.

    Examples
    --------
    >>> relevant(range(3), [0, 0, 1, 2], [0, 0], [True, True], [0], [2])
    [True, False, True]
    """
    count = len(starts) - 1
    below, above = [False] * count, [False] * count
    for source in sources:
        below[source] = True
    for target in targets:
        above[target] = True
    for vertex in order:
        if not below[vertex]:
            for position in range(starts[vertex], starts[vertex + 1]):
                if carries[position] and below[operands[position]]:
                    below[vertex] = True
                    break
    for vertex in reversed(order):
        if above[vertex]:
            for position in range(starts[vertex], starts[vertex + 1]):
                if carries[position]:
                    above[operands[position]] = True
    return [b and a for b, a in zip(below, above, strict=True)]

"""Path problems on a computation graph, in either direction (floor 2; imports structure, semiring, topology).

The value of a path problem from ``source`` to ``target`` combines, over all paths between them, the extension of the
labels along each (lecture, section 4). Solved from the source up it is forward mode, from the target down reverse
mode; associativity makes them equal.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from ..errors import GraphError
from .semiring import REAL, SYMBOLIC, Semiring
from .structure import Edge, Structure, Vertex, VertexKey
from .topology import relevant

__all__ = ["Paths", "Sweep", "VertexValues", "chosen_semiring", "paths", "sweep"]

Direction = Literal["forward", "backward"]


class VertexValues(Mapping[Vertex, Any]):
    """Values by vertex; a key may be a vertex, its number or its name.

    Parameters
    ----------
    graph : Structure
        The graph that knows the names.
    values : dict
        Vertex number to value.

    Examples
    --------
    >>> from pathgrad.graph import Graph
    >>> graph = Graph.from_edges(2, 1, [(0, 1, 3.0)], outputs=[1], input_names=["x"])
    >>> graph.paths("x", 1).values["x"]
    1.0
    """

    def __init__(self, graph: Structure, values: dict[int, Any]) -> None:
        self._graph = graph
        self._values = values

    def __getitem__(self, key: VertexKey) -> Any:
        return self._values[int(self._graph.vertex(key))]

    def __contains__(self, key: object) -> bool:
        return isinstance(key, (int, str)) and int(self._graph.vertex(key)) in self._values

    def __iter__(self) -> Iterator[Vertex]:
        return (self._graph.vertex(v) for v in self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return "{" + ", ".join(f"{v.name or int(v)}: {value}" for v, value in self.items()) + "}"


@dataclass(frozen=True)
class Sweep:
    """One traversal of the graph: its seed, what it computed at each relevant vertex and what that took.

    Attributes
    ----------
    seed : Vertex
        The source of a forward sweep, the target of a backward one.
    direction : str
        ``"forward"`` or ``"backward"``.
    values : VertexValues
        The path value of each relevant vertex (the green numbers of the lecture's Figure 3), in the order computed.
    multiplications, additions : int
        How often extend and combine were called.
    """

    seed: Vertex
    direction: Direction
    values: VertexValues
    multiplications: int
    additions: int


@dataclass(frozen=True)
class Paths:
    """The solution of a path problem; see `paths`.

    Attributes
    ----------
    sources, targets : tuple of Vertex
        What was asked for.
    direction : str
        ``"forward"`` or ``"backward"``.
    semiring : Semiring
        What extend and combine meant.
    sweeps : tuple of Sweep
        The traversals: one for each source (forward) or each target (backward).
    value : Any
        The path value. For several sources or several targets a mapping by that vertex; for several of both a
        mapping by the pair ``(target, source)``.
    """

    graph: Structure
    sources: tuple[Vertex, ...]
    targets: tuple[Vertex, ...]
    direction: Direction
    semiring: Semiring
    sweeps: tuple[Sweep, ...]
    value: Any

    @property
    def values(self) -> Any:
        """Every intermediate path value by vertex; with several sweeps, by the vertex that each started from."""
        if len(self.sweeps) == 1:
            return self.sweeps[0].values
        return VertexValues(self.graph, {int(sweep.seed): sweep.values for sweep in self.sweeps})

    @property
    def multiplications(self) -> int:
        """How often extend was called, all sweeps together."""
        return sum(sweep.multiplications for sweep in self.sweeps)

    @property
    def additions(self) -> int:
        """How often combine was called, all sweeps together."""
        return sum(sweep.additions for sweep in self.sweeps)

    def __repr__(self) -> str:
        ends = [", ".join(v.name or str(int(v)) for v in side) for side in (self.sources, self.targets)]
        return (
            f"<{self.direction} paths from {ends[0]} to {ends[1]}, {self.semiring.name}: {self.value}; "
            f"{self.multiplications} multiplications, {self.additions} additions>"
        )


def chosen_semiring(graph: Structure, semiring: Semiring | None) -> Semiring:
    """``semiring``, or the one that fits the graph's labels: numbers or expressions.

    Raises
    ------
    GraphError
        If ``semiring`` is no `Semiring`.
    """
    if semiring is None:
        return SYMBOLIC if graph.is_symbolic else REAL
    if not isinstance(semiring, Semiring):
        raise GraphError(
            f"paths: semiring must be a Semiring, got {semiring!r}. Use pathgrad.REAL, SYMBOLIC, BOOLEAN, COUNT, "
            f"MAX_TIMES or INTERVAL, or make one with Semiring(zero, one, combine, extend, name)"
        )
    return semiring


def sweep(
    graph: Structure, seed: Vertex, ends: Iterable[Vertex], direction: Direction, semiring: Semiring | None = None
) -> Sweep:
    """Solve the path problem between ``seed`` and all of ``ends`` in one traversal.

    Parameters
    ----------
    graph : Graph
        The graph.
    seed : Vertex
        Where to start: the source (forward) or the target (backward).
    ends : iterable of Vertex
        Where paths may end; only vertices between the two are visited.
    direction : {"forward", "backward"}
        Which way.
    semiring : Semiring, optional
        As for `paths`.

    Returns
    -------
    Sweep

    Notes
    -----
    Cost: linear in the graph. One extend for each relevant edge that does not touch the seed (there the label itself
    is the value: extending ``one`` is not done and not counted), one combine for each edge after the first of a
    vertex.

    Examples
    --------
    >>> from pathgrad.graph import Graph
    >>> graph = Graph.from_edges(3, 1, [(0, 1, 2.0), (0, 1, 3.0), (1, 2, 10.0)], outputs=[2])
    >>> sweep(graph, graph.inputs[0], graph.outputs, "forward").values
    {x[0]: 1.0, 1: 5.0, 2: 50.0}
    """
    ring = chosen_semiring(graph, semiring)
    order, starts, operands, carries = graph.rows
    labels, start = graph.label_list, int(seed)
    forward = direction == "forward"
    between = relevant(order, starts, operands, carries, *(([start], ends) if forward else (ends, [start])))
    if not between[start]:
        return Sweep(seed, direction, VertexValues(graph, {}), 0, 0)
    values: dict[int, Any] = {start: ring.one}
    multiplications = additions = 0
    for head in order if forward else reversed(order):
        if not between[head] or (forward and head == start):
            continue
        for position in range(starts[head], starts[head + 1]):
            tail = operands[position]
            if not carries[position] or not between[tail] or (not forward and tail == start):
                continue
            element = ring.lift(Edge(tail, head, position - starts[head], labels[position]))
            came_from, goes_to = (tail, head) if forward else (head, tail)
            if came_from != start:
                known = values[came_from]
                element = ring.extend(known, element) if forward else ring.extend(element, known)
                multiplications += 1
            if goes_to in values:
                element = ring.combine(values[goes_to], element)
                additions += 1
            values[goes_to] = element
    return Sweep(seed, direction, VertexValues(graph, values), multiplications, additions)


def paths(
    graph: Structure,
    source: VertexKey | Iterable[VertexKey],
    target: VertexKey | Iterable[VertexKey] | None = None,
    direction: Direction = "forward",
    semiring: Semiring | None = None,
) -> Paths:
    """Solve the path problem from ``source`` to ``target``.

    Parameters
    ----------
    graph : Graph
        The graph, with numbers, symbols or anything else as labels.
    source : vertex, name or list of them
        Where paths begin: usually inputs.
    target : vertex, name or list of them, optional
        Where paths end; the only output if left out.
    direction : {"forward", "backward"}
        From the sources up, one sweep for each source; or from the targets down, one for each target.
    semiring : Semiring, optional
        What extend and combine mean; `REAL` for numeric labels and `SYMBOLIC` for expressions if left out.

    Returns
    -------
    Paths
        With ``.value`` (a mapping where ``source`` or ``target`` is a list), every intermediate path value in
        ``.values``, and the counts ``.multiplications`` and ``.additions``.

    Raises
    ------
    GraphError
        A vertex is unknown, ``direction`` is neither, ``semiring`` is none, or ``target`` is left out of a graph
        with several outputs.

    Notes
    -----
    Source: lecture, section 4 and Figures 3 and 4. Cost: see `sweep`; edges that carry no derivative are not
    followed.

    Examples
    --------
    The function ``x * x`` at 3, whose two edges both count:

    >>> from pathgrad.graph import COUNT, Graph
    >>> graph = Graph.from_edges(2, 1, [(0, 1, 3.0), (0, 1, 3.0)], outputs=[1], input_names=["x"])
    >>> paths(graph, "x").value, paths(graph, "x", semiring=COUNT).value
    (6.0, 2)
    """
    if direction not in ("forward", "backward"):
        raise GraphError(f"paths: direction must be 'forward' or 'backward', got {direction!r}")
    if target is None:
        if len(graph.outputs) > 1:
            raise GraphError(
                f"paths: the graph has {len(graph.outputs)} outputs and no target was given; "
                f"pass target=graph.outputs[0], or target=graph.outputs for all"
            )
        target = graph.outputs[0]
    ring = chosen_semiring(graph, semiring)
    sources, targets = graph.vertices(source), graph.vertices(target)
    seeds, ends = (sources, targets) if direction == "forward" else (targets, sources)
    sweeps = tuple(sweep(graph, seed, ends, direction, ring) for seed in seeds)
    found: dict[tuple[int, int], Any] = {}
    for one in sweeps:
        for end in ends:
            pair = (end, one.seed) if direction == "forward" else (one.seed, end)
            found[int(pair[0]), int(pair[1])] = one.values.get(end, ring.zero)
    many_sources, many_targets = not _is_single(source), not _is_single(target)
    value: Any
    if many_sources and many_targets:
        value = {(graph.vertex(t), graph.vertex(s)): element for (t, s), element in found.items()}
    elif many_sources:
        value = VertexValues(graph, {s: element for (_, s), element in found.items()})
    elif many_targets:
        value = VertexValues(graph, {t: element for (t, _), element in found.items()})
    else:
        value = next(iter(found.values()))
    return Paths(graph, sources, targets, direction, ring, sweeps, value)


def _is_single(keys: Any) -> bool:
    return isinstance(keys, (str, int, np.integer))

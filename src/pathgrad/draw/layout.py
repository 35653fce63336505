"""Layers, order and coordinates (floor 6; imports errors, order; igraph when first used).

The layout of Sugiyama, Tagawa and Toda: assign layers, add a waypoint where an edge passes a layer, order each layer
so that few edges cross (igraph, then `order`), then choose coordinates. A label is a waypoint of its own width, so
that no label can touch another label, a vertex or a foreign waypoint.

References
----------
K. Sugiyama, S. Tagawa, M. Toda, "Methods for visual understanding of hierarchical system structures", IEEE
Transactions on Systems, Man, and Cybernetics 11 (1981).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ..errors import MissingPackageError
from .order import improve

__all__ = ["Place", "arrange"]

_GAP = 12.0
_ROUNDS = 24


@dataclass
class Place:
    """Something that takes up room: a vertex, a label, or a point where an edge passes a layer.

    Attributes
    ----------
    layer : int
        Its layer, 0 on top.
    left, right, up, down : float
        How far it reaches from its anchor, in points.
    pull : float
        How strongly it keeps in line with its neighbours.
    above, below : list of int
        Neighbours in the layers next to it.
    x, y : float
        Where the anchor is; y grows upwards.
    """

    layer: int
    left: float = 0.0
    right: float = 0.0
    up: float = 0.0
    down: float = 0.0
    pull: float = 1.0
    above: list[int] = field(default_factory=list)
    below: list[int] = field(default_factory=list)
    x: float = 0.0
    y: float = 0.0


def arrange(places: Sequence[Place], sides: Sequence[tuple[int, int]] = ()) -> None:
    """Set ``x`` and ``y`` of every place.

    Parameters
    ----------
    places : sequence of Place
        With layers, sizes and neighbours; neighbours lie in adjacent layers.
    sides : sequence of (int, int)
        Pairs that had better stand left and right; the picture is mirrored if most do not.

    Raises
    ------
    MissingPackageError
        igraph is not installed.
    """
    layers = _ordered(places)
    _coordinates(places, layers)
    wrong = sum(places[a].x > places[b].x for a, b in sides)
    if 2 * wrong > len(sides):
        for layer in layers:
            layer.reverse()
        for place in places:
            place.x = -place.x
        _coordinates(places, layers)
    _heights(places, layers)


def _ordered(places: Sequence[Place]) -> list[list[int]]:
    try:
        import igraph
    except ImportError as error:
        raise MissingPackageError(
            "draw: SVG and PNG need igraph for the layout, and it is not installed. "
            "Run: pip install pathgrad[draw]; a .dot file needs nothing"
        ) from error
    edges = [(i, j) for i, place in enumerate(places) for j in place.below]
    graph = igraph.Graph(len(places), edges, directed=True)
    layout = graph.layout_sugiyama(layers=[place.layer for place in places], maxiter=200)
    for place, (x, *_) in zip(places, layout.coords, strict=False):
        place.x = x
    layers: list[list[int]] = [[] for _ in range(1 + max(place.layer for place in places))]
    for i in sorted(range(len(places)), key=lambda i: (places[i].x, i)):
        layers[places[i].layer].append(i)
    return improve(layers, [place.above for place in places], [place.below for place in places])


def _coordinates(places: Sequence[Place], layers: list[list[int]]) -> None:
    """Each place as near to the mean of its neighbours as the order and the sizes in its layer allow."""
    for layer in layers:
        _settle(places, layer, [places[i].x for i in layer])
    for turn in range(_ROUNDS):
        # First from above and from below in turn, which carries the shape through; at the end both sides at once.
        from_above, last = turn % 2 == 0, turn >= _ROUNDS - 6
        for layer in layers if from_above else reversed(layers):
            wanted = []
            for i in layer:
                place = places[i]
                near = place.above + place.below if last else (place.above if from_above else place.below)
                wanted.append(sum(places[j].x for j in near) / len(near) if near else place.x)
            _settle(places, layer, wanted)


def _settle(places: Sequence[Place], layer: list[int], wanted: list[float]) -> None:
    """The least weighted squared move that keeps distances: isotonic regression by pooling adjacent violators."""
    offsets, total = [], 0.0
    for k, i in enumerate(layer):
        total += places[layer[k - 1]].right + _GAP + places[i].left if k else 0.0
        offsets.append(total)
    pools: list[tuple[float, float, int]] = []
    for i, x, offset in zip(layer, wanted, offsets, strict=True):
        mean, weight, size = x - offset, places[i].pull, 1
        while pools and pools[-1][0] > mean:
            other, other_weight, other_size = pools.pop()
            mean = (mean * weight + other * other_weight) / (weight + other_weight)
            weight, size = weight + other_weight, size + other_size
        pools.append((mean, weight, size))
    settled = [mean for mean, _, size in pools for _ in range(size)]
    for i, mean, offset in zip(layer, settled, offsets, strict=True):
        places[i].x = mean + offset


def _heights(places: Sequence[Place], layers: list[list[int]]) -> None:
    y = 0.0
    for k, layer in enumerate(layers):
        if k:
            # Edges that go far sideways need height, or they would lie flat across their neighbours.
            far = max((abs(places[i].x - places[j].x) for i in layers[k - 1] for j in places[i].below), default=0.0)
            y -= min(9.0 + 0.1 * far, 90.0) + max(places[i].up for i in layer)
        for i in layer:
            places[i].y = y
        y -= max(places[i].down for i in layer)

"""A graph as shapes and texts with coordinates (floor 6; imports graph, layout, text; matplotlib when first used).

The root is on top and the leaves below, as the lecture draws them. A constant is drawn once for each use. With a path
problem, the path values stand in green beside their vertices (lecture, Figure 3) and what is not on a path is faded.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from math import hypot

from ..errors import GraphError, MissingPackageError
from ..graph import Paths, Structure, Sweep
from ..graph.structure import CONSTANT, INPUT
from .layout import Place, arrange
from .text import written

__all__ = ["Curve", "Node", "Scene", "Text", "build_scene", "chosen_sweep", "leaf_text", "output_texts", "text_width"]

RADIUS = 13.0
SIZE, SMALL = 11.0, 9.5
_BOX_HEIGHT = 10.0
# The tangent of the largest angle to the vertical at which an edge touches a vertex.
_FLATTEST = 0.8


@dataclass(frozen=True)
class Text:
    """A text and its centre (left edge where ``align`` says so)."""

    x: float
    y: float
    text: str
    role: str
    align: str = "center"


@dataclass(frozen=True)
class Node:
    """A vertex's outline: half its width and height around its centre; a circle if they are equal."""

    x: float
    y: float
    half_width: float
    half_height: float
    role: str


@dataclass(frozen=True)
class Curve:
    """An edge: cubic segments from operand to user, as points p0, c0, c1, p1, c2, c3, p2, ..."""

    points: tuple[tuple[float, float], ...]
    role: str


@dataclass
class Scene:
    """Everything a writer draws, with ``bounds`` as (left, bottom, right, top)."""

    nodes: list[Node] = field(default_factory=list)
    curves: list[Curve] = field(default_factory=list)
    texts: list[Text] = field(default_factory=list)
    bounds: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)


def chosen_sweep(paths: Paths | Sweep | None) -> Sweep | None:
    """The one sweep whose values a picture shows.

    Raises
    ------
    GraphError
        ``paths`` has several sweeps, which would be several pictures, or is something else.
    """
    if paths is None or isinstance(paths, Sweep):
        return paths
    if not isinstance(paths, Paths):
        raise GraphError(f"draw: paths must be a result of graph.paths(...), got {paths!r}")
    if len(paths.sweeps) != 1:
        raise GraphError(
            f"draw: a picture shows the values of one sweep, and this result has {len(paths.sweeps)}; "
            f"pass one of its .sweeps"
        )
    return paths.sweeps[0]


def leaf_text(graph: Structure, vertex: int) -> str:
    """A leaf as drawn: ``x = 3``, or ``x`` where there is no number."""
    value = graph.values[vertex]
    if graph.codes[vertex] == CONSTANT:
        return graph.names.get(vertex) or written(value)
    name = graph.names[vertex]
    return name if graph.is_symbolic or value != value else f"{name} = {written(value)}"


def output_texts(graph: Structure) -> dict[int, str]:
    """What stands above each output: ``h = 920``."""
    texts: dict[int, list[str]] = {}
    for k, (vertex, name) in enumerate(zip(graph.outputs, graph.output_names, strict=True)):
        shown = name or ("out" if len(graph.outputs) == 1 else f"out[{k}]")
        number = not graph.is_symbolic and graph.values[vertex] == graph.values[vertex]
        texts.setdefault(int(vertex), []).append(f"{shown} = {written(vertex.value)}" if number else shown)
    return {vertex: ", ".join(names) for vertex, names in texts.items()}


def text_width() -> Callable[[str, float], float]:
    """A function from (text, font size) to width in points, in the font that the writers use.

    Raises
    ------
    MissingPackageError
        matplotlib is not installed.
    """
    try:
        from matplotlib.font_manager import FontProperties
        from matplotlib.textpath import text_to_path
    except ImportError as error:
        raise MissingPackageError(
            "draw: SVG and PNG need matplotlib, and it is not installed. "
            "Run: pip install pathgrad[draw]; a .dot file needs nothing"
        ) from error

    def width(text: str, size: float) -> float:
        font = FontProperties(family="DejaVu Sans", size=size)
        return float(text_to_path.get_text_width_height_descent(text, font, ismath=False)[0])

    return width


def build_scene(graph: Structure, sweep: Sweep | None = None, values: bool = False) -> Scene:
    """Lay the graph out.

    Parameters
    ----------
    graph : Graph
        The graph.
    sweep : Sweep, optional
        Whose path values to show.
    values : bool
        Whether to write every vertex's value, not only those of leaves and outputs.

    Returns
    -------
    Scene
    """
    return _Composer(graph, sweep, values).scene()


class _Composer:
    def __init__(self, graph: Structure, sweep: Sweep | None, values: bool) -> None:
        self.graph, self.sweep, self.show_values = graph, sweep, values
        self.width = text_width()
        self.places: list[Place] = []
        self.owners: list[tuple[int, str, float, float]] = []  # vertex, text, half width, half height
        self.at: dict[int, int] = {}
        self.outputs = output_texts(graph)
        self.edges = list(graph.edges())
        self.on_path = [self._on_path(k) for k in range(len(self.edges))]

    def _on_path(self, k: int) -> bool:
        edge = self.edges[k]
        if self.sweep is None:
            return True
        shown = self.sweep.values
        return bool(self.graph.carries[k]) and edge.source in shown and edge.target in shown

    def _value(self, vertex: int) -> str:
        if self.sweep is None or vertex not in self.sweep.values:
            return ""
        return written(self.sweep.values[vertex])

    def _aside(self, vertex: int) -> str:
        """What stands to the left of an operation: the name that labels call it by, its value if wanted."""
        if self.graph.codes[vertex] < 0:
            return ""
        name = self.graph.vertex_names.get(vertex, "")
        value = written(self.graph.values[vertex]) if self.show_values else ""
        return " = ".join(part for part in (name, value if value != name else "") if part)

    def _layers(self) -> list[int]:
        """As near to the root as the users allow; two layers a step, the odd ones for labels."""
        layers = [0] * len(self.graph)
        _, starts, operands, _ = self.graph.rows
        for vertex in reversed(self.graph.rows[0]):
            for position in range(starts[vertex], starts[vertex + 1]):
                tail = operands[position]
                layers[tail] = max(layers[tail], layers[vertex] + 2)
        return layers

    def _add_vertex(self, vertex: int, layer: int) -> int:
        graph = self.graph
        leaf = graph.codes[vertex] < 0
        text = leaf_text(graph, vertex) if leaf else graph.operator_symbol(vertex)
        half = self.width(text, SIZE) / 2
        half_width, half_height = (half + 6, _BOX_HEIGHT) if leaf or half > RADIUS - 4 else (RADIUS, RADIUS)
        if graph.codes[vertex] == CONSTANT:
            half_width, half_height = half + 2, 8.0
        right = left = half_width
        if value := self._value(vertex):
            right += 5 + self.width(value, SIZE) * 1.12
        if aside := self._aside(vertex):
            left += 5 + self.width(aside, SMALL)
        up = half_height
        if vertex in self.outputs:
            tag = self.width(self.outputs[vertex], SIZE)
            if layer == 0:
                up, left, right = up + 30, max(left, tag / 2 + 4), max(right, tag / 2 + 4)
            else:
                left += tag + 8
        self.places.append(Place(layer, left, right, up, half_height, pull=1.0))
        self.owners.append((vertex, text, half_width, half_height))
        return len(self.places) - 1

    def _join(self, upper: int, lower: int) -> None:
        self.places[upper].below.append(lower)
        self.places[lower].above.append(upper)

    def scene(self) -> Scene:
        """Place everything, then draw it."""
        graph, layers = self.graph, self._layers()
        used = {edge.source for edge in self.edges}
        for vertex in range(len(graph)):
            if graph.codes[vertex] != CONSTANT or vertex not in used or vertex in self.outputs:
                self.at[vertex] = self._add_vertex(vertex, layers[vertex])
        routes: list[list[int]] = []
        for k, edge in enumerate(self.edges):
            routes.append(self._route(k, layers))
            assert routes[k][-1] == self.at[edge.target], edge
        sides = [
            (routes[k][0], routes[k + 1][0])
            for k in range(len(routes) - 1)
            if self.edges[k].target == self.edges[k + 1].target and routes[k][0] != routes[k + 1][0]
        ]
        arrange(self.places, sides)
        scene = Scene()
        for k, route in enumerate(routes):
            self._draw_edge(scene, k, route)
        for i, (vertex, text, half_width, half_height) in enumerate(self.owners):
            if vertex >= 0:
                self._draw_vertex(scene, self.places[i], vertex, text, half_width, half_height)
        scene.bounds = (
            min(p.x - p.left for p in self.places),
            min(p.y - p.down for p in self.places),
            max(p.x + p.right for p in self.places),
            max(p.y + p.up for p in self.places),
        )
        return scene

    def _route(self, k: int, layers: list[int]) -> list[int]:
        """The places that edge ``k`` visits, from operand to user; the label is the first below the user."""
        edge = self.edges[k]
        start = self.at.get(edge.source)
        if start is None or (self.graph.codes[edge.source] == CONSTANT):
            start = self._add_vertex(edge.source, layers[edge.target] + 2)
        route, below = [start], start
        for layer in range(self.places[start].layer - 1, layers[edge.target], -1):
            half = 0.0
            if layer == layers[edge.target] + 1 and self.graph.carries[k]:
                half = self.width(written(edge.label), SMALL) / 2 + 2
            self.places.append(Place(layer, half, half, 7.0, 7.0, pull=2.0))
            self.owners.append((-1, "", 0.0, 0.0))
            self._join(len(self.places) - 1, below)
            below = len(self.places) - 1
            route.append(below)
        self._join(self.at[edge.target], below)
        return [*route, self.at[edge.target]]

    def _draw_edge(self, scene: Scene, k: int, route: list[int]) -> None:
        points = [(self.places[i].x, self.places[i].y) for i in route]
        label = points[-2]
        points[0] = self._border(route[0], points[1])
        points[-1] = self._border(route[-1], points[-2])
        carries = bool(self.graph.carries[k])
        role = ("edge" if self.on_path[k] else "faded edge") if carries else "flat edge"
        scene.curves.append(Curve(_smooth(points), role))
        if carries:
            role = "label" if self.on_path[k] else "faded label"
            scene.texts.append(Text(*label, written(self.edges[k].label), role))

    def _border(self, i: int, towards: tuple[float, float]) -> tuple[float, float]:
        """Where an edge touches a vertex: on its upper or lower side, so that flat edges clear its neighbours."""
        place, (_, _, half_width, half_height) = self.places[i], self.owners[i]
        dx, dy = towards[0] - place.x, towards[1] - place.y
        dx = max(-_FLATTEST * abs(dy), min(_FLATTEST * abs(dy), dx))
        if half_width == half_height:
            scale = half_width / max(hypot(dx, dy), 1e-9)
            return place.x + dx * scale, place.y + dy * scale
        shift = max(-0.7 * half_width, min(0.7 * half_width, dx * half_height / max(abs(dy), 1e-9)))
        return place.x + shift, place.y + (half_height if dy > 0 else -half_height)

    def _draw_vertex(
        self, scene: Scene, place: Place, vertex: int, text: str, half_width: float, half_height: float
    ) -> None:
        code = self.graph.codes[vertex]
        kind = {INPUT: "input", CONSTANT: "constant"}.get(int(code), "operator")
        faded = "" if self.sweep is None or vertex in self.sweep.values else "faded "
        scene.nodes.append(Node(place.x, place.y, half_width, half_height, faded + kind))
        scene.texts.append(Text(place.x, place.y, text, f"{faded}{kind} text"))
        if value := self._value(vertex):
            scene.texts.append(Text(place.x + half_width + 5, place.y, value, "path value", "left"))
        left = place.x - half_width
        if aside := self._aside(vertex):
            scene.texts.append(Text(left - 4, place.y, aside, "value", "right"))
            left -= 5 + self.width(aside, SMALL)
        if vertex in self.outputs:
            tag = self.outputs[vertex]
            if place.layer == 0:
                top = place.y + half_height
                scene.curves.append(
                    Curve(
                        ((place.x, top), (place.x, top + 5), (place.x, top + 10), (place.x, top + 15)), faded + "edge"
                    )
                )
                scene.texts.append(Text(place.x, top + 23, tag, faded + "output"))
            else:
                scene.texts.append(Text(left - 5, place.y, tag, faded + "output", "right"))


def _smooth(points: list[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    """A smooth curve upwards through the points, in cubic segments.

    At each point it halves the angle of its two neighbours, but is never flatter than ``_FLATTEST``: what goes far
    sideways does so between the layers, where there is no text. Control points stay within their segment's height,
    so that the curve never turns back.
    """
    steps = [(b[0] - a[0], max(b[1] - a[1], 1e-9)) for a, b in pairwise(points)]
    units = [(dx / hypot(dx, dy), dy / hypot(dx, dy)) for dx, dy in steps]
    halved = [units[0], *((a[0] + b[0], a[1] + b[1]) for a, b in pairwise(units)), units[-1]]
    slopes = [max(-_FLATTEST, min(_FLATTEST, dx / dy)) for dx, dy in halved]
    path = [points[0]]
    for k, (_, dy) in enumerate(steps):
        for end, sign in ((k, 0.4), (k + 1, -0.4)):
            path.append((points[end][0] + slopes[end] * dy * sign, points[end][1] + dy * sign))
        path.append(points[k + 1])
    return tuple(path)

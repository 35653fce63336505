"""Graphs that the tests of this room share."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
from hypothesis import strategies as st

from pathgrad.graph import Graph, GraphBuilder, summation
from pathgrad.ops import TABLE, Op

DATA = Path(__file__).parents[1] / "data" / "elimination_graphs.json"


class Recorder:
    """A builder that computes values itself."""

    def __init__(self) -> None:
        self.builder = GraphBuilder()
        self.values: list[float] = []

    def input(self, name: str, value: float) -> int:
        self.values.append(value)
        return self.builder.input(name, value)

    def constant(self, value: float) -> int:
        self.values.append(value)
        return self.builder.constant(value)

    def __call__(self, op: Op | str, *operands: int) -> int:
        record = TABLE[op] if isinstance(op, str) else op
        with np.errstate(all="ignore"):
            value = float(record.value(*(np.float64(self.values[u]) for u in operands)))
        self.values.append(value)
        return self.builder.vertex(record, operands, value)


def lecture_h(x: float = 3.0, y: float = 5.0) -> Graph:
    """The lecture's equation (3): (x + 4y) × ((x + y) × y)."""
    record = Recorder()
    i, j, four = record.input("x", x), record.input("y", y), record.constant(4.0)
    left = record("add", i, record("multiply", four, j))
    right = record("multiply", record("add", i, j), j)
    return record.builder.finish([record("multiply", left, right)], ["h"])


def network() -> tuple[Graph, dict[int, str]]:
    """The lecture's Figure 9: two inputs, three hidden and three output nodes, the cost; and names for h and y."""
    record, rng = Recorder(), random.Random(9)
    outer = [[record.input(f"w{3 * j + i + 1}", rng.gauss(0, 1)) for i in range(3)] for j in range(3)]
    inner = [[record.input(f"w{10 + 2 * j + i}", rng.gauss(0, 1)) for i in range(2)] for j in range(3)]
    x = [record.input(f"x{i + 1}", rng.gauss(0, 1)) for i in range(2)]
    v = [record.input(f"v{j + 1}", rng.random()) for j in range(3)]

    def layer(weights: list[list[int]], inputs: list[int]) -> list[int]:
        products = [[record("multiply", w, i) for w, i in zip(row, inputs, strict=True)] for row in weights]
        return [record("sigmoid", record(summation(len(inputs)), *row)) for row in products]

    h = layer(inner, x)
    y = layer(outer, h)
    cost = record(summation(3), *(record("half_squared_difference", *pair) for pair in zip(y, v, strict=True)))
    names = {**{n: f"h{k + 1}" for k, n in enumerate(h)}, **{n: f"y{k + 1}" for k, n in enumerate(y)}}
    return record.builder.finish([cost], ["Cost"]), names


def published(name: str, seed: int = 1) -> Graph:
    """A graph of the vertex-elimination literature, with random labels where they are not constant."""
    spec, rng = json.loads(DATA.read_text(encoding="utf-8"))["graphs"][name], random.Random(seed)
    edges = [(u, v, rng.uniform(0.5, 2.0) if label is None else label) for u, v, label in spec["edges"]]
    return Graph.from_edges(spec["n"], spec["n_inputs"], edges, spec["outputs"])


@st.composite
def acyclic(draw: st.DrawFn) -> Graph:
    """A random graph with small whole labels, edges side by side among them."""
    n_inputs, inner = draw(st.integers(1, 3)), draw(st.integers(1, 7))
    n = n_inputs + inner
    edges = [
        (draw(st.integers(0, head - 1)), head, float(draw(st.integers(-3, 3))))
        for head in range(n_inputs, n)
        for _ in range(draw(st.integers(1, 3)))
    ]
    outputs = draw(st.lists(st.integers(0, n - 1), min_size=1, max_size=3, unique=True))
    return Graph.from_edges(n, n_inputs, edges, outputs)


def by_enumeration(graph: Graph, source: int, target: int) -> tuple[float, int]:
    """The sum over all paths of the product of labels, and their number, by listing every path."""
    if source == target:
        return 1.0, 1
    total, count = 0.0, 0
    for edge in graph.edges():
        if edge.target == target:
            value, ways = by_enumeration(graph, source, edge.source)
            total, count = total + value * edge.label, count + ways
    return total, count

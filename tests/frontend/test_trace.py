"""Tracing: what is recorded, how inputs and outputs are named, what is refused."""

import math
from collections import namedtuple
from dataclasses import dataclass

import numpy as np
import pytest

from pathgrad.arithmetic import box, derivative, variable
from pathgrad.errors import ArgumentError, GraphError, UnsupportedCall
from pathgrad.frontend.trace import Traced, record, trace

Pair = namedtuple("Pair", "first second")


class Log:
    """A recorder that keeps a list."""

    def __init__(self):
        self.entries = []

    def _enter(self, *entry):
        self.entries.append(entry)
        return len(self.entries) - 1

    def input(self, name, value):
        return self._enter("input", name, value)

    def constant(self, value):
        return self._enter("constant", value)

    def vertex(self, op, operands, value):
        assert all(0 <= operand < len(self.entries) for operand in operands)
        return self._enter(op.name, tuple(operands), value)


def recorded(f, *inputs, **named):
    log = Log()
    outputs, names = record(log, f, inputs, named)
    return log.entries, outputs, names


def h(x, y):
    return (x + 4 * y) * ((x + y) * y)


def test_equation_3():
    entries, outputs, names = recorded(h, x=3, y=5)
    assert entries == [
        ("input", "x", 3.0),
        ("input", "y", 5.0),
        ("constant", 4.0),
        ("multiply", (2, 1), 20.0),
        ("add", (0, 3), 23.0),
        ("add", (0, 1), 8.0),
        ("multiply", (5, 1), 40.0),
        ("multiply", (4, 6), 920.0),
    ]
    assert (outputs, names) == ([7], ["h"])


def test_figure_3_by_the_graph():
    graph = trace(h, 3.0, y=5.0)
    for direction in ("forward", "backward"):
        assert graph.paths("x", direction=direction).value == 155.0
        assert graph.paths("y", direction=direction).value == 459.0


def test_names_of_inputs():
    @dataclass
    class Model:
        w: np.ndarray
        name: str

    def f(x, p, q, *rest, flag=True, model=None, **options):
        return x[0] + p["a"] + q[1] + rest[0] + model.w[0, 1] + options["late"] + (1.0 if flag else 0.0)

    entries, _, _ = recorded(
        f, np.array([1.0, 2.0]), {"a": 3.0}, Pair(4, 5.0), 6.0, flag=False, model=Model(np.ones((1, 2)), "m"), late=7.0
    )
    names = [entry[1] for entry in entries if entry[0] == "input"]
    assert names == [
        "x[0]", "x[1]", "p['a']", "q[0]", "q[1]", "rest[0]", "model.w[0,0]", "model.w[0,1]", "late",
    ]  # fmt: skip


def test_names_of_outputs():
    _, outputs, names = recorded(lambda x: (x, [x * 2.0, np.array([x, 1.0])], {"k": x}), 2.0)
    assert names == ["result[0]", "result[1][0]", "result[1][1][0]", "result[1][1][1]", "result[2]['k']"]
    assert outputs[0] == 0
    assert len(set(outputs)) == len(outputs)  # a number that the result holds twice is two outputs
    assert recorded(math.sin, 0.5)[2] == ["sin"]
    assert recorded(np.sin, 0.5)[0][1][0] == "sin"


def test_branches_are_decided_by_values():
    def f(x):
        while x > 1.0:
            x = x / 2.0
        return np.where(x > 0.75, x * x, -x)

    entries, _, _ = recorded(f, 3.0)
    assert [entry[0] for entry in entries] == [
        "input", "constant", "divide", "constant", "divide", "multiply", "negative", "constant", "where",
    ]  # fmt: skip
    assert entries[7] == ("constant", 0.0)


def test_whole_inputs_count_and_index():
    def f(x, n):
        a = np.zeros(n)
        for i in range(n - 1):
            a[i + 1] = x * a[i] + i
        return a[n // 2] + a[-1]

    graph = trace(f, 2.0, 4)
    assert graph.paths("x").value == pytest.approx(derivative(lambda x: f(x, 4))(2.0))
    with pytest.raises(TypeError, match="give this input as an int"):
        trace(lambda x, n: sum(x for _ in range(n)), 2.0, 4.0)


def elementwise(a, w):
    s = np.zeros(3)
    for i in range(3):
        s[i] = a[i] * math.sin(a[i])
    t = s @ w + np.exp(a)
    t[1:] *= 2.0
    return np.linalg.norm(t) + np.sum(np.where(a > 0.9, a, 0.0)) + np.mean(a) + np.cumsum(a)[-1] + np.max(a) + a.min()


def matrices(a, w):
    return np.sum((w @ a) * (a @ w)) + np.trace(w) * np.outer(a, a)[0, 1] + np.prod(a) + np.std(w) + np.max(w @ w.T)


def shapes(a, w):
    v = np.concatenate([a, w[0], np.linspace(a[0], a[1], 3)]).reshape(3, 3)
    return np.clip(v, 0.25, 1.75).sum() + np.stack([v[0], v.T[1]])[1, ::-1] @ a + np.maximum(v, 1.0)[2].mean()


def ties(a, w):
    return np.max(np.array([a[0], a[0], a[0], w[0, 0]])) * w[0, 1]


@pytest.mark.parametrize("f", [elementwise, matrices, shapes, ties])
def test_arrays(f):
    a, w = np.array([1.0, 2.0, 0.5]), np.array([[0.5, 0.25, -1.0], [2.0, 1.5, 0.75], [-0.5, 3.0, 1.25]])
    graph = trace(f, a, w)
    assert float(graph.values[graph.outputs[0]]) == pytest.approx(float(f(a, w)), rel=1e-12)
    gradient = np.array(graph.jacobian()).ravel()
    for k in range(12):
        direction = np.zeros(12)
        direction[k] = 1.0
        _, by_box = box(f)((a, w), (direction[:3], direction[3:].reshape(3, 3)))
        step = 1e-6 * direction
        up, down = (f(a + s * step[:3], w + s * step[3:].reshape(3, 3)) for s in (1, -1))
        assert gradient[k] == pytest.approx(by_box, rel=1e-10, abs=1e-12)
        if f is not ties:  # there the one-sided derivatives differ
            assert by_box == pytest.approx((up - down) / 2e-6, rel=1e-6, abs=1e-7)


def test_ties_share_equally():
    graph = trace(lambda a: np.max(a), np.array([2.0, 2.0, 2.0, 1.0]))
    assert np.array(graph.jacobian()).ravel() == pytest.approx([1 / 3, 1 / 3, 1 / 3, 0.0])


def test_derivatives_inside_a_trace_are_recorded():
    graph = trace(lambda x: derivative(lambda y: y**3 * x)(x), 2.0)
    assert float(graph.values[graph.outputs[0]]) == 24.0
    assert graph.paths("x").value == pytest.approx(36.0)


def test_only_what_was_executed_is_recorded():
    entries, outputs, _ = recorded(lambda x, y: 3.0, 1.0, 2.0)
    assert entries[2:] == [("constant", 3.0)] and outputs == [2]


def test_the_inputs_are_never_changed():
    a = np.array([1.0, 2.0])

    def f(a):
        a[0] = a[1] * 2.0
        return a[0]

    trace(f, a)
    assert a.tolist() == [1.0, 2.0]


def test_bad_input():
    kept = []
    with pytest.raises(ArgumentError, match="no argument holds a number"):
        trace(lambda x: 1.0, "a")
    with pytest.raises(ArgumentError, match="cannot be called with these inputs"):
        trace(h, 1.0)
    with pytest.raises(ArgumentError, match="the result holds 'a' at result"):
        trace(lambda x: (x, "a"), 1.0)
    with pytest.raises(ArgumentError, match="overloaded already"):
        trace(lambda x: x, variable(1.0))
    with pytest.raises(UnsupportedCall, match="no operator record"):
        trace(lambda x: math.gamma(x), 1.0)
    with pytest.raises(ArgumentError, match="compare it"):
        trace(lambda x: x if x else 0.0, 1.0)
    trace(lambda x: kept.append(x) or x, 1.0)
    with pytest.raises(GraphError, match="belongs to another trace"):
        trace(lambda x: x * kept[0], 1.0)


def test_repr():
    assert repr(Traced(Log(), 3, 2.5)) == "Traced(2.5, vertex=3)"

"""pathgrad in one file: the lecture, told by a program that uses nothing but the standard library.

Read it from top to bottom; run it to see that what it says holds. Each part is one idea of the lecture in its order:
dual numbers, boxes, the computation graph, path problems in both directions, the operators of section 5, and the
transformation that doubles statements. The package does the same for loops, branches, arrays and recursion.
"""
# ruff: noqa: D101, D102, D103  (the prose between the parts says what they are)

from __future__ import annotations

import ast
import inspect
import math
import textwrap
from collections.abc import Callable, Iterator

# ---- 1. Operators and their labels (lecture, sections 3 and 5) -------------------------------------------------------
# An operator is a value and, for each operand, a label: the partial derivative of the result v with respect to that
# operand. Everything below reads this one table, and no rule is written twice. A label may use the result: the square
# root's is 1/(2v), the sigmoid's v(1 - v).


def sigma(x):
    return 1 / (1 + math.exp(-x))


TABLE = {
    "add": (lambda x, y: x + y, lambda v, x, y: 1.0, lambda v, x, y: 1.0),
    "multiply": (lambda x, y: x * y, lambda v, x, y: y, lambda v, x, y: x),
    "subtract": (lambda x, y: x - y, lambda v, x, y: 1.0, lambda v, x, y: -1.0),
    "divide": (lambda x, y: x / y, lambda v, x, y: 1 / y, lambda v, x, y: -v / y),
    "sqrt": (math.sqrt, lambda v, x: 1 / (2 * v)),
    "sigmoid": (sigma, lambda v, x: v * (1 - v)),
    "half_squared_difference": (lambda x, t: (x - t) ** 2 / 2, lambda v, x, t: x - t, lambda v, x, t: t - x),
}


class Overloaded:
    """A number that hands every operation on it to its class."""

    def __add__(self, other):
        return self.operate("add", self, other)

    def __radd__(self, other):
        return self.operate("add", other, self)

    def __mul__(self, other):
        return self.operate("multiply", self, other)

    def __rmul__(self, other):
        return self.operate("multiply", other, self)

    def __sub__(self, other):
        return self.operate("subtract", self, other)

    def __rsub__(self, other):
        return self.operate("subtract", other, self)

    def __truediv__(self, other):
        return self.operate("divide", self, other)

    def __rtruediv__(self, other):
        return self.operate("divide", other, self)


def apply(name, *operands):
    """An operator on whatever its operands are."""
    for operand in operands:
        if isinstance(operand, Overloaded):
            return operand.operate(name, *operands)
    return TABLE[name][0](*operands)


def sqrt(x):
    return apply("sqrt", x)


def sigmoid(x):
    return apply("sigmoid", x)


def half_squared_difference(x, t):
    return apply("half_squared_difference", x, t)


# ---- 2. Forward mode by overloading (lecture, Figure 1 and Example 2.3) ----------------------------------------------
# A dual number carries a value and a tangent. Every operation multiplies the tangents of its operands by its labels and
# adds: that is the chain rule, done beside the computation.


class Dual(Overloaded):
    def __init__(self, value, tangent):
        self.value, self.tangent = value, tangent

    @classmethod
    def operate(cls, name, *operands):
        duals = [x if isinstance(x, Dual) else Dual(x, 0.0) for x in operands]  # a constant has the tangent 0
        values = [x.value for x in duals]
        function, *labels = TABLE[name]
        v = function(*values)
        return cls(v, sum(label(v, *values) * x.tangent for label, x in zip(labels, duals)))


def box(function):
    """The differentiating version of a function: (v, w) to (F(v), F'(v) w). Boxes snap together."""

    def differentiating(v, w):
        result = function(Dual(v, w))
        return result.value, result.tangent

    return differentiating


def f(i, x):
    return sqrt(x * x + i)


def prod(x):
    ans = 1.0
    for i in range(1, 6):
        ans = ans * f(i, x)
    return ans


def prod_derivative(x):
    """What Example 2.1 says: the sum over i of f_i'(x) times the product of the other f_j(x)."""
    slopes = [x / f(i, x) for i in range(1, 6)]
    return sum(slopes[i - 1] * math.prod(f(j, x) for j in range(1, 6) if j != i) for i in range(1, 6))


assert math.isclose(box(prod)(0.7, 1.0)[1], prod_derivative(0.7))
assert box(sqrt)(*box(lambda x: x * x)(3.0, 1.0)) == (3.0, 1.0)  # the chain rule: sqrt(x²) has the derivative 1


# ---- 3. The computation graph (lecture, section 3) -------------------------------------------------------------------
# Run the function once and write down what it did: a vertex for each operation, an edge from each operand, and on the
# edge the label. Vertices are numbered as they are computed, so their order is topological.


class Graph:
    def __init__(self):
        self.values: list[float] = []
        self.edges: list[list[tuple[int, float]]] = []  # for each vertex: (operand, label)

    def vertex(self, value, edges=()):
        self.values.append(value)
        self.edges.append(list(edges))
        return Traced(self, len(self.values) - 1)


class Traced(Overloaded):
    def __init__(self, graph, number):
        self.graph, self.number = graph, number

    def operate(self, name, *operands):
        numbers = [x if isinstance(x, Traced) else self.graph.vertex(x) for x in operands]
        values = [self.graph.values[x.number] for x in numbers]
        function, *labels = TABLE[name]
        v = function(*values)
        return self.graph.vertex(v, [(x.number, label(v, *values)) for x, label in zip(numbers, labels)])


def trace(function, *inputs):
    """The graph of a function at its inputs, which are vertices 0, 1, ...; its output is the last vertex."""
    graph = Graph()
    function(*[graph.vertex(x) for x in inputs])
    return graph


# ---- 4. Path problems (lecture, section 4) ---------------------------------------------------------------------------
# The derivative of the root by a leaf is the sum, over all paths between them, of the product of the labels along the
# path. Extend is multiplication, combine is addition, and combine is not idempotent: 1 + 1 = 2. From the leaf to the
# root it is forward mode, from the root to the leaves reverse mode; the answers are the same, the costs are not.


def forward_paths(graph, source):
    """For every vertex the sum over all paths from ``source``: one sweep for one input and all outputs."""
    paths = [0.0] * len(graph.values)
    paths[source] = 1.0
    for vertex, edges in enumerate(graph.edges):
        for operand, label in edges:
            paths[vertex] += paths[operand] * label
    return paths


def backward_paths(graph, target=-1):
    """For every vertex the sum over all paths to ``target``: one sweep for one output and all inputs."""
    paths = [0.0] * len(graph.values)
    paths[target] = 1.0
    for vertex in reversed(range(len(graph.edges))):
        for operand, label in graph.edges[vertex]:
            paths[operand] += label * paths[vertex]
    return paths


def h(x, y):
    return (x + 4 * y) * ((x + y) * y)


figure_2b = trace(h, 3.0, 5.0)
assert figure_2b.values[-1] == 920.0
assert (forward_paths(figure_2b, 0)[-1], forward_paths(figure_2b, 1)[-1]) == (155.0, 459.0)  # Figures 3a and 3c
assert backward_paths(figure_2b)[:2] == [155.0, 459.0]  # Figures 3b and 3d, both at once
assert backward_paths(trace(lambda x: x + x, 1.0))[0] == 2.0


def grad(function):
    """The gradient by one backward sweep, however many inputs there are."""
    return lambda *inputs: backward_paths(trace(function, *inputs))[: len(inputs)]


# ---- 5. Backpropagation (lecture, section 6) -------------------------------------------------------------------------
# A neural net is one more function. Its inputs, for this purpose, are the weights; the example is constant; the cost is
# the one output. So the weights' derivatives are one backward sweep. The cost is to be made small, so we subtract.


def cost(example, *w):
    """Two inputs, two hidden nodes, one output node, and half the squared difference from what is wanted."""
    (x1, x2), wanted = example
    h1, h2 = sigmoid(w[0] * x1 + w[1] * x2 + w[2]), sigmoid(w[3] * x1 + w[4] * x2 + w[5])
    return half_squared_difference(sigmoid(w[6] * h1 + w[7] * h2 + w[8]), wanted)


def train(examples, w, rate=2.0, rounds=2000):
    for _ in range(rounds):
        for example in examples:
            slopes = grad(lambda *weights, example=example: cost(example, *weights))(*w)
            w = [weight - rate * slope for weight, slope in zip(w, slopes)]
    return w


EXCLUSIVE_OR = [((0.0, 0.0), 0.0), ((0.0, 1.0), 1.0), ((1.0, 0.0), 1.0), ((1.0, 1.0), 0.0)]


# ---- 6. Statement doubling (lecture, Example 2.1) --------------------------------------------------------------------
# The other way to do forward mode: write the derivative program. Beside each statement v = exp stands v_dot = exp',
# made from the same labels; loops keep their shape. A label called with names instead of numbers gives source text.


SIGNS = {"add": "+", "multiply": "*", "subtract": "-", "divide": "/"}


class Text(Overloaded):
    """Source text, with the zeros and ones left out."""

    def __init__(self, text):
        self.text = str(text)

    @classmethod
    def operate(cls, name, *operands):
        a, b = (x.text if isinstance(x, Text) else repr(x) for x in operands)
        if name == "multiply" and "0.0" in (a, b):
            return cls("0.0")
        if (name in ("multiply", "divide") and b == "1.0") or (name in ("add", "subtract") and b == "0.0"):
            return cls(a)
        if (name == "multiply" and a == "1.0") or (name == "add" and a == "0.0"):
            return cls(b)
        return cls(f"({a} { {'add': '+', 'multiply': '*', 'subtract': '-', 'divide': '/'}[name] } {b})")

    def __neg__(self):
        return Text(f"(-{self.text})")


SIMPLE = (ast.Name, ast.Constant, ast.Call)  # what needs no parentheses
OPERATORS = {ast.Add: "add", ast.Mult: "multiply", ast.Sub: "subtract", ast.Div: "divide"}


def derivative_of(node: ast.expr, active: set[str]) -> Text:
    """The expression exp' for an exp of + - * /, names, numbers and calls g(..., x), whose derivative is g_dot."""
    if isinstance(node, ast.Name):
        return Text(f"{node.id}_dot" if node.id in active else "0.0")
    if isinstance(node, ast.BinOp):
        operands = [node.left, node.right]
        name = OPERATORS[type(node.op)]
        v, *texts = [
            Text(ast.unparse(x) if isinstance(x, SIMPLE) else f"({ast.unparse(x)})") for x in (node, *operands)
        ]
        parts = [label(v, *texts) * derivative_of(x, active) for x, label in zip(operands, TABLE[name][1:])]
        return parts[0] + parts[1]
    if isinstance(node, ast.Call):
        inner = derivative_of(node.args[-1], active)
        return Text(f"{ast.unparse(node.func)}_dot({', '.join(map(ast.unparse, node.args))})") * inner
    return Text("0.0")


def doubled(body: list[ast.stmt], active: set[str]) -> Iterator[str]:
    """Beside each assignment the one for its tangent, first; loops keep their shape; return gives the tangent."""
    for statement in body:
        if isinstance(statement, ast.Assign):
            name = statement.targets[0].id  # type: ignore[attr-defined]
            tangent = ast.parse(derivative_of(statement.value, active | {name}).text)
            yield f"{name}_dot = {ast.unparse(tangent)}"
            yield ast.unparse(statement)
            active.add(name)
        elif isinstance(statement, ast.For):
            yield ast.unparse(statement).split("\n")[0]
            yield from (f"    {line}" for line in doubled(statement.body, active))
        elif isinstance(statement, ast.Return):
            yield f"return {derivative_of(statement.value, active).text}"


def doubling(function: Callable[..., float]) -> str:
    """The source of the derivative of a function of its last argument."""
    node = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    assert isinstance(node, ast.FunctionDef)
    names = [argument.arg for argument in node.args.args]
    lines = [f"{names[-1]}_dot = 1.0", *doubled(node.body, {names[-1]})]
    return "\n".join([f"def {node.name}_dot({', '.join(names)}):", *(f"    {line}" for line in lines)])


# f itself calls sqrt, whose derivative is known, so the programs for the f_i' are generated like the one for Prod.
def sqrt_dot(x):
    return TABLE["sqrt"][1](sqrt(x), x)


if __name__ == "__main__":
    print(doubling(prod), end="\n\n")
    print("dh/dx, dh/dy at (3, 5):", grad(h)(3.0, 5.0))
    weights = train(EXCLUSIVE_OR, [3.0, 4.0, -1.0, 5.0, 3.0, -6.0, 2.0, -2.0, 0.5])
    print("exclusive or, cost of each example:", [round(cost(example, *weights), 4) for example in EXCLUSIVE_OR])

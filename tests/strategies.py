"""Random programs: the source text of small Python functions, made to stay within every operator's domain.

Values stay of order one (products with an unbounded factor only outside loops), comparisons never meet exact ties
between active values, and every name is assigned before it is read; so each route must succeed on each program.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from hypothesis import strategies as st

__all__ = ["programs"]

FLOATS = ("a", "b", "c")

#: Expressions by shape; {0} and {1} are smaller expressions.
UNARY = (
    "math.sin({0})",
    "math.cos({0})",
    "math.tanh({0})",
    "np.arctan({0})",
    "math.exp(-({0}) ** 2)",
    "math.sqrt({0} * {0} + 1.0)",
    "np.log({0} * {0} + 1.5)",
    "abs({0} + 0.1234)",
    "-{0}",
    "0.5 * {0}",
    "pg.sigmoid({0})",
)
BINARY = (
    "({0} + {1})",
    "({0} - {1})",
    "{0} * math.tanh({1})",
    "{0} / ({1} * {1} + 1.0)",
    "max({0}, {1} + 0.0171)",
    "min({0}, {1} - 0.0173)",
    "(math.sin({0}) + 1.5) ** math.cos({1})",
    "np.where({0} > {1} + 0.0191, {0}, 0.5 * {1})",
    "({0} if {1} > 0.2137 else 0.5 * {1})",
    "math.hypot({0}, {1} + 2.0)",
    "helper({0}, {1})",
)
PRODUCT = "({0} * {1})"


@dataclass
class _Scope:
    """Where a statement stands: names of counters around it, and what it may do."""

    names: tuple[str, ...] = FLOATS
    array: bool = True
    helper: bool = True
    counters: list[str] = field(default_factory=list)
    loops: int = 0
    bounded: bool = False


Draw = Callable[[st.SearchStrategy], object]


def _index(draw: Draw, scope: _Scope) -> str:
    if scope.counters and draw(st.booleans()):
        counter = draw(st.sampled_from(scope.counters))
        return draw(st.sampled_from((f"{counter} % 3", f"({counter} + 1) % 3", f"-1 - {counter} % 3")))
    return str(draw(st.integers(-3, 2)))


def _atom(draw: Draw, scope: _Scope) -> str:
    kinds = ["name", "name", "name", "number"]
    kinds += ["element"] if scope.array else []
    kinds += ["counter"] if scope.counters else []
    kind = draw(st.sampled_from(kinds))
    if kind == "name":
        return draw(st.sampled_from(scope.names))
    if kind == "element":
        return f"v[{_index(draw, scope)}]"
    if kind == "counter":
        return draw(st.sampled_from(scope.counters))
    return draw(st.sampled_from(("0.7", "1.3", "-0.4", "2")))


def _expression(draw: Draw, scope: _Scope, depth: int = 2) -> str:
    if depth == 0 or draw(st.integers(0, 4)) == 0:
        return _atom(draw, scope)
    if draw(st.booleans()):
        return draw(st.sampled_from(UNARY)).format(_expression(draw, scope, depth - 1))
    shapes = [shape for shape in BINARY if scope.helper or "helper" not in shape]
    if not scope.bounded:
        shapes.append(PRODUCT)
    pair = _expression(draw, scope, depth - 1), _expression(draw, scope, depth - 1)
    return draw(st.sampled_from(shapes)).format(*(f"({part})" if part.startswith("-") else part for part in pair))


def _condition(draw: Draw, scope: _Scope) -> str:
    name = draw(st.sampled_from(scope.names))
    tests = [f"{name} > 0.2113", f"{name} * {name} < 0.3117", f"-0.5119 < {name} < 0.9123", f"not {name} > 0.1127"]
    other = draw(st.sampled_from(scope.names))
    tests.append(f"{name} > 0.1131 and {other} < 0.8137")
    tests.append(f"{name} < -0.1133 or {other} > 0.3139")
    if scope.counters:
        tests.append(f"{draw(st.sampled_from(scope.counters))} % 2 == 0")
    return draw(st.sampled_from(tests))


def _inside(scope: _Scope, counter: str | None = None) -> _Scope:
    counters = [*scope.counters, counter] if counter else list(scope.counters)
    loops = scope.loops + 1 if counter else scope.loops
    return _Scope(scope.names, scope.array, scope.helper, counters, loops, scope.bounded or counter is not None)


def _damped(expression: str, scope: _Scope) -> str:
    """In loops what is carried is averaged, not summed: no growth without bound."""
    return f"0.5 * ({expression})" if scope.bounded else expression


def _block(draw: Draw, scope: _Scope, depth: int, counters: list[int]) -> list[str]:
    lines: list[str] = []
    for _ in range(draw(st.integers(1, 3))):
        lines += _statement(draw, scope, depth, counters)
    return lines


def _indented(lines: list[str]) -> list[str]:
    return [f"    {line}" for line in lines]


def _statement(draw: Draw, scope: _Scope, depth: int, counters: list[int]) -> list[str]:
    kinds = ["assign", "assign", "augment", "swap"]
    kinds += ["store", "augment element", "fill", "slice"] if scope.array else []
    kinds += ["if", "if else", "for", "while"] if depth else []
    kinds += ["break", "continue"] if scope.loops else []
    kind = draw(st.sampled_from(kinds))
    name = draw(st.sampled_from(scope.names))
    if kind == "assign":
        return [f"{name} = {_damped(_expression(draw, scope, 3), scope)}"]
    if kind == "augment":
        value = _expression(draw, scope)
        return [
            draw(
                st.sampled_from(
                    (
                        f"{name} += 0.1 * math.sin({value})",
                        f"{name} -= 0.1 * math.cos({value})",
                        f"{name} *= math.tanh({value})",
                        f"{name} /= 1.5 + math.sin({value})",
                    )
                )
            )
        ]
    if kind == "swap":
        other = draw(st.sampled_from([n for n in scope.names if n != name]))
        return [f"{name}, {other} = {_damped(_expression(draw, scope), scope)}, {name}"]
    if kind == "store":
        return [f"v[{_index(draw, scope)}] = {_damped(_expression(draw, scope), scope)}"]
    if kind == "augment element":
        sign = draw(st.sampled_from(("+=", "-=")))
        return [f"v[{_index(draw, scope)}] {sign} 0.1 * math.sin({_expression(draw, scope)})"]
    if kind == "fill":
        return [f"fill(v, {_index(draw, scope)}, {_atom(draw, scope)})"]
    if kind == "slice":
        return [
            draw(
                st.sampled_from(
                    ("v[1:] = 0.5 * v[:-1]", "v[:] = np.sin(v)", "v[:2] *= 0.7", "w = v[1:]; w[0] = 0.5 * w[1]")
                )
            )
        ]
    if kind in ("break", "continue"):
        return [f"if {_condition(draw, scope)}:", f"    {kind}"]
    if kind in ("if", "if else"):
        lines = [f"if {_condition(draw, scope)}:", *_indented(_block(draw, _inside(scope), depth - 1, counters))]
        if kind == "if else":
            lines += ["else:", *_indented(_block(draw, _inside(scope), depth - 1, counters))]
        return lines
    counters[0] += 1
    counter = f"i{counters[0]}"
    inner = _inside(scope, counter)
    if kind == "for":
        bounds = draw(
            st.sampled_from(("3", "n", "1, 4", "2, -1, -1", "0, 5, 2", "0", *(f"{k} + 1" for k in scope.counters)))
        )
        return [f"for {counter} in range({bounds}):", *_indented(_block(draw, inner, depth - 1, counters))]
    # the counter moves first, so that `continue` cannot keep the loop from ending
    body = [f"{counter} += 1", *_block(draw, inner, depth - 1, counters)]
    bound = draw(st.sampled_from((f"{counter} < 3", f"{counter} < 4 and {name} < 0.9143")))
    return [f"{counter} = 0", f"while {bound}:", *_indented(body)]


@st.composite
def programs(draw: Draw) -> str:
    """The source text of a module whose function ``f(x, y, n)`` returns one float, or a tuple with an array."""
    counters = [0]
    of_helper = _Scope(names=("p", "q"), array=False, helper=False)
    helper = _block(draw, of_helper, 1, counters)
    scope = _Scope()
    body = [line for _ in range(draw(st.integers(1, 3))) for line in _statement(draw, scope, 3, counters)]
    if draw(st.booleans()):
        body.insert(
            draw(st.sampled_from((0, len(body)))), f"if {_condition(draw, scope)}:\n        return {_RESULTS[0]}"
        )
        result = _RESULTS[0]
    else:
        result = draw(st.sampled_from(_RESULTS))
    lines = [
        "import math",
        "import numpy as np",
        "import pathgrad as pg",
        "",
        "def helper(p, q):",
        *_indented(helper),
        f"    return math.sin({_expression(draw, of_helper)}) + 0.5 * p",
        "",
        "def fill(w, k, p):",
        "    w[k] = 0.5 * w[k] + math.sin(p)",
        "",
        "def f(x, y, n):",
        "    a, b, c = x, y, 0.3 * x",
        "    v = np.zeros(3)",
        "    v[0] = x - y",
        "    v[2] = math.cos(x)",
        *_indented(body),
        f"    return {result}",
    ]
    return "\n".join(lines) + "\n"


_RESULTS = ("a + 2.0 * b - c * v[0] + v[1] - v[2]", "(a, b * c, v)", "(v, a - b)", "a * b + np.sum(v * v) - c")

"""The table of the lecture's Example 2.2 for other programs, and what it refuses."""

# ruff: noqa: F821  (types of arrays are strings)
import math
import textwrap

import numpy as np
import pytest
import sympy

import pathgrad as pg
from pathgrad.errors import ArgnumsError, ArgumentError, ShapeError, SourceUnavailable


def newton(a):
    x = a
    while True:
        step = (x * x - a) / (2 * x)
        x = x - step
        if abs(step) < 1e-12:
            break
    return x


def horner(x: float, c: "f64[:]") -> float:
    p = 0.0
    for k in range(len(c)):
        p = p * x + c[k]
    return p


def choosing(x, n: int):
    s = 1.0
    for i in range(n):
        if i % 2 == 0:
            s = s * x
        else:
            s = s + x
        if i == 3:
            break
    return s


def wave(x, y):
    return math.sin(x) * y


def through_a_helper(x, y):
    s = y
    for _ in range(3):
        s = wave(x * x, s) - x
    return s


def rising(x):
    s = x
    for _ in range(3):
        if s > 1:
            s = s * x
        else:
            s = s + 0.5
    return s


def decaying(x):
    s = x
    while s > 0.1:
        s = s / 2
    return s


def two_variables(x):
    p, q = x, 1.0
    for _ in range(4):
        p, q = p * q, q + p
    return p + q


def nested(x, n: int):
    s = 1.0
    for i in range(3):
        for j in range(n):
            s = s * x + i - j
    return s


def inner_while(x):
    s = 1.0
    for _ in range(3):
        t = s
        while t > 1.0:
            t = t * x
        s = s + t
    return s


def counting(x, n: int):
    s = x
    for i in range(n, 9):
        s = s * x + i
    return s


def of_arrays(x):
    s = 1.0
    for _ in range(3):
        s = s * np.sum(np.array([x, x, x]))
    return s


def total(v):
    return v[0] + v[1]


def array_to_a_helper(x, c: "f64[:]"):
    s = 1.0
    for _ in range(3):
        s = s * total(c) * x
    return s


def both(x):
    return x * x, 2.0 * x


def pairs(x):
    s = 1.0
    for _ in range(2):
        u, v = both(x)
        s = s * u + v
    return s


def straight(x):
    return x * x


def expressions(f, *arguments, **keywords):
    return [(str(row.tangent), str(row.value)) for row in pg.trace_table(f, *arguments, **keywords).rows]


def test_a_while_loop_that_ends_by_its_values_is_taken_to_go_on():
    a = sympy.Symbol("a")
    rows = pg.trace_table(newton, "x", iterations=3).rows
    assert [row.iteration for row in rows] == [0, 1, 2, 3] and rows[0].value == a
    for row in rows:
        assert sympy.simplify(sympy.diff(row.value, a) - row.tangent) == 0
        assert sympy.simplify(row.grouped_tangent.doit() - row.tangent) == 0
    assert str(rows[2].value) == "(a**2 + 6*a + 1)/(4*a + 4)"
    assert float(rows[3].tangent.subs(a, 2.0)) == pytest.approx(0.5 / math.sqrt(2.0), rel=1e-3)


def test_elements_of_an_array_are_symbols():
    wanted = [("0", "0"), ("0", "c[0]"), ("c[0]", "c[0]*x + c[1]"), ("2*c[0]*x + c[1]", "c[0]*x**2 + c[1]*x + c[2]")]
    assert expressions(horner) == wanted
    # where the length is known, the loop ends
    assert expressions(horner, c=np.ones(2), iterations=9) == wanted[:3]


def test_known_conditions_choose_and_break():
    wanted = [("0", "1"), ("1", "x"), ("2", "2*x"), ("4*x", "2*x**2"), ("4*x + 1", "2*x**2 + x")]
    assert expressions(choosing, iterations=9) == wanted
    assert expressions(choosing, n=2) == wanted[:3]


def test_helpers_of_several_arguments_have_partial_derivatives():
    (_, one, _, _) = pg.trace_table(through_a_helper, iterations=3).rows
    assert str(one.value) == "-x + wave(x**2, y)" and str(one.tangent) == "2*x*∂wave/∂x(x**2, y) - 1"
    text = str(pg.trace_table(through_a_helper, argnum="y", iterations=2))
    assert "∂wave/∂y(x**2, y)" in text and "as a function of y" in text


def test_several_results_of_a_helper_are_distinct_functions():
    (_, one, _) = pg.trace_table(pairs, iterations=2).rows
    assert str(one.value) == "both[0](x) + both[1](x)" and str(one.tangent) == "both[0]'(x) + both[1]'(x)"


def test_branches_that_depend_on_values_are_case_distinctions():
    x = sympy.Symbol("x")
    rows = pg.trace_table(rising, iterations=2).rows
    for point in (0.25, 0.75, 2.0):
        y, dot = point, 1.0
        for row in rows:
            assert float(row.value.subs(x, point)) == pytest.approx(y)
            assert float(row.tangent.subs(x, point)) == pytest.approx(dot)
            y, dot = (y * point, dot * point + y) if y > 1 else (y + 0.5, dot)


def test_a_condition_before_the_iteration():
    assert expressions(decaying, "s", iterations=2) == [("1", "x"), ("1/2", "x/2"), ("1/4", "x/4")]
    assert expressions(decaying, "s", iterations=0) == [("1", "x")]


def test_a_loop_inside_needs_its_bounds():
    assert expressions(nested, n=2, iterations=1)[1] == ("2*x", "x**2 - 1")
    with pytest.raises(
        ArgumentError, match=r"trace_table\(nested\): the loop in line \d+ depends on n, which is not kn"
    ):
        pg.trace_table(nested)
    with pytest.raises(ArgumentError, match=r"depends on n.* give its value as a keyword"):
        pg.trace_table(counting)
    assert expressions(counting, n=7)[1] == ("2*x", "x**2 + 7")
    with pytest.raises(ArgumentError, match=r"whether the loop in line \d+ goes on depends on x.* > 1, which"):
        pg.trace_table(inner_while, "s", iterations=3)


def test_the_variable_is_named_where_there_are_several():
    assert expressions(two_variables, "q", iterations=2) == [("0", "1"), ("1", "x + 1"), ("2", "2*x + 1")]
    with pytest.raises(ArgumentError, match=r"carries p, q; say which with variable=\.\.\."):
        pg.trace_table(two_variables)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: pg.trace_table(straight), ArgumentError, r"trace_table\(straight\): the function has no loop"),
        (lambda: pg.trace_table(newton, "y"), ArgumentError, r"no loop carries a number 'y'.*; carried are x$"),
        (lambda: pg.trace_table(newton, iterations=-1), ArgumentError, "iterations is -1; give 0 or more"),
        (lambda: pg.trace_table(newton, argnum=3), ArgnumsError, "argnums is 3, but there are 1 arguments"),
        (lambda: pg.trace_table(newton, argnum=(0,)), ArgnumsError, r"one argument; got argnum=\(0,\)"),
        (lambda: pg.trace_table(newton, b=1.0), ArgumentError, "'b' is no argument"),
        (lambda: pg.trace_table(newton, a=1.0), ArgumentError, "'a' is what the table is a function of"),
        (lambda: pg.trace_table(choosing, argnum="n"), ArgumentError, "'n' is of dtype i64"),
        (lambda: pg.trace_table(horner, argnum="c"), ArgumentError, r"'c' is f64\[:\]; the table is a function of one"),
        (
            lambda: pg.trace_table(of_arrays),
            ArgumentError,
            r"the array operation '\w+' in line \d+ has no symbolic form",
        ),
        (lambda: pg.trace_table(array_to_a_helper), ArgumentError, "total is given the array c; give it numbers"),
        (lambda: pg.trace_table(math.sin), SourceUnavailable, "no Python source"),
    ],
)
def test_refusals(call, error, message):
    with pytest.raises(error, match=message):
        call()


def beyond(x, c: "f64[:]"):
    s = 1.0
    for k in range(5):
        s = s * x + c[k]
    return s


def test_an_index_beyond_the_array():
    with pytest.raises(ShapeError, match=r"c\[2\] is beyond the length 2"):
        pg.trace_table(beyond, c=np.ones(2))


def test_printing():
    assert str(pg.trace_table(horner)) == textwrap.dedent("""\
        Iteration  Value of p' (as a function of x)  Value of p (as a function of x)
        ---------  --------------------------------  -------------------------------
        0          0.0                               0.0
        1          0.0                               c[0]
        2          c[0]                              c[0]*x + c[1]
        3          2*c[0]*x + c[1]                   c[0]*x**2 + c[1]*x + c[2]""")


def test_printing_through_rich():
    from rich.console import Console

    console = Console(width=120)
    with console.capture() as capture:
        console.print(pg.trace_table(horner))
    assert "Value of p' (as a function of x)" in capture.get() and "2*c[0]*x + c[1]" in capture.get()

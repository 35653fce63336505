"""What the reader accepts, construct by construct; its refusals are tested in `test_refusals`."""

from __future__ import annotations

import functools
import math
from collections import namedtuple
from dataclasses import dataclass

import numpy as np
import pytest
from agreement import agree

import pathgrad as pg

V = np.array([0.5, -1.2, 0.8, 1.5])
A = np.array([[1.1, -0.4, 0.7], [0.3, 0.9, -1.3]])


# ---- assignment ------------------------------------------------------------------------------------------------------
def chained_assignment(x):
    a = b = x * 2.0
    a += 1.0
    return a * b


def unpacking(x):
    a, (b, [c, d]) = x, (x * x, [2.0, x + 1.0])
    (a, b), c = (b, a), c * d
    return a - b * c


def starred_unpacking(x):
    first, *middle, last = [x, x * 2.0, x * 3.0, x * x]
    return first * middle[0] - middle[1] * last


def array_unpacking(v):
    a, b, c, d = v
    p, q = v[:2]
    return a * b - c * d + p / q


def annotated_assignment(x):
    y: float = x * x
    z: float
    z = y + 1.0
    return z * y


def augmented_assignments(x):
    y = x
    y += x * x
    y -= 0.5
    y *= x
    y /= 1.0 + x * x
    y **= 2
    y %= 3.0
    y //= 0.25
    return y * x


def shadowed_names(x):
    sum = x * 2.0  # noqa: A001
    max = sum + x  # noqa: A001
    np = max * sum
    return np


# ---- loops -----------------------------------------------------------------------------------------------------------
def ranges(x, n):
    total = 0.0
    for i in range(n):
        total += i * x
    for i in range(2, n):
        total *= 1.0 + x / (i + 1)
    for i in range(n, 0, -2):
        total += x**i
    for i in range(n, n):
        total = x * i * 100.0
    return total


def loop_variable_after_the_loop(x, n):
    i = 7
    for i in range(n):  # noqa: B007  (read after the loop)
        x = x * 1.1
    return x * i


def index_changed_in_the_loop(x):
    total = 0.0
    for i in range(4):
        i = i * 2
        total += i * x * x
    return total


def nested_loops(x, n):
    total = 1.0
    for i in range(n):
        for j in range(i, n):
            if j == i + 1:
                continue
            total += x * i * total / (1.0 + j)
    return total


def break_out_of_inner_loop(v):
    total = 0.0
    for i in range(len(v)):
        for j in range(len(v)):
            if v[j] > 1.0:
                break
            total += v[i] * v[j]
        total *= 1.1
    return total


def return_from_a_nested_loop(v, limit):
    total = 0.0
    for i in range(len(v)):
        for j in range(len(v)):
            total += v[i] * v[j]
            if total > limit:
                return total * v[j]
    return total


def while_with_break_and_continue(x):
    n = 0
    while True:
        n += 1
        x = 0.5 * x + 0.1
        if n == 2:
            continue
        if x < 0.3 or n > 20:
            break
        x = x * 0.9
    return x * n


def while_with_a_compound_condition(x):
    guess, steps = 1.0, 0
    while abs(guess * guess - x) > 1e-12 and steps < 50:
        guess = 0.5 * (guess + x / guess)
        steps += 1
    return guess


def while_that_never_runs(x):
    while x > 100.0:
        x = x / 2.0
    return x * x


def reversed_and_zipped(v):
    total = 0.0
    for x in reversed(range(3)):
        total = total * 0.5 + x * v[x]
    for (i, x), y in zip(enumerate(v), v[1:]):
        total += i * x * y
    for i, x in enumerate(v, 2):
        total += x**i
    return total


def loop_over_a_tuple_of_different_things(x):
    total = x
    for factor in (2, 0.5, x):
        total = total * factor + 1.0
    return total


def loop_over_a_dictionary(x):
    total = 0.0
    for key, value in {"one": x, "two": x * x}.items():
        total += value * (2.0 if key == "two" else 1.0)
    for key in {"a": 1}:
        total += x * len(key)
    return total


def list_that_grows_a_known_number_of_times(x):
    values = [x]
    for _ in range(3):
        values.append(values[-1] * x + 1.0)
    return sum(values) * len(values)


# ---- branches --------------------------------------------------------------------------------------------------------
def chain_of_conditions(x):
    if x > 2.0:
        y = x * x
    elif x > 1.0:
        y = 3.0 * x
    elif not x > 0.0:
        y = -x
    else:
        return x**3
    return y + 1.0


def conditional_expressions(x):
    return (x * x if x > 1.0 else -x) * (2.0 if x < 0 else 3.0 if x < 5.0 else x)


def chained_comparison(x):
    return x * x if 0.0 < x <= 1.0 < 2.0 else x


def short_circuit(x):
    if x > 0.0 and math.log(x) > 0.0:
        return math.log(x)
    if x < 0.0 or math.sqrt(x) < 0.5:
        return x * x
    return x


def branch_of_different_kinds_of_numbers(x, flag):
    y = 0
    if flag:
        y = x * x
    return y + 1


def early_returns(x):
    if x < 0.0:
        return 0.0
    for _ in range(3):
        x = x * 1.5
        if x > 3.0:
            return x * x
    if x > 2.0:
        return x
    return x**3


def tuple_on_both_paths(x):
    pair = (x, x * x) if x > 0.0 else (x * 3.0, 1.0)
    return pair[0] * pair[1]


def truth_of_numbers(x, n):
    return x * x if n else x if x else 1.0


def match_is_written_with_none(x, extra=None):
    return x * x if extra is None else x * extra


# ---- functions -------------------------------------------------------------------------------------------------------
def power_of(x, n=2, *, scale=1.0):
    return scale * x**n


def defaults_and_keywords(x):
    return power_of(x) + power_of(x, 3) + power_of(n=4, x=x, scale=x) + power_of(x, scale=2.0)


def factorial_like(x, n):
    return x if n <= 1 else factorial_like(x, n - 1) * (x + n)


def recursion(x):
    return factorial_like(x, 4)


def closure_over_a_local(x):
    scale = x * x

    def scaled(y):
        return scale * y + z

    z = x + 1.0
    return scaled(x) * scaled(2.0)


def lambdas(x):
    square = lambda y: y * y
    twice = lambda g, y: g(g(y))
    return twice(square, x) + (lambda a, b=x: a * b)(2.0)


cube_of = functools.partial(power_of, n=3)


def functions_as_arguments(x):
    def apply_to(g, y):
        return g(y) * 2.0

    return apply_to(math.sin, x) + apply_to(power_of, x) + apply_to(cube_of, x)


def comprehensions(x):
    squares = [x * i * i for i in range(4) if i != 2]
    table = {1: x, 2: x * x}
    pairs = [a * b for a in squares for b in (1.0, x)]
    return sum(squares) * table[2] + sum(v for v in table.values()) + sum(pairs)


def generator_over_an_array(v):
    return sum(x * x for x in v) * sum(a * b for a, b in zip(v, v[1:]))  # noqa: RUF007


def multiple_results_of_a_helper(x):
    def both(y):
        return y * y, {"cube": y**3}

    square, rest = both(x)
    return square - rest["cube"]


def spread_arguments(x):
    arguments = (x, 3)
    options = {"scale": x}
    return power_of(*arguments, **options)


def local_imports(x):
    import math as mathematics

    from numpy import sin

    return sin(x) * mathematics.cos(x)


def docstring_pass_and_assert(x):
    """What this is."""
    pass  # noqa: PIE790
    assert isinstance(x, float), "floats only"
    ...  # noqa: PIE790
    return x * x


def strings_decide(x, kind="square"):
    if kind == "square":
        return x * x
    return x


SETTINGS = {"scale": 2.0, "steps": 3, "names": ("a", "b")}
Pair = namedtuple("Pair", "first second")


@dataclass
class Options:
    scale: float
    steps: int = 2


OPTIONS = Options(scale=1.5)


def captured_structures(x):
    for _ in range(SETTINGS["steps"]):
        x = x * SETTINGS["scale"]
    for _ in range(OPTIONS.steps):
        x = x * OPTIONS.scale
    return x * x * len(SETTINGS["names"])


class Model:
    factor = 3.0

    def __init__(self, shift):
        self.shift = shift

    def cost(self, x):
        return self.factor * x * x + self.helper(x)

    def helper(self, x):
        return self.shift * x


ON_A_NUMBER = [
    chained_assignment, unpacking, starred_unpacking, annotated_assignment, augmented_assignments,
    shadowed_names, index_changed_in_the_loop, while_with_break_and_continue, while_that_never_runs,
    loop_over_a_tuple_of_different_things, loop_over_a_dictionary, list_that_grows_a_known_number_of_times,
    chain_of_conditions, conditional_expressions, chained_comparison, short_circuit, early_returns,
    tuple_on_both_paths, match_is_written_with_none, defaults_and_keywords, recursion, closure_over_a_local, lambdas,
    functions_as_arguments, comprehensions, multiple_results_of_a_helper, spread_arguments, local_imports,
    docstring_pass_and_assert, strings_decide, captured_structures,
]  # fmt: skip


@pytest.mark.parametrize("f", ON_A_NUMBER, ids=lambda f: f.__name__)
def test_read_with_a_number(f):
    for x in (0.7, 1.3, 2.6):
        agree(f, x)


@pytest.mark.parametrize("f", [array_unpacking, break_out_of_inner_loop, reversed_and_zipped, generator_over_an_array])
def test_read_with_an_array(f):
    agree(f, V)


@pytest.mark.parametrize("f", [ranges, loop_variable_after_the_loop, nested_loops, truth_of_numbers])
def test_read_with_a_number_and_an_int(f):
    for n in (0, 1, 3, 6):
        agree(f, 0.7, n)


def test_read_with_options():
    for limit in (0.1, 1.0, 50.0):
        agree(return_from_a_nested_loop, V, limit)
    agree(while_with_a_compound_condition, 2.0)
    for flag in (True, False):
        agree(branch_of_different_kinds_of_numbers, 0.7, flag)
    agree(match_is_written_with_none, 0.7, 2.0)


def test_methods_and_named_tuples():
    model = Model(0.5)
    assert pg.grad(model.cost)(2.0) == pytest.approx(12.5)

    def area(pair):
        return pair.first * pair.second**2

    gradient = pg.grad(area)(Pair(2.0, 3.0))
    assert gradient == Pair(9.0, 12.0)
    assert isinstance(gradient, Pair)


def test_a_changed_attribute_is_seen():
    model = Model(0.5)
    gradient = pg.grad(model.cost)
    assert gradient(2.0) == pytest.approx(12.5)
    model.shift = 10.0
    assert gradient(2.0) == pytest.approx(22.0)


def test_keywords_of_the_derived_function():
    assert pg.grad(power_of)(3.0) == 6.0
    assert pg.grad(power_of)(x=3.0, scale=2.0) == 12.0
    assert pg.grad(power_of, argnums="scale")(3.0, scale=5.0) == 9.0


# ---- when reading, and when running ---------------------------------------------------------------------------------
def test_what_is_known_when_reading_is_computed_then():
    def f(x, kind="cube"):
        power = {"square": 2, "cube": 3}[kind]
        name = "scale" + "d"
        shape = (2, 3)
        if isinstance(x, list) or len(shape) != 2 or name != "scaled":
            return x
        return x**power

    source = pg.grad(f).source_for(2.0)
    assert "if" not in source.split('"""')[-1]
    assert pg.grad(f)(2.0) == 12.0
    assert pg.grad(f)(2.0, kind="square") == 4.0


def test_loops_stay_loops():
    def f(x, n):
        for i in range(n):
            x = x * 1.5 + i
        return x

    source = pg.grad(f).source_for(2.0, 5)
    assert "for i in range(n)" in source or "range(n)" in source
    assert pg.grad(f)(2.0, 5) == pytest.approx(1.5**5)
    assert pg.grad(f)(2.0, 9) == pytest.approx(1.5**9)


# ---- names without a value, and recursion without an end, fail as in Python ------------------------------------------
def assigned_on_one_path(x):
    if x > 0.0:
        y = x * x
    return y


def assigned_in_a_loop(v):
    for x in v:
        last = x * x
    return last


def test_a_name_without_a_value_fails_as_in_python():
    agree(assigned_on_one_path, 0.7)
    agree(assigned_in_a_loop, V)
    for f, argument in ((assigned_on_one_path, -0.7), (assigned_in_a_loop, np.zeros(0))):
        for run in (f, pg.grad(f)):
            with pytest.raises(UnboundLocalError):
                run(argument)


def endless(x):
    return endless(x * 0.5)


def test_endless_recursion_fails_as_in_python():
    for run in (endless, pg.grad(endless)):
        with pytest.raises(RecursionError):
            run(1.0)

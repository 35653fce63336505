"""Iterations side by side: which loops, and that each lane computes what its iteration did."""

import math

import numpy as np
import pytest

import pathgrad as pg
from pathgrad.ir import Loop, While, check, evaluate, walk
from pathgrad.transform.lanes import in_lanes
from pathgrad.transform.strips import WIDTH

LENGTHS = [0, 1, WIDTH - 1, WIDTH, WIDTH + 1, 3 * WIDTH + 5]
COEFFICIENTS = np.array([0.5, -0.25, -1.0])


def newton_roots(x):
    total = 0.0
    for i in range(len(x)):
        y = x[i]
        while abs(y * y - x[i]) > 1e-12 * x[i]:
            y = 0.5 * (y + x[i] / y)
        total += y
    return total


def filled(x):
    roots = np.empty(len(x))
    for i in range(len(x)):
        y = 1.0
        steps = 0
        while abs(y**3 - x[i]) > 1e-10 and steps < 30:
            y = y - (y**3 - x[i]) / (3.0 * y * y)
            steps += 1
        roots[i] = y
        roots[i] += 0.25 * steps
    return roots


def with_break(x):
    total = 0.0
    for i in range(len(x)):
        z = 0.0
        for k in range(25):
            z = z * z + 0.1 * x[i] - 0.05 * k
            if z > 4.0:
                break
        total -= z
    return total


def with_arms(x):
    total = 0.0
    for i in range(len(x)):
        y = x[i]
        while y > 0.3:
            if y > 2.0:
                y = 0.5 * y
            else:
                y = y - 0.2 * math.sin(y)
        if x[i] > 1.5:
            while y < 1.0:
                y = y + 0.3 * x[i]
        total += y * x[i]
    return total


def loops_in_loops(x):
    total = 0.0
    for i in range(len(x)):
        y = x[i]
        while y > 0.5:
            z = y
            while z > 0.7:
                z = 0.8 * z
            y = y - 0.5 * z
        total += y
    return total


def polynomial(c, x):
    """Newton's method for a polynomial, evaluated by Horner's rule in a counted loop."""
    total = 0.0
    for i in range(len(x)):
        y = x[i]
        value = 1.0
        while abs(value) > 1e-9:
            value = 0.0
            slope = 0.0
            for k in range(len(c)):
                slope = slope * y + value
                value = value * y + c[k]
            value = value - 0.1 * x[i]
            y = y - value / (slope + 3.0)
        total += y
    return total


def rows(x):
    n = x.shape[0]
    distances = np.zeros((n, 2))
    for i in range(n):
        a, b = x[i, 0], x[i, 1]
        while abs(a - b) > 1e-9:
            a, b = 0.5 * (a + b), math.sqrt(a * b)
        distances[i, 0] = a
        distances[i, 1] = b * b
    return distances


SIDE_BY_SIDE = [newton_roots, filled, with_break, with_arms, loops_in_loops, polynomial, rows]


def arguments(f, n, dtype=float):
    x = np.random.default_rng(3).uniform(0.2, 3.0, n).astype(dtype)
    if f is polynomial:
        return COEFFICIENTS, x
    return (np.stack([x, 2.0 * x + 0.1], 1),) if f is rows else (x,)


def program_of(f, *values):
    return pg.compile(f).example_entry("ir", values, {}).program


def lanes(program):
    loops = [s for s in walk(program.body) if isinstance(s, Loop | While)]
    return [s for s in loops if any(p.type.dims == (("literal", WIDTH),) and p.name == "active" for p in s.params)]


@pytest.mark.parametrize("n", LENGTHS)
@pytest.mark.parametrize("f", SIDE_BY_SIDE, ids=lambda f: f.__name__)
def test_each_lane_computes_what_its_iteration_did(f, n):
    values = arguments(f, n)
    program = program_of(f, *values)
    changed = check(in_lanes(program))
    # shorter lengths are known when compiling
    assert bool(lanes(changed)) == (n >= WIDTH)
    wanted, found = evaluate(program, *values)[0], evaluate(changed, *values)[0]
    # numbers are the same bits; sums over iterations are added in another order
    exact = np.ndim(wanted) > 0
    assert np.array_equal(found, wanted) if exact else found == pytest.approx(wanted, rel=1e-13, abs=1e-15)
    assert np.allclose(pg.compile(f)(*values), f(*values), rtol=1e-13)


@pytest.mark.parametrize("f", SIDE_BY_SIDE, ids=lambda f: f.__name__)
@pytest.mark.parametrize("threads", [1, 2])
def test_gradients_of_such_loops(f, threads):
    values = arguments(f, 3 * WIDTH + 5)

    def number(x):
        return np.sum(f(x))

    def of_two(c, x):
        return np.sum(f(c, x))

    whole = number if len(values) == 1 else of_two
    argnums = tuple(range(len(values)))
    wanted = pg.grad(whole, argnums, backend="python")(*values)
    with pg.options(threads=threads):
        found = pg.grad(whole, argnums)(*values)
    for a, b in zip(found, wanted, strict=True):
        assert np.allclose(a, b, rtol=1e-11, atol=1e-12)


def test_single_precision_stays_single():
    (x,) = arguments(filled, 2 * WIDTH + 3, np.float32)
    program = program_of(newton_like, x)
    changed = check(in_lanes(program))
    assert lanes(changed)
    [wanted], [found] = evaluate(program, x), evaluate(changed, x)
    assert found.dtype == wanted.dtype
    assert np.array_equal(found, wanted)


def newton_like(x):
    out = np.empty_like(x)
    for i in range(len(x)):
        y = x[i]
        while y * y > x[i] * 1.001:
            y = np.float32(0.5) * (y + x[i] / y)
        out[i] = y
    return out


def test_a_lane_that_meets_nan_ends_alone():
    x = np.array([4.0, np.nan, 9.0, np.inf, 2.0, -1.0, 1.0, 16.0, 25.0])
    program = program_of(halved, x)
    [wanted], [found] = evaluate(program, x), evaluate(in_lanes(program), x)
    assert np.array_equal(found, wanted, equal_nan=True)
    assert np.array_equal(pg.compile(halved)(x), wanted, equal_nan=True)


def halved(x):
    out = np.empty(len(x))
    for i in range(len(x)):
        y = x[i]
        k = 0
        while y > 1.0 and k < 40:
            y = y / 2.0
            k += 1
        out[i] = y
    return out


# ---- loops that stay as they are -------------------------------------------------------------------------------------
def no_open_loop(x):
    total = 0.0
    for i in range(len(x)):
        for _ in range(3):
            total += x[i]
    return total


def carried_number(x):
    y = 1.0
    for i in range(len(x)):
        while y > 0.5:
            y = y - 0.1 * x[i]
        y = y + 1.0
    return y


def neighbour(x):
    total = 0.0
    for i in range(len(x) - 1):
        y = x[i + 1]
        while y > 0.1:
            y = 0.5 * y
        total += y
    return total


def another_length(x):
    total = 0.0
    for i in range(min(len(x), 20)):
        y = x[i]
        while y > 0.1:
            y = 0.5 * y
        total += y
    return total


def index_as_a_number(x):
    total = 0.0
    for i in range(len(x)):
        y = x[i]
        while y > 0.1 * i:
            y = 0.5 * y - 0.01
        total += y
    return total


def search(x):
    """Each lane would read another place."""
    total = 0.0
    for i in range(len(x)):
        k = 0
        while k < len(x) and x[k] < x[i]:
            k += 1
        total += k * x[i]
    return total


def read_in_an_arm(x):
    """The element may not be there, and need not be where no lane asks for it."""
    total = 0.0
    for i in range(len(x)):
        y = x[i]
        while y > 1.0:
            y = 0.5 * y if y > 1e9 else y - 0.3
            if y > 1e12:
                y = x[100]
        total += y
    return total


def overwritten(x):
    a = x.copy()
    for i in range(len(a)):
        while a[i] > 1.0:
            a[i] = 0.5 * a[i]
    return np.sum(a)


@pytest.mark.parametrize(
    "f",
    [
        no_open_loop,
        carried_number,
        neighbour,
        another_length,
        index_as_a_number,
        search,
        read_in_an_arm,
        overwritten,
    ],
    ids=lambda f: f.__name__,
)
def test_other_loops_stay_as_they_are(f):
    (x,) = arguments(f, 3 * WIDTH + 5)
    program = program_of(f, x)
    assert in_lanes(program) is program
    assert pg.compile(f)(x) == pytest.approx(f(x), rel=1e-13)


def test_errors_are_those_of_the_loop():
    def f(c, x):
        total = 0.0
        for i in range(len(x)):
            y = x[i]
            k = 0
            while y > 1.0:
                for k in range(4):
                    y = y - c[k]
            total += y
        return total

    x = np.full(2 * WIDTH, 2.0)
    assert pg.compile(f)(np.full(4, 0.3), x) == pytest.approx(f(np.full(4, 0.3), x))
    with pytest.raises(IndexError, match=r"test_lanes.py:\d+: index 3 is out of bounds for axis 0 with size 3"):
        pg.compile(f)(np.full(3, 0.3), x)
    # no lane gets there
    assert pg.compile(f)(np.full(3, 0.3), np.full(2 * WIDTH, 0.5)) == 8.0

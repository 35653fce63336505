"""Arrays whose elements stay as they were read are not kept; others are; all derivatives are right."""

from __future__ import annotations

import itertools
import random
from pathlib import Path

import numpy as np
import pytest

import pathgrad as pg
from pathgrad.frontend import sources_of_file
from pathgrad.ir import Let, check, evaluate, walk
from pathgrad.options import options
from pathgrad.testing import check_grads

X = np.array([1.3, 0.7, 1.1, 0.9, 1.6, 0.8])
A = np.random.default_rng(3).uniform(0.5, 1.5, (5, 5)) + 3 * np.eye(5)


@pytest.fixture(autouse=True)
def emitted_python():
    """The same operations in the same order, so that numbers can be compared bit by bit."""
    with options(backend="python"):
        yield


def kept(f, *arguments):
    """How many variables the adjoint keeps for its backward sweep."""
    program = pg.transform(f, argnums=0, example=arguments).program
    return sum(isinstance(s, Let) and s.role == "kept" and s.op.name in ("store", "push") for s in walk(program.body))


# ---- settled ---------------------------------------------------------------------------------------------------------
def recurrence(x):
    a = np.zeros(len(x))
    a[0] = x[0]
    for i in range(1, len(x)):
        a[i] = np.sin(a[i - 1]) * x[i]
    return np.sum(a)


def downward(x):
    a = x.copy()
    for i in range(len(x) - 2, -1, -1):
        a[i] = np.exp(-a[i + 1]) * x[i] / a[i + 1]
    return a[0]


def stored_results(x):
    """Labels by the result: it is there, so exp and sqrt are not computed again."""
    a = np.zeros(len(x))
    for i in range(len(x)):
        a[i] = np.exp(x[i])
    b = np.zeros(len(x))
    for i in range(len(x)):
        b[i] = np.sqrt(a[i])
    return np.dot(a, b)


def lu(a):
    a = a.copy()
    n = len(a)
    for k in range(n):
        for i in range(k + 1, n):
            a[i, k] = a[i, k] / a[k, k]
            a[i, k + 1 :] -= a[i, k] * a[k, k + 1 :]
    total = 0.0
    for k in range(n):
        total += np.log(a[k, k])
    return total


def lu_by_elements(a):
    a = a.copy()
    n = len(a)
    for k in range(n):
        for i in range(k + 1, n):
            a[i, k] = a[i, k] / a[k, k]
            for j in range(k + 1, n):
                a[i, j] -= a[i, k] * a[k, j]
    total = 0.0
    for k in range(n):
        total += np.log(a[k, k])
    return total


def cholesky(a):
    n = len(a)
    low = np.zeros((n, n))
    for j in range(n):
        s = a[j, j]
        for k in range(j):
            s = s - low[j, k] * low[j, k]
        low[j, j] = np.sqrt(s)
        for i in range(j + 1, n):
            t = a[i, j]
            for k in range(j):
                t = t - low[i, k] * low[j, k]
            low[i, j] = t / low[j, j]
    total = 0.0
    for j in range(n):
        total += np.log(low[j, j])
    return total


def rows(x):
    a = np.zeros((6, len(x)))
    a[0] = x
    for i in range(1, 6):
        a[i, :] = np.sin(a[i - 1, :]) * x
    return np.sum(a)


def thomas(b):
    b = b.copy()
    x = b * b
    n = len(b)
    for i in range(1, n):
        factor = 0.5 / b[i - 1]
        b[i] = b[i] - factor * 0.3
        x[i] = x[i] - factor * x[i - 1]
    x[n - 1] = x[n - 1] / b[n - 1]
    for i in range(n - 2, -1, -1):
        x[i] = (x[i] - 0.3 * x[i + 1]) / b[i]
    return np.sum(x * x)


def only_in_one_arm(x):
    a = x.copy()
    for i in range(1, len(x)):
        if x[i] > 1.0:
            a[i] = a[i - 1] * a[i - 1]
    return np.sum(a)


def scratch_of_an_iteration(x):
    total = 1.0
    for k in range(3):
        a = np.zeros(len(x))
        a[0] = x[0] * (k + 1)
        for i in range(1, len(x)):
            a[i] = np.sin(a[i - 1]) * x[i]
        total += a[len(x) - 1]
    return total


SETTLED = [
    (recurrence, X),
    (downward, X),
    (stored_results, X),
    (lu, A),
    (lu_by_elements, A),
    (rows, X),
    (thomas, X + 2.0),
    (only_in_one_arm, X),
    (cholesky, A + A.T + 5 * np.eye(5)),
]


@pytest.mark.parametrize(("f", "x"), SETTLED, ids=lambda v: getattr(v, "__name__", ""))
def test_nothing_is_kept(f, x):
    assert kept(f, x) == 0
    check_grads(f, (x,))
    adjoint = pg.transform(f, example=(x,))
    assert np.array_equal(adjoint(x), evaluate(adjoint.program, x)[0])


def test_scratch_of_an_outer_iteration_keeps_the_sine_only():
    text = pg.transform(scratch_of_an_iteration, example=(X,)).source
    assert kept(scratch_of_an_iteration, X) == 1
    assert "np.cos(a_element)" in text
    check_grads(scratch_of_an_iteration, (X,))


# ---- not settled -----------------------------------------------------------------------------------------------------
def overwritten_here(x):
    for i in range(len(x)):
        x[i] = np.sin(x[i])
    return np.sum(x)


def overwritten_later(x):
    for i in range(1, len(x)):
        x[i - 1] = x[i] * x[i] + x[i - 1]
    return np.sum(x)


def from_the_end(x):
    """The first iteration reads the last element, which the last iteration writes."""
    a = x.copy()
    for i in range(len(x)):
        a[i] = a[i - 1] * a[i - 1] * x[i]
    return np.sum(a)


def same_place_each_time(x):
    a = x.copy()
    for i in range(1, len(x)):
        a[0] = a[0] * np.sin(a[0]) * x[i]
    return a[0]


def place_from_data(x, places):
    a = x.copy()
    for i in range(1, len(places)):
        j = places[i]
        a[j + 1] = a[j] * a[j] * x[i]
    return np.sum(a)


def place_carried(x):
    a = x.copy()
    j = 4
    for i in range(1, len(x)):
        a[j] = a[j + 1] * a[j + 1] * x[i]
        j = 4 - j
    return np.sum(a)


def both_ways(x):
    a = x.copy()
    for _ in range(2):
        for i in range(1, len(x)):
            a[i] = a[i - 1] * a[i - 1] * x[i]
    return np.sum(a)


def strided(x):
    a = x.copy()
    for i in range(2):
        a[i::2] = a[i::2] * a[i::2] * x[i]
    return np.sum(a)


def unknown_stop(x, m):
    a = x.copy()
    for i in range(1, len(x)):
        a[:m] = a[:m] * x[i]
        a[i] = a[i - 1] * a[i - 1]
    return np.sum(a)


NOT_SETTLED = [
    (overwritten_here, (X,)),
    (overwritten_later, (X,)),
    (from_the_end, (X,)),
    (same_place_each_time, (X,)),
    (place_from_data, (X, np.array([4, 3, 1, 4, 0, 2]))),
    (place_carried, (X,)),
    (both_ways, (X,)),
    (strided, (X,)),
    (unknown_stop, (X, -2)),
]


@pytest.mark.parametrize(("f", "arguments"), NOT_SETTLED, ids=lambda v: getattr(v, "__name__", ""))
def test_what_is_overwritten_is_kept(f, arguments):
    assert kept(f, *arguments) > 0
    check_grads(f, arguments)


# ---- random loop nests -----------------------------------------------------------------------------------------------
def random_nest(number):
    """A function that writes an 8 x 8 array in one or two nested loops, at affine places."""
    choose = random.Random(number)
    lines = [f"def nest_{number}(a):", "    a = a.copy()"]
    loops = choose.choice([("i",), ("i", "j"), ("i", "j")])
    indices: list[str] = []
    for depth, name in enumerate(loops):
        first = choose.choice(["1", "2", *(f"{i} + 1" for i in indices), *indices])
        ends = choose.choice([f"{first}, 6", f"{first}, 7", "6, 0, -1", "5, 1, -1", "1, 7, 2"])
        lines.append("    " * (depth + 1) + f"for {name} in range({ends}):")
        indices.append(name)
    pad = "    " * (len(loops) + 1)

    def place():
        def axis():
            return choose.choice([*indices, *(f"{i} + 1" for i in indices), *(f"{i} - 1" for i in indices), "0", "3"])

        return f"a[{axis()}, {axis()}]"

    for _ in range(choose.choice([1, 1, 2])):
        operation = choose.choice(["{} * {}", "np.sin({}) * {}", "np.exp(-{} * {})", "{} / (2.0 + {} * {})"])
        value = operation.format(*(place() for _ in range(operation.count("{}"))))
        lines.append(f"{pad}{place()} = 0.5 * {value}" if choose.random() < 0.8 else f"{pad}{place()} += {value}")
    lines.append("    return np.sum(a * a)")
    return "\n".join(lines)


@pytest.mark.parametrize("start", range(0, 120, 20))
def test_random_loop_nests(start, tmp_path):
    numbers = range(start, start + 20)
    path = Path(tmp_path) / "nests.py"
    path.write_text("import numpy as np\n\n\n" + "\n\n\n".join(map(random_nest, numbers)) + "\n", encoding="utf-8")
    names = {"np": np}
    exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), names)
    assert sources_of_file(path)
    a = np.random.default_rng(start).uniform(0.3, 1.2, (8, 8))
    direction = np.random.default_rng(start + 1).normal(size=(8, 8))
    for number in numbers:
        f = names[f"nest_{number}"]
        gradient = pg.grad(f)(a)
        forward = pg.jvp(f, (a,), (direction,))[1]
        assert np.vdot(gradient, direction) == pytest.approx(forward, rel=1e-11), random_nest(number)
        program = pg.transform(f, example=(a,)).program
        check(program)
        assert np.array_equal(evaluate(program, a)[0], gradient)


def test_some_random_nests_are_settled_and_some_are_not(tmp_path):
    path = Path(tmp_path) / "nests.py"
    path.write_text("import numpy as np\n\n\n" + "\n\n\n".join(map(random_nest, range(40))) + "\n", encoding="utf-8")
    names = {"np": np}
    exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), names)
    counts = [kept(names[f"nest_{k}"], np.ones((8, 8))) for k in range(40)]
    assert any(c == 0 for c in counts)
    assert any(c > 0 for c in counts)
    assert len(list(itertools.groupby(sorted(counts)))) > 2

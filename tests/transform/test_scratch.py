"""Scratch arrays, counters, rows of kept arrays and additions: what the adjoint carries, and that it is right."""

import numpy as np
import pytest

import pathgrad as pg
from pathgrad.ir import Branch, Let, ListType, Loop, check, evaluate, walk
from pathgrad.testing import check_grads

X = np.array([[0.3, -0.7, 1.1], [0.4, 0.9, -0.2]])
V = np.array([0.5, -0.3, 0.8, 0.2])


def refilled(x):
    scratch = np.zeros(x.shape[1])
    total = 0.0
    for i in range(x.shape[0]):
        for a in range(x.shape[1]):
            scratch[a] = np.sin(x[i, a])
        for a in range(x.shape[1]):
            total += scratch[a] * scratch[a]
    return total


def refilled_by_a_slice(x):
    scratch = np.empty(x.shape[1])
    total = 0.0
    for i in range(x.shape[0]):
        scratch[:] = np.sin(x[i])
        total += np.sum(scratch * scratch)
    return total


def recurrence_in_scratch(x):
    scratch = np.empty(x.shape[1])
    total = 0.0
    for i in range(x.shape[0]):
        scratch[0] = x[i, 0]
        for a in range(1, x.shape[1]):
            scratch[a] = np.sin(scratch[a - 1]) * x[i, a]
        for a in range(x.shape[1]):
            total += scratch[a] ** 3
    return total


def from_the_end(x):
    n = x.shape[1]
    scratch = np.empty(n)
    total = 0.0
    for i in range(x.shape[0]):
        scratch[n - 1] = x[i, n - 1]
        for a in range(n - 2, -1, -1):
            scratch[a] = np.cos(scratch[a + 1]) + x[i, a]
        total += scratch[0] ** 2
    return total


def in_both_arms(x):
    scratch = np.empty(x.shape[1])
    total = 0.0
    for i in range(x.shape[0]):
        for a in range(x.shape[1]):
            if x[i, a] > 0.0:
                scratch[a] = x[i, a] ** 2
            else:
                scratch[a] = -x[i, a]
        for a in range(x.shape[1]):
            total += scratch[a] ** 3
    return total


def nested_scratch(x):
    rows = np.zeros(x.shape[0])
    column = np.zeros(x.shape[1])
    total = 0.0
    for step in range(2):
        for i in range(x.shape[0]):
            for a in range(x.shape[1]):
                column[a] = x[i, a] * x[i, a] + step
            rows[i] = np.exp(-np.sum(column))
        for i in range(x.shape[0]):
            total += np.log(1.0 + rows[i])
    return total


def read_before_it_is_written(x):
    scratch = np.zeros(x.shape[1])
    total = 0.0
    for i in range(x.shape[0]):
        for a in range(x.shape[1]):
            total += scratch[a] * x[i, a]
            scratch[a] = x[i, a] ** 2
    return total


def not_all_of_it(x):
    scratch = np.ones(x.shape[1])
    total = 0.0
    for i in range(x.shape[0]):
        for a in range(1, x.shape[1]):
            scratch[a] = scratch[a - 1] * x[i, a]
        scratch[0] = x[i, 0]
        total += np.sum(scratch)
    return total


def in_one_arm(x):
    scratch = np.ones(x.shape[1])
    total = 0.0
    for i in range(x.shape[0]):
        for a in range(x.shape[1]):
            if x[i, a] > 0.0:
                scratch[a] = x[i, a] ** 2
        total += np.sum(scratch**3)
    return total


def read_after_the_loop(x):
    scratch = np.zeros(x.shape[1])
    for i in range(x.shape[0]):
        for a in range(x.shape[1]):
            scratch[a] = np.sin(x[i, a])
    return np.sum(scratch)


def one_too_early(x):
    scratch = np.zeros(x.shape[1])
    total = 0.0
    for i in range(x.shape[0]):
        for a in range(x.shape[1]):
            scratch[a] = x[i, a]
            total += scratch[a] * scratch[min(a + 1, x.shape[1] - 1)]
    return total


OWN = [refilled, refilled_by_a_slice, recurrence_in_scratch, from_the_end, in_both_arms, nested_scratch]
CARRIED = [read_before_it_is_written, not_all_of_it, in_one_arm, read_after_the_loop, one_too_early]


def adjoint(f, *arguments):
    return pg.transform(f, example=arguments).program


def carried_arrays(program):
    """The rank of what the outermost forward loops carry, what they keep left out."""
    loops = [s for s in program.body.statements if isinstance(s, Loop) and not s.reversed and s.role == "primal"]
    made = {s.target for s in program.body.statements if isinstance(s, Let) and s.role == "kept"}
    return [p for s in loops for p, i in zip(s.params, s.inits, strict=True) if p.type.is_array and i not in made]


def agrees(f, *arguments):
    check_grads(f, arguments)
    program = check(adjoint(f, *arguments))
    wanted = pg.grad(f, backend="python")(*arguments)
    assert np.allclose(evaluate(program, *arguments)[0], wanted, rtol=1e-13, atol=1e-15)
    assert np.allclose(pg.grad(f)(*arguments), wanted, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("f", OWN, ids=lambda f: f.__name__)
def test_scratch_is_made_in_each_iteration(f):
    assert carried_arrays(adjoint(f, X)) == []
    assert not any(isinstance(s.target.type, ListType) for s in walk(adjoint(f, X).body) if isinstance(s, Let))
    agrees(f, X)


@pytest.mark.parametrize("f", CARRIED, ids=lambda f: f.__name__)
def test_state_is_carried(f):
    assert carried_arrays(adjoint(f, X)) or f is read_after_the_loop
    agrees(f, X)


# ---- counters --------------------------------------------------------------------------------------------------------
def packed_triangle(v, rows):
    p = 0
    total = 0.0
    for a in range(rows):
        for b in range(a):
            total += v[p] * np.sin(v[a]) + b
            p += 1
    return total * p


def by_twos(v, n):
    p = 1
    total = 1.0
    for _ in range(0, n, 2):
        total *= v[p]
        p += 2
    return total + p


def packed_columns(v, n):
    p, total = 1, 0.0
    for a in range(n):
        for b in range(a + 1, n):
            total += v[p] * np.sin(v[a]) * v[b]
            p += 1
    return total * p


def packed_rows_from_two(v, n):
    p, total = 0, 0.0
    for a in range(2, n):
        for b in range(1, a + 1):
            total += v[p] * np.sin(v[a]) * v[b]
            p += 1
    return total * p


def packed_and_never_turned(v, n):
    """The inner loop may start behind its end, and then has no iterations; the counter stays."""
    p, total = 0, 0.0
    for a in range(n):
        for b in range(a + 2, n):
            total += v[p] * np.sin(v[a]) * v[b]
            p += 1
    return total * p


LONG = np.linspace(0.1, 1.0, 12)


def kept_integers(program):
    """The arrays of integers that are kept."""
    lets = [s for s in walk(program.body) if isinstance(s, Let) and s.role == "kept" and s.op.name == "empty"]
    return [s.target for s in lets if s.target.type.dtype == "i64"]


@pytest.mark.parametrize("f", [packed_triangle, packed_columns, packed_rows_from_two])
@pytest.mark.parametrize("n", [0, 1, 2, 5])
def test_counters_of_triangles_are_polynomials(f, n):
    program = adjoint(f, LONG, n)
    assert not kept_integers(program)
    agrees(f, LONG, n)


@pytest.mark.parametrize("n", [0, 1, 2, 3, 5])
def test_a_counter_of_turned_ranges_is_kept(n):
    program = adjoint(packed_and_never_turned, LONG, n)
    assert kept_integers(program)
    agrees(packed_and_never_turned, LONG, n)


@pytest.mark.parametrize(
    ("f", "arguments"), [(packed_triangle, (np.linspace(0.1, 1.0, 10), 4)), (by_twos, (V, 4)), (by_twos, (V, 0))]
)
def test_counters_are_not_kept(f, arguments):
    program = adjoint(f, *arguments)
    kept = [s.target for s in walk(program.body) if isinstance(s, Let) and s.role == "kept" and s.op.name == "empty"]
    assert all(v.type.rank <= 1 for v in kept if v.type.dtype == "i64")
    agrees(f, *arguments)


# ---- rows ------------------------------------------------------------------------------------------------------------
def rectangle(v, steps):
    x = v
    for _ in range(steps):
        for i in range(len(v)):
            x = np.sin(x) * v[i]
    return np.sum(x)


def triangle(v):
    total = 1.0
    for i in range(len(v)):
        for k in range(i + 1):
            total = total * v[k] + v[i]
    return total


def tetrahedron(v):
    total = 1.0
    for i in range(len(v)):
        for j in range(i, len(v)):
            for k in range(i, j):
                total = total * v[k] + v[i]
    return total


@pytest.mark.parametrize(("f", "arguments"), [(rectangle, (V, 3)), (triangle, (V,)), (tetrahedron, (V,))])
def test_nests_keep_rows_not_lists(f, arguments):
    program = adjoint(f, *arguments)
    assert not any(isinstance(s, Let) and isinstance(s.target.type, ListType) for s in walk(program.body))
    agrees(f, *arguments)
    twice = pg.jacobian(pg.grad(f), mode="reverse")(*arguments)
    assert np.allclose(twice, pg.hessian(f)(*arguments), rtol=1e-11, atol=1e-12)


# ---- additions -------------------------------------------------------------------------------------------------------
def neighbours(v):
    total = 0.0
    for i in range(len(v) - 1):
        total += (v[i + 1] - v[i] ** 2) ** 2 + v[i]
    return total


def one_place(v, n):
    total = 0.0
    for i in range(len(v)):
        for a in range(n):
            total += np.sin(v[i] * a)
    return total


def test_each_iteration_adds_to_one_element():
    program = adjoint(neighbours, V)
    (loop,) = [s for s in program.body.statements if isinstance(s, Loop)]
    written = [s for s in walk(loop.body) if isinstance(s, Let) and s.op.consumes]
    assert [s.op.name for s in written] == ["store"] and not loop.reversed
    agrees(neighbours, V)


@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_short_loops_add_nothing(n):
    x = V[:n]
    wanted = pg.grad(lambda v: np.sum((v[1:] - v[:-1] ** 2) ** 2 + v[:-1]))(x)
    for backend in ("native", "python"):
        assert np.allclose(pg.grad(neighbours, backend=backend)(x), wanted, rtol=1e-13)


def test_sums_into_one_element_are_numbers():
    program = adjoint(one_place, V, 3)
    loops = [s for s in walk(program.body) if isinstance(s, Loop) and s.role == "adjoint"]
    assert any(p.type.rank == 0 for s in loops for p in s.params)
    agrees(one_place, V, 3)


# ---- branches --------------------------------------------------------------------------------------------------------
def both_sides(v):
    total = 0.0
    for x in v:
        if x > 0.0:
            total += np.sin(x) * np.exp(x)
        else:
            total += np.cos(x) * x
    return total


def test_a_branch_and_its_adjoint_are_one():
    program = adjoint(both_sides, V)
    assert sum(isinstance(s, Branch) for s in walk(program.body)) == 1
    agrees(both_sides, V)


# ---- the order of loops ----------------------------------------------------------------------------------------------
def convolved(image, kernel):
    total = 0.0
    for i in range(image.shape[0]):
        for j in range(image.shape[1] - kernel.shape[0] + 1):
            pixel = 0.0
            for b in range(kernel.shape[0]):
                pixel += kernel[b] * image[i, j + b]
            total += pixel**2
    return total


def across_rows(image, kernel):
    """The sum over rows would read columns innermost: its loop stays outside."""
    total = 0.0
    for i in range(image.shape[0]):
        for b in range(kernel.shape[0]):
            total += kernel[b] * image[i, b]
    return total


def innermost_sums(program):
    """The innermost loops of the adjoint that carry numbers."""
    loops = [s for s in walk(program.body) if isinstance(s, Loop) and s.role == "adjoint"]
    innermost = [s for s in loops if not any(isinstance(inner, Loop) for inner in walk(s.body))]
    return [s for s in innermost if any(p.type.rank == 0 for p in s.params)]


@pytest.mark.parametrize(("f", "sums"), [(convolved, True), (across_rows, False)])
def test_the_loop_that_makes_sums_is_innermost(f, sums):
    image, kernel = np.sin(np.arange(20.0)).reshape(4, 5), np.array([0.2, -0.5, 0.3])
    program = check(pg.transform(f, argnums=(0, 1), example=(image, kernel)).program)
    assert bool(innermost_sums(program)) is sums
    for argnum in (0, 1):
        wanted = pg.grad(f, argnum, backend="python")(image, kernel)
        assert np.allclose(pg.grad(f, argnum)(image, kernel), wanted, rtol=1e-12)
    check_grads(f, (image, kernel))

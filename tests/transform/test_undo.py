"""What an in-place loop keeps: what it overwrites and reads again, once, and no whole arrays."""

from __future__ import annotations

import numpy as np
import pytest

import pathgrad as pg
from pathgrad.ir import Block, Let, ListType, Loop, Type, Var, While, check, evaluate, sub_blocks
from pathgrad.ops import TABLE
from pathgrad.options import options
from pathgrad.testing import check_grads
from pathgrad.transform.undo import is_in_order, size_kept

U = np.random.default_rng(1).uniform(0.4, 0.9, (5, 6))
X = np.array([0.5, 1.2, 0.8, 1.5, 0.7, 1.1])


@pytest.fixture(autouse=True)
def emitted_python():
    """The same operations in the same order, so that numbers can be compared bit by bit."""
    with options(backend="python"):
        yield


def stencil(u, n):
    for _ in range(n):
        cross = u[2:, 1:-1] * u[:-2, 1:-1] + u[1:-1, 2:] * u[1:-1, :-2]
        u[1:-1, 1:-1] = u[1:-1, 1:-1] + 0.1 * (cross - u[1:-1, 1:-1] ** 2)
    return np.sum(u * u)


def stencil_by_elements(u, n):
    for _ in range(n):
        for i in range(1, u.shape[0] - 1):
            for j in range(1, u.shape[1] - 1):
                cross = u[i - 1, j] * u[i + 1, j] + u[i, j - 1] * u[i, j + 1]
                u[i, j] = u[i, j] + 0.1 * (cross - np.sin(u[i, j]))
    return np.sum(u * u)


def one_row_at_a_time(a):
    total = 0.0
    for i in range(1, a.shape[0]):
        a[i, :] = a[i - 1, :] * a[0, 1] + a[i, :]
        total += np.sum(a**2)
    return total


def one_element_at_a_time(a, n):
    total = 0.0
    for t in range(n):
        a[t % 6] = np.sin(a[(t + 1) % 6]) * a[t % 6]
        total += np.sum(a**3)
    return total


def added_in_place(a, n):
    for _ in range(n):
        a[1:] += a[:-1] * a[1:]
        a[0] += np.sum(a * a) * 0.1
    return np.sum(a)


def two_writes(a, n):
    """Every version in between is read."""
    for _ in range(n):
        a[0] = np.sum(a * a) * 0.1
        a[1:3] = a[1:3] * np.sum(a**3) * 0.2
        a[-1] = np.prod(a)
    return np.sum(a)


def two_arrays(a, n):
    b = a * a
    for _ in range(n):
        for i in range(1, len(a)):
            a[i] = a[i] * b[i - 1] * a[i - 1]
            b[i] = 0.5 * np.sin(b[i] * a[i])
    return np.sum(a * b)


def swapped(u, n):
    new = u.copy()
    for _ in range(n):
        for i in range(1, len(u) - 1):
            new[i] = u[i] * u[i - 1] + 0.1 * np.sin(u[i + 1])
        u, new = new, u
    return np.sum(u * u)


def in_one_arm(a, n):
    for _ in range(n):
        for i in range(1, len(a)):
            if a[i] > 0.9:
                a[i] = a[i] * a[i - 1] * np.cos(a[i])
    return np.sum(a)


def arm_that_reads(a, n):
    for _ in range(n):
        for i in range(1, len(a)):
            factor = np.exp(-a[i]) if a[i - 1] > 0.9 else a[i] * a[i - 1]
            a[i] = a[i] * factor
    return np.sum(a)


def with_sums(u, n):
    """A number that the loop carries is kept beside what is overwritten."""
    total = 1.0
    for _ in range(n):
        for i in range(1, len(u)):
            s = 0.0
            for j in range(len(u)):
                s += u[j] * u[j]
            u[i] = u[i] * np.tanh(s) * total
            total = np.sin(total * u[i - 1])
    return np.sum(u) * total


def left_early(u, n):
    for _ in range(n):
        for i in range(1, len(u)):
            u[i] = u[i] * u[i - 1] * 1.7
            if u[i] > 2.0:
                break
    return np.sum(u * u)


def scratch(x, n):
    total = 0.0
    for t in range(n):
        a = x * (t + 1)
        for i in range(1, len(x)):
            a[i] = a[i] * a[i] * a[i - 1]
        total += np.sum(a * a)
    return total


def written_afterwards(u, n):
    for _ in range(n):
        for i in range(1, len(u)):
            u[i] = u[i] * u[i - 1] * np.sin(u[i])
    for i in range(len(u)):
        u[i] = u[i] * u[i]
    return np.sum(u)


PROGRAMS = [
    (stencil, (U, 3)),
    (stencil_by_elements, (U, 3)),
    (one_row_at_a_time, (U,)),
    (one_element_at_a_time, (X, 9)),
    (added_in_place, (X * 0.3, 3)),
    (two_writes, (X, 2)),
    (two_arrays, (X, 3)),
    (swapped, (X, 3)),
    (in_one_arm, (X, 3)),
    (arm_that_reads, (X, 3)),
    (with_sums, (X, 3)),
    (left_early, (X, 3)),
    (scratch, (X, 3)),
    (written_afterwards, (X, 3)),
]
EACH = pytest.mark.parametrize(("f", "arguments"), PROGRAMS, ids=lambda v: getattr(v, "__name__", ""))


def adjoint(f, arguments):
    return pg.transform(f, example=arguments).program


@EACH
def test_derivatives_are_right(f, arguments):
    check_grads(f, arguments)
    program = check(adjoint(f, arguments))
    assert np.array_equal(evaluate(program, *arguments)[0], pg.transform(f, example=arguments)(*arguments))
    direction = np.cos(np.arange(arguments[0].size)).reshape(arguments[0].shape)
    twice = pg.jvp(pg.grad(f), arguments, (direction, *(0 for _ in arguments[1:])))[1]
    h = 1e-5
    moved = [pg.grad(f)(arguments[0] + s * h * direction, *arguments[1:]) for s in (1, -1)]
    assert np.allclose(twice, (moved[0] - moved[1]) / (2 * h), rtol=1e-5, atol=1e-6)


def kept(f, arguments):
    """The types of what the outermost loops keep."""
    body = adjoint(f, arguments).body
    return sorted(
        str(s.target.type)
        for s in body.statements
        if isinstance(s, Let) and s.op.name in ("empty", "new_list") and s.role == "kept"
    )


def copies_in_loops(block, inside=False):
    """Copies of whole arrays, of the rank of the program's first input, made in every iteration."""
    count = 0
    for s in block.statements:
        count += inside and isinstance(s, Let) and s.op.name == "copy" and s.target.name != "t"
        for inner in sub_blocks(s):
            count += copies_in_loops(inner, inside or isinstance(s, Loop | While))
    return count


@pytest.mark.parametrize(
    ("f", "arguments", "wanted"),
    [
        (stencil, (U, 3), ["f64[:,:,:]"]),
        (stencil_by_elements, (U, 3), ["f64[:,:,:]"]),
        (one_row_at_a_time, (U,), ["f64[:,:]"]),
        (one_element_at_a_time, (X, 9), ["f64[:]"]),
        (two_writes, (X, 2), ["f64[:]", "f64[:]", "list of f64[:]"]),
    ],
    ids=lambda v: getattr(v, "__name__", ""),
)
def test_only_what_is_overwritten_is_kept(f, arguments, wanted):
    assert kept(f, arguments) == wanted


@pytest.mark.parametrize(
    ("f", "arguments"), [(stencil, (U, 3)), (stencil_by_elements, (U, 3)), (one_element_at_a_time, (X, 9))]
)
def test_writes_are_undone_in_place(f, arguments):
    assert copies_in_loops(adjoint(f, arguments).body) == 0


def test_the_number_of_kept_values_does_not_depend_on_the_reads():
    assert len(kept(stencil, (U, 3))) == len(kept(stencil_by_elements, (U, 3))) == 1


# ---- carried numbers -------------------------------------------------------------------------------------------------
def lorenz(state, n):
    x, y, z = state[0], state[1], state[2]
    h = 0.01
    for _ in range(n):
        k1, l1, m1 = 10.0 * (y - x), x * (28.0 - z) - y, x * y - 2.5 * z
        a, b, c = x + 0.5 * h * k1, y + 0.5 * h * l1, z + 0.5 * h * m1
        k2, l2, m2 = 10.0 * (b - a), a * (28.0 - c) - b, a * b - 2.5 * c
        a, b, c = x + 0.5 * h * k2, y + 0.5 * h * l2, z + 0.5 * h * m2
        k3, l3, m3 = 10.0 * (b - a), a * (28.0 - c) - b, a * b - 2.5 * c
        a, b, c = x + h * k3, y + h * l3, z + h * m3
        k4, l4, m4 = 10.0 * (b - a), a * (28.0 - c) - b, a * b - 2.5 * c
        x = x + h / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)
        y = y + h / 6.0 * (l1 + 2.0 * l2 + 2.0 * l3 + l4)
        z = z + h / 6.0 * (m1 + 2.0 * m2 + 2.0 * m3 + m4)
    return x * y + z


def test_runge_kutta_keeps_three_numbers_a_step():
    assert kept(lorenz, (X[:3], 4)) == ["f64[:]"] * 3
    check_grads(lorenz, (X[:3], 4))


def sum_of_squares(x):
    total = 0.0
    for i in range(1, len(x)):
        residual = x[i] * x[i - 1] - 1.0
        total += residual * residual
    return total


def test_sums_keep_nothing():
    assert kept(sum_of_squares, (X,)) == []


# ---- the helpers -----------------------------------------------------------------------------------------------------
def test_sizes_are_compared_by_dimension():
    sizes = []
    for type_ in (Type("f64", 1, (None,)), ListType(Type("f64", 1, (None,))), ListType(Type("f64"))):
        let = Let(Var("v", type_), TABLE["new_list"], (), {}, None, "kept")
        sizes.append(size_kept(Block([let], [])))
    assert sizes == [64, 64 * 64, 64]


def test_order_is_seen():
    program = adjoint(stencil_by_elements, (U, 3))
    assert is_in_order(program.body, program.inputs)
    assert not is_in_order(program.body, program.inputs[1:])
    program.body.statements.reverse()
    assert not is_in_order(program.body, program.inputs)

"""Small matrices with known elements as numbers: what is left out, and what must not be."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

import pathgrad as pg
from pathgrad.backend.native.process.machine import SEARCHED
from pathgrad.ir import Block, Const, Let, Loop, Var, check, evaluate, walk
from pathgrad.ir.types import F64
from pathgrad.ops import TABLE
from pathgrad.testing import check_grads
from pathgrad.transform.components import in_numbers
from pathgrad.transform.finite import sum_skipped


def turned(x, h, n):
    """A state of position and speed, n steps of a constant matrix, and a covariance beside it."""
    step = np.array([[1.0, h, 0.0], [0.0, 1.0, h], [0.0, 0.0, 1.0]])
    spread = np.eye(3)
    total = 0.0
    for _ in range(n):
        x = step @ x
        spread = step @ spread @ step.T + 0.1 * h * np.eye(3)
        total += x[0] * spread[0, 1]
    return total


def dense(x, a, n):
    """No element of the matrix is known."""
    for _ in range(n):
        x = a @ x
    return x[0]


def until(x, h):
    step = np.array([[1.0, h], [0.0, 1.0]])
    while x[0] < 10.0:
        x = step @ x
    return x[0]


def at_positions(x, h, n):
    """A small array that is read and written at positions of a loop."""
    step = np.array([[1.0, h, 0.0], [0.0, 1.0, h], [0.0, 0.0, 1.0]])
    for k in range(n):
        x = step @ x
        x = x.copy()
        x[k % 3] = h * x[(k + 1) % 3]
    return x[0] * x[1]


def parted(x, h, n):
    """Branches between products."""
    step = np.array([[1.0, h], [0.0, 1.0]])
    for _ in range(n):
        x = step @ x
        if x[0] > 2.0:
            x = np.array([0.5 * x[0], x[1]]) @ step
    return x[0] + x[1] * x[1]


def rows(x, h):
    """The results are small arrays; products of vectors and matrices in all orders."""
    m = np.array([[1.0, h, 0.0], [0.0, 2.0, 0.0]])
    return m @ x, x[:2] @ m, x @ x, m @ m.T, m.reshape(3, 2), np.sum(m @ m.T, axis=0)


X = np.array([1.0, 0.5, -0.25])


def program_of(f, *arguments):
    """The program of a function, or of a gradient, for native code."""
    derived = f if isinstance(f, pg.api.derived.Derived) else pg.compile(f)
    return derived.example_entry("ir", arguments, {}).executable.program


def counted(program) -> Counter[str]:
    return Counter(s.op.name for s in walk(program.body) if isinstance(s, Let))


def test_known_elements_leave_few_products() -> None:
    found = in_numbers(program_of(turned, X, 0.1, 5), True)
    names = counted(found.program)
    assert "matmul" not in names
    assert names["multiply"] < 30  # of 2 * 27 + 9, and those of the noise
    assert found.finite is not None
    assert found.sums


def test_nothing_changes_where_nothing_is_known() -> None:
    for f, arguments in ((dense, (X, np.eye(3), 4)), (until, (X[:2], 0.5))):
        program = program_of(f, *arguments)
        assert in_numbers(program, True).program is program


def test_nothing_changes_where_a_call_cannot_start_again() -> None:
    program = program_of(turned, X, 0.1, 5)
    assert in_numbers(program, False).program is program


def test_only_programs_in_numbers_are_searched_deeply() -> None:
    assert pg.compile(turned).inspect("llvm", X, 0.1, 5).startswith(SEARCHED)
    assert not pg.compile(dense).inspect("llvm", X, np.eye(3), 4).startswith(SEARCHED)


def test_the_program_in_numbers_computes_the_same() -> None:
    for f, arguments in (
        (turned, (X, 0.1, 5)),
        (turned, (X, 0.1, 0)),
        (at_positions, (X, 0.1, 5)),
        (parted, (X[:2], 0.7, 6)),
        (rows, (X, 0.3)),
        (pg.value_and_grad(turned, (0, 1)), (X, 0.1, 5)),
    ):
        program = program_of(f, *arguments)
        found = in_numbers(program, True).program
        assert found is not program
        check(found)
        values = [np.array(a) if isinstance(a, np.ndarray) else a for a in arguments]
        for one, other in zip(evaluate(found, *values), evaluate(program, *values), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-14)


@pytest.mark.parametrize("f", [turned, at_positions])
def test_gradients(f) -> None:
    check_grads(lambda x, h: f(x, h, 4), (X, 0.1))


def test_gradients_with_branches() -> None:
    check_grads(lambda x, h: parted(x, h, 6), (X[:2], 0.7))


def test_small_results_are_arrays() -> None:
    for one, other in zip(pg.compile(rows)(X, 0.3), rows(X, 0.3), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-15)


@pytest.mark.parametrize("bad", [np.inf, -np.inf, np.nan])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_what_is_not_finite_is_so_as_in_numpy(bad, place) -> None:
    x = X.copy()
    x[place] = bad
    with np.errstate(invalid="ignore"):
        for n in (1, 3):
            np.testing.assert_array_equal(pg.compile(turned)(x, 0.1, n), turned(x, 0.1, n))


def early(x, h, n):
    """What is not finite is seen in the first iteration only."""
    step = np.array([[1.0, 0.0], [0.0, h]])
    total = 0.0
    for k in range(n):
        y = step @ np.array([x[k], 1.0])
        total += y[1]
    return total


def test_an_iteration_that_nothing_is_handed_on_from_is_looked_at() -> None:
    x = np.array([np.inf, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0])
    with np.errstate(invalid="ignore"):
        assert np.isnan(early(x, 0.5, 9))
        assert np.isnan(pg.compile(early)(x, 0.5, 9))
    assert pg.compile(early)(x[1:], 0.5, 8) == early(x[1:], 0.5, 8)


def test_zeros_keep_their_sign_in_elementwise_arithmetic() -> None:
    def f(h):
        m = np.array([[h, 0.0], [0.0, 1.0]])
        y = m @ np.array([1.0, 2.0])
        return (-h) * np.array([0.0, 1.0]) + 0.0 * y

    np.testing.assert_array_equal(np.signbit(pg.compile(f)(2.0)), np.signbit(f(2.0)))


# ---- what is summed for the check ------------------------------------------------------------------------------------
def chain(*names: str) -> tuple[list[Var], Block]:
    """v1 = op(v0, v0), v2 = op(v1, v1), ..."""
    variables = [Var("v", F64)]
    block = Block()
    for name in names:
        variables.append(Var("v", F64))
        block.statements.append(Let(variables[-1], TABLE[name], (variables[-2],) * TABLE[name].arity))
    block.yields = [variables[-1]]
    return variables, block


def test_a_number_answers_for_its_operands() -> None:
    v, block = chain("multiply", "add", "negative")
    assert sum_skipped(block, {id(block): [(v[0], v[1]), (v[2], v[3])]}, v[:1]) is v[2]


def test_a_number_does_not_answer_for_what_it_may_lose() -> None:
    v, block = chain("tanh", "add")
    total = sum_skipped(block, {id(block): [(v[0], v[1]), (v[1], v[2])]}, v[:1])
    last = block.statements[-1]
    assert isinstance(last, Let)
    assert total is last.target
    assert set(last.args) == {v[0], v[1]}


def test_what_lacks_a_factor_and_is_dead_asks_for_nothing() -> None:
    v, block = chain("add")
    assert sum_skipped(block, {id(block): [(v[0], Var("dead", F64))]}, v[:1]) is None


def looped(name: str) -> tuple[Loop, Block]:
    """A loop that carries p to op(p, p) and leaves out p."""
    v, body = chain(name)
    start, stop, step = (Const(k, Var("k", F64).type) for k in (0, 3, 1))
    result = Var("r", F64)
    loop = Loop(Var("k", F64), start, stop, step, v[:1], [Const(1.0, F64)], body, [result])
    return loop, Block([loop], [result])


def test_what_a_loop_carries_answers_for_all_iterations() -> None:
    loop, block = looped("add")
    assert sum_skipped(block, {id(loop.body): [(loop.params[0], Const(0.0, F64))]}, []) is loop.results[0]
    assert len(loop.params) == 1


def test_what_a_loop_may_lose_is_summed_in_each_iteration() -> None:
    loop, block = looped("tanh")
    total = sum_skipped(block, {id(loop.body): [(loop.params[0], Const(0.0, F64))]}, [])
    assert total is loop.results[1]
    assert len(loop.params) == 2

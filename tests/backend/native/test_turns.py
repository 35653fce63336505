"""Arrays that every turn of a loop makes, and sums of outer products over the turns, in native code."""

import numpy as np
import pytest

import pathgrad as pg

RANDOM = np.random.default_rng(3)
W, U = RANDOM.normal(size=(5, 11)) / 3, RANDOM.normal(size=(11, 11)) / 4


def agrees(f, *arguments):
    with pg.options(cache=False, poison=True):
        np.testing.assert_allclose(pg.compile(f)(*arguments), f(*arguments), rtol=1e-12, atol=1e-12)


def llvm(f, *arguments):
    return pg.compile(f).inspect("llvm", *arguments)


def in_turns(text):
    """How many arrays are allocated in the first loop of a program."""
    body = text[text.index("\nfor.body") if "\nfor.body" in text else text.index("for.body") :]
    return body[: body.index("for.end")].count("@pg_allocate")


# ---- arrays that every turn makes ------------------------------------------------------------------------------------
def temporaries(x, n):
    total = np.zeros(len(x))
    for k in range(n):
        a = np.cumsum(x) * k
        b = np.cumsum(a) + x
        c = np.cumsum(b) - a
        total += np.cumsum(c) * b
    return total


def handed_on(x, n):
    """What a turn makes is the next turn's state, and the one after the next one's."""
    before, now = x, 2.0 * x
    for k in range(n):
        before, now = now, np.cumsum(before) * 0.1 + now / (k + 1.0)
    return before + now


def handed_on_as_a_view(x, n):
    now = x
    for k in range(n):
        made = np.cumsum(now) / (k + 2.0)
        now = made[::-1]
    return now


def grown(x, n):
    now = x
    for k in range(n):
        now = np.concatenate((now * 2.0, x)) + k
    return now


def shrunk(x, n):
    now = x * 1.0
    for k in range(n):
        now = now[1:] * 2.0 + k
    return now


def inside_an_inner_loop(x, n):
    total = np.zeros(len(x))
    for k in range(n):
        outer = np.cumsum(x) + k
        for j in range(k):
            inner = np.cumsum(outer) * j
            total += np.cumsum(inner) - outer
        total += outer
    return total


def in_an_arm(x, n):
    total = np.zeros(len(x))
    for k in range(n):
        a = np.cumsum(x) * k
        if k % 2 == 0:
            b = np.cumsum(a)
            total += b * b
        else:
            a = a + 1.0
        total += np.cumsum(a)
    return total


def lengths_of_the_turn(x, n):
    total = 0.0
    for k in range(1, n):
        a = np.cumsum(np.ones(k)) * x[0]
        total += np.sum(np.cumsum(a))
    return total


def no_turn_and_no_length(x, n):
    total = 0.0
    m = n - 5
    for _ in range(n):
        total += np.sum(np.cumsum(np.zeros(m) + 1.0)) + x[0]
    return total


@pytest.mark.parametrize("turns", [0, 1, 2, 7])
@pytest.mark.parametrize(
    "f", [temporaries, handed_on, handed_on_as_a_view, grown, shrunk, inside_an_inner_loop, in_an_arm]
)
def test_arrays_of_a_turn(f, turns):
    agrees(f, RANDOM.normal(size=13), turns)


def test_lengths_that_the_turn_decides():
    agrees(lengths_of_the_turn, np.array([0.5, 2.0]), 9)


def test_a_loop_without_turns_asks_for_no_memory():
    assert pg.compile(no_turn_and_no_length)(np.ones(3), 0) == 0.0


def test_storage_is_allocated_before_the_loop():
    arguments = np.ones(13), 7
    assert in_turns(llvm(temporaries, *arguments)) == 0
    assert in_turns(llvm(handed_on, *arguments)) > 0


# ---- sums of outer products ------------------------------------------------------------------------------------------
def recurrent(w, u, xs):
    state, total = np.zeros(u.shape[0]), 0.0
    for t in range(len(xs)):
        state = np.tanh(xs[t] @ w + state @ u)
        total += state @ state
    return total


def tied(w, u, xs):
    """One matrix twice in a turn: its cotangent is added to twice."""
    state, total = np.zeros(u.shape[0]), 0.0
    for t in range(len(xs)):
        state = np.tanh(xs[t] @ w + np.tanh(state @ u) @ u)
        total += np.sum(state)
    return total


def reference(f, *arguments):
    with pg.options(backend="python"):
        return pg.grad(f, (0, 1, 2))(*arguments)


@pytest.mark.parametrize("turns", [0, 1, 2, 31, 32, 33, 64, 70])
@pytest.mark.parametrize("f", [recurrent, tied])
def test_sums_of_outer_products(f, turns):
    arguments = W, U, RANDOM.normal(size=(turns, 5))
    for threads in (1, 2):
        with pg.options(threads=threads, cache=False):
            found = pg.grad(f, (0, 1, 2))(*arguments)
        for ours, expected in zip(found, reference(f, *arguments), strict=True):
            np.testing.assert_allclose(ours, expected, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("rows", [1, 2, 3, 9])
@pytest.mark.parametrize("columns", [1, 7, 8, 9, 31, 32, 33, 41])
def test_every_tile(rows, columns):
    w, u, xs = RANDOM.normal(size=(rows, columns)), RANDOM.normal(size=(columns, columns)) / 9, np.ones((5, rows))
    with pg.options(cache=False):
        found = pg.grad(recurrent, (0, 1, 2))(w, u, xs)
    for ours, expected in zip(found, reference(recurrent, w, u, xs), strict=True):
        np.testing.assert_allclose(ours, expected, rtol=1e-11, atol=1e-12)


def test_outer_products_are_put_by():
    arguments = W, U, RANDOM.normal(size=(40, 5))
    assert "add_products" in pg.grad(recurrent, (0, 1)).inspect("llvm", *arguments)
    # the program's own sums stay as they are written
    assert "add_products" not in llvm(own_sum, *arguments[:1], arguments[2])


def own_sum(w, xs):
    total = np.zeros_like(w)
    for t in range(len(xs)):
        total += np.outer(xs[t], np.tanh(xs[t] @ w))
    return total


def test_the_programs_own_sums():
    agrees(own_sum, W, RANDOM.normal(size=(40, 5)))

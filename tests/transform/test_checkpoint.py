"""Loops with checkpoints: the same numbers as without, few states at once, no iteration run more often than needed."""

from __future__ import annotations

import functools
import sys
from math import comb

import numpy as np
import pytest

import pathgrad as pg
from pathgrad.errors import ArgumentError, UnsupportedSyntax
from pathgrad.ir import Loop, check, evaluate, walk
from pathgrad.options import options
from pathgrad.testing import check_grads
from pathgrad.transform.schedule import checkpoint_stride, checkpoint_total

SIZES = [*range(8), 10, 19, 37, 100]
STATE = np.array([0.3, -0.2, 0.9])


@pytest.fixture(autouse=True)
def emitted_python():
    """The same operations in the same order, so that numbers can be compared bit by bit."""
    with options(backend="python"):
        yield


# ---- the schedule ----------------------------------------------------------------------------------------------------
def executed(iterations, snapshots):
    """What the emitted driver does: the most states at once, runs of each iteration, and their sum."""
    stack, most, runs = [], 0, [0] * iterations

    def run_to(at, end):
        nonlocal most
        while at < end:
            until = at + checkpoint_stride(end - at, snapshots - len(stack))
            stack.append(at)
            most = max(most, len(stack))
            for k in range(at, until):
                runs[k] += 1
            at = until

    run_to(0, iterations)
    for k in reversed(range(iterations)):
        run_to(stack.pop(), k)
    assert not stack
    return most, max(runs, default=0), sum(runs)


@functools.cache
def fewest(steps, snapshots):
    """The fewest runs that reverse so many steps, over all places for the next state."""
    if steps <= 1:
        return 0
    if snapshots == 1:
        return steps * (steps - 1) // 2
    return min(m + fewest(m, snapshots) + fewest(steps - m, snapshots - 1) for m in range(1, steps))


@pytest.mark.parametrize("snapshots", range(1, 8))
def test_the_schedule_is_optimal(snapshots):
    for iterations in range(60):
        most, _, total = executed(iterations, snapshots)
        assert most <= snapshots
        assert total == fewest(iterations + 1, snapshots)


def test_the_binomial_formula_for_long_loops():
    for iterations, snapshots in ((1000, 5), (5000, 12), (3000, 300), (4000, 2)):
        most, _, total = executed(iterations, snapshots)
        runs = next(r for r in range(iterations) if comb(snapshots + r, r) >= iterations + 1)
        assert most == snapshots
        assert total == runs * (iterations + 1) - comb(snapshots + runs, runs - 1)


@pytest.mark.parametrize("iterations", [0, 1, 4, 5, 14, 15, 100, 1000, 9999])
def test_four_runs_at_most_by_default(iterations):
    states = checkpoint_total(iterations)
    assert executed(iterations, states)[1] <= 4
    assert comb(states + 4, 4) > iterations
    assert states == 1 or comb(states + 3, 4) <= iterations
    assert checkpoint_total(1_000_000) == 68


# ---- the same loop with and without ----------------------------------------------------------------------------------
def logistic(x, n):
    for _ in pg.checkpoint(range(n)):
        x = 3.7 * x * (1.0 - x)
    return x


def logistic_plain(x, n):
    for _ in range(n):
        x = 3.7 * x * (1.0 - x)
    return x


SNAPSHOTS = 3


def vectors(s, n):
    cost = 0.0
    for i in pg.checkpoint(range(n), snapshots=SNAPSHOTS):
        s[0] = s[0] + 0.01 * s[1] * s[2]
        s = s + 0.1 * np.array([s[1] * s[2], s[2] - i, s[0] * s[0]]) / (1 + i)
        cost += np.sum(s * s)
    return cost


def vectors_plain(s, n):
    cost = 0.0
    for i in range(n):
        s[0] = s[0] + 0.01 * s[1] * s[2]
        s = s + 0.1 * np.array([s[1] * s[2], s[2] - i, s[0] * s[0]]) / (1 + i)
        cost += np.sum(s * s)
    return cost


def strides(x, n):
    y = 1.0
    for i in pg.checkpoint(range(3, n, 2), snapshots=2):
        y = y * np.sin(x * i + y)
    for i in pg.checkpoint(range(n, -1, -3)):
        y = y + x * np.cos(y * i)
    for i in pg.checkpoint(range(2, n)):
        y = y + x * np.cos(y * i)
    return y


def strides_plain(x, n):
    y = 1.0
    for i in range(3, n, 2):
        y = y * np.sin(x * i + y)
    for i in range(n, -1, -3):
        y = y + x * np.cos(y * i)
    for i in range(2, n):
        y = y + x * np.cos(y * i)
    return y


def branches(x, n):
    y = x
    for i in pg.checkpoint(range(n), snapshots=4):
        if y > 0.5:
            y = y * y * x
        else:
            y = y + np.exp(-y) * (i + 1) / n
        if y > 1e6:
            continue
        y = 0.9 * y
    return y


def branches_plain(x, n):
    y = x
    for i in range(n):
        if y > 0.5:
            y = y * y * x
        else:
            y = y + np.exp(-y) * (i + 1) / n
        if y > 1e6:
            continue
        y = 0.9 * y
    return y


def left_early(x, n):
    y = x
    for i in pg.checkpoint(range(1, n + 1), snapshots=2):
        y = y * (1.1 + 0.1 * np.sin(i * x))
        if y > 8.0:
            break
    return y * y


def left_early_plain(x, n):
    y = x
    for i in range(1, n + 1):
        y = y * (1.1 + 0.1 * np.sin(i * x))
        if y > 8.0:
            break
    return y * y


def inner_loops(u, n):
    for t in pg.checkpoint(range(n)):
        total = 0.0
        for j in range(1, len(u)):
            u[j] = u[j] + 0.1 * u[j - 1] * np.sin(u[j])
            total += u[j] * u[j]
        u = u / (1.0 + total * t)
    return np.sum(u * u)


def inner_loops_plain(u, n):
    for t in range(n):
        total = 0.0
        for j in range(1, len(u)):
            u[j] = u[j] + 0.1 * u[j - 1] * np.sin(u[j])
            total += u[j] * u[j]
        u = u / (1.0 + total * t)
    return np.sum(u * u)


def nested(x, n):
    y = 0.0
    for i in pg.checkpoint(range(n), snapshots=2):
        z = x + i
        for _ in pg.checkpoint(range(n), snapshots=2):
            z = z * np.cos(z) + 0.1 * y
        y = np.sin(y + z)
    return y


def nested_plain(x, n):
    y = 0.0
    for i in range(n):
        z = x + i
        for _ in range(n):
            z = z * np.cos(z) + 0.1 * y
        y = np.sin(y + z)
    return y


def inside_loops(x, n):
    y = 0.0
    for i in range(3):
        for j in range(2):
            z = x * (i + 1)
            for _ in pg.checkpoint(range(n), snapshots=2):
                z = z * np.cos(z) + 0.1 * y
            y = np.sin(y + z * (j + 1))
    return y


def inside_loops_plain(x, n):
    y = 0.0
    for i in range(3):
        for j in range(2):
            z = x * (i + 1)
            for _ in range(n):
                z = z * np.cos(z) + 0.1 * y
            y = np.sin(y + z * (j + 1))
    return y


def over_data(data, n):
    state = data[0, 0]
    for row, weight in pg.checkpoint(zip(data, data[:, 1])):
        state = np.tanh(state * row[0] + row[1] * weight)
    for k, row in pg.checkpoint(enumerate(data), snapshots=1):
        state = np.tanh(state * row[0] + row[1] * k)
    for row in pg.checkpoint(data):
        state = np.tanh(state * row[0] + row[1])
    return state * n


def over_data_plain(data, n):
    state = data[0, 0]
    for row, weight in zip(data, data[:, 1]):
        state = np.tanh(state * row[0] + row[1] * weight)
    for k, row in enumerate(data):
        state = np.tanh(state * row[0] + row[1] * k)
    for row in data:
        state = np.tanh(state * row[0] + row[1])
    return state * n


DATA = np.random.default_rng(5).uniform(-1, 1, (23, 2))

PAIRS = [
    (logistic, logistic_plain, 0.3),
    (vectors, vectors_plain, STATE),
    (strides, strides_plain, 0.7),
    (branches, branches_plain, 0.7),
    (left_early, left_early_plain, 0.9),
    (inner_loops, inner_loops_plain, STATE),
    (over_data, over_data_plain, DATA),
]
EACH_PAIR = pytest.mark.parametrize(("f", "plain", "x"), PAIRS, ids=lambda v: getattr(v, "__name__", ""))


@EACH_PAIR
def test_the_gradient_is_that_of_the_plain_loop(f, plain, x):
    gradient, wanted = pg.value_and_grad(f), pg.value_and_grad(plain)
    for n in SIZES:
        assert repr(gradient(x, n)) == repr(wanted(x, n))


@pytest.mark.parametrize(("f", "plain"), [(nested, nested_plain), (inside_loops, inside_loops_plain)])
def test_loops_in_loops(f, plain):
    for n in range(9):
        assert pg.value_and_grad(f)(0.4, n) == pg.value_and_grad(plain)(0.4, n)


def _limited(count):
    def f(x, n):
        for i in pg.checkpoint(range(n), snapshots=count):
            x = np.sin(x + i) * x + 0.1
        return x

    return f


def unlimited(x, n):
    for i in range(n):
        x = np.sin(x + i) * x + 0.1
    return x


LIMITED = [_limited(count) for count in range(1, 11)]


@pytest.mark.parametrize("limited", LIMITED)
def test_any_number_of_snapshots(limited):
    gradient, wanted = pg.grad(limited), pg.grad(unlimited)
    for n in SIZES:
        assert gradient(0.5, n) == wanted(0.5, n)


@EACH_PAIR
def test_programs_are_checked_and_the_interpreter_agrees(f, plain, x):
    program = pg.transform(f, example=(x, 11)).program
    check(program)
    [gradient] = evaluate(program, x, 11)
    assert np.array_equal(gradient, pg.grad(plain)(x, 11))


@EACH_PAIR
def test_derivatives_of_second_order(f, plain, x):
    direction = np.cos(np.arange(np.size(x))).reshape(np.shape(x))[()]
    for n in (0, 1, 2, 9):
        value = pg.jvp(pg.grad(f), (x, n), (direction, 0))
        assert repr(value) == repr(pg.jvp(pg.grad(plain), (x, n), (direction, 0)))


def test_gradients_against_differences():
    check_grads(vectors, (STATE, 6))
    check_grads(nested, (0.4, 3))


def step(s, i, n):
    for _ in pg.checkpoint(range(n), snapshots=2):
        s = s + 0.1 * np.array([s[1] * s[2], np.sin(s[0]), s[0] * i])
    return s


def with_helper(s, n):
    for i in range(3):
        s = step(s, i, n)
    return np.sum(s * s)


def step_plain(s, i, n):
    for _ in range(n):
        s = s + 0.1 * np.array([s[1] * s[2], np.sin(s[0]), s[0] * i])
    return s


def with_helper_plain(s, n):
    for i in range(3):
        s = step_plain(s, i, n)
    return np.sum(s * s)


def test_in_a_helper():
    for n in SIZES[:9]:
        assert np.array_equal(pg.grad(with_helper)(STATE, n), pg.grad(with_helper_plain)(STATE, n))
    assert "checkpoint_stride" in pg.transform(with_helper, example=(STATE, 3)).source


# ---- how much is alive -----------------------------------------------------------------------------------------------
def most_kept(f, *arguments):
    """The greatest length of any list of kept values while the gradient runs."""
    derived = pg.grad(f)
    derived(*arguments)
    longest: dict[str, int] = {}

    def watch(frame, event, argument):
        for name, value in frame.f_locals.items():
            if name.endswith("_kept"):
                longest[name] = max(longest.get(name, 0), len(value))
        return watch

    before = sys.gettrace()
    sys.settrace(watch)
    try:
        derived(*arguments)
    finally:
        sys.settrace(before)
    return longest


def test_no_more_states_than_asked_for_are_alive():
    assert most_kept(vectors, STATE, 90) == {"s_kept": 3, "at_kept": 3}
    assert most_kept(LIMITED[4], 0.5, 300) == {"x_kept": 5, "at_kept": 5}
    assert most_kept(logistic, 0.3, 1000) == {"x_kept": 10, "at_kept": 10}
    assert most_kept(left_early, 0.3, 90)["y_kept"] <= 2


def test_sums_are_no_part_of_a_state():
    text = pg.transform(vectors, example=(STATE, 5)).source
    assert "cost" not in text.replace("line", "").split("def vectors_grad")[1].split("# ")[1]
    assert "cost_kept" not in text


# ---- the plain meaning -----------------------------------------------------------------------------------------------
def test_it_is_its_argument():
    for iterable in (range(5), range(2, 9, 3), DATA):
        assert pg.checkpoint(iterable) is iterable
        assert pg.checkpoint(iterable, snapshots=4) is iterable
    assert logistic(0.3, 20) == logistic_plain(0.3, 20)


def test_duals_forward_mode_and_graphs_take_it():
    assert pg.derivative(lambda x: logistic(x, 9))(0.3) == pytest.approx(pg.grad(logistic_plain)(0.3, 9))
    assert pg.jvp(logistic, (0.3, 9), (1.0, 0))[1] == pytest.approx(pg.grad(logistic_plain)(0.3, 9))
    assert pg.trace(lambda x: logistic(x, 4), x=0.3).outputs


def test_programs_say_it():
    text = pg.transform(vectors, example=(STATE, 5)).inspect("primal")
    assert "checkpoints 3" in text
    assert "checkpoints by length" in pg.transform(logistic, example=(0.3, 5)).inspect("primal")
    forward = pg.transform(vectors, mode="forward", example=(STATE, 5))
    assert any(isinstance(s, Loop) and s.checkpoints == 3 for s in walk(forward.program.body))


# ---- misuse ----------------------------------------------------------------------------------------------------------
def run_time_snapshots(x, n):
    for _ in pg.checkpoint(range(n), snapshots=n):
        x = np.sin(x)
    return x


def no_snapshots(x, n):
    for _ in pg.checkpoint(range(n), snapshots=0):
        x = np.sin(x)
    return x


def over_a_tuple(x, n):
    for k in pg.checkpoint((1, 2, 3)):
        x = np.sin(x * k)
    return x * n


def over_a_number(x, n):
    for _ in pg.checkpoint(n):
        x = np.sin(x)
    return x


def two_arguments(x, n):
    for _ in pg.checkpoint(range(n), 3):
        x = np.sin(x)
    return x


def needs_the_index(x, n):
    scales = (1.0, 2.0, 3.0)
    for k in pg.checkpoint(range(3)):
        x = np.sin(x * scales[k])
    return x * n


@pytest.mark.parametrize(
    ("f", "message"),
    [
        (run_time_snapshots, r"snapshots must be known when reading; write the number itself \(snapshots=20\)"),
        (no_snapshots, "snapshots is a whole number from 1; got 0"),
        (over_a_tuple, r"loops over ranges and arrays.*write for k in pg.checkpoint\(range\(n\)\)"),
        (over_a_number, "got a number: write for k"),
        (two_arguments, r"write pg.checkpoint\(range\(n\)\)"),
        (needs_the_index, "indexed by a number that is known at run time only"),
    ],
)
def test_misuse_is_refused_with_its_place(f, message):
    with pytest.raises(UnsupportedSyntax, match=message) as caught:
        pg.grad(f)(0.5, 3)
    assert caught.value.filename.endswith("test_checkpoint.py")
    assert "checkpoint" in caught.value.text or "scales[k]" in caught.value.text


def test_misuse_is_refused_when_run():
    for snapshots in (0, -1, 2.5, True):
        with pytest.raises(ArgumentError, match="whole number from 1"):
            pg.checkpoint(range(3), snapshots=snapshots)
    with pytest.raises(ArgumentError, match="is no range or array"):
        pg.checkpoint(3)

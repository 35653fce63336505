"""Costly numbers computed ahead of a sequential loop: which loops, and that every bit and every error is as before."""

from __future__ import annotations

import math
import sys
from pathlib import Path

import numpy as np
import pytest

import pathgrad as pg
from pathgrad.frontend import read, source_of, spec_of
from pathgrad.ir import Const, Let, Loop, check, evaluate, walk
from pathgrad.transform.ahead import STRIP, computed_ahead
from pathgrad.transform.recurrent import is_recurrent

LENGTHS = [0, 1, 2, STRIP - 1, STRIP, STRIP + 1, 4 * STRIP - 1, 4 * STRIP, 4 * STRIP + 1, 1000]
FUNCTIONS = {"exp", "log", "log1p", "sin", "cos", "tanh", "sigmoid"}
SAMPLE = np.random.default_rng(4).uniform(0.5, 2.0, 1003)


# ---- loops that are split --------------------------------------------------------------------------------------------
def forward(x):
    s, out = 1.0, np.zeros(len(x))
    for i in range(len(x)):
        s = 0.5 * s * math.exp(-0.3 * x[i]) + math.sin(x[i])
        out[i] = s
    return out


def backward(x):
    s = 0.5
    for i in range(len(x) - 1, -1, -1):
        s = math.tanh(x[i]) * s + math.cos(0.1 * i)
    return s


def from_the_third(x):
    """A start that is not zero; what an iteration reads was written two before."""
    a = x.copy()
    for i in range(3, len(x)):
        a[i] = 0.5 * a[i - 2] + math.log(1.0 + math.exp(x[i - 3]))
    return a


def every_third(x):
    s, out = 1.0, np.zeros(len(x))
    for i in range(1, len(x), 3):
        s = s * math.exp(-x[i])
        out[i] = s
    return out


def every_other_backward(x):
    s = 1.0
    for i in range(len(x) - 1, 2, -2):
        s = s / (1.0 + s * math.exp(x[i]))
    return s


def with_branches(x):
    """Arms read what is carried, and a number that was computed ahead."""
    s, count = 1.0, 0
    for i in range(len(x)):
        t = math.sin(3.0 * x[i])
        if s > 1.0:
            s = s - t * t
            count += 1
        else:
            s = s + 1.3 * x[i]
        s = s + 0.1 * t
    return s + count


def rows(x):
    """A loop around; the numbers of strips are the same for all rows."""
    m = np.outer(x, x)
    total = 0.0
    for i in range(min(len(x), 3)):
        s = x[i]
        for j in range(len(x)):
            s = s * 0.3 + math.sin(m[i, j]) * s * s * 0.1
        total += s
    return total


def adds_to_places(x):
    """Several iterations add to one element."""
    y = np.zeros(5)
    for i in range(len(x)):
        y[i % 5] += math.exp(x[i])
    return y


SPLIT = [forward, backward, from_the_third, every_third, every_other_backward, with_branches, rows, adds_to_places]


# ---- loops that stay as they are -------------------------------------------------------------------------------------
def a_sum(x):
    total, product = 0.0, 1.0
    for i in range(len(x)):
        total += math.exp(x[i])
        product *= 1.0 + 1e-3 * math.sin(x[i])
    return total - product


def own_elements(x):
    a = x.copy()
    for i in range(len(x)):
        a[i] = math.exp(-a[i]) + a[i]
    return a


def of_what_is_carried(x):
    s = 0.5
    for i in range(len(x)):
        s = math.sin(s) + x[i]
    return s


def of_what_is_written(x):
    a = x.copy()
    for i in range(1, len(x)):
        a[i] = math.sin(a[i - 1]) * x[i]
    return a


def in_an_arm(x):
    s = 0.5
    for i in range(len(x)):
        if s > 0.7:
            s = 0.5 * s - math.sin(x[i])
        else:
            s = 0.5 * s + 0.6
    return s


def with_an_end(x):
    s = 0.5
    for i in range(len(x)):
        s = 0.5 * s + math.sin(x[i])
        if s > 1e6:
            break
    return s


def few(x):
    s = 0.5
    for i in range(min(len(x), 1)):
        for k in range(40):
            s = 0.5 * s + math.sin(x[i] + k)
    return s


def cheap(x):
    s = 0.5
    for i in range(len(x)):
        s = 0.5 * s + x[i] * x[i]
    return s


def the_same_each_time(x):
    s = 0.5
    for i in range(1, len(x)):
        s = 0.5 * s * math.sin(x[0]) + x[i]
    return s


LEFT_ALONE = [
    a_sum, own_elements, of_what_is_carried, of_what_is_written, in_an_arm, with_an_end, few, cheap, the_same_each_time,
]  # fmt: skip


def primal(f, **arguments):
    lengths: dict[object, object] = {}
    specs = {name: spec_of(value, lengths, name) for name, value in arguments.items()}
    return read(source_of(f), specs, arguments.__getitem__).program


def bits(values):
    return [np.asarray(v).tobytes() for v in values]


def strips(program):
    """The loops over the iterations of a strip."""
    loops = [s for s in walk(program.body) if isinstance(s, Loop)]
    return [s for s in loops if isinstance(s.stop, Const) and s.stop.value == STRIP]


def costly(statements):
    return [s for s in statements if isinstance(s, Let) and s.op.name in FUNCTIONS]


# ---- values ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("f", SPLIT, ids=lambda f: f.__name__)
def test_the_same_bits(f):
    program = primal(f, x=SAMPLE)
    other = check(computed_ahead(program, FUNCTIONS))
    first, second = strips(other)
    assert costly(first.body.statements)
    assert not costly(walk(second.body))
    assert not is_recurrent(first)
    assert is_recurrent(second)
    for n in LENGTHS:
        x = SAMPLE[:n]
        with np.errstate(all="ignore"):
            assert bits(evaluate(other, x)) == bits(evaluate(program, x)), n


@pytest.mark.parametrize("f", LEFT_ALONE, ids=lambda f: f.__name__)
def test_left_alone(f):
    program = primal(f, x=SAMPLE)
    assert computed_ahead(program, FUNCTIONS) is program


@pytest.mark.parametrize("f", SPLIT + LEFT_ALONE, ids=lambda f: f.__name__)
def test_native_code_agrees(f):
    native = pg.compile(f)
    for n in LENGTHS:
        x = SAMPLE[:n].copy()
        np.testing.assert_allclose(native(x), f(x), rtol=1e-12)


@pytest.mark.parametrize("f", SPLIT, ids=lambda f: f.__name__)
@pytest.mark.parametrize("n", [0, 1, STRIP - 1, STRIP, 3 * STRIP + 7])
def test_gradients(f, n):
    def total(x):
        return np.sum(f(x))

    x = SAMPLE[:n].copy()
    got, wanted = pg.grad(total)(x), pg.grad(total, backend="python")(x)
    np.testing.assert_allclose(got, wanted, rtol=1e-9, atol=1e-12)


def test_single_precision_stays_single():
    x = SAMPLE[:200].astype(np.float32)
    program = primal(single, x=x)
    other = check(computed_ahead(program, FUNCTIONS))
    [wanted], [found] = evaluate(program, x), evaluate(other, x)
    assert len(strips(other)) == 2
    assert found.dtype == wanted.dtype == np.float32
    assert np.array_equal(found, wanted)


def single(x):
    out = np.zeros_like(x)
    for i in range(1, len(x)):
        out[i] = np.float32(0.5) * out[i - 1] + np.sin(x[i])
    return out


def test_a_number_that_only_another_one_needs_is_not_kept():
    def f(x):
        s = 0.5
        for i in range(len(x)):
            s = 0.5 * s + math.log1p(math.exp(x[i]))
        return s

    first, second = strips(computed_ahead(primal(f, x=SAMPLE), FUNCTIONS))
    assert len(first.params) == 1
    assert [s.op.name for s in costly(first.body.statements)] == ["exp", "log1p"]
    assert not costly(second.body.statements)


# ---- the adjoint of a recurrence -------------------------------------------------------------------------------------
def recurrence():
    sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
    try:
        from programs import recurrence as program
    finally:
        sys.path.pop(0)
    return program.value


def test_the_adjoint_of_a_recurrence():
    value = recurrence()
    program = pg.transform(value, example=(SAMPLE,)).program
    other = check(computed_ahead(program, FUNCTIONS))
    first, second = strips(other)
    assert [s.op.name for s in costly(first.body.statements)] == ["sin", "cos"]
    assert second.reversed
    assert not costly(second.body.statements)
    for n in LENGTHS[1:]:
        x = SAMPLE[:n]
        assert bits(evaluate(other, x)) == bits(evaluate(program, x))
        np.testing.assert_allclose(pg.grad(value)(x.copy()), evaluate(program, x)[-1], rtol=1e-11)


def test_its_numbers_are_computed_in_vectors():
    with pg.options(optimize=3):
        text = pg.grad(recurrence()).inspect("optimised", SAMPLE)
    assert any(f"x double> @llvm.fabs.v{width}f64" in text for width in (2, 4, 8))


# ---- errors ----------------------------------------------------------------------------------------------------------
def only_one_can_fail(x, n):
    s = 0.5
    for i in range(n):
        s = 0.5 * s + math.sin(x[i])
    return s


def both_can_fail(x, y, n):
    """The second statement fails in an earlier iteration than what is computed ahead of it would."""
    s = 0.5
    for i in range(n):
        t = math.sin(x[i])
        s = 0.5 * s + t + y[i] * s
    return s


def both_fail_ahead(x, y, n):
    s = 0.5
    for i in range(n):
        s = 0.5 * s + math.sin(x[i]) * math.cos(y[i])
    return s


@pytest.mark.parametrize(("f", "lengths", "is_split"), [
    (only_one_can_fail, (150,), True),
    (both_can_fail, (150, 140), False),
    (both_fail_ahead, (150, 140), True),
    (both_fail_ahead, (140, 150), True),
])  # fmt: skip
def test_the_first_error_stays_the_first(f, lengths, is_split):
    arrays = dict(zip("xy", (SAMPLE[:n].copy() for n in lengths), strict=False))
    program = primal(f, **arrays, n=160)
    other = computed_ahead(program, FUNCTIONS)
    assert bool(strips(other)) == is_split
    with pytest.raises(IndexError) as wanted:
        evaluate(program, *arrays.values(), 160)
    with pytest.raises(IndexError) as found:
        evaluate(other, *arrays.values(), 160)
    assert str(found.value) == str(wanted.value)
    least = min(lengths)
    assert f"index {least} is" in str(found.value)
    message = rf"test_ahead.py:\d+: index {least} is out of bounds for axis 0 with size {least}, in `.*sin"
    if lengths[0] == least:
        with pytest.raises(IndexError, match=message):
            pg.compile(f)(*arrays.values(), 160)
    assert pg.compile(f)(*arrays.values(), 130) == pytest.approx(f(*arrays.values(), 130), rel=1e-12)


def test_a_function_that_writes_its_argument():
    """Its positions are checked where they are used: nothing is computed ahead."""

    def f(a, x):
        for i in range(1, len(a)):
            a[i] = 0.5 * a[i - 1] + math.sin(x[i])

    a, b = SAMPLE[:150].copy(), SAMPLE[:150].copy()
    pg.compile(f)(a, SAMPLE)
    f(b, SAMPLE)
    np.testing.assert_allclose(a, b, rtol=1e-13)
    with pytest.raises(IndexError, match=r"index 100 is out of bounds"):
        pg.compile(f)(a, SAMPLE[:100])

"""Slices as long as what they meet: what is supposed of the arguments, and what happens where it does not hold."""

from __future__ import annotations

import numpy as np
import pytest

import pathgrad as pg
from pathgrad.errors import ProgramError
from pathgrad.frontend import read, source_of, spec_of
from pathgrad.ir import Let, ListType, Supposition, check, evaluate, walk
from pathgrad.transform.inline import inlined
from pathgrad.transform.slices import carried_over, suppose_slices

RANDOM = np.random.default_rng(3)


def cell(gates, memory):
    n = len(memory)
    keep = np.exp(-gates[:n])
    take = np.tanh(gates[n : 2 * n])
    return keep * memory + take * gates[2 * n :]


def recurrent(weights, memory, steps):
    for _ in range(steps):
        memory = cell(memory @ weights, memory)
    return np.sum(memory * memory)


def halves(x, y):
    n = len(y)
    return np.sum(x[:n] * y) - np.sum(x[2 : n - 1] * y[3:]) + np.sum(x[n:] * y)


def counted(x, y, n):
    return np.sum(x[:n] * y[:n] + x[n : n + n] * 2.0 * y[:n])


def by_index(x, y):
    """What a slice in a loop needs is no matter of the arguments alone."""
    total = 0.0
    for i in range(len(x) - len(y)):
        total += np.sum(x[i : i + len(y)] * y)
    return total


def weights(n, times=3):
    return RANDOM.normal(size=(n, times * n)) / n


ARGUMENTS = {
    recurrent: lambda n: (weights(n), RANDOM.normal(size=n), 4),
    halves: lambda n: (RANDOM.normal(size=2 * n), RANDOM.normal(size=n)),
}


def program_of(f, *arguments):
    names = f.__code__.co_varnames
    lengths = {}
    specs = {name: spec_of(value, lengths, name) for name, value in zip(names, arguments, strict=False)}
    return inlined(read(source_of(f), specs).program)


@pytest.mark.parametrize("f", [recurrent, halves])
def test_what_is_supposed(f):
    program = program_of(f, *ARGUMENTS[f](10))
    new = suppose_slices(program)
    check(new)
    assert new is not program and new.supposed and not program.supposed
    assert not any(isinstance(s, Let) and s.op.name == "broadcast_with" for s in walk(new.body))
    for n in (9, 12):
        arguments = ARGUMENTS[f](n)
        assert all(s.holds(arguments) for s in new.supposed)
        for a, b in zip(evaluate(new, *arguments), evaluate(program, *arguments), strict=True):
            np.testing.assert_array_equal(a, b)
    wrong = list(ARGUMENTS[f](10))
    wrong[0] = np.ones((10, 31)) if f is recurrent else np.ones(21)
    with pytest.raises(ProgramError, match=r"supposes that .* == 0"):
        evaluate(new, *wrong)


def test_the_text_says_so():
    gradient = pg.grad(recurrent)
    arguments = ARGUMENTS[recurrent](11)
    gradient(*arguments)
    assert "supposes length(weights; axis=1) - 3*length(weights; axis=0) == 0" in gradient.inspect("ir")


def test_what_a_loop_keeps_has_rows():
    gradient = pg.grad(recurrent)
    gradient(*ARGUMENTS[recurrent](11))
    program = gradient.example_entry("ir", (), {}).program
    assert not any(isinstance(s, Let) and isinstance(s.target.type, ListType) for s in walk(program.body))


def test_slices_that_are_left_alone():
    program = program_of(by_index, np.ones(30), np.ones(10))
    assert suppose_slices(program) is program


def test_arguments_of_other_lengths():
    """The call starts again in code that supposes nothing."""
    plain = pg.grad(counted, backend="python")
    gradient = pg.grad(counted)
    x, y = RANDOM.normal(size=40), RANDOM.normal(size=20)
    for n in (20, 15, 10, 12, 0, 1):
        np.testing.assert_allclose(gradient(x, y, n), plain(x, y, n), rtol=1e-14)
    # n beyond the end, and counted from it
    for n in (21, -25, 41):
        got, wanted = (_outcome(f, x, y, n) for f in (gradient, plain))
        assert type(got) is type(wanted)
        if not isinstance(got, Exception):
            np.testing.assert_allclose(got, wanted, rtol=1e-14)


def _outcome(f, *arguments):
    try:
        return f(*arguments)
    except ValueError as error:
        return error


def test_a_slice_that_is_repeated():
    """A slice of one element meets a longer array."""

    def scaled(x, y, n):
        return np.sum(x[:n] * y)

    gradient = pg.grad(scaled)
    x, y = RANDOM.normal(size=12), RANDOM.normal(size=12)
    np.testing.assert_allclose(gradient(x, y, 12), y)
    np.testing.assert_allclose(gradient(x, y, 1), [np.sum(y), *np.zeros(11)])
    with pytest.raises(ValueError, match="broadcast"):
        gradient(x, y, 5)


@pytest.mark.parametrize("f", [recurrent, halves])
def test_native_code_and_second_derivatives(f):
    arguments = ARGUMENTS[f](10)
    value, wanted = pg.compile(f)(*arguments), pg.grad(f, backend="python")(*arguments)
    assert value == pytest.approx(f(*arguments), rel=1e-14)
    np.testing.assert_allclose(pg.grad(f)(*arguments), wanted, rtol=1e-12)
    direction = RANDOM.normal(size=arguments[0].shape)
    _, tangent = pg.jvp(lambda x: f(x, *arguments[1:]), (arguments[0],), (direction,))
    assert tangent == pytest.approx(np.sum(wanted * direction), rel=1e-12)

    def first(x):
        return f(x, *arguments[1:])

    products = [pg.hvp(first, arguments[:1], (direction,), backend=backend) for backend in ("native", "python")]
    np.testing.assert_allclose(*products, rtol=1e-11, atol=1e-11)


def test_wrong_lengths_raise_what_numpy_raises():
    gradient = pg.grad(recurrent)
    gradient(*ARGUMENTS[recurrent](10))
    with pytest.raises(ValueError, match="broadcast"):
        gradient(weights(10, 4), RANDOM.normal(size=10), 3)


def test_c_functions_suppose_nothing():
    import ctypes

    function = pg.compile(halves)
    x, y = RANDOM.normal(size=24), RANDOM.normal(size=12)
    kind = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_void_p, ctypes.c_int64, ctypes.c_void_p, ctypes.c_int64)
    run = kind(function.address(x, y))
    assert run(x.ctypes.data, 24, y.ctypes.data, 12) == pytest.approx(halves(x, y))
    one = np.array([2.0])
    longer = RANDOM.normal(size=9)
    assert function(longer, one) == pytest.approx(halves(longer, one))


def test_suppositions_of_derived_programs():
    program = suppose_slices(program_of(halves, *ARGUMENTS[halves](10)))
    assert carried_over(program, program) == program.supposed
    assert carried_over(program, program_of(np_sum, np.ones(4))) is None


def np_sum(x):
    return np.sum(x)


def test_sums_of_lengths():
    both = Supposition(((0, None, 2), (1, 0, -1)), 3, False)
    assert both.text(["n", "x"]) == "2*n - length(x; axis=0) + 3 >= 0"
    assert both.holds([1, np.ones(5)]) and not both.holds([1, np.ones(6)])


# ---- parameters in one vector ----------------------------------------------------------------------------------------
def packed_network(theta, x, y):
    n, m = x.shape[1], 9
    first, shift, second = theta[: n * m].reshape(n, m), theta[n * m : n * m + m], theta[n * m + m :]
    return np.mean((np.tanh(x @ first + shift) @ second - y) ** 2) + 1e-3 * np.sum(theta**2)


@pytest.mark.parametrize("verb", [pg.grad, pg.value_and_grad, pg.compile])
def test_calls_do_not_start_again_for_nothing(verb):
    """What is reshaped has other lengths than what it becomes: these were supposed equal, and no call went through."""
    x, y = RANDOM.normal(size=(30, 10)), RANDOM.normal(size=30)
    theta = RANDOM.normal(size=10 * 9 + 9 + 9)
    function = verb(packed_network)
    function(theta, x, y)
    assert function.example_entry("llvm", (), {}).executable.native._checked is None
    wanted = verb(packed_network, backend="python")(theta, x, y)
    for a, b in zip(_parts(function(theta, x, y)), _parts(wanted), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-14)


def _parts(value):
    return value if isinstance(value, tuple) else (value,)

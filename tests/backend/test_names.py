"""The user's names stay, and none of them breaks the emitted program."""

from __future__ import annotations

import ast

import numpy as np
import pytest
import scipy.special

import pathgrad as pg
from pathgrad.testing import check_grads

V = np.array([0.5, 1.2, 0.8])


def source_of(f, *arguments, mode="reverse"):
    return pg.transform(f, mode=mode, example=arguments).source


def names_in(source):
    return {n.id for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Name)}


def falling_body(height, gravity=9.81):
    velocity = np.sqrt(2.0 * gravity * height)
    energy = 0.5 * velocity * velocity * np.sin(velocity)
    return energy * velocity


def test_the_users_names_are_kept():
    backward = names_in(source_of(falling_body, 2.0))
    assert {"velocity", "velocity_bar"} <= backward
    forward = names_in(source_of(falling_body, 2.0, mode="forward"))
    assert {"velocity", "energy", "velocity_dot", "energy_dot"} <= forward


def test_loops_keep_their_shape_and_names():
    def decay(amount, rate, steps):
        for step in range(steps):
            amount = amount * np.exp(-rate * step)
        return amount

    source = source_of(decay, 2.0, 0.1, 3, mode="forward")
    assert "for step in range(steps):" in source
    assert "amount_dot" in source


# ---- names that mean something to the emitted module -----------------------------------------------------------------
def named_like_modules(np, math):
    _np = np * math
    return _np * np + math**2


def named_like_builtins(list, range, len, float):  # noqa: A002
    sum = list * range  # noqa: A001
    max = sum + len * float  # noqa: A001
    abs = max * max  # noqa: A001
    int = abs + 1.0  # noqa: A001
    return int * list


def named_like_derivatives(x, x_dot, x_bar):
    x_dot_dot = x * x_dot
    x_bar_bar = x_dot_dot * x_bar
    x_kept = x_bar_bar * x
    return x_kept + x_dot * x_bar


def named_like_temporaries(t, i, k, n):
    t1 = t * i
    t_1 = t1 * k
    t = t_1 * n + t
    return t * t1


def named_like_support(_erf, _sigmoid, _extend, _sum_to):
    _polygamma = scipy.special.erf(_erf) * scipy.special.expit(_sigmoid)
    _add_at = np.where(_extend > 0.0, np.sqrt(_extend), 0.0) * _sum_to
    return _polygamma * _add_at * scipy.special.digamma(2.0 + _erf)


def named_like_soft_keywords(match, case, type, _):  # noqa: A002
    return match * case + type * _ * match


def named_like_itself(named_like_itself_argument, f):
    named_like_itself = f * named_like_itself_argument
    return named_like_itself * f


def greek(α, β, Δx, y_1):
    γ = α * β
    return γ * Δx + y_1 * γ


def with_underscores(_x, __y, z_, w__):
    _ = _x * __y
    return _ * z_ * w__


def kept_names(x, x_kept, x_kept_2, kept):
    for step in range(3):
        x = x * x_kept + step
        x_kept_2 = x_kept_2 * x
    return x * x_kept_2 * kept


@pytest.mark.parametrize(
    "f",
    [
        named_like_builtins, named_like_temporaries, named_like_support, named_like_soft_keywords, greek,
        with_underscores, kept_names,
    ],
)  # fmt: skip
def test_four_arguments(f):
    check_grads(f, (0.7, 1.3, 0.4, 1.1))


@pytest.mark.parametrize("f", [named_like_modules, named_like_itself])
def test_two_arguments(f):
    check_grads(f, (0.7, 1.3))


def test_three_arguments():
    check_grads(named_like_derivatives, (0.7, 1.3, 0.4))


def np_is_an_array(np):
    total = 0.0
    for x in np:
        total += x * x
    return total * np.sum()


def range_is_an_array(range, len):  # noqa: A002
    for enumerate in range:  # noqa: A001
        len = len * enumerate  # noqa: A001
    return len


def a_local_named_np_beside_the_module(v):
    import numpy

    np = numpy.exp(v)
    return numpy.sum(np * np)


def test_arrays_named_like_modules():
    check_grads(np_is_an_array, (V,))
    check_grads(range_is_an_array, (V, 0.7))
    check_grads(a_local_named_np_beside_the_module, (V,))


# ---- functions of one name -------------------------------------------------------------------------------------------
def square(x):
    return x * x


def make_cube():
    def square(x):
        return x * x * x

    return square


cube = make_cube()


def helpers_of_one_name(x):
    return square(x) + 10.0 * cube(x)


def gradient_of_helpers(x, square_bar):
    return square(x) * square_bar


def test_functions_of_one_name():
    check_grads(helpers_of_one_name, (0.7,))
    check_grads(gradient_of_helpers, (0.7, 1.3))
    assert pg.grad(helpers_of_one_name)(1.0) == 32.0


def make_np():
    def np(x):
        return x * x * x

    return np


def test_a_function_named_np():
    assert pg.grad(make_np())(2.0) == 12.0
    np_of = make_np()

    def f(x):
        return np_of(x) * np.exp(x)

    check_grads(f, (0.7,))


def test_a_lambda_has_a_name():
    source = source_of(lambda x: x * x, 2.0)
    functions = [n.name for n in ast.walk(ast.parse(source)) if isinstance(n, ast.FunctionDef)]
    assert functions
    assert all(name.isidentifier() for name in functions)

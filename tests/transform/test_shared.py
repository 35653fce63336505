"""What several derivatives of one function have in common is computed once in native code, and no more than that."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest

import pathgrad as pg
from pathgrad.ir import Branch, Call, Let, Supposition, check, walk
from pathgrad.transform.supposed import suppose_lengths


def turned(a, x):
    if a <= 0.01:
        return x[0] - a * x[1], x[1] + a * x[0]
    c = math.cos(a)
    s = math.sin(a)
    return c * x[0] - s * x[1], c * x[1] + s * x[0]


def first(a, x):
    return turned(a, x)[0]


def second(a, x):
    return turned(a, x)[1]


def both(a, x):
    one, by_one = pg.grad(first, (0, 1))(a, x)
    two, by_two = pg.grad(second, (0, 1))(a, x)
    return one, two, by_one, by_two


def apart(a, x):
    """Two derivatives at different points."""
    return pg.grad(first)(a, x), pg.grad(first)(2.0 * a, x)


def flat(f, *arguments):
    compiled = pg.compile(f)
    return compiled.example_entry("ir", arguments, {}).program


def counted(program) -> Counter[str]:
    return Counter(s.op.name for s in walk(program.body) if isinstance(s, Let))


X = np.array([1.5, -0.5])


def test_two_derivatives_at_one_point_share_what_they_need() -> None:
    program = flat(both, 0.7, X)
    found = counted(program)
    assert found["cos"] == found["sin"] == 1
    assert not any(isinstance(s, Call) for s in walk(program.body))
    check(program)


def test_derivatives_at_two_points_share_nothing() -> None:
    found = counted(flat(apart, 0.7, X))
    assert found["cos"] == found["sin"] == 2


def test_branches_on_one_condition_are_one_where_nothing_between_is_read() -> None:
    conditions = [s.condition for s in walk(flat(both, 0.7, X).body) if isinstance(s, Branch)]
    assert len(set(conditions)) == 1


@pytest.mark.parametrize("a", [0.7, 0.005])
@pytest.mark.parametrize("f", [both, apart])
def test_shared_derivatives_are_those_of_python(f, a) -> None:
    found = pg.compile(f)(a, X)
    expected = pg.compile(f, backend="python")(a, X)
    for x, y in zip(found, expected, strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-14)


def rows(x, scale):
    out = np.zeros((len(x), 24))
    for k in range(len(x)):
        out[k, 2:14] = x[k] * scale
        out[k, 14:] = np.sum(x[k])
    return out


def test_the_length_that_a_write_asks_for_is_supposed() -> None:
    x = np.arange(36.0).reshape(3, 12)
    program = flat(rows, x, 2.0)
    changed = suppose_lengths(program)
    assert changed.supposed == (Supposition(((0, 1, 1),), -12, True),)
    assert changed.inputs[0].type.dims[1] == ("literal", 12)
    assert program.inputs[0].type.dims[1] != ("literal", 12)
    check(changed)


def test_a_length_of_one_is_repeated_nevertheless() -> None:
    compiled = pg.compile(rows)
    for width in (12, 1):
        x = np.arange(3.0 * width).reshape(3, width)
        np.testing.assert_array_equal(compiled(x, 2.0), rows(x, 2.0))


def test_another_length_fails_as_it_does_in_numpy() -> None:
    compiled = pg.compile(rows)
    compiled(np.ones((3, 12)), 2.0)
    with pytest.raises(ValueError, match="12"):
        compiled(np.ones((3, 11)), 2.0)


def two_lengths(x, n):
    out = np.zeros((n, 24))
    out[0, :12] = x
    out[0, :13] = x
    return out


def test_nothing_is_supposed_where_two_lengths_are_asked_for() -> None:
    assert suppose_lengths(flat(two_lengths, np.ones(12), 2)).supposed == ()


def to_run_time(x, n):
    out = np.zeros((2, 24))
    out[0, :n] = x
    return out


def test_nothing_is_supposed_of_ends_that_are_not_known() -> None:
    assert suppose_lengths(flat(to_run_time, np.ones(12), 12)).supposed == ()

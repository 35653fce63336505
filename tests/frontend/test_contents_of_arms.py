"""What an arm of a branch writes into arrays is seen by what it returns, and outlives a return."""

from __future__ import annotations

import numpy as np
import pytest

import pathgrad as pg
from tests.frontend.agreement import agree


def returned_from_an_arm(a, x):
    if x > 0:
        a[0] = x * x
        return a
    return a * 2.0


def named_in_an_arm(a, x):
    if x > 0:
        a[0] = x * x
        r = a
    else:
        r = a * 2.0
    return r


def write_and_leave(a, x):
    if x > 0:
        a[0] = x * 5.0
        return x
    return 0.0


def through_a_helper(a, x):
    b = a * 1.0
    r = write_and_leave(b, x)
    return b[0] * r + b[1]


def leave_a_loop(a, x):
    for k in range(len(a)):
        if a[k] > x:
            a[k] = x * x
            return k * x
        a[k] = a[k] + 1.0
    return x


def through_a_loop(a, x):
    b = a * 1.0
    r = leave_a_loop(b, x)
    return np.sum(b * b) * r


@pytest.mark.parametrize("x", [1.5, -1.5, 2.5])
@pytest.mark.parametrize("f", [returned_from_an_arm, named_in_an_arm, through_a_helper, through_a_loop])
def test_writes_of_arms(f, x):
    agree(f, np.array([1.0, 2.0, 3.0]), x)


def test_values_by_hand():
    assert pg.grad(through_a_helper, argnums="x")(np.ones(3), 2.0) == 20.0
    np.testing.assert_array_equal(pg.jvp(returned_from_an_arm, (np.ones(2), 3.0), (np.zeros(2), 1.0))[1], [6.0, 0.0])

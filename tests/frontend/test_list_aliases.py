"""Lists that a branch or a loop may make another name's: changes that would be missed are refused, others are made."""

from __future__ import annotations

import numpy as np
import pytest

import pathgrad as pg
from pathgrad.errors import AliasError

X = np.array([1.5, 2.0])


def after_a_loop(x, n):
    a = [x[0], x[1]]
    b = a
    for i in range(n):
        a = [x[i] * 2.0, x[i]]
    a[0] = 7.0 * x[1]
    return a[1] + b[0] * b[1]


def by_the_other_name(x, n):
    a = [x[0], x[1]]
    b = a
    for i in range(n):
        a = [x[i] * 2.0, x[i]]
    b[0] = 5.0 * x[0]
    return a[0] + a[1] + b[0] * b[1]


def in_the_loop(x, n):
    a = [x[0], x[1]]
    b = a
    for _ in range(n):
        a[0] = a[0] * 2.0
        a = [a[1], a[0]]
    return a[0] + b[0]


def after_a_branch(x, n):
    a = [x[0], x[1]]
    b = a if x[0] > n else [x[1], x[0]]
    b[0] = 9.0 * x[0]
    return a[0] * a[1] + b[1]


def one_list_with_two_names(x, n):
    a = b = [x[0], x[1]]
    for _ in range(n):
        a = b = [a[1], a[0] * 0.5]
    a[0] = 3.0
    return b[0] * b[1] + a[1]


REFUSED = [after_a_loop, by_the_other_name, in_the_loop, after_a_branch, one_list_with_two_names]


def state(x, n):
    s = [x[0], x[1]]
    for _ in range(n):
        s = [s[1] * 0.5, s[0] + x[0]]
    s[0] = s[0] * 2.0
    return s[0] * s[1]


def in_place(x, n):
    s = [x[0], x[1]]
    for _ in range(n):
        s[0] = s[0] * x[1]
        s[1] += s[0]
    return s[0] * s[1]


def swapped_in_a_branch(x, n):
    p = [x[0], x[1]]
    if x[0] > n:
        p = [p[1], p[0]]
    p[0] = p[0] * 3.0
    return p[0] * p[1] + p[1]


def copied(x, n):
    a = [x[0], x[1]]
    b = a
    for i in range(n):
        a = [x[i] * 2.0, x[i]]
    a = list(a)
    a[0] = 7.0 * x[1]
    return a[0] + a[1] + b[0] * b[1]


READ = [state, in_place, swapped_in_a_branch, copied]


@pytest.mark.parametrize("f", REFUSED)
def test_changes_that_would_be_missed(f):
    with pytest.raises(AliasError, match=r"test_list_aliases.py:\d+:\d+: .*list of its own first"):
        pg.grad(f)(X, 2)


@pytest.mark.parametrize("f", READ)
@pytest.mark.parametrize("backend", ["native", "python"])
def test_changes_of_lists_of_one_name(f, backend):
    for n in (0, 1, 2):
        value, gradient = pg.value_and_grad(f, backend=backend)(X, n)
        assert value == f(X, n)
        step = 1e-6
        ahead, behind = (f(X + step * s * np.eye(2)[0], n) for s in (1, -1))
        assert gradient[0] == pytest.approx((ahead - behind) / (2 * step), rel=1e-6)

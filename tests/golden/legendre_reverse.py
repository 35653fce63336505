"""Adjoint program of legendre (golden_programs.py) with respect to x, written by pathgrad. Needs only NumPy."""

import numpy as np


def legendre(n, x):
    if n == 0:
        return 1.0
    if n == 1:
        result = x
    else:
        t = (2 * n - 1) * x * legendre(n - 1, x) - (n - 1) * legendre(n - 2, x)
        result = t / n
    return result


def legendre_bar(n, x, result_bar):
    # forward sweep
    test = n == 0
    if not test:
        if not n == 1:
            v = legendre(n - 1, x)
    # backward sweep
    if test:
        x_bar = 0.0
    elif n == 1:
        x_bar = result_bar
    else:
        t = 2 * n - 1
        # line 108: return ((2 * n - 1) * x * legendre(n - 1, x) - (n - 1) * legendre(n - 2, x)) / n
        t_2 = result_bar / n
        v_bar = -t_2 * (n - 1)
        x_bar = legendre_bar(n - 2, x, v_bar)
        v_bar = t_2 * (t * x)
        x_bar = x_bar + legendre_bar(n - 1, x, v_bar) + t_2 * v * t
    return x_bar


def legendre_grad(n, x):
    # forward sweep
    test = n == 0
    if not test:
        if not n == 1:
            v = legendre(n - 1, x)
    # backward sweep
    if test:
        x_bar = 0.0
    elif n == 1:
        x_bar = 1.0
    else:
        t = 2 * n - 1
        # line 108: return ((2 * n - 1) * x * legendre(n - 1, x) - (n - 1) * legendre(n - 2, x)) / n
        t_2 = 1.0 / n
        v_bar = -t_2 * (n - 1)
        x_bar = legendre_bar(n - 2, x, v_bar)
        v_bar = t_2 * (t * x)
        x_bar = x_bar + legendre_bar(n - 1, x, v_bar) + t_2 * v * t
    return x_bar

"""Tangent program of legendre (golden_programs.py) with respect to x, written by pathgrad. Needs only NumPy."""

import numpy as np


def legendre_pair_2(n, x, x_dot):
    if n == 0:
        return 1.0, 0.0
    if n == 1:
        result = x
        t = x_dot
    else:
        t = 2 * n - 1
        t_2 = t * x
        # line 108: return ((2 * n - 1) * x * legendre(n - 1, x) - (n - 1) * legendre(n - 2, x)) / n
        v, t_3 = legendre_pair_2(n - 1, x, x_dot)
        v_2, t_4 = legendre_pair_2(n - 2, x, x_dot)
        result = (t_2 * v - (n - 1) * v_2) / n
        # line 108: return ((2 * n - 1) * x * legendre(n - 1, x) - (n - 1) * legendre(n - 2, x)) / n
        t = (t * x_dot * v + (t_3 * t_2 if t_3 else 0.0) - (t_4 * (n - 1) if t_4 else 0.0)) / n
    return result, t


def legendre_pair(n, x, x_dot):
    if n == 0:
        return 1.0, 0.0
    if n == 1:
        result = x
        t = x_dot
    else:
        t = 2 * n - 1
        t_2 = t * x
        # line 108: return ((2 * n - 1) * x * legendre(n - 1, x) - (n - 1) * legendre(n - 2, x)) / n
        v, t_3 = legendre_pair_2(n - 1, x, x_dot)
        v_2, t_4 = legendre_pair_2(n - 2, x, x_dot)
        result = (t_2 * v - (n - 1) * v_2) / n
        # line 108: return ((2 * n - 1) * x * legendre(n - 1, x) - (n - 1) * legendre(n - 2, x)) / n
        t = (t * x_dot * v + (t_3 * t_2 if t_3 else 0.0) - (t_4 * (n - 1) if t_4 else 0.0)) / n
    return result, t

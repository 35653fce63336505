"""Tangent program of legendre (golden_programs.py) with respect to x, written by pathgrad. Needs only NumPy."""

import numpy as np


def legendre_pair(n, x, x_dot):
    if n == 0:
        return 1.0, 0.0
    if n == 1:
        result = x
        result_dot = x_dot
    else:
        t = 2 * n - 1
        t_2 = t * x
        # line 108: return ((2 * n - 1) * x * legendre(n - 1, x) - (n - 1) * legendre(n - 2, x)) / n
        v, v_dot = legendre_pair(n - 1, x, x_dot)
        v_2, v_dot_2 = legendre_pair(n - 2, x, x_dot)
        result = (t_2 * v - (n - 1) * v_2) / n
        # line 108: return ((2 * n - 1) * x * legendre(n - 1, x) - (n - 1) * legendre(n - 2, x)) / n
        result_dot = (t * x_dot * v + (v_dot * t_2 if v_dot else 0.0) - (v_dot_2 * (n - 1) if v_dot_2 else 0.0)) / n
    return result, result_dot

"""Tangent program of prod (golden_programs.py) with respect to x, written by pathgrad. Needs only NumPy."""

import numpy as np


def f_pair(i, x, x_dot):
    t = i * x
    return np.sin(t) + i, i * x_dot * np.cos(t)


def prod_pair(x, x_dot):
    ans_dot = 0.0
    ans = 1.0
    for i in range(1, 6):
        v, v_dot = f_pair(i, x, x_dot)  # line 34: ans = ans * f(i, x)
        ans_dot = ans_dot * v + ans * v_dot
        ans = ans * v
    return ans, ans_dot

"""Adjoint program of prod (golden_programs.py) with respect to x, written by pathgrad. Needs only NumPy."""

import numpy as np


def f(i, x):
    return np.sin(i * x) + i


def f_bar(i, x, result_bar):
    x_bar = result_bar * np.cos(i * x) * i  # line 28: return math.sin(i * x) + i
    return x_bar


def prod_grad(x):
    # forward sweep; keeps ans of each iteration
    ans = 1.0
    ans_kept = np.empty(5)
    for i in range(1, 6):
        ans_kept[i - 1] = ans
        ans = ans * f(i, x)
    # backward sweep
    ans_bar = 1.0
    x_bar = 0.0
    for i in reversed(range(1, 6)):
        ans = ans_kept[i - 1]  # line 33: for i in range(1, 6):
        x_bar += f_bar(i, x, ans_bar * ans)  # line 34: ans = ans * f(i, x)
        ans_bar = ans_bar * f(i, x)
    return x_bar

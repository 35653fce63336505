"""Tangent program of grad_prod (golden_programs.py) with respect to x, written by pathgrad. Needs only NumPy."""

import numpy as np


def f_pair(i, x, x_dot):
    t = i * x
    return np.sin(t) + i, i * x_dot * np.cos(t)


def f_bar_pair(i, x, result_bar, x_dot, result_bar_dot):
    # forward sweep
    t = i * x
    # backward sweep
    t_2 = np.cos(t)  # line 28: return math.sin(i * x) + i
    x_bar_dot = (result_bar_dot * t_2 + result_bar * -(i * x_dot * np.sin(t))) * i
    x_bar = result_bar * t_2 * i
    return x_bar, x_bar_dot


def prod_grad_dot(x):
    # forward sweep; keeps ans of each iteration
    ans_kept = np.empty(5)
    ans_kept_dot = np.zeros_like(ans_kept)  # line 33: for i in range(1, 6):
    ans_dot = 0.0
    ans = 1.0
    for i in range(1, 6):
        ans_kept_dot[i - 1] = ans_dot
        ans_kept[i - 1] = ans
        v, v_dot = f_pair(i, x, 1.0)  # line 34: ans = ans * f(i, x)
        ans_dot = ans_dot * v + ans * v_dot
        ans = ans * v
    # backward sweep
    ans_bar_dot = 0.0
    ans_bar = 1.0
    x_bar_dot = 0.0
    for i in reversed(range(1, 6)):
        ans_dot = ans_kept_dot[i - 1]  # line 33: for i in range(1, 6):
        ans = ans_kept[i - 1]
        v, v_dot = f_pair(i, x, 1.0)  # line 34: ans = ans * f(i, x)
        ans_bar_dot_2 = ans_bar_dot * v + ans_bar * v_dot
        v_bar_dot = ans_bar_dot * ans + ans_bar * ans_dot
        x_bar, x_bar_dot_2 = f_bar_pair(i, x, ans_bar * ans, 1.0, v_bar_dot)
        x_bar_dot += x_bar_dot_2
        ans_bar_dot = ans_bar_dot_2
        ans_bar = ans_bar * v
    return x_bar_dot

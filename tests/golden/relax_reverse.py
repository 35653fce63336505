"""Adjoint program of relax (golden_programs.py) with respect to u, written by pathgrad. Needs only NumPy."""

import numpy as np


def relax_grad(u):
    # forward sweep
    u_2 = u.copy()
    t = len(u) - 1
    n = len(range(1, t))
    t_kept = np.empty(n)
    t_kept_2 = np.empty(n)
    for i in range(1, t):
        u_2_element = u_2[i - 1]
        u_2_i = u_2[i]
        t_kept[i - 1] = u_2_i
        u_2_element_2 = u_2[i + 1]
        t_kept_2[i - 1] = u_2_element_2
        u_2[i] = u_2_element * u_2_i + np.sin(u_2_element_2)
    # backward sweep
    u_bar = np.full(np.shape(u), 1.0)  # line 66: return u.sum()
    for i in reversed(range(1, t)):
        t_kept_element = t_kept[i - 1]  # line 64: for i in range(1, len(u) - 1):
        t_kept_2_element = t_kept_2[i - 1]
        u_2_element = u_2[i - 1]  # line 65: u[i] = u[i - 1] * u[i] + math.sin(u[i + 1])
        u_bar_i = u_bar[i]
        u_bar[i] = 0.0
        u_bar[i + 1] += u_bar_i * np.cos(t_kept_2_element)
        u_bar[i] += u_bar_i * u_2_element
        u_bar[i - 1] += u_bar_i * t_kept_element
    return u_bar

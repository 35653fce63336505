"""Adjoint program of relax (golden_programs.py) with respect to u, written by pathgrad. Needs only NumPy."""

import numpy as np


def relax_grad(u):
    # forward sweep
    u_2 = u.copy()
    t = len(u) - 1
    u_before_kept = np.empty(len(range(1, t)))
    for i in range(1, t):
        u_2_i = u_2[i]
        t_2 = u_2[i - 1] * u_2_i + np.sin(u_2[i + 1])
        u_before_kept[i - 1] = u_2_i
        u_2[i] = t_2
    # backward sweep
    u_bar = np.full(np.shape(u), 1.0)  # line 66: return u.sum()
    u = u_2
    for i in reversed(range(1, t)):
        u_before = u_before_kept[i - 1]  # line 64: for i in range(1, len(u) - 1):
        u[i] = u_before  # line 65: u[i] = u[i - 1] * u[i] + math.sin(u[i + 1])
        u_bar_i = u_bar[i]
        u_bar[i + 1] += u_bar_i * np.cos(u[i + 1])
        t = u_bar_i * u[i]
        u_bar[i] = u_bar_i * u[i - 1]
        u_bar[i - 1] += t
    return u_bar

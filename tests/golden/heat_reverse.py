"""Adjoint program of heat (golden_programs.py) with respect to u, written by pathgrad. Needs only NumPy."""

import numpy as np


def heat_grad(u, steps):
    # forward sweep
    new = u.copy()
    u_2 = u.copy()
    for k in range(steps):
        for i in range(1, len(u) - 1):
            u_2_i = u_2[i]
            new[i] = u_2_i + 0.1 * (u_2[i - 1] - 2 * u_2_i + u_2[i + 1])
        new, u_2 = u_2, new
    # backward sweep
    new_bar = np.zeros_like(u)  # line 71: for _ in range(steps):
    u_bar = 2.0 * u_2  # line 75: return np.sum(u * u)
    for k in reversed(range(steps)):
        new_bar, u_bar = u_bar, new_bar
        for i in reversed(range(1, len(u) - 1)):
            new_bar_i = new_bar[i]  # line 73: new[i] = u[i] + 0.1 * (u[i - 1] - 2 * u[i] + u[i + 1])
            new_bar[i] = 0.0
            t = new_bar_i * 0.1
            u_bar[i + 1] += t
            u_bar[i - 1] += t
            u_bar[i] += new_bar_i + -t * 2
    u_bar = u_bar + new_bar  # line 70: new = u.copy()
    return u_bar

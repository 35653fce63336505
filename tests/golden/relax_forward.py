"""Tangent program of relax (golden_programs.py) with respect to u, written by pathgrad. Needs only NumPy."""

import numpy as np


def relax_pair(u, u_dot):
    u = u.copy()
    u_dot = u_dot.copy()
    for i in range(1, len(u) - 1):
        u_element = u[i - 1]
        u_i = u[i]
        u_element_2 = u[i + 1]
        # line 65: u[i] = u[i - 1] * u[i] + math.sin(u[i + 1])
        t = u_dot[i - 1] * u_i + u_element * u_dot[i] + u_dot[i + 1] * np.cos(u_element_2)
        u_dot[i] = t
        u[i] = u_element * u_i + np.sin(u_element_2)
    return np.sum(u), np.sum(u_dot)

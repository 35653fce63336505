"""Tangent program of choose (golden_programs.py) with respect to x, y, written by pathgrad. Needs only NumPy."""

import numpy as np


def choose_pair(x, y, x_dot, y_dot):
    if x > y:
        z_dot = x_dot * y + x * y_dot  # line 44: z = x * y
        z = x * y
    elif x > 0:
        t = np.exp(x)
        z_dot = x_dot * t - y_dot  # line 46: z = math.exp(x) - y
        z = t - y
    else:
        z_dot = y_dot * y + y * y_dot  # line 48: z = y * y
        z = y * y
    return z * x, z_dot * x + z * x_dot

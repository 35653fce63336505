"""Adjoint program of choose (golden_programs.py) with respect to x, y, written by pathgrad. Needs only NumPy."""

import numpy as np


def choose_grad(x, y):
    if x > y:
        z = x * y
        x_bar = 2.0 * z  # line 44: z = x * y
        y_bar = x * x
        return x_bar, y_bar
    if x > 0:
        t = np.exp(x)
        z = t - y
        y_bar = -x  # line 46: z = math.exp(x) - y
        x_bar = z + x * t
    else:
        x_bar = y * y
        y_bar = 2.0 * (x * y)  # line 48: z = y * y
    return x_bar, y_bar

"""Adjoint program of choose (golden_programs.py) with respect to x, y, written by pathgrad. Needs only NumPy."""

import numpy as np


def choose_grad(x, y):
    # forward sweep
    test = x > y
    if test:
        z = x * y
    elif x > 0:
        t = np.exp(x)
        z = t - y
    else:
        z = y * y
    # backward sweep
    if test:
        x_bar = z + x * y  # line 44: z = x * y
        y_bar = x * x
    elif x > 0:
        y_bar = -x  # line 46: z = math.exp(x) - y
        x_bar = z + x * t
    else:
        y_bar = 2.0 * (x * y)  # line 48: z = y * y
        x_bar = z
    return x_bar, y_bar

"""Adjoint program of h (golden_programs.py) with respect to x, y, written by pathgrad. Needs only NumPy."""

import numpy as np


def h_grad(x, y):
    # forward sweep
    t = x + 4 * y
    t_2 = x + y
    t_3 = t_2 * y
    # backward sweep
    t_4 = t * y  # line 39: return (x + 4 * y) * ((x + y) * y)
    x_bar = t_4 + t_3
    y_bar = t * t_2 + t_4 + t_3 * 4
    return t * t_3, (x_bar, y_bar)

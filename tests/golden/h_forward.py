"""Tangent program of h (golden_programs.py) with respect to x, y, written by pathgrad. Needs only NumPy."""

import numpy as np


def h_pair(x, y, x_dot, y_dot):
    t = x + 4 * y
    t_2 = x + y
    t_3 = t_2 * y
    return t * t_3, (x_dot + y_dot * 4) * t_3 + t * ((x_dot + y_dot) * y + t_2 * y_dot)

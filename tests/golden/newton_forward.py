"""Tangent program of newton (golden_programs.py) with respect to a, written by pathgrad. Needs only NumPy."""

import numpy as np


def _extend(t, label):
    """t times a label; zero times anything is zero, because that path was not taken."""
    with np.errstate(invalid="ignore", over="ignore"):
        product = np.multiply(t, label)
    return np.where(np.equal(t, 0), np.zeros_like(product), product)[()]


def newton_dot(a):
    x_dot = 1.0
    x = a
    while True:
        t = 2 * x
        step = (x * x - a) / t
        # line 55: step = (x * x - a) / (2 * x)
        step_dot = (2.0 * (x_dot * x if x_dot else 0.0) + -1.0) / t - _extend(x_dot * 2, step / t)
        x_dot -= step_dot  # line 56: x = x - step
        x -= step
        if np.absolute(step) < 1e-12:
            break
    return x_dot

"""Adjoint program of newton (golden_programs.py) with respect to a, written by pathgrad. Needs only NumPy."""

import numpy as np


def _extend(t, label):
    """t times a label; zero times anything is zero, because that path was not taken."""
    with np.errstate(invalid="ignore", over="ignore"):
        product = np.multiply(t, label)
    return np.where(np.equal(t, 0), np.zeros_like(product), product)[()]


def newton_grad(a):
    # forward sweep; keeps x of each iteration
    x = a
    x_kept = []
    trips = 0
    while True:
        trips += 1
        x_kept.append(x)
        step = (x * x - a) / (2 * x)
        x -= step
        if np.absolute(step) < 1e-12:
            break
    # backward sweep
    x_bar = 1.0
    a_bar = 0.0
    for k in reversed(range(trips)):
        x = x_kept[k]  # line 54: while True:
        t = 2 * x
        step = (x * x - a) / t
        step_bar = -x_bar  # line 56: x = x - step
        t_2 = step_bar * (1.0 / t) if step_bar else 0.0  # line 55: step = (x * x - a) / (2 * x)
        x_bar_2 = t_2 * x if t_2 else 0.0
        x_bar = x_bar + _extend(-(step_bar * (step / t) if step_bar else 0.0), 2) + x_bar_2 + x_bar_2
        a_bar -= t_2
    a_bar += x_bar  # line 54: while True:
    return a_bar

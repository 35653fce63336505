"""Adjoint program of network_cost (golden_programs.py) with respect to layers, written by pathgrad. Needs only NumPy."""

import numpy as np


def _sigmoid(x):
    """1 / (1 + exp(-x)), without overflow."""
    e = np.exp(-np.abs(x))
    return np.where(x >= 0, 1.0 / (1.0 + e), e / (1.0 + e))[()]


def network_cost_grad(layers, x, v):
    (W, b), (W_2, b_2) = layers
    # forward sweep
    x_2 = _sigmoid(W @ x + b)
    x_3 = _sigmoid(W_2 @ x_2 + b_2)
    # backward sweep
    t = 0.5 * (2 * (x_3 - v)) * (x_3 * (1.0 - x_3))  # line 99: x = pg.sigmoid(W @ x + b)
    W_bar = np.multiply.outer(t, x_2)
    x_bar = W_2.T @ t
    t_2 = x_bar * (x_2 * (1.0 - x_2))
    W_bar_2 = np.multiply.outer(t_2, x)
    return (W_bar_2, t_2), (W_bar, t)

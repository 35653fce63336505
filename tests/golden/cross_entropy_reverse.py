"""Adjoint program of cross_entropy (golden_programs.py) with respect to W, written by pathgrad. Needs only NumPy."""

import numpy as np


def _extend(t, label):
    """t times a label; zero times anything is zero, because that path was not taken."""
    with np.errstate(invalid="ignore", over="ignore"):
        product = np.multiply(t, label)
    return np.where(np.equal(t, 0), np.zeros_like(product), product)[()]


def softmax(z):
    e = np.exp(z - np.max(z))
    return e / np.sum(e)


def softmax_bar(z, result_bar):
    # forward sweep
    t = np.max(z)
    e = np.exp(z - t)
    t_2 = np.sum(e)
    # backward sweep
    # line 90: return e / np.sum(e)
    e_bar = _extend(result_bar, 1.0 / np.broadcast_to(t_2, z.shape)) + np.sum(-_extend(result_bar, e / t_2 / t_2))
    t_2 = _extend(e_bar, e)  # line 89: e = np.exp(z - np.max(z))
    t_3 = z == t
    z_bar = t_2 + np.where(t_3, np.sum(-t_2) / np.sum(np.where(t_3, 1.0, 0.0)), 0.0)
    return z_bar


def cross_entropy_grad(W, x, label):
    # forward sweep
    t = W @ x
    v = softmax(t)
    # backward sweep
    v_bar = np.zeros_like(v)  # line 94: return -np.log(softmax(W @ x)[label])
    v_bar[label] -= 1.0 / v[label]
    W_bar = np.multiply.outer(softmax_bar(t, v_bar), x)
    return W_bar

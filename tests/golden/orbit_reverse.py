"""Adjoint program of orbit (golden_programs.py) with respect to p, written by pathgrad. Needs only NumPy."""

import numpy as np


def _sum_to(t, like):
    """t summed over the axes along which an array of the shape of like was broadcast."""
    shape = np.shape(like)
    if np.shape(t) == shape:
        return t
    t = np.sum(t, axis=tuple(range(np.ndim(t) - len(shape))))
    axes = tuple(k for k, length in enumerate(shape) if length == 1 and np.shape(t)[k] != 1)
    return np.sum(t, axis=axes, keepdims=True) if axes else t


def field(s, p):
    t = np.array([p[0] * s[0] - p[1] * s[0] * s[1], p[2] * s[0] * s[1] - p[3] * s[1]])
    return t


def field_bar(s, p, result_bar):
    # forward sweep
    p_0 = p[0]
    s_0 = s[0]
    p_1 = p[1]
    s_1 = s[1]
    p_2 = p[2]
    # backward sweep
    # line 112: return np.array([p[0] * s[0] - p[1] * s[0] * s[1], p[2] * s[0] * s[1] - p[3] * s[1]])
    result_bar_0 = result_bar[0]
    result_bar_1 = result_bar[1]
    t = -result_bar_1
    t_2 = t * p[3]
    p_bar = np.zeros_like(p)
    p_bar[3] += t * s_1
    t = result_bar_1 * s_1
    p_bar[2] += t * s_0
    t_3 = -result_bar_0
    t_4 = t_3 * s_1
    s_bar = np.zeros_like(s)
    s_bar[1] += t_2 + result_bar_1 * (p_2 * s_0) + t_3 * (p_1 * s_0)
    p_bar[1] += t_4 * s_0
    s_bar[0] += t * p_2 + t_4 * p_1 + result_bar_0 * p_0
    p_bar[0] += result_bar_0 * s_0
    return s_bar, p_bar


def orbit_grad(p, s, dt, n):
    # forward sweep; keeps s of each iteration
    s_kept = []
    for k in range(n):
        s_kept.append(s)
        k1 = field(s, p)
        t = 0.5 * dt
        k2 = field(s + t * k1, p)
        k3 = field(s + t * k2, p)
        t = k1 + 2 * k2 + 2 * k3 + field(s + dt * k3, p)
        s = s + dt / 6 * t
    # backward sweep
    s_bar = np.zeros_like(s)  # line 117: for _ in range(n):
    p_bar = np.zeros_like(p)
    for k in reversed(range(n)):
        s = s_kept[k]
        k1 = field(s, p)
        t = 0.5 * dt
        t_2 = t * k1
        t_3 = s + t_2
        k2 = field(t_3, p)
        t_4 = t * k2
        t_5 = s + t_4
        k3 = field(t_5, p)
        t_6 = dt * k3
        t_7 = s + t_6
        t_8 = dt / 6
        t_9 = t_8 * (k1 + 2 * k2 + 2 * k3 + field(t_7, p))
        s_2 = s + t_9
        s_bar = s_bar + s_2  # line 123: cost += np.sum(s * s)
        s_bar += s_2
        t_8 = _sum_to(s_bar, t_9) * t_8  # line 122: s = s + dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        k3_bar = t_8 * 2
        t_7, p_bar_2 = field_bar(t_7, p, t_8)  # line 121: k4 = field(s + dt * k3, p)
        s_bar = _sum_to(s_bar, s) + _sum_to(t_7, s)
        k3_bar_2 = k3_bar + _sum_to(t_7, t_6) * dt
        t_5, p_bar_3 = field_bar(t_5, p, k3_bar_2)  # line 120: k3 = field(s + 0.5 * dt * k2, p)
        k2_bar = k3_bar + _sum_to(t_5, t_4) * t
        t_3, p_bar_4 = field_bar(t_3, p, k2_bar)  # line 119: k2 = field(s + 0.5 * dt * k1, p)
        p_bar_2 = p_bar_2 + p_bar_3 + p_bar_4
        k1_bar = t_8 + _sum_to(t_3, t_2) * t
        s_bar_2, p_bar_3 = field_bar(s, p, k1_bar)  # line 118: k1 = field(s, p)
        s_bar += _sum_to(t_5, s) + _sum_to(t_3, s) + s_bar_2
        p_bar += p_bar_2 + p_bar_3
    return p_bar

"""Tangent program of orbit (golden_programs.py) with respect to p, written by pathgrad. Needs only NumPy."""

import numpy as np


def field_pair(s, p, s_dot, p_dot):
    p_0 = p[0]
    # line 112: return np.array([p[0] * s[0] - p[1] * s[0] * s[1], p[2] * s[0] * s[1] - p[3] * s[1]])
    s_dot_0 = s_dot[0]
    s_0 = s[0]
    p_1 = p[1]
    t = p_1 * s_0
    # line 112: return np.array([p[0] * s[0] - p[1] * s[0] * s[1], p[2] * s[0] * s[1] - p[3] * s[1]])
    s_dot_1 = s_dot[1]
    s_1 = s[1]
    # line 112: return np.array([p[0] * s[0] - p[1] * s[0] * s[1], p[2] * s[0] * s[1] - p[3] * s[1]])
    t_2 = p_dot[0] * s_0 + p_0 * s_dot_0 - ((p_dot[1] * s_0 + p_1 * s_dot_0) * s_1 + t * s_dot_1)
    p_2 = p[2]
    t_3 = p_2 * s_0
    p_3 = p[3]
    # line 112: return np.array([p[0] * s[0] - p[1] * s[0] * s[1], p[2] * s[0] * s[1] - p[3] * s[1]])
    t_4 = (p_dot[2] * s_0 + p_2 * s_dot_0) * s_1 + t_3 * s_dot_1 - (p_dot[3] * s_1 + p_3 * s_dot_1)
    return np.array([p_0 * s_0 - t * s_1, t_3 * s_1 - p_3 * s_1]), np.array([t_2, t_4])


def orbit_pair(p, s, dt, n, p_dot):
    s_dot = np.zeros_like(s)  # line 117: for _ in range(n):
    cost_dot = 0.0
    cost = 0.0
    for k in range(n):
        k1, k1_dot = field_pair(s, p, s_dot, p_dot)  # line 118: k1 = field(s, p)
        t = 0.5 * dt
        # line 119: k2 = field(s + 0.5 * dt * k1, p)
        k2, k2_dot = field_pair(s + t * k1, p, s_dot + t * k1_dot, p_dot)
        # line 120: k3 = field(s + 0.5 * dt * k2, p)
        k3, k3_dot = field_pair(s + t * k2, p, s_dot + t * k2_dot, p_dot)
        k4, k4_dot = field_pair(s + dt * k3, p, s_dot + dt * k3_dot, p_dot)  # line 121: k4 = field(s + dt * k3, p)
        t = dt / 6
        # line 122: s = s + dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        s_dot = s_dot + t * (k1_dot + k2_dot * 2 + k3_dot * 2 + k4_dot)
        s = s + t * (k1 + 2 * k2 + 2 * k3 + k4)
        cost_dot += np.sum(s_dot * s + s * s_dot)  # line 123: cost += np.sum(s * s)
        cost += np.sum(s * s)
    return cost, cost_dot

"""Tangent program of quadratic (golden_programs.py) with respect to A, written by pathgrad. Needs only NumPy."""

import numpy as np


def quadratic_pair(A, x, A_dot):
    total_dot = 0.0
    total = 0.0
    for i in range(len(A)):
        row_dot = 0.0
        row = 0.0
        for j in range(A.shape[1]):
            x_j = x[j]
            row_dot += A_dot[i, j] * x_j  # line 83: row += A[i, j] * x[j]
            row += A[i, j] * x_j
        total_dot += row_dot * row + row * row_dot  # line 84: total += row * row
        total += row * row
    return total, total_dot

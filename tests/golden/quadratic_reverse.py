"""Adjoint program of quadratic (golden_programs.py) with respect to A, x, written by pathgrad. Needs only NumPy."""

import numpy as np


def quadratic_grad(A, x):
    x_bar = np.zeros_like(x)  # line 80: for i in range(A.shape[0]):
    A_bar = np.zeros_like(A)
    for i in range(len(A)):
        n = A.shape[1]
        row = 0.0
        for j in range(n):
            row += A[i, j] * x[j]
        row_bar = 2.0 * row  # line 84: total += row * row
        for j in range(n):
            t = row_bar * x[j]  # line 83: row += A[i, j] * x[j]
            x_bar[j] += row_bar * A[i, j]
            A_bar[i, j] += t
    return A_bar, x_bar

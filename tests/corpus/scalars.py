"""Programs on floats, ints, bools, tuples and lists."""

from __future__ import annotations

import math

import numpy as np

from . import point, program


@program(x=3.0, y=5.0, hessian=True)
def lecture_figure_3(x, y):
    return (x + 4 * y) * ((x + y) * y)


@program(point(x=1.1, n=6), point(x=0.4, n=0), point(x=0.4, n=1))
def product_loop(x, n):
    ans = 1.0
    for i in range(1, n):
        ans = ans * (i * math.sin(x) + x)
    return ans


@program(x=0.6, y=-0.3)
def tuple_result(x, y):
    return x * y, (np.sin(x), x + y)

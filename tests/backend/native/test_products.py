"""Products of matrices and vectors in native code: every remainder of every block, views, and what lies beside them."""

import numpy as np
import pytest

import pathgrad as pg

LENGTHS = [0, 1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 31, 33, 40, 57, 63, 64, 65, 71, 100, 129]


def times(a, b):
    return a @ b


def around(big, b, i, j, n, m):
    return big[i : i + n, j : j + m] @ b


def transposed_around(big, b, i, j, n, m):
    return b @ big[i : i + n, j : j + m]


@pytest.mark.parametrize("columns", LENGTHS)
def test_matrix_by_vector(columns):
    random = np.random.default_rng(columns)
    by_rows, by_columns = pg.compile(times), pg.compile(times)
    for rows in LENGTHS:
        a, b, c = random.normal(size=(rows, columns)), random.normal(size=columns), random.normal(size=rows)
        np.testing.assert_allclose(by_rows(a, b), a @ b, rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(by_columns(c, a), c @ a, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(("rows", "columns"), [(9, 12), (12, 50), (4, 70), (17, 33)])
def test_numbers_beside_the_matrix_are_not_touched(rows, columns):
    """Vectors that reach beyond a row are masked: what is there may be nan."""
    random = np.random.default_rng(0)
    big = np.full((rows + 3, columns + 10), np.nan)
    big[1 : 1 + rows, 2 : 2 + columns] = random.normal(size=(rows, columns))
    inner = big[1 : 1 + rows, 2 : 2 + columns]
    b, c = random.normal(size=columns), random.normal(size=rows)
    np.testing.assert_allclose(pg.compile(around)(big, b, 1, 2, rows, columns), inner @ b, rtol=1e-12)
    np.testing.assert_allclose(pg.compile(transposed_around)(big, c, 1, 2, rows, columns), c @ inner, rtol=1e-12)


def strided(a, b):
    return a @ b[::2]


def strided_left(a, b):
    return b[::2] @ a


def test_strided_vectors():
    random = np.random.default_rng(1)
    a, b, c = random.normal(size=(30, 20)), random.normal(size=40), random.normal(size=60)
    np.testing.assert_allclose(pg.compile(strided)(a, b), a @ b[::2], rtol=1e-12)
    np.testing.assert_allclose(pg.compile(strided_left)(a, c), c[::2] @ a, rtol=1e-12)


def test_special_values_stay():
    a = np.ones((20, 20))
    a[3, 19], a[7, 0] = np.inf, np.nan
    b = np.ones(20)
    for f in (times, lambda x, y: y @ x):
        np.testing.assert_array_equal(pg.compile(f)(a, b), f(a, b))

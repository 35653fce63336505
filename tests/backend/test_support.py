"""The definitions that emitted modules carry: equal to SciPy, and right at the ends."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.special

from pathgrad.backend.support import SUPPORT, required


@pytest.fixture(scope="module")
def support():
    """Every definition, as one module would carry it."""
    text = "\n".join(required(set(SUPPORT)))
    namespace = {"np": np}
    exec(compile(text, "<support>", "exec"), namespace)
    return namespace


def both(values):
    """The numbers one by one, and as an array."""
    return [*values, np.array(values), np.array(values).reshape(-1, 1)]


GRID = [-40.0, -8.5, -3.0, -1.0, -0.3, -1e-9, 0.0, 1e-300, 1e-9, 0.2, 1.0, 2.5, 6.0, 27.0, 300.0]


@pytest.mark.parametrize(
    ("name", "reference"),
    [
        ("_erf", scipy.special.erf),
        ("_erfc", scipy.special.erfc),
        ("_ndtr", scipy.special.ndtr),
        ("_sigmoid", scipy.special.expit),
    ],
)
def test_of_all_numbers(support, name, reference):
    for x in both([*GRID, np.inf, -np.inf]):
        assert np.allclose(support[name](x), reference(x), rtol=1e-13, atol=1e-300)
        assert np.shape(support[name](x)) == np.shape(x)
    assert np.isnan(support[name](np.nan))


def test_gammaln(support):
    positive = [1e-8, 0.1, 0.5, 0.999, 1.7, 3.0, 10.5, 171.0, 1e5]
    for x in both(positive):
        assert np.allclose(support["_gammaln"](x), scipy.special.gammaln(x), rtol=1e-13, atol=1e-14)
    for x in (0.0, -1.0, -7.0):
        assert support["_gammaln"](x) == math.inf
    for x in (-0.5, -2.3, -10.9):
        assert support["_gammaln"](x) == pytest.approx(scipy.special.gammaln(x), rel=1e-12)


@pytest.mark.parametrize("n", [0, 1, 2, 3, 5])
def test_polygamma(support, n):
    for x in both([0.05, 0.3, 1.0, 1.7, 4.0, 12.0, 25.0, 400.0]):
        reference = scipy.special.digamma(x) if n == 0 else scipy.special.polygamma(n, x)
        assert np.allclose(support["_polygamma"](n, x), reference, rtol=1e-13, atol=1e-15)


def test_digamma_of_negative_numbers(support):
    for x in (-0.5, -1.3, -6.7):
        assert support["_polygamma"](0, x) == pytest.approx(scipy.special.digamma(x), rel=1e-12)
    for x in (0.0, -1.0):
        assert math.isnan(support["_polygamma"](0, x))


@pytest.mark.parametrize("n", [1, 2])
def test_polygamma_of_negative_numbers(support, n):
    for x in (-0.5, -1.3):
        sign = (-1.0) ** (n + 1) * math.factorial(n)
        by_series = sign * sum(1.0 / (x + k) ** (n + 1) for k in range(200000))
        assert support["_polygamma"](n, x) == pytest.approx(by_series, rel=1e-4)


def test_xlogy(support):
    for x, y in ((0.0, 0.0), (0.0, -1.0), (2.0, 3.0), (0.5, 1e-300)):
        assert support["_xlogy"](x, y) == pytest.approx(scipy.special.xlogy(x, y), rel=1e-15)
    x, y = np.array([0.0, 1.0, 2.0]), np.array([0.0, 2.0, 0.5])
    assert np.allclose(support["_xlogy"](x, y), scipy.special.xlogy(x, y), rtol=1e-15)


def test_extend_annihilates(support):
    """Zero extend anything is zero; all else is the product (lecture, section 3)."""
    t = np.array([0.0, 0.0, 0.0, 2.0, -1.0])
    label = np.array([np.inf, np.nan, 3.0, 5.0, np.inf])
    assert np.array_equal(support["_extend"](t, label), [0.0, 0.0, 0.0, 10.0, -np.inf])
    assert support["_extend"](0.0, np.inf) == 0.0
    assert np.isnan(support["_extend"](1.0, np.nan))


def test_sum_to(support):
    t = np.arange(24.0).reshape(2, 3, 4)
    for shape in ((), (4,), (1,), (3, 1), (1, 4), (2, 3, 4), (2, 1, 1), (1, 1, 1)):
        like = np.zeros(shape)
        result = support["_sum_to"](t, like)
        assert np.shape(result) == shape
        ones = np.broadcast_to(np.ones(shape), t.shape)
        assert np.sum(result) == np.sum(ones * t)
    assert np.array_equal(support["_sum_to"](t, np.zeros((3, 1))), t.sum(axis=(0, 2)).reshape(3, 1))


def test_parts_of_joined_arrays(support):
    a, b = np.ones((2, 3)), np.full((2, 2), 2.0)
    whole = np.concatenate([a, b], axis=1)
    for axis in (1, -1):
        assert np.array_equal(support["_section"](whole, [a, b], axis, 0), a)
        assert np.array_equal(support["_section"](whole, [a, b], axis, 1), b)
        placed = support["_place"](b, [a, b], axis, 1)
        assert np.array_equal(placed, np.concatenate([np.zeros((2, 3)), b], axis=axis))


def test_scatter(support):
    like = np.zeros((2, 3), np.float32)
    result = support["_scatter"](np.float32(2.0), like, (1, 2))
    assert np.array_equal(result, [[0, 0, 0], [0, 0, 2]])
    assert np.array_equal(support["_scatter"](np.ones(2), np.zeros(4), slice(1, 3)), [0, 1, 1, 0])


def test_lists_of_kept_values(support):
    assert support["_zero_list"]([3.0, [np.inf, np.nan]]) == [0.0, [0.0, 0.0]]
    assert support["_add_lists"]([1.0, [2.0]], [10.0, [20.0]]) == [11.0, [22.0]]
    values = [1.0, [2.0, 3.0]]
    support["_add_at"](values, 5.0, 0)
    support["_add_at"](values, [1.0, 1.0], 1)
    assert values == [6.0, [3.0, 4.0]]


def test_only_what_is_used_is_printed():
    assert required(set()) == []
    (text,) = [t for t in required({"_sigmoid"}) if not t.startswith("import")]
    assert text.startswith("def _sigmoid")
    names = "\n".join(required({"_ndtr"}))
    assert "import math" in names
    assert names.index("_erfc =") < names.index("def _ndtr")

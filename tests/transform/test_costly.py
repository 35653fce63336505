"""What takes too long to have again is kept beside a loop's state, and rows are summed before a product."""

import numpy as np

import pathgrad as pg
from pathgrad.testing import check_grads

RANDOM = np.random.default_rng(5)
W, U = RANDOM.normal(size=(9, 9)) / 3, RANDOM.normal(size=(9, 9)) / 3
X, ROWS = RANDOM.normal(size=9), RANDOM.normal(size=(12, 9))


def sequential(w, u, x):
    for _ in range(3):
        x = np.tanh(x @ w + np.sin(x) @ u) * x
    return np.sum(x)


def independent(w, rows):
    total = 0.0
    for k in range(len(rows)):
        total += np.sum(np.tanh(rows[k] @ w) ** 3)
    return total


def short(x):
    w = np.array([[0.5, 0.2], [0.1, 0.4]])
    for _ in range(3):
        x = (x @ w) * (x @ w)
    return np.sum(x)


def descent(w, rows, wanted):
    """The state is small, and what is computed from it in a step is as long as the data."""
    for _ in range(3):
        p = 1.0 / (1.0 + np.exp(-(rows @ w)))
        w = w - 0.1 * ((p - wanted) @ rows)
    return np.sum(w * w)


def numbers(x):
    for _ in range(5):
        x = np.sin(x) * np.exp(-x)
    return x


def source(f, *arguments, argnums=0):
    return pg.transform(f, argnums=argnums, example=arguments).source


def backward(text):
    lines = text[max(text.find("# backward sweep"), 0) :].splitlines()
    return "\n".join(line.split("  # ")[0] for line in lines if not line.strip().startswith("#"))


def test_products_and_functions_are_kept_beside_the_state():
    text = source(sequential, W, U, X, argnums=(0, 1, 2))
    assert "np.tanh" not in backward(text)
    assert "np.sin" not in backward(text)
    check_grads(sequential, (W, U, X))


def test_nothing_is_kept_of_independent_turns():
    text = source(independent, W, ROWS)
    assert "_kept" not in text
    assert ".append(" not in text
    assert "np.tanh" in text
    check_grads(independent, (W, ROWS))


def test_arrays_as_long_as_the_data_are_computed_again():
    arguments = X, ROWS, np.arange(12) % 2.0
    text = source(descent, *arguments)
    assert text.count("_kept = ") + text.count("_kept = []") == 1
    assert "np.exp" in backward(text)
    assert "rows @" in backward(text)
    check_grads(descent, arguments)


def test_functions_of_numbers_are_computed_again():
    text = source(numbers, 0.3)
    assert text.count("_kept = ") == 1
    assert "np.exp" in backward(text)
    check_grads(numbers, (0.3,))


# ---- sums before products --------------------------------------------------------------------------------------------
def centered(mean, w, rows):
    return np.sum(((rows - mean) @ w) ** 2)


def one_mean(mean, w, rows):
    """The mean is repeated along the rows too."""
    return np.sum(((rows - mean) @ w) ** 3)


def test_rows_are_summed_before_a_product():
    text = source(centered, X, W, ROWS)
    assert "np.sum(" in backward(text)
    assert "axis=0) @" in backward(text)
    check_grads(centered, (X, W, ROWS))


def test_a_sum_over_what_was_repeated():
    check_grads(one_mean, (np.array([0.7]), W, ROWS))


def test_a_product_that_is_read_elsewhere_is_computed_as_it_is():
    text = source(centered, X, W, ROWS, argnums=(0, 2))
    assert "axis=0) @" not in backward(text)
    check_grads(centered, (X, W, ROWS))

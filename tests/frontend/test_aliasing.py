"""Python's aliasing is kept exactly, and a derivative never changes or shares the caller's arrays."""

from __future__ import annotations

import numpy as np
import pytest
from agreement import agree, separate

import pathgrad as pg
from pathgrad.errors import AliasError

A = np.array([[1.1, -0.4, 0.7], [0.3, 0.9, -1.3], [-0.8, 1.7, 0.6]])
V = np.array([0.5, -1.2, 0.8, 1.5])
W = np.array([1.4, 0.6, -0.9, 0.2])


# ---- writes through views --------------------------------------------------------------------------------------------
def row_view(a):
    row = a[1]
    row[2] = row[0] * a[0, 0]
    return np.sum(a * a)


def row_view_in_loop(a):
    for i in range(1, a.shape[0]):
        row = a[i]
        for j in range(a.shape[1]):
            row[j] = row[j] * a[i - 1, j] + 0.5
    return np.sum(np.sin(a))


def view_of_a_view(a):
    block = a[1:]
    row = block[0]
    row[1:] *= 2.0
    block[1, 0] = row[2]
    return np.sum(a * a * a)


def strided_view(v):
    even = v[::2]
    even[1] = even[0] * v[1]
    return np.sum(v * v)


def reversed_view(v):
    back = v[::-1]
    back[0] = back[3] * back[1]
    return v[3] * v[0]


def negative_index_view(a):
    last = a[-1]
    last[-1] = last[-2] * a[0, 0]
    return np.sum(a**2)


def column_view(a):
    column = a[:, 1]
    column[0] = column[1] * column[2]
    return np.sum(a * a)


def view_keeps_seeing_later_writes(v):
    window = v[1:3]
    v[1] = v[0] * v[3]
    return np.sum(window * window)


def written_view_is_seen_by_the_other_view(v):
    left = v[:3]
    right = v[1:]
    left[2] = left[0] * 3.0
    return np.sum(right * right)


def same_array_by_two_names(v):
    w = v
    w[0] = w[1] * w[2]
    return np.sum(v * w)


def iterating_gives_views(a):
    for row in a:
        row *= row
    return np.sum(a)


def zipped_views(a, v):
    for row, factor in zip(a, v[:3]):
        row += factor * row[0]
    return np.sum(a * a)


def enumerated_views(a):
    for i, row in enumerate(a):
        row[i] = row[i] ** 2
    return np.sum(a * a)


def list_of_views(a):
    rows = [a[i] for i in range(3)]
    rows[0][1] = rows[2][0] * rows[1][1]
    return np.sum(a * a)


def tuple_of_views(v):
    first, second = v[:2], v[2:]
    first[0], second[1] = second[0] * 2.0, first[1] * first[1]
    return np.sum(v * v * v)


def dictionary_of_views(v):
    parts = {"low": v[:2], "high": v[2:]}
    parts["low"][1] = parts["high"][0] * parts["high"][1]
    return np.sum(v * v)


def array_in_a_list_twice(v):
    both = [v, v]
    both[0][1] = both[1][2] * 2.0
    return np.sum(both[1] * v)


# ---- augmented assignment --------------------------------------------------------------------------------------------
def augmented_is_in_place(v):
    w = v
    w *= 3.0
    return np.sum(v * v)


def plain_assignment_is_not(v):
    w = v
    w = w * 3.0
    return np.sum(v * w)


def augmented_slice(v):
    v[1:] += v[:-1]
    return np.sum(v * v)


def augmented_overlap_reads_old_values(v):
    v[1:] *= v[:-1]
    v[:-1] -= v[1:]
    return np.sum(v**3)


def augmented_by_its_own_row(a):
    a -= a[0]
    a /= a[1] + 5.0
    return np.sum(a**2)


def augmented_by_its_transpose(a):
    a += a.T
    return np.sum(a**3)


def augmented_element_by_a_read_of_it(v):
    v[0] += v[0] * v[0]
    v[1] -= v[1] / v[0]
    v[2] /= v[0] + 3.0
    v[3] **= 2
    return np.sum(v * v)


def augmented_list_item_is_in_place(v):
    parts = [v, v * 2.0]
    parts[0] *= 2.0
    return np.sum(v * v * parts[1])


def augmented_dictionary_item_is_in_place(v):
    parts = {"w": v}
    parts["w"] += 1.0
    return np.sum(v * v)


def augmented_list_item_number(v):
    totals = [0.0, 1.0]
    for i in range(v.shape[0]):
        totals[0] += v[i] ** 2
        totals[1] *= v[i]
    return totals[0] * totals[1]


def augmented_copy(v):
    w = v.copy()
    w += v * v
    w[0] = 9.0
    return np.sum(v * w)


# ---- swaps and order of evaluation -----------------------------------------------------------------------------------
def swap_elements(v):
    v[0], v[3] = v[3], v[0]
    return v[0] * v[1] - v[2] * v[3] ** 2


def swap_rows_of_views_is_no_swap(a):
    a[0], a[1] = a[1], a[0]
    return np.sum(a * np.arange(9.0).reshape(3, 3))


def swap_rows_through_copies(a):
    a[0], a[1] = a[1].copy(), a[0].copy()
    return np.sum(a * a * np.arange(9.0).reshape(3, 3))


def swap_buffers(v):
    u, w = v.copy(), np.zeros_like(v)
    for _ in range(3):
        for i in range(1, 3):
            w[i] = u[i] + 0.1 * (u[i - 1] * u[i + 1] - u[i])
        u, w = w, u
    return np.sum(u * u) + w[1]


def swap_buffers_run_time_count(v, n):
    u, w = v.copy(), v * 2.0
    for k in range(n):
        w[1:-1] = u[1:-1] * u[2:] + 0.1 * k
        u, w = w, u
    return np.sum(u * u) - np.sum(w)


def right_side_first(v):
    i = 0
    i, v[i] = 2, v[3] * 2.0
    return np.sum(v * v) * i


def bump(v):
    v[0] = v[0] * 10.0
    return v[1]


def helper_changes_the_augmented_element(v):
    v[0] += bump(v)
    return np.sum(v * v)


def helper_changes_the_augmented_slice(v):
    v[0:2] += bump(v)
    return np.sum(v * v)


def helper_changes_an_operand(v):
    return v[0] * bump(v) + v[0]


# ---- helpers ---------------------------------------------------------------------------------------------------------
def fill_squares(target, source):
    for i in range(source.shape[0]):
        target[i] = source[i] ** 2


def helper_fills(v):
    out = np.zeros(4)
    fill_squares(out, v)
    return np.sum(out * v)


def helper_fills_a_view(a):
    fill_squares(a[0], a[1])
    return np.sum(a * a)


def helper_fills_the_argument_itself(v):
    fill_squares(v, v)
    return np.sum(v)


def same(v):
    return v


def helper_returns_the_argument(v):
    w = same(v)
    w[1] = w[0] * w[2]
    return np.sum(v * v)


def tail(v):
    return v[1:]


def helper_returns_a_view(v):
    t = tail(v)
    t[0] = t[1] * v[0]
    return np.sum(v * v)


def scaled_in_place(v, factor):
    v *= factor
    return v


def helper_scales_and_returns(v):
    w = scaled_in_place(v, v[3])
    return np.sum(v) * w[0]


def helper_called_in_a_loop(a):
    for i in range(a.shape[0]):
        scaled_in_place(a[i], 1.0 + a[i, 0])
    return np.sum(a**2)


def first_two(v):
    return v[0], v[:2]


def helper_returns_a_tuple_with_a_view(v):
    number, part = first_two(v)
    part[1] = number * v[3]
    return np.sum(v * v)


def local_function_writes_an_outer_array(v):
    w = v * 2.0

    def put(i, x):
        w[i] = x * w[0]

    put(1, v[2])
    put(0, v[3])
    return np.sum(w * w)


def same_argument_twice(v):
    def mixed(a, b):
        a[0] = b[1] * 3.0
        return b[0] * a[1]

    return mixed(v, v) + v[2]


def mixed_named(a, b):
    a[0] = b[1] * 3.0
    return b[0] * a[1]


def same_argument_twice_named(v):
    return mixed_named(v, v) + v[0]


def overlapping_arguments_named(v):
    return mixed_named(v[1:], v[:3]) + v[1]


# ---- branches and copies ---------------------------------------------------------------------------------------------
def write_on_one_path(v, flag):
    if flag > 0:
        v[0] = v[1] * v[2]
    return np.sum(v * v)


def rebinding_on_one_path(v, flag):
    w = np.zeros(4)
    if flag > 0:
        w = v * v
    w[0] = v[3]
    return np.sum(w * v)


def copies_are_apart(v):
    w = v.copy()
    x = np.copy(v)
    y = np.array(v)
    w[0], x[1], y[2] = 1.0, 2.0, 3.0
    return np.sum(v * w * x * y)


def flatten_is_a_copy(v):
    w = v.flatten()
    w[0] = 4.0
    return np.sum(w * v)


def slice_of_arithmetic_is_apart(v):
    w = (v + 0.0)[1:]
    w[0] = 4.0
    return np.sum(w) * v[1]


def asarray_is_the_same(v):
    w = np.asarray(v)
    w[0] = w[1] * 2.0
    return np.sum(v * v)


def fill_method(v):
    w = np.empty(4)
    w.fill(v[0])
    w[1:3].fill(v[1] * v[2])
    return np.sum(w * v)


def whole_slice_assignment(v):
    w = v
    w[:] = v[::-1]
    return np.sum(v * np.arange(4.0))


def shifted_self_assignment(v):
    v[1:] = v[:-1]
    return np.sum(v * v * np.arange(4.0))


def stored_value_is_copied(v):
    m = np.zeros((2, 4))
    m[0] = v
    v[0] = 3.0
    m[1] = v * m[0]
    return np.sum(m)


def list_of_buffers_appended(v):
    history = []
    for _ in range(3):
        history.append(v.copy())
        v *= v
    return np.sum(history[0] * history[1] * history[2])


def list_of_the_same_buffer(v):
    history = []
    for _ in range(3):
        history.append(v)
        v *= 1.5
    return np.sum(history[0] * history[2])


ON_MATRIX = [
    row_view, row_view_in_loop, view_of_a_view, negative_index_view, column_view, iterating_gives_views,
    enumerated_views, list_of_views, augmented_by_its_own_row, augmented_by_its_transpose,
    swap_rows_of_views_is_no_swap, swap_rows_through_copies, helper_fills_a_view, helper_called_in_a_loop,
]  # fmt: skip
ON_VECTOR = [
    strided_view, reversed_view, view_keeps_seeing_later_writes, written_view_is_seen_by_the_other_view,
    same_array_by_two_names, tuple_of_views, dictionary_of_views, array_in_a_list_twice, augmented_is_in_place,
    plain_assignment_is_not, augmented_slice, augmented_overlap_reads_old_values, augmented_element_by_a_read_of_it,
    augmented_list_item_is_in_place, augmented_dictionary_item_is_in_place, augmented_list_item_number, augmented_copy,
    swap_elements, swap_buffers, right_side_first, helper_changes_the_augmented_element,
    helper_changes_the_augmented_slice, helper_changes_an_operand, helper_fills, helper_fills_the_argument_itself,
    helper_returns_the_argument, helper_returns_a_view, helper_scales_and_returns, helper_returns_a_tuple_with_a_view,
    local_function_writes_an_outer_array, same_argument_twice, same_argument_twice_named, overlapping_arguments_named,
    copies_are_apart, flatten_is_a_copy, slice_of_arithmetic_is_apart, asarray_is_the_same, fill_method,
    whole_slice_assignment, shifted_self_assignment, stored_value_is_copied, list_of_buffers_appended,
    list_of_the_same_buffer,
]  # fmt: skip


@pytest.mark.parametrize("f", ON_MATRIX, ids=lambda f: f.__name__)
def test_matrix(f):
    agree(f, A)


@pytest.mark.parametrize("f", ON_VECTOR, ids=lambda f: f.__name__)
def test_vector(f):
    agree(f, V)


@pytest.mark.parametrize("flag", [1.0, -1.0])
@pytest.mark.parametrize("f", [write_on_one_path, rebinding_on_one_path], ids=lambda f: f.__name__)
def test_branches(f, flag):
    agree(f, V, flag)


@pytest.mark.parametrize("n", [0, 1, 2, 5])
def test_swapped_buffers_with_a_run_time_count(n):
    agree(swap_buffers_run_time_count, V, n)


def test_zipped_views():
    agree(zipped_views, A, V)


# ---- results and storage ---------------------------------------------------------------------------------------------
def sum_of_both(v, w):
    return np.sum(v) + np.sum(w)


def identity(v):
    return v


def pair(v):
    return v, v


def test_gradients_share_no_memory_with_each_other():
    v, w = V.copy(), W.copy()
    left, right = pg.grad(sum_of_both, argnums=(0, 1))(v, w)
    separate([left, right], [v, w])
    left[0] = 100.0
    assert right[0] == 1.0 and np.array_equal(pg.grad(sum_of_both)(v, w), np.ones(4))


def test_cotangents_share_no_memory_with_seeds():
    seed = np.ones(4)
    _, pull = pg.vjp(identity, V)
    (bar,) = pull(seed)
    separate([bar], [seed])
    bar[0] = 5.0
    assert seed[0] == 1.0


def test_tangents_share_no_memory_with_seeds():
    direction = np.ones(4)
    value, tangent = pg.jvp(identity, (V,), (direction,))
    separate([value, tangent], [direction, V])


def test_a_result_given_twice_has_both_cotangents():
    _, pull = pg.vjp(pair, V)
    (bar,) = pull((np.ones(4), 2 * np.ones(4)))
    assert np.array_equal(bar, 3 * np.ones(4))


@pytest.mark.parametrize("f", [row_view, augmented_by_its_own_row, iterating_gives_views], ids=lambda f: f.__name__)
def test_read_only_arguments_are_only_read(f):
    frozen = A.copy()
    frozen.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        f(frozen)
    assert np.array_equal(pg.grad(f)(frozen), pg.grad(f)(A))
    assert np.array_equal(frozen, A)


@pytest.mark.parametrize(
    "given",
    [
        np.asfortranarray(A),
        np.repeat(A, 2, axis=1)[:, ::2],
        A.T.copy().T,
        A[::-1][::-1],
        np.broadcast_to(A[:1], (3, 3)),
    ],
    ids=["fortran", "strided", "transposed", "reversed", "broadcast"],
)
@pytest.mark.parametrize("f", [row_view_in_loop, view_of_a_view, augmented_by_its_own_row], ids=lambda f: f.__name__)
def test_layout_does_not_matter(f, given):
    before = given.copy()
    assert np.allclose(pg.grad(f)(given), pg.grad(f)(np.ascontiguousarray(given)), rtol=1e-14)
    assert np.array_equal(given, before)


def test_pull_sees_the_arguments_as_they_were():
    v = V.copy()
    _, pull = pg.vjp(augmented_slice, v)
    first = pull(1.0)[0]
    v[:] = 0.0
    assert np.array_equal(pull(1.0)[0], first)


# ---- refusals --------------------------------------------------------------------------------------------------------
def either(v, w, flag):
    target = v if flag > 0 else w
    target[0] = 7.0
    return np.sum(v * w)


def write_through_a_transpose(a):
    t = a.T
    t[0, 1] = 5.0
    return np.sum(a * a)


def write_under_a_transpose(a):
    t = a.T
    a[0, 1] = 5.0
    return np.sum(t * a)


def write_through_reshape(v):
    m = v.reshape(2, 2)
    m[0, 0] = 5.0
    return np.sum(v)


def write_through_ravel(a):
    flat = a.ravel()
    flat[0] = 5.0
    return np.sum(a)


@pytest.mark.parametrize(
    ("f", "arguments"),
    [
        (either, (V, W, 1.0)),
        (write_through_a_transpose, (A,)),
        (write_under_a_transpose, (A,)),
        (write_through_reshape, (V,)),
        (write_through_ravel, (A,)),
    ],
    ids=lambda x: getattr(x, "__name__", ""),
)
def test_right_or_refused(f, arguments):
    """Where the shared storage cannot be followed the write is refused; it never gives another number."""
    with pytest.raises(AliasError, match="copy"):
        pg.vjp(f, *arguments)


def test_reading_a_transpose_after_the_write_is_over_is_fine():
    def f(a):
        a[0, 1] = a[0, 0] * 2.0
        return np.sum(a.T @ a)

    agree(f, A)

"""Programs on arrays of rank 0 to 3: whole-array arithmetic, in-place loops, views, buffers, numerical methods."""

from __future__ import annotations

import math

import numpy as np

from . import point, program

V = np.array([0.5, -1.2, 0.8, 1.5])
W = np.array([1.4, 0.6, -0.9, 0.2])
A = np.array([[1.1, -0.4, 0.7], [0.3, 0.9, -1.3]])
B = np.array([[0.2, 1.5], [-0.6, 0.8], [1.2, -0.7]])
S = np.array([[4.0, 1.0, 0.5], [1.0, 3.0, -0.4], [0.5, -0.4, 2.5]])
CUBE = np.linspace(-1.0, 1.3, 12).reshape(2, 3, 2)
WEIGHTS = np.array([0.3, -0.7, 1.1, 0.4])

BUFFER = {"complex step": "an array of floats that the function makes drops imaginary parts"}
ABSOLUTE = {"complex step": "absolute values of complex numbers are no analytic functions"}


# ---- elementwise and broadcasting ------------------------------------------------------------------------------------
@program(v=V, w=W, hessian=True)
def elementwise_chain(v, w):
    a = np.sin(v) * np.exp(-w) + v / (2.0 + w)
    return np.sum(a * a - v**2)


@program(v=V, x=0.7)
def scalar_with_array(v, x):
    return np.sin(x * v) + x - v / x


@program(v=np.tile(V, 3), w=np.tile(W, 3), without=BUFFER)
def long_chain_written_into_an_array(v, w):
    a = np.zeros(len(v))
    a[:] = np.tanh(np.sin(v) * np.exp(-w) + v * w) * np.cos(v - w) + np.exp(-v * v) * np.sin(w)
    a[1:3] += np.tanh(np.cos(v[:2]) * np.exp(w[2:4]) - v[1:3]) * np.sin(w[:2] * v[:2])
    return np.sum(a * a)


@program(a=A, c=np.array([0.4, -0.8, 1.3]), r=np.array([[0.5], [1.7]]))
def rows_and_columns(a, c, r):
    return a * c + r - c * r


@program(v=np.array([[0.5], [-1.2], [0.8]]), w=np.array([[1.4, 0.6]]))
def column_times_row(v, w):
    return np.exp(v * w) + v - w


@program(v=np.array([[0.5], [-1.2], [0.8]]), w=np.array([[1.4, 0.6]]))
def sum_of_column_times_row(v, w):
    return np.sum(np.tanh(v * w), axis=0)


@program(point(v=np.array([0.7]), w=V), point(v=np.array([0.7, 1.1, -0.3, 0.2]), w=V), point(v=V, w=np.array([0.3])))
def length_one_or_equal(v, w):
    return np.sum(v * w * w)


@program(a=np.array([[[0.5]], [[-1.2]]]), b=A[:, None, :2], c=np.array([1.3, 0.4]))
def broadcasting_of_three_ranks(a, b, c):
    return np.sum(a * b + c * b * a, axis=(0, 1))


@program(x=np.array(0.7), v=V)
def rank_zero(x, v):
    return x * np.sum(v) + x**2


@program(v=V)
def adding_an_axis(v):
    return v[:, None] * v[None, :] - v[np.newaxis]


# ---- reductions ------------------------------------------------------------------------------------------------------
@program(a=A)
def sums(a):
    return np.sum(a**2), a.sum(axis=0), np.sum(a, axis=1, keepdims=True) * a, np.sum(a, axis=-1)


@program(a=CUBE)
def sums_over_two_axes(a):
    return np.sum(a * a, axis=(0, 2)), np.sum(np.sin(a), axis=(0, 1), keepdims=True)


@program(a=A)
def means(a):
    centred = a - np.mean(a, axis=0)
    return np.mean(centred**2), a.mean(axis=1, keepdims=True)


@program(point(v=V), point(v=np.array([0.5, 0.0, 0.8])), point(v=np.array([0.0, 0.0, 0.8])), point(v=np.zeros(3)))
def product_with_zeros(v):
    return np.prod(v)


@program(a=np.array([[1.1, 0.0, 0.7], [0.3, 0.9, 0.0]]))
def products_along_axes(a):
    return np.prod(a, axis=0), a.prod(axis=1, keepdims=True)


@program(a=A)
def extremes(a):
    return np.max(a) * np.min(a), a.max(axis=0), np.min(a, axis=1, keepdims=True)


@program(
    v=np.array([0.5, 1.5, 1.5, -0.3, -0.3]),
    without={"complex step": "of numbers that tie, the one with the imaginary part is the larger"},
)
def extremes_with_ties(v):
    return np.max(v) * 2.0 + np.min(v)


@program(point(v=V), point(v=np.abs(V)), point(v=-np.abs(V)))
def any_and_all(v):
    if np.all(v > 0):
        return np.sum(np.log(v))
    if np.any(v > 0):
        return np.sum(v * v)
    return np.sum(v)


@program(v=V, hessian=True)
def log_sum_exp(v):
    top = np.max(v)
    return top + np.log(np.sum(np.exp(v - top)))


@program(point(v=V), point(v=np.array([3.0, -4.0])), without=ABSOLUTE)
def norms(v):
    return np.linalg.norm(v) ** 3 + np.linalg.norm(v * v)


@program(v=np.zeros(3))
def norm_at_zero(v):
    return np.linalg.norm(v) + np.sum(v)


@program(a=A)
def running_sums(a):
    return np.cumsum(a), np.cumsum(a * a, axis=0), a.cumsum(axis=1)


@program(v=V)
def clipped(v):
    return np.clip(v, -1.0, 1.0) * v, v.clip(0.0, 0.7)


@program(v=V, without=ABSOLUTE)
def where_of_both(v):
    return np.where(v > 0.0, np.sqrt(np.abs(v)), v**2)


@program(
    v=np.array([4.0, 0.0, -1.0]),
    without={"complex step": "maximum(0, 0 + ih) is ih", "finite differences": "a kink at 0"},
)
def where_annihilates(v):
    return np.sum(np.where(v > 0.0, np.sqrt(np.maximum(v, 0.0)), 0.0) * np.array([1.0, 2.0, 3.0]))


# ---- products and shapes ---------------------------------------------------------------------------------------------
@program(v=V, w=W, hessian=True)
def dot_of_vectors(v, w):
    return np.dot(v, w) * v.dot(v) + v @ w


@program(a=A, b=B, v=np.array([0.7, -0.3, 1.2]))
def matrix_products(a, b, v):
    return a @ b, a @ v, v @ b, np.dot(a, b) @ a


@program(a=CUBE, b=np.linspace(0.3, 2.0, 8).reshape(2, 2, 2), c=np.array([[0.5, 1.0], [-0.3, 0.2]]))
def stacked_matrix_products(a, b, c):
    return a @ b, a @ c, np.matmul(a, b[0])


@program(a=np.linspace(-1.0, 1.0, 8).reshape(2, 1, 2, 2), b=np.linspace(0.3, 2.0, 12).reshape(3, 2, 2))
def stacks_of_other_ranks(a, b):
    return np.sin(a @ b), np.matmul(b[:1], b) * a


@program(v=V, w=W[:3])
def outer_products(v, w):
    return np.sum(np.outer(v, w) ** 2, axis=0)


@program(a=A)
def transposes(a):
    return a.T @ a, np.transpose(a) * 2.0, a.transpose()[0]


@program(a=CUBE)
def transpose_of_three_axes(a):
    return np.transpose(a, (2, 0, 1)) * a.T[:, :2, :1], a.transpose(1, 0, 2)[0]


@program(a=A)
def reshapes(a):
    return a.reshape(3, 2) @ a, np.reshape(a, (-1,)) * a.ravel(), a.reshape(-1, 1)[1:3]


@program(v=V, w=W, a=A)
def joining(v, w, a):
    long = np.concatenate((v, w[1:3], v))
    square = np.stack([v, w, v * w])
    wide = np.concatenate([a, a * a], axis=1)
    return np.sum(long * np.arange(10.0)), square, wide, np.stack([v, w], axis=1)[2]


@program(x=0.7, y=-1.3)
def arrays_of_numbers(x, y):
    a = np.array([x, y, x * y])
    b = np.array([[x, 1.0], [2.0, y]])
    return np.sum(a * a) + b[0, 0] * b[1, 1] - b[0, 1] * b[1, 0]


@program(x=0.4, n=5)
def constant_arrays(x, n):
    grid = np.linspace(0.0, 1.0, n)
    steps = np.arange(n) * 0.5
    return np.sum(np.exp(x * grid) + steps * np.ones(n) * x + np.full(n, 2.0) ** x)


@program(x=0.4, y=1.2)
def full_of_a_variable(x, y):
    a = np.full((2, 3), x)
    a[1] *= y
    return np.sum(a * a) + np.sum(np.full_like(a, y))


@program(v=V)
def made_like_others(v):
    a, b, c = np.zeros_like(v), np.ones_like(v), np.empty_like(v)
    a[0] = v[1]
    b[1:] *= v[:-1]
    c[:] = a + b
    c[3] = 0.0
    return np.sum(a * b + c * c)


# ---- in place --------------------------------------------------------------------------------------------------------
@program(v=V)
def elements_in_place(v):
    v[0] = v[1] * v[2]
    v[1] += v[0] ** 2
    v[2] *= v[3]
    v[3] -= v[0] / 2.0
    v[-1] /= 1.0 + v[0] ** 2
    return np.sum(v * v)


@program(a=A)
def slices_in_place(a):
    a[0, 1:] = a[1, :-1] * a[0, 0]
    a[:, 0] += a[:, 2]
    a[1] *= a[0]
    a[...] = a - 1.0
    return np.sum(a**2)


@program(v=V, w=W)
def whole_arrays_in_place(v, w):
    v *= w
    v += 1.0
    v -= v * v
    v /= 2.0 + w**2
    v **= 2
    return v


@program(a=A)
def rows_are_views(a):
    row = a[1]
    for j in range(3):
        row[j] = row[j] * a[0, j] + row[0]
    return np.sum(a * a)


@program(v=V, n=3)
def fresh_buffers(v, n):
    now = v
    for _ in range(n):
        following = np.zeros_like(v)
        for i in range(1, len(v) - 1):
            following[i] = 0.5 * now[i] + now[i - 1] * now[i + 1]
        now = following
        now[0] = now[1]
    return np.sum(now * now)


@program(v=V, n=3)
def swapped_buffers(v, n):
    u, w = v.copy(), v * 1.0
    for _ in range(n):
        for i in range(1, len(u) - 1):
            w[i] = u[i] + 0.2 * (u[i - 1] * u[i + 1] - u[i])
        u, w = w, u
    return np.sum(u * u)


@program(v=V, w=W, n=3)
def swapped_and_read(v, w, n):
    total = 0.0
    for k in range(n):
        v, w = w, v
        total += w[k]
    return total + np.sum(w * w)


@program(v=V, x=0.7, n=3)
def positions_kept_in_one_turn(v, x, n):
    for k in range(n):
        if k == 1:
            for i in range(n):
                v[(i + 1) % 4] = x * v[i]
    return np.sum(v * v)


def fill_with_powers(target, base):
    power = 1.0
    for k in range(len(target)):
        target[k] = power
        power = power * base


@program(x=1.3, v=V)
def helper_fills_an_argument(x, v):
    powers = np.zeros(4)
    fill_with_powers(powers, x)
    fill_with_powers(powers[2:], v[0])
    return powers @ v


def middle(v):
    return v[1:3]


def halved(v):
    v *= 0.5
    return v


@program(v=V)
def helpers_that_return_their_arguments(v):
    part = middle(v)
    part[0] = part[1] * v[0]
    w = halved(v)
    w[3] = 2.0 * v[1]
    return np.sum(v * v)


# ---- stencils and linear algebra -------------------------------------------------------------------------------------
@program(u=np.array([0.1, 0.9, -0.4, 0.6, 0.2]), sweeps=3)
def gauss_seidel(u, sweeps):
    for _ in range(sweeps):
        for i in range(1, len(u) - 1):
            u[i] = 0.5 * (u[i - 1] + u[i + 1]) + 0.1 * np.sin(u[i])
    return u


@program(u=np.array([0.1, 0.9, -0.4, 0.6, 0.2]), k=0.15, steps=4)
def heat_in_one_dimension(u, k, steps):
    for _ in range(steps):
        u[1:-1] = u[1:-1] + k * (u[2:] - 2.0 * u[1:-1] + u[:-2])
    return np.sum(u**2)


@program(u=np.linspace(-0.5, 1.0, 16).reshape(4, 4) ** 2, k=0.2)
def heat_in_two_dimensions(u, k):
    new = np.zeros_like(u)
    for _ in range(2):
        for i in range(1, u.shape[0] - 1):
            for j in range(1, u.shape[1] - 1):
                new[i, j] = u[i, j] + k * (u[i - 1, j] + u[i + 1, j] + u[i, j - 1] * u[i, j + 1] - 4.0 * u[i, j])
        u, new = new, u
    return np.sum(u * u)


@program(a=np.array([0.0, 0.3, -0.2, 0.4]), b=np.array([2.0, 2.5, 3.0, 2.2]), c=np.array([0.5, -0.4, 0.3, 0.0]), d=V)
def thomas_algorithm(a, b, c, d):
    n = len(d)
    for i in range(1, n):
        w = a[i] / b[i - 1]
        b[i] -= w * c[i - 1]
        d[i] -= w * d[i - 1]
    d[n - 1] /= b[n - 1]
    for i in range(n - 2, -1, -1):
        d[i] = (d[i] - c[i] * d[i + 1]) / b[i]
    return d


@program(a=S)
def determinant_by_elimination_in_place(a):
    n = a.shape[0]
    for k in range(n):
        for i in range(k + 1, n):
            a[i, k] /= a[k, k]
            for j in range(k + 1, n):
                a[i, j] -= a[i, k] * a[k, j]
    det = 1.0
    for k in range(n):
        det *= a[k, k]
    return det


@program(a=S, without=BUFFER)
def cholesky_loop(a):
    n = a.shape[0]
    low = np.zeros((n, n))
    for i in range(n):
        for j in range(i + 1):
            s = a[i, j]
            for k in range(j):
                s -= low[i, k] * low[j, k]
            if i == j:
                low[i, j] = math.sqrt(s)
            else:
                low[i, j] = s / low[j, j]
    return low


@program(x=np.array([0.3, -0.2]), p=np.array([[1.0, 0.2], [0.2, 0.5]]), q=0.05, r=0.4)
def kalman_filter(x, p, q, r):
    move = np.array([[1.0, 0.1], [0.0, 1.0]])
    log_likelihood = 0.0
    for z in (0.4, 0.1, 0.35):
        x = move @ x
        p = move @ p @ move.T + q * np.eye(2)
        s = p[0, 0] + r
        gain = p[:, 0] / s
        error = z - x[0]
        x = x + gain * error
        p = p - np.outer(gain, p[0])
        log_likelihood -= 0.5 * (np.log(s) + error**2 / s)
    return log_likelihood


def lotka_volterra(state, rates):
    prey, hunters = state[0], state[1]
    return np.array([prey * (rates[0] - rates[1] * hunters), hunters * (rates[2] * prey - rates[3])])


@program(start=np.array([1.2, 0.4]), rates=np.array([0.6, 0.5, 0.4, 0.7]), steps=4, h=0.1)
def runge_kutta_with_array_state(start, rates, steps, h):
    state = start
    total = 0.0
    for _ in range(steps):
        k1 = lotka_volterra(state, rates)
        k2 = lotka_volterra(state + 0.5 * h * k1, rates)
        k3 = lotka_volterra(state + 0.5 * h * k2, rates)
        k4 = lotka_volterra(state + h * k3, rates)
        state = state + h / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)
        total += state[0] ** 2 - state[1]
    return total


# ---- learning --------------------------------------------------------------------------------------------------------
@program(w=np.array([0.3, -0.5, 0.8]), x=S, labels=np.array([1, 0, 1]))
def logistic_regression(w, x, labels):
    loss = 0.0
    for k in range(len(labels)):
        z = np.dot(x[k], w)
        loss += np.log1p(np.exp(-z)) if labels[k] == 1 else np.log1p(np.exp(z))
    return loss / len(labels) + 0.01 * np.sum(w * w)


@program(
    layers=[(A, np.array([0.1, -0.2])), (np.array([[0.7, -0.4]]), np.array([0.05]))],
    x=np.array([0.5, -0.1, 0.9]),
    t=np.array([0.8]),
)
def two_layer_network(layers, x, t):
    for w, b in layers:
        x = 1.0 / (1.0 + np.exp(-(w @ x + b)))
    return 0.5 * np.sum((x - t) ** 2)


@program(signal=np.array([0.2, 1.0, -0.7, 0.4, 0.9]), kernel=np.array([0.5, -0.3, 0.2]), without=BUFFER)
def convolution(signal, kernel):
    out = np.zeros(len(signal) - len(kernel) + 1)
    for i in range(len(out)):
        for k in range(len(kernel)):
            out[i] += signal[i + k] * kernel[k]
    return np.sum(np.tanh(out))


@program(x=np.array([[0.1, 0.5], [-0.4, 0.2], [0.9, -0.8]]), centres=np.array([[0.0, 0.3], [0.6, -0.5]]), width=0.8)
def mixture_log_likelihood(x, centres, width):
    total = 0.0
    for i in range(x.shape[0]):
        density = 0.0
        for k in range(centres.shape[0]):
            difference = x[i] - centres[k]
            density += np.exp(-0.5 * np.sum(difference**2) / width**2)
        total += np.log(density)
    return total


# ---- loops over arrays -----------------------------------------------------------------------------------------------
@program(a=A)
def rows_of_a_matrix(a):
    total = 0.0
    for row in a:
        total += np.sum(row) * row[0]
    return total


@program(v=V, w=W)
def enumerated_and_zipped(v, w):
    total = 0.0
    for i, x in enumerate(v):
        total += i * x**2
    for x, y in zip(v, w):
        total = total * x + y
    for i, (x, y) in enumerate(zip(v, w)):
        total += (i + 1) * x * y
    return total


@program(a=A)
def nested_rows_and_elements(a):
    total = 1.0
    for row in a:
        for x in row:
            total = total * (1.0 + 0.1 * x) + x
    return total


@program(v=np.array([8.0, 1.3, -0.4]))
def while_over_an_array(v):
    steps = 0
    while np.sum(v * v) > 1.0:
        v = v * 0.5 + 0.1
        steps += 1
    return np.sum(v) * steps


@program(point(v=V, limit=0.6), point(v=V, limit=9.0), point(v=V, limit=-5.0))
def early_exit_from_a_search(v, limit):
    total = 0.0
    for x in v:
        total += x * x
        if total > limit:
            return total * x
    return -total


@program(point(v=V, bound=0.7), point(v=V, bound=2.0))
def break_keeps_the_position(v, bound):
    found = 0
    for i in range(len(v)):
        if v[i] > bound:
            found = i
            break
    else_value = v[found] * v[0]
    return else_value


@program(point(v=V, x=1.3, n=3), point(v=V, x=-0.5, n=3))
def break_before_an_array_changes(v, x, n):
    for i in range(n):
        if x > 1.0:
            break
        v[(i + 1) % 4] = 1.5
        x += 0.3
        v += v * x + v[::-1]
    return np.sum(v * v) * x


@program(v=V)
def continue_skips_elements(v):
    total = 1.0
    for x in v:
        if x < 0.0:
            continue
        total *= 1.0 + x
    return total


@program(point(v=V, n=4), point(v=V, n=1))
def kept_from_an_earlier_turn(v, n):
    total = 0.0
    for k in range(n):
        if k % 2 == 0:
            kept = v * (1.5 + k)
        total += np.sum(kept * kept)
        for j in range(k % 2):
            number = v[j] * k
        if k > 0:
            total += number * number
    return total


@program(point(v=V, n=2), point(v=np.linspace(-1.0, 1.0, 9), n=3))
def assigned_in_one_turn(v, n):
    for k in range(n):
        if k == 1:
            found = v * k
    return np.sum(found * found)


def doubled_until(v, x):
    for i in range(3):
        if x > i:
            return v
    return v * 2.0


@program(point(v=V, x=1.5), point(v=V, x=-1.0))
def array_returned_from_a_loop(v, x):
    return np.sum(doubled_until(v, x) * x)


@program(a=A)
def one_name_in_two_loops(a):
    total = 0.0
    for i in range(len(a)):
        row = a[i]
        row[1] = row[0] * a[0, 1]
    for i in range(len(a)):
        row = a[i]
        total += np.sum(row * row)
    return total


@program(point(v=np.zeros(0)), point(v=V))
def possibly_empty(v):
    total = 1.0
    for x in v:
        total += x**2
    return total + np.sum(v * v)


# ---- structures, closures, constants ---------------------------------------------------------------------------------
@program(parameters={"weights": [A, B], "bias": np.array([0.1, -0.2]), "scale": (0.7, {"power": 1.5})})
def nested_parameters(parameters):
    first, second = parameters["weights"]
    scale, options = parameters["scale"]
    return scale * np.sum((first @ second + parameters["bias"]) ** 2) ** options["power"]


@program(parameters=(V, (W, 0.5)))
def results_in_the_structure_of_tuples(parameters):
    v, (w, x) = parameters
    return {"product": v * w, "parts": [x * v, (x, np.sum(w) * x)]}


@program(v=V)
def array_of_the_module(v):
    return np.sum(v * WEIGHTS) + WEIGHTS @ v**2


def weighted_by(weights):
    def weighted(v):
        return np.sum(weights * v * v)

    return weighted


captured_array = program(v=V)(weighted_by(np.array([0.5, 1.5, -0.3, 0.9])))


@program(v=V)
def local_function_over_arrays(v):
    scale = v[0]

    def scaled(x):
        return scale * x + v

    return scaled(v) * scaled(2.0)


@program(v=V, hessian=True)
def rosenbrock(v):
    total = 0.0
    for i in range(len(v) - 1):
        total += 100.0 * (v[i + 1] - v[i] ** 2) ** 2 + (1.0 - v[i]) ** 2
    return total


@program(v=V, hessian=True)
def history_in_rows(v):
    a = np.stack([v, v, v])
    for t in range(1, 3):
        a[t] = np.sin(a[t - 1]) * v
    return np.sum(a[2] ** 2)


@program(v=V, hessian=True)
def nested_products_in_place(v):
    for k in range(3):
        for i in range(1, len(v)):
            v[i] = v[i] * v[i - 1] + 0.1 * k
    return v[-1] + v[1]


@program(a=S, v=np.array([1.0, 0.2, -0.5]), n=3)
def power_iteration(a, v, n):
    for _ in range(n):
        v = a @ v
        v = v / np.sqrt(np.sum(v * v))
    return v @ a @ v


@program(x=np.array([0.5, 1.0, 2.0]), y=np.array([1.1, 0.7, 2.3]), at=np.array([0.8, 1.4]))
def piecewise_linear(x, y, at):
    total = 0.0
    for q in at:
        k = 0
        while k < len(x) - 2 and x[k + 1] < q:
            k += 1
        t = (q - x[k]) / (x[k + 1] - x[k])
        total += y[k] * (1.0 - t) + y[k + 1] * t
    return total


@program(x=np.array([4.0, 0.3, 2.5, 9.1, 1.7, 30.2, 0.8, 5.5, 12.3, 2.2]))
def each_until_it_has_converged(x):
    total = 0.0
    for i in range(len(x)):
        y = x[i]
        while abs(y * y - x[i]) > 1e-13 * x[i]:
            y = 0.5 * (y + x[i] / y)
        total += y * x[i]
    return total


@program(
    c=np.array([0.2, -0.3, 0.4]),
    x=np.linspace(0.68, 2.58, 11),
    without=BUFFER,
)
def each_until_it_escapes(c, x):
    ends = np.zeros(len(x))
    for i in range(len(x)):
        z = x[i]
        for _ in range(30):
            value = 0.0
            for k in range(len(c)):
                value = value * z + c[k]
            z = z + 0.3 * value if z < 1.5 else z * 1.1
            if z > 4.0:
                break
        ends[i] = z
    return np.sum(ends * ends)


WEIGHTS = np.array([0.5, -1.0, 2.0, 0.3])


def weighted(v, weights):
    return np.sum(np.sin(v) * weights)


@program(v=V)
def array_from_outside_for_a_helper(v):
    return weighted(v, WEIGHTS) * weighted(v * v, WEIGHTS)


def gated(state, w):
    n = len(state)
    gates = state @ w
    keep = 1.0 / (1.0 + np.exp(-gates[:n]))
    return keep * state + (1.0 - keep) * np.tanh(gates[n : 2 * n]) * gates[2 * n :]


@program(
    point(w=np.linspace(-0.5, 0.7, 48).reshape(4, 12), state=V, steps=4),
    point(w=np.linspace(-0.5, 0.7, 36).reshape(4, 9), state=V, steps=3),
    point(w=np.array([[0.3, -0.4, 0.9]]), state=np.array([0.7]), steps=2),
)
def gates_in_slices_of_one_product(w, state, steps):
    for _ in range(steps):
        state = gated(state, w)
    return np.sum(state * state)


@program(theta=np.linspace(-0.8, 0.9, 20), x=np.array([[0.3, -0.7], [1.1, 0.4], [-0.2, 0.8]]))
def network_with_its_parameters_in_one_vector(theta, x):
    n, m = x.shape[1], 5
    first, shift, second = theta[: n * m].reshape(n, m), theta[n * m : n * m + m], theta[n * m + m :]
    return np.sum((np.tanh(x @ first + shift) @ second) ** 2)

"""Sweeps of Gauss and Seidel over a grid in place, and the sum of squares of what they reach."""

import numpy as np

SIZES = ((256, 10), (128, 10), (512, 10))
QUICK = (20, 2)
ARGNUMS = (0, 1)
# 126 by 126 inner points are about 16 000
PEER_SIZES = {"jax at": (128, 1), "torch": (20, 2), "autograd": (20, 2)}


def WORK(size):  # noqa: N802
    n, sweeps = size
    return n * n * sweeps


def inputs(size):
    n, sweeps = size
    random = np.random.default_rng(0)
    return random.normal(size=(n, n)), random.normal(size=(n, n)) / n, sweeps


def value(start, right, sweeps):
    u = start.copy()
    n, m = u.shape
    for _ in range(sweeps):
        for i in range(1, n - 1):
            for j in range(1, m - 1):
                u[i, j] = 0.25 * (u[i - 1, j] + u[i + 1, j] + u[i, j + 1] - right[i, j] + u[i, j - 1])
    return np.sum(u * u)


def c_value(library, start, right, sweeps):
    from harness.library import prepared

    return prepared(library.gauss_seidel_value, start, right, *start.shape, sweeps)


def c_gradient(library, start, right, sweeps):
    from harness.library import prepared

    run = prepared(library.gauss_seidel_gradient, start, right, *start.shape, sweeps)

    def call():
        start_bar, right_bar = np.empty_like(start), np.empty_like(right)
        return run(start_bar, right_bar), (start_bar, right_bar)

    return call


def jax_value(jax, jnp):
    def scanned(start, right, sweeps):
        def point(left, rest):
            here = 0.25 * (rest + left)
            return here, here

        def row(above, rows):
            here, below, right_here = rows
            rest = above[1:-1] + below[1:-1] + here[2:] - right_here[1:-1]
            inner = jax.lax.scan(point, here[0], rest)[1]
            new = jnp.concatenate([here[:1], inner, here[-1:]])
            return new, new

        def sweep(u, _):
            inner = jax.lax.scan(row, u[0], (u[1:-1], u[2:], right[1:-1]))[1]
            return jnp.concatenate([u[:1], inner, u[-1:]]), None

        u = jax.lax.scan(sweep, start, None, length=sweeps)[0]
        return jnp.sum(u * u)

    def in_place(start, right, sweeps):
        n, m = start.shape

        def point(i, j, u):
            return u.at[i, j].set(0.25 * (u[i - 1, j] + u[i + 1, j] + u[i, j + 1] - right[i, j] + u[i, j - 1]))

        def row(i, u):
            return jax.lax.fori_loop(1, m - 1, lambda j, u: point(i, j, u), u)

        u = jax.lax.fori_loop(0, sweeps, lambda _, u: jax.lax.fori_loop(1, n - 1, row, u), start)
        return jnp.sum(u * u)

    return {"scan": scanned, "at": in_place}


def _listed(start, right, sweeps):
    """On lists of numbers: neither PyTorch nor autograd lets an element be overwritten that was read."""
    n, m = start.shape
    u = [[start[i, j] for j in range(m)] for i in range(n)]
    for _ in range(sweeps):
        for i in range(1, n - 1):
            for j in range(1, m - 1):
                u[i][j] = 0.25 * (u[i - 1][j] + u[i + 1][j] + u[i][j + 1] - right[i, j] + u[i][j - 1])
    return sum(element * element for row in u for element in row)


def torch_value(torch):
    return _listed


def autograd_value(np):
    return _listed

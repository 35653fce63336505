"""LU decomposition in place, row operations on slices, and the logarithm of the determinant."""

import numpy as np

SIZES = (256, 128, 512)
QUICK = 24
ARGNUMS = (0,)
# 126 by 126 elements are about 16 000
PEER_SIZES = {"jax at": 126}


def WORK(size):  # noqa: N802
    return size**3


def inputs(size):
    return (np.random.default_rng(0).normal(size=(size, size)) + size * np.eye(size),)


def value(matrix):
    a = matrix.copy()
    n = len(a)
    for k in range(n):
        for i in range(k + 1, n):
            a[i, k] = a[i, k] / a[k, k]
            a[i, k + 1 :] -= a[i, k] * a[k, k + 1 :]
    total = 0.0
    for k in range(n):
        total += np.log(np.abs(a[k, k]))
    return total


def c_value(library, matrix):
    from harness.library import prepared

    return prepared(library.lu_value, matrix, len(matrix))


def c_gradient(library, matrix):
    from harness.library import prepared

    run = prepared(library.lu_gradient, matrix, len(matrix))

    def call():
        matrix_bar = np.empty_like(matrix)
        return run(matrix_bar), (matrix_bar,)

    return call


def jax_value(jax, jnp):
    def whole(matrix):
        columns = jnp.arange(len(matrix))

        def eliminate(a, k):
            factors = jnp.where(columns > k, a[:, k] / a[k, k], 0.0)
            return a - jnp.outer(factors, jnp.where(columns >= k, a[k], 0.0)), None

        a = jax.lax.scan(eliminate, matrix, columns)[0]
        return jnp.sum(jnp.log(jnp.abs(jnp.diagonal(a))))

    def in_place(matrix):
        n = len(matrix)
        columns = jnp.arange(n)

        def row(a, k, i):
            a = a.at[i, k].set(a[i, k] / a[k, k])
            return a.at[i].add(jnp.where(columns > k, -a[i, k] * a[k], 0.0))

        def inner(k, a):
            # reverse mode needs loops of constant length
            return jax.lax.fori_loop(0, n, lambda i, a: jax.lax.cond(i > k, lambda: row(a, k, i), lambda: a), a)

        a = jax.lax.fori_loop(0, n, inner, matrix)
        return jnp.sum(jnp.log(jnp.abs(jnp.diagonal(a))))

    return {"scan": whole, "at": in_place}


def torch_value(torch):
    def shrinking(matrix):
        a, total = matrix, 0.0
        for _ in range(len(matrix)):
            total = total + torch.log(torch.abs(a[0, 0]))
            a = a[1:, 1:] - torch.outer(a[1:, 0] / a[0, 0], a[0, 1:])
        return total

    return shrinking


def autograd_value(np):
    def shrinking(matrix):
        a, total = matrix, 0.0
        for _ in range(len(matrix)):
            total = total + np.log(np.abs(a[0, 0]))
            a = a[1:, 1:] - np.outer(a[1:, 0] / a[0, 0], a[0, 1:])
        return total

    return shrinking

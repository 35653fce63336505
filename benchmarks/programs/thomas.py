"""Thomas's solver of a tridiagonal system in place, and the sum of squares of the solution."""

import numpy as np

SIZES = (200_000, 100_000, 400_000)
QUICK = 2_000
ARGNUMS = (0, 1, 2, 3)
PEER_SIZES = {"jax at": 16_000, "torch": 1_000, "autograd": 1_000}


def inputs(size):
    random = np.random.default_rng(0)
    lower, upper = random.uniform(-1.0, 1.0, size - 1), random.uniform(-1.0, 1.0, size - 1)
    return lower, random.uniform(2.5, 4.0, size), upper, random.normal(size=size)


def value(lower, diagonal, upper, right):
    n = len(diagonal)
    b = diagonal.copy()
    x = right.copy()
    for i in range(1, n):
        factor = lower[i - 1] / b[i - 1]
        b[i] = b[i] - factor * upper[i - 1]
        x[i] = x[i] - factor * x[i - 1]
    x[n - 1] = x[n - 1] / b[n - 1]
    for i in range(n - 2, -1, -1):
        x[i] = (x[i] - upper[i] * x[i + 1]) / b[i]
    return np.sum(x * x)


def c_value(library, lower, diagonal, upper, right):
    from harness.library import prepared

    return prepared(library.thomas_value, lower, diagonal, upper, right, len(diagonal))


def c_gradient(library, lower, diagonal, upper, right):
    from harness.library import prepared

    run = prepared(library.thomas_gradient, lower, diagonal, upper, right, len(diagonal))

    def call():
        bars = np.empty_like(lower), np.empty_like(diagonal), np.empty_like(upper), np.empty_like(right)
        return run(*bars), bars

    return call


def jax_value(jax, jnp):
    def scanned(lower, diagonal, upper, right):
        def eliminate(before, row):
            b, d = before
            low, up, b_here, d_here = row
            factor = low / b
            new = b_here - factor * up, d_here - factor * d
            return new, new

        first = diagonal[0], right[0]
        _, (b, d) = jax.lax.scan(eliminate, first, (lower, upper, diagonal[1:], right[1:]))
        b, d = jnp.concatenate([diagonal[:1], b]), jnp.concatenate([right[:1], d])

        def substitute(after, row):
            d_here, up, b_here = row
            here = (d_here - up * after) / b_here
            return here, here

        last = d[-1] / b[-1]
        _, x = jax.lax.scan(substitute, last, (d[:-1], upper, b[:-1]), reverse=True)
        return jnp.sum(x * x) + last * last

    def in_place(lower, diagonal, upper, right):
        n = len(diagonal)

        def eliminate(i, carry):
            b, x = carry
            factor = lower[i - 1] / b[i - 1]
            return b.at[i].set(b[i] - factor * upper[i - 1]), x.at[i].set(x[i] - factor * x[i - 1])

        b, x = jax.lax.fori_loop(1, n, eliminate, (diagonal, right))
        x = x.at[n - 1].set(x[n - 1] / b[n - 1])

        def substitute(k, x):
            i = n - 2 - k
            return x.at[i].set((x[i] - upper[i] * x[i + 1]) / b[i])

        x = jax.lax.fori_loop(0, n - 1, substitute, x)
        return jnp.sum(x * x)

    return {"scan": scanned, "at": in_place}


def _listed(lower, diagonal, upper, right):
    """On lists of numbers: neither PyTorch nor autograd lets an element be overwritten that was read."""
    n = len(diagonal)
    b, x = [diagonal[0]], [right[0]]
    for i in range(1, n):
        factor = lower[i - 1] / b[i - 1]
        b.append(diagonal[i] - factor * upper[i - 1])
        x.append(right[i] - factor * x[i - 1])
    x[n - 1] = x[n - 1] / b[n - 1]
    for i in range(n - 2, -1, -1):
        x[i] = (x[i] - upper[i] * x[i + 1]) / b[i]
    return sum(element * element for element in x)


def torch_value(torch):
    return _listed


def autograd_value(np):
    return _listed

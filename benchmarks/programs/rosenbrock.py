"""Rosenbrock's function of n numbers, in a loop."""

import numpy as np

SIZES = (1_000_000, 500_000, 2_000_000)
QUICK = 2_000
ARGNUMS = (0,)


def inputs(size):
    return (np.random.default_rng(0).uniform(-1.5, 1.5, size),)


def value(x):
    total = 0.0
    for i in range(len(x) - 1):
        total += 100.0 * (x[i + 1] - x[i] ** 2) ** 2 + (1.0 - x[i]) ** 2
    return total


def c_value(library, x):
    from harness.library import prepared

    return prepared(library.rosenbrock_value, x, len(x))


def c_gradient(library, x):
    from harness.library import prepared

    run = prepared(library.rosenbrock_gradient, x, len(x))

    def call():
        x_bar = np.empty_like(x)
        return run(x_bar), (x_bar,)

    return call


def _vectorised(x):
    """As everybody writes it who cannot have the loop."""
    return (100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2).sum()


def jax_value(jax, jnp):
    def scanned(x):
        def step(total, pair):
            here, after = pair
            return total + 100.0 * (after - here**2) ** 2 + (1.0 - here) ** 2, None

        return jax.lax.scan(step, 0.0, (x[:-1], x[1:]))[0]

    return {"numpy": _vectorised, "scan": scanned}


def torch_value(torch):
    return _vectorised


def autograd_value(np):
    return lambda x: np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)

"""The sum of square roots, each by Newton's iteration until it has converged."""

import numpy as np

SIZES = (100_000, 50_000, 200_000)
QUICK = 500
ARGNUMS = (0,)


def inputs(size):
    return (np.random.default_rng(0).uniform(0.1, 1000.0, size),)


def value(x):
    total = 0.0
    for i in range(len(x)):
        y = x[i]
        while abs(y * y - x[i]) > 1e-12 * x[i]:
            y = 0.5 * (y + x[i] / y)
        total += y
    return total


def c_value(library, x):
    from harness.library import prepared

    return prepared(library.newton_roots_value, x, len(x))


def c_gradient(library, x):
    from harness.library import prepared

    run = prepared(library.newton_roots_gradient, x, len(x))

    def call():
        x_bar = np.empty_like(x)
        return run(x_bar), (x_bar,)

    return call


def jax_value(jax, jnp):
    def root(x):
        return jax.lax.while_loop(
            lambda y: jnp.abs(y * y - x) > 1e-12 * x,
            lambda y: 0.5 * (y + x / y),
            x,
        )

    def at_most_forty_steps(x):
        def step(y, _):
            return jnp.where(jnp.abs(y * y - x) > 1e-12 * x, 0.5 * (y + x / y), y), None

        return jax.lax.scan(step, x, length=40)[0]

    return {
        "vmap": lambda x: jnp.sum(jax.vmap(root)(x)),
        "scan": lambda x: jnp.sum(jax.vmap(at_most_forty_steps)(x)),
    }


def jax_gradient(jax, jnp):
    """A while loop has no reverse mode there; as every root has one input, one forward sweep gives all derivatives."""
    forms = jax_value(jax, jnp)

    def root(x):
        return jax.lax.while_loop(lambda y: jnp.abs(y * y - x) > 1e-12 * x, lambda y: 0.5 * (y + x / y), x)

    return {
        "vmap": lambda x: (jax.jvp(jax.vmap(root), (x,), (jnp.ones_like(x),))[1],),
        "scan": jax.grad(forms["scan"], ARGNUMS),
    }


def torch_value(torch):
    def all_at_once(x):
        y = x
        while True:
            going = torch.abs(y * y - x) > 1e-12 * x
            if not bool(going.any()):
                return y.sum()
            y = torch.where(going, 0.5 * (y + x / y), y)

    return all_at_once


def autograd_value(np):
    def all_at_once(x):
        y = x
        while True:
            going = np.abs(y * y - x) > 1e-12 * x
            if not going.any():
                return np.sum(y)
            y = np.where(going, 0.5 * (y + x / y), y)

    return all_at_once

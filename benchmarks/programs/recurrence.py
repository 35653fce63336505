"""a[i] = sin(a[i - 1]) * x[i] in place, and the sum of a."""

import math

import numpy as np

SIZES = (200_000, 100_000, 400_000)
QUICK = 2_000
ARGNUMS = (0,)
PEER_SIZES = {"jax at": 16_000, "torch": 2_000, "autograd": 2_000}


def inputs(size):
    # above one, that a does not die out; below two, that it does not become chaotic
    return (np.random.default_rng(0).uniform(1.0, 2.0, size),)


def value(x):
    a = np.zeros(len(x))
    a[0] = x[0]
    for i in range(1, len(x)):
        a[i] = math.sin(a[i - 1]) * x[i]
    return np.sum(a)


def c_value(library, x):
    from harness.library import prepared

    return prepared(library.recurrence_value, x, len(x))


def c_gradient(library, x):
    from harness.library import prepared

    run = prepared(library.recurrence_gradient, x, len(x))

    def call():
        x_bar = np.empty_like(x)
        return run(x_bar), (x_bar,)

    return call


def jax_value(jax, jnp):
    def scanned(x):
        def step(before, element):
            here = jnp.sin(before) * element
            return here, here

        return x[0] + jnp.sum(jax.lax.scan(step, x[0], x[1:])[1])

    def in_place(x):
        a = jnp.zeros(len(x)).at[0].set(x[0])
        a = jax.lax.fori_loop(1, len(x), lambda i, a: a.at[i].set(jnp.sin(a[i - 1]) * x[i]), a)
        return jnp.sum(a)

    return {"scan": scanned, "at": in_place}


def torch_value(torch):
    def listed(x):
        a = [x[0]]
        for i in range(1, len(x)):
            a.append(torch.sin(a[i - 1]) * x[i])
        return torch.sum(torch.stack(a))

    return listed


def autograd_value(np):
    def listed(x):
        a = [x[0]]
        for i in range(1, len(x)):
            a.append(np.sin(a[i - 1]) * x[i])
        return np.sum(np.array(a))

    return listed

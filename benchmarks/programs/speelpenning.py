"""Speelpenning's product of n numbers, in a loop."""

import numpy as np

SIZES = (1_000_000, 500_000, 2_000_000)
QUICK = 2_000
ARGNUMS = (0,)
PEER_SIZES = {"autograd": 2_000}


def inputs(size):
    # close enough to one that the product of a million stays a number
    return (np.random.default_rng(0).uniform(0.999, 1.001, size),)


def value(x):
    product = 1.0
    for i in range(len(x)):
        product = product * x[i]
    return product


def c_value(library, x):
    from harness.library import prepared

    return prepared(library.speelpenning_value, x, len(x))


def c_gradient(library, x):
    from harness.library import prepared

    run = prepared(library.speelpenning_gradient, x, len(x))

    def call():
        x_bar = np.empty_like(x)
        return run(x_bar), (x_bar,)

    return call


def jax_value(jax, jnp):
    def scanned(x):
        return jax.lax.scan(lambda product, element: (product * element, None), 1.0, x)[0]

    return {"numpy": jnp.prod, "scan": scanned}


def torch_value(torch):
    return torch.prod


def autograd_value(np):
    return value

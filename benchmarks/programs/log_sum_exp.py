"""The logarithm of a sum of exponentials, shifted by the largest element, in NumPy."""

import numpy as np

SIZES = (1_000_000,)
QUICK = 1_000
ARGNUMS = (0,)


def inputs(size):
    return (np.random.default_rng(0).normal(size=size) * 5.0,)


def value(x):
    largest = np.max(x)
    return largest + np.log(np.sum(np.exp(x - largest)))


def c_value(library, x):
    from harness.library import prepared

    return prepared(library.log_sum_exp_value, x, len(x))


def c_gradient(library, x):
    from harness.library import prepared

    run = prepared(library.log_sum_exp_gradient, x, len(x))

    def call():
        x_bar = np.empty_like(x)
        return run(x_bar), (x_bar,)

    return call


def jax_value(jax, jnp):
    return {"numpy": jax.nn.logsumexp}


def torch_value(torch):
    return lambda x: torch.logsumexp(x, 0)


def autograd_value(np):
    def shifted(x):
        largest = np.max(x)
        return largest + np.log(np.sum(np.exp(x - largest)))

    return shifted

"""Mean logistic loss of 10^5 rows of 50 numbers, with a ridge, in NumPy."""

import numpy as np

SIZES = ((100_000, 50),)
QUICK = (200, 5)
ARGNUMS = (0,)


def inputs(size):
    random = np.random.default_rng(0)
    X = random.normal(size=size)
    w = random.normal(size=size[1]) * 0.2
    y = np.where(X @ w + random.normal(size=size[0]) > 0.0, 1.0, -1.0)
    return w * 0.5, X, y, 1e-3


def value(w, X, y, ridge):
    return np.mean(np.log1p(np.exp(-y * (X @ w)))) + ridge * np.sum(w * w)


def c_value(library, w, X, y, ridge):
    from harness.library import prepared

    return prepared(library.logistic_regression_value, w, X, y, ridge, *X.shape)


def c_gradient(library, w, X, y, ridge):
    from harness.library import prepared

    run = prepared(library.logistic_regression_gradient, w, X, y, ridge, *X.shape)

    def call():
        w_bar = np.empty_like(w)
        return run(w_bar), (w_bar,)

    return call


def jax_value(jax, jnp):
    def loss(w, X, y, ridge):
        return jnp.mean(jnp.log1p(jnp.exp(-y * (X @ w)))) + ridge * jnp.sum(w * w)

    return {"numpy": loss}


def torch_value(torch):
    def loss(w, X, y, ridge):
        return torch.mean(torch.log1p(torch.exp(-y * (X @ w)))) + ridge * torch.sum(w * w)

    return loss


def autograd_value(np):
    def loss(w, X, y, ridge):
        return np.mean(np.log1p(np.exp(-y * np.dot(X, w)))) + ridge * np.sum(w * w)

    return loss

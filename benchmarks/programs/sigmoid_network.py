"""The cost of a network with two layers of sigmoids, 784-300-10, on a batch of 256, in NumPy."""

import numpy as np

SIZES = ((256, 784, 300, 10),)
QUICK = (8, 12, 6, 3)
ARGNUMS = (0, 1, 2, 3)


def inputs(size):
    batch, pixels, hidden, classes = size
    random = np.random.default_rng(0)
    return (
        random.normal(size=(pixels, hidden)) / np.sqrt(pixels),
        random.normal(size=hidden) * 0.1,
        random.normal(size=(hidden, classes)) / np.sqrt(hidden),
        random.normal(size=classes) * 0.1,
        random.uniform(size=(batch, pixels)),
        np.eye(classes)[random.integers(0, classes, batch)],
    )


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


def value(W1, b1, W2, b2, X, targets):
    hidden = sigmoid(X @ W1 + b1)
    outputs = sigmoid(hidden @ W2 + b2)
    return 0.5 * np.sum((outputs - targets) ** 2)


def _c_arguments(W1, b1, W2, b2, X, targets):
    from harness.blas import dgemm_address

    return W1, b1, W2, b2, X, targets, dgemm_address(), *X.shape, *W2.shape


def c_value(library, *arguments):
    from harness.library import prepared

    return prepared(library.sigmoid_network_value, *_c_arguments(*arguments))


def c_gradient(library, *arguments):
    from harness.library import prepared

    run = prepared(library.sigmoid_network_gradient, *_c_arguments(*arguments))

    def call():
        bars = tuple(np.empty_like(a) for a in arguments[:4])
        return run(*bars), bars

    return call


def jax_value(jax, jnp):
    def cost(W1, b1, W2, b2, X, targets):
        hidden = jax.nn.sigmoid(X @ W1 + b1)
        outputs = jax.nn.sigmoid(hidden @ W2 + b2)
        return 0.5 * jnp.sum((outputs - targets) ** 2)

    return {"numpy": cost}


def torch_value(torch):
    def cost(W1, b1, W2, b2, X, targets):
        hidden = torch.sigmoid(X @ W1 + b1)
        outputs = torch.sigmoid(hidden @ W2 + b2)
        return 0.5 * torch.sum((outputs - targets) ** 2)

    return cost


def autograd_value(np):
    def cost(W1, b1, W2, b2, X, targets):
        hidden = 1.0 / (1.0 + np.exp(-(np.dot(X, W1) + b1)))
        outputs = 1.0 / (1.0 + np.exp(-(np.dot(hidden, W2) + b2)))
        return 0.5 * np.sum((outputs - targets) ** 2)

    return cost

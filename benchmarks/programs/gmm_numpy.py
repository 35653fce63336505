"""The log-likelihood of a Gaussian mixture with a Wishart prior (ADBench), by matrix products in NumPy."""

import math

import numpy as np
from harness.adbench import mixture

SIZES = ("d20_K50", "d10_K25", "d64_K25")
QUICK = "d10_K25_n20"
ARGNUMS = (0, 1, 2)

inputs = mixture


def WORK(size):  # noqa: N802
    """Multiplications by the factors, and what else is done for each point and component."""
    d, components = (int(part[1:]) for part in size.split("_")[:2])
    return components * (d * d + 2 * d + 10)


def value(alphas, means, icf, x, gamma, m):
    n, d = x.shape
    components = len(alphas)
    terms = np.empty((n, components))
    prior = -components * log_wishart_normaliser(d, gamma, m)
    for k in range(components):
        factor = unpacked(icf[k], d)
        projected = (x - means[k]) @ factor.T
        log_determinant = np.sum(icf[k, :d])
        terms[:, k] = alphas[k] + log_determinant - 0.5 * np.sum(projected * projected, axis=1)
        prior += 0.5 * gamma * gamma * np.sum(factor * factor) - m * log_determinant
    constant = n * (0.5 * d * math.log(2.0 * math.pi) + np.sum(log_sum_exp(alphas)))
    return np.sum(log_sum_exp(terms)) - constant + prior


def unpacked(row, d):
    """A lower triangle: logarithms of its diagonal, then what is below by columns."""
    factor = np.zeros((d, d))
    p = d
    for a in range(d):
        factor[a, a] = np.exp(row[a])
        factor[a + 1 :, a] = row[p : p + d - 1 - a]
        p += d - 1 - a
    return factor


def log_sum_exp(terms):
    largest = np.max(terms, axis=-1, keepdims=True)
    return largest + np.log(np.sum(np.exp(terms - largest), axis=-1, keepdims=True))


def log_wishart_normaliser(d, gamma, m):
    n = d + m + 1
    log_gamma = 0.25 * d * (d - 1) * math.log(math.pi)
    for j in range(d):
        log_gamma += math.lgamma(0.5 * (n - j))
    return n * d * (math.log(gamma) - 0.5 * math.log(2.0)) - log_gamma


def _c_arguments(alphas, means, icf, x, gamma, m):
    from harness.blas import dgemm_address

    return alphas, means, icf, x, gamma, m, dgemm_address(), *x.shape, len(alphas)


def c_value(library, *arguments):
    from harness.library import prepared

    return prepared(library.gmm_numpy_value, *_c_arguments(*arguments))


def c_gradient(library, *arguments):
    from harness.library import prepared

    run = prepared(library.gmm_numpy_gradient, *_c_arguments(*arguments))

    def call():
        bars = tuple(np.empty_like(a) for a in arguments[:3])
        return run(*bars), bars

    return call


def peer_objective(xp, factors, likelihood, alphas, icf, n, gamma, m):
    """What is left where the sum over the points is known; `xp` is any of the array modules."""
    components, d = len(alphas), factors.shape[-1]
    logs = xp.sum(icf[:, :d])
    freedom = d + m + 1
    log_gamma = 0.25 * d * (d - 1) * math.log(math.pi)
    log_gamma += sum(math.lgamma(0.5 * (freedom - j)) for j in range(d))
    log_of_gamma = xp.log(gamma) if hasattr(gamma, "dtype") else math.log(gamma)
    normaliser = freedom * d * (log_of_gamma - 0.5 * math.log(2.0)) - log_gamma
    prior = 0.5 * gamma * gamma * xp.sum(factors**2) - m * logs - components * normaliser
    return likelihood - n * (0.5 * d * math.log(2.0 * math.pi) + peer_log_sum_exp(xp, alphas)) + prior


def peer_log_sum_exp(xp, terms):
    largest = xp.amax(terms, -1)
    return largest + xp.log(xp.sum(xp.exp(terms - largest[..., None]), -1))


def jax_factors(jnp, icf, d):
    columns, rows = np.triu_indices(d, 1)
    diagonals = jnp.exp(icf[:, :d])[:, :, None] * np.eye(d)
    return diagonals.at[:, rows, columns].set(icf[:, d:])


def gathered_factors(xp, icf, d, zeros, eye):
    """The factors by one gather, where elements cannot be written: position 0 holds the zero of the upper triangle."""
    columns, rows = np.triu_indices(d, 1)
    positions = np.zeros((d, d), dtype=int)
    positions[rows, columns] = np.arange(1, len(rows) + 1)
    return xp.exp(icf[:, :d])[:, :, None] * eye + xp.concatenate((zeros, icf[:, d:]), 1)[:, positions]


def _batched(xp, factors_of):
    def objective(alphas, means, icf, x, gamma, m):
        n, d = x.shape
        factors = factors_of(icf, d)
        projected = xp.matmul(x - means[:, None, :], xp.swapaxes(factors, 1, 2))
        terms = alphas[:, None] + xp.sum(icf[:, :d], 1)[:, None] - 0.5 * xp.sum(projected**2, 2)
        likelihood = xp.sum(peer_log_sum_exp(xp, terms.T))
        return peer_objective(xp, factors, likelihood, alphas, icf, n, gamma, m)

    return objective


def jax_value(jax, jnp):
    return {"numpy": _batched(jnp, lambda icf, d: jax_factors(jnp, icf, d))}


def torch_value(torch):
    def factors(icf, d):
        zeros, eye = torch.zeros((len(icf), 1), dtype=icf.dtype), torch.eye(d, dtype=icf.dtype)
        return gathered_factors(torch, icf, d, zeros, eye)

    return _batched(torch, factors)


def autograd_value(np):
    return _batched(np, lambda icf, d: gathered_factors(np, icf, d, np.zeros((len(icf), 1)), np.eye(d)))

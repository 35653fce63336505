"""The log-likelihood of a Gaussian mixture with a Wishart prior (ADBench), in loops."""

import math

import numpy as np
from harness.adbench import mixture

SIZES = ("d20_K50", "d10_K25", "d64_K25")
QUICK = "d10_K25_n5"
ARGNUMS = (0, 1, 2)

inputs = mixture


def WORK(size):  # noqa: N802
    """Multiplications by the factors, and what else is done for each point and component."""
    d, components = (int(part[1:]) for part in size.split("_")[:2])
    return components * (d * (d + 1) / 2 + 2 * d + 10)


def value(alphas, means, icf, x, gamma, m):
    n, d = x.shape
    components = len(alphas)
    scales = np.zeros((components, d))
    logs = np.zeros(components)
    for k in range(components):
        for a in range(d):
            scales[k, a] = math.exp(icf[k, a])
            logs[k] += icf[k, a]
    terms = np.zeros(components)
    centered = np.zeros(d)
    projected = np.zeros(d)
    total = 0.0
    for i in range(n):
        for k in range(components):
            for a in range(d):
                centered[a] = x[i, a] - means[k, a]
                projected[a] = scales[k, a] * centered[a]
            p = d
            for a in range(d):
                for b in range(a + 1, d):
                    projected[b] += icf[k, p] * centered[a]
                    p += 1
            squares = 0.0
            for a in range(d):
                squares += projected[a] * projected[a]
            terms[k] = alphas[k] + logs[k] - 0.5 * squares
        total += log_sum_exp(terms)
    total -= n * (0.5 * d * math.log(2.0 * math.pi) + log_sum_exp(alphas))
    return total + log_wishart_prior(icf, d, gamma, m)


def log_sum_exp(terms):
    largest = terms[0]
    for k in range(1, len(terms)):
        largest = max(largest, terms[k])
    total = 0.0
    for k in range(len(terms)):
        total += math.exp(terms[k] - largest)
    return largest + math.log(total)


def log_wishart_prior(icf, d, gamma, m):
    n = d + m + 1
    log_gamma = 0.25 * d * (d - 1) * math.log(math.pi)
    for j in range(d):
        log_gamma += math.lgamma(0.5 * (n - j))
    total = -len(icf) * (n * d * (math.log(gamma) - 0.5 * math.log(2.0)) - log_gamma)
    for k in range(len(icf)):
        for a in range(d):
            total += 0.5 * (gamma * math.exp(icf[k, a])) ** 2 - m * icf[k, a]
        for p in range(d, icf.shape[1]):
            total += 0.5 * (gamma * icf[k, p]) ** 2
    return total


def c_value(library, alphas, means, icf, x, gamma, m):
    from harness.library import prepared

    return prepared(library.gmm_loops_value, alphas, means, icf, x, gamma, m, *x.shape, len(alphas))


def c_gradient(library, alphas, means, icf, x, gamma, m):
    from harness.library import prepared

    run = prepared(library.gmm_loops_gradient, alphas, means, icf, x, gamma, m, *x.shape, len(alphas))

    def call():
        bars = np.empty_like(alphas), np.empty_like(means), np.empty_like(icf)
        return run(*bars), bars

    return call


def jax_value(jax, jnp):
    from programs.gmm_numpy import jax_factors, peer_objective

    def point(alphas, means, factors, logs, x):
        projected = jax.vmap(lambda factor, mean: factor @ (x - mean))(factors, means)
        return jax.nn.logsumexp(alphas + logs - 0.5 * jnp.sum(projected**2, axis=1))

    def whole(over_points, alphas, means, icf, x, gamma, m):
        n, d = x.shape
        factors = jax_factors(jnp, icf, d)
        logs = jnp.sum(icf[:, :d], axis=1)
        likelihood = over_points(lambda one: point(alphas, means, factors, logs, one), x)
        return peer_objective(jnp, factors, likelihood, alphas, icf, n, gamma, m)

    def mapped(function, x):
        return jnp.sum(jax.vmap(function)(x))

    def scanned(function, x):
        return jax.lax.scan(lambda total, one: (total + function(one), None), 0.0, x)[0]

    return {
        "vmap": lambda *arguments: whole(mapped, *arguments),
        "scan": lambda *arguments: whole(scanned, *arguments),
    }


def torch_value(torch):
    from programs.gmm_numpy import torch_value

    return torch_value(torch)


def autograd_value(np):
    from programs.gmm_numpy import autograd_value

    return autograd_value(np)

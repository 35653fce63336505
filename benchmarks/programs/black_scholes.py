"""The sum of the prices of 10^6 calls (Black and Scholes) by spot prices and volatilities, in NumPy."""

import math

import numpy as np
from scipy.special import erf

SIZES = (1_000_000,)
QUICK = 1_000
ARGNUMS = (0, 1)


def inputs(size):
    random = np.random.default_rng(0)
    return (
        random.uniform(80.0, 120.0, size),
        random.uniform(0.1, 0.5, size),
        random.uniform(80.0, 120.0, size),
        random.uniform(0.25, 2.0, size),
        0.03,
    )


def normal_cdf(x):
    return 0.5 * (1.0 + erf(x / math.sqrt(2.0)))


def value(spot, volatility, strike, expiry, rate):
    deviation = volatility * np.sqrt(expiry)
    d1 = (np.log(spot / strike) + (rate + 0.5 * volatility**2) * expiry) / deviation
    d2 = d1 - deviation
    return np.sum(spot * normal_cdf(d1) - strike * np.exp(-rate * expiry) * normal_cdf(d2))


def c_value(library, spot, *others):
    from harness.library import prepared

    return prepared(library.black_scholes_value, spot, *others, len(spot))


def c_gradient(library, spot, *others):
    from harness.library import prepared

    run = prepared(library.black_scholes_gradient, spot, *others, len(spot))

    def call():
        bars = np.empty_like(spot), np.empty_like(spot)
        return run(*bars), bars

    return call


def _form(log, sqrt, exp, erf, total):
    def cdf(x):
        return 0.5 * (1.0 + erf(x / math.sqrt(2.0)))

    def prices(spot, volatility, strike, expiry, rate):
        deviation = volatility * sqrt(expiry)
        d1 = (log(spot / strike) + (rate + 0.5 * volatility**2) * expiry) / deviation
        d2 = d1 - deviation
        return total(spot * cdf(d1) - strike * exp(-rate * expiry) * cdf(d2))

    return prices


def jax_value(jax, jnp):
    return {"numpy": _form(jnp.log, jnp.sqrt, jnp.exp, jax.scipy.special.erf, jnp.sum)}


def torch_value(torch):
    return _form(torch.log, torch.sqrt, torch.exp, torch.erf, torch.sum)


def autograd_value(np):
    from autograd.scipy.special import erf

    return _form(np.log, np.sqrt, np.exp, erf, np.sum)

"""The log-likelihood of a track under a Kalman filter with four states and two measurements, in small matrices."""

import numpy as np

SIZES = (10_000, 5_000, 20_000)
QUICK = 100
ARGNUMS = (0, 1, 2, 3, 4)
PEER_SIZES = {"torch": 200, "autograd": 200}


def inputs(size):
    random = np.random.default_rng(0)
    velocity = np.cumsum(0.03 * random.normal(size=(size, 2)), axis=0)
    track = np.cumsum(0.1 * velocity, axis=0)
    return track + 0.5 * random.normal(size=(size, 2)), np.zeros(4), 0.01, 0.3, 0.1


def value(measurements, start, process_noise, measurement_noise, interval):
    transition = np.array(
        [[1.0, 0.0, interval, 0.0], [0.0, 1.0, 0.0, interval], [0.0, 0.0, 1.0, 0.0], [0.0, 0.0, 0.0, 1.0]]
    )
    observation = np.array([[1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0]])
    mean = start
    covariance = np.eye(4)
    total = 0.0
    for measurement in measurements:
        mean = transition @ mean
        covariance = transition @ covariance @ transition.T + process_noise * np.eye(4)
        residual = measurement - observation @ mean
        spread = observation @ covariance @ observation.T + measurement_noise * np.eye(2)
        determinant = spread[0, 0] * spread[1, 1] - spread[0, 1] * spread[1, 0]
        precision = np.array([[spread[1, 1], -spread[0, 1]], [-spread[1, 0], spread[0, 0]]]) / determinant
        gain = covariance @ observation.T @ precision
        mean = mean + gain @ residual
        covariance = covariance - gain @ observation @ covariance
        total -= 0.5 * (residual @ precision @ residual + np.log(determinant))
    return total


def c_value(library, measurements, start, process_noise, measurement_noise, interval):
    from harness.library import prepared

    scalars = process_noise, measurement_noise, interval
    return prepared(library.kalman_value, measurements, start, *scalars, len(measurements))


def c_gradient(library, measurements, start, process_noise, measurement_noise, interval):
    from harness.library import prepared

    scalars = process_noise, measurement_noise, interval
    run = prepared(library.kalman_gradient, measurements, start, *scalars, len(measurements))

    def call():
        measurements_bar, start_bar, scalars_bar = np.empty_like(measurements), np.empty(4), np.empty(3)
        return run(measurements_bar, start_bar, scalars_bar), (measurements_bar, start_bar, *scalars_bar)

    return call


def jax_value(jax, jnp):
    def scanned(measurements, start, process_noise, measurement_noise, interval):
        transition = jnp.eye(4).at[0, 2].set(interval).at[1, 3].set(interval)
        observation = jnp.eye(2, 4)

        def step(carry, measurement):
            mean, covariance, total = carry
            mean = transition @ mean
            covariance = transition @ covariance @ transition.T + process_noise * jnp.eye(4)
            residual = measurement - observation @ mean
            spread = observation @ covariance @ observation.T + measurement_noise * jnp.eye(2)
            determinant = spread[0, 0] * spread[1, 1] - spread[0, 1] * spread[1, 0]
            precision = jnp.array([[spread[1, 1], -spread[0, 1]], [-spread[1, 0], spread[0, 0]]]) / determinant
            gain = covariance @ observation.T @ precision
            mean = mean + gain @ residual
            covariance = covariance - gain @ observation @ covariance
            total = total - 0.5 * (residual @ precision @ residual + jnp.log(determinant))
            return (mean, covariance, total), None

        return jax.lax.scan(step, (start, jnp.eye(4), 0.0), measurements)[0][2]

    return {"scan": scanned}


def _filtered(np, eye, matrix, measurements, start, process_noise, measurement_noise, interval):
    """The filter, given how a library makes the unit matrix and a matrix of numbers."""
    observation = eye(4)[:2]
    transition = eye(4) + interval * matrix([[0.0, 0.0, 1.0, 0.0], [0.0, 0.0, 0.0, 1.0], [0.0] * 4, [0.0] * 4])
    turn = matrix([[0.0, 1.0], [-1.0, 0.0]])
    mean, covariance, total = start, eye(4), 0.0
    for k in range(len(measurements)):
        mean = transition @ mean
        covariance = transition @ covariance @ transition.T + process_noise * eye(4)
        residual = measurements[k] - observation @ mean
        spread = observation @ covariance @ observation.T + measurement_noise * eye(2)
        determinant = spread[0, 0] * spread[1, 1] - spread[0, 1] * spread[1, 0]
        precision = turn @ spread.T @ turn.T / determinant
        gain = covariance @ observation.T @ precision
        mean = mean + gain @ residual
        covariance = covariance - gain @ observation @ covariance
        total = total - 0.5 * (residual @ precision @ residual + np.log(determinant))
    return total


def torch_value(torch):
    def function(*arguments):
        def matrix(rows):
            return torch.tensor(rows, dtype=torch.float64)

        return _filtered(torch, lambda n: torch.eye(n, dtype=torch.float64), matrix, *arguments)

    return function


def autograd_value(np):
    return lambda *arguments: _filtered(np, np.eye, np.array, *arguments)

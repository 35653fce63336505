"""The Lorenz equations by Runge and Kutta's method in plain numbers; derivatives by the start and the parameters."""

SIZES = (100_000, 50_000, 200_000)
QUICK = 500
ARGNUMS = (0, 1, 2, 3, 4, 5)
PEER_SIZES = {"torch": 200, "autograd": 200}


def inputs(size):
    # over the same time whatever the number of steps: the derivatives grow exponentially with time
    return 1.0, 2.0, 20.0, 10.0, 28.0, 8.0 / 3.0, 5.0 / size, size


def field(x, y, z, sigma, rho, beta):
    return sigma * (y - x), x * (rho - z) - y, x * y - beta * z


def value(x, y, z, sigma, rho, beta, h, steps):
    for _ in range(steps):
        x1, y1, z1 = field(x, y, z, sigma, rho, beta)
        x2, y2, z2 = field(x + h / 2 * x1, y + h / 2 * y1, z + h / 2 * z1, sigma, rho, beta)
        x3, y3, z3 = field(x + h / 2 * x2, y + h / 2 * y2, z + h / 2 * z2, sigma, rho, beta)
        x4, y4, z4 = field(x + h * x3, y + h * y3, z + h * z3, sigma, rho, beta)
        x = x + h / 6 * (x1 + 2 * x2 + 2 * x3 + x4)
        y = y + h / 6 * (y1 + 2 * y2 + 2 * y3 + y4)
        z = z + h / 6 * (z1 + 2 * z2 + 2 * z3 + z4)
    return x * x + y * y + z * z


def c_value(library, *arguments):
    from harness.library import prepared

    return prepared(library.lorenz_value, *arguments)


def c_gradient(library, *arguments):
    import numpy as np
    from harness.library import prepared

    run = prepared(library.lorenz_gradient, *arguments)

    def call():
        bars = np.empty(6)
        return run(bars), tuple(bars)

    return call


def jax_value(jax, jnp):
    def scanned(x, y, z, sigma, rho, beta, h, steps):
        def step(state, _):
            x, y, z = state
            x1, y1, z1 = field(x, y, z, sigma, rho, beta)
            x2, y2, z2 = field(x + h / 2 * x1, y + h / 2 * y1, z + h / 2 * z1, sigma, rho, beta)
            x3, y3, z3 = field(x + h / 2 * x2, y + h / 2 * y2, z + h / 2 * z2, sigma, rho, beta)
            x4, y4, z4 = field(x + h * x3, y + h * y3, z + h * z3, sigma, rho, beta)
            x = x + h / 6 * (x1 + 2 * x2 + 2 * x3 + x4)
            y = y + h / 6 * (y1 + 2 * y2 + 2 * y3 + y4)
            z = z + h / 6 * (z1 + 2 * z2 + 2 * z3 + z4)
            return (x, y, z), None

        x, y, z = jax.lax.scan(step, (x, y, z), None, length=steps)[0]
        return x * x + y * y + z * z

    return {"scan": scanned}


def torch_value(torch):
    return value


def autograd_value(np):
    return value

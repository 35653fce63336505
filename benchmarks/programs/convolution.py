"""Half the squared misfit of an image, convolved with a 5 x 5 kernel, to a target, in loops."""

import numpy as np

SIZES = (512, 256, 1024)
QUICK = 16
ARGNUMS = (0, 1)
TAPS = 5


def WORK(size):  # noqa: N802
    return size * size


def inputs(size):
    random = np.random.default_rng(0)
    edge = size + TAPS - 1
    return random.normal(size=(edge, edge)), random.normal(size=(TAPS, TAPS)), random.normal(size=(size, size))


def value(image, kernel, target):
    taps = len(kernel)
    rows, columns = target.shape
    misfit = 0.0
    for i in range(rows):
        for j in range(columns):
            pixel = 0.0
            for a in range(taps):
                for b in range(taps):
                    pixel += kernel[a, b] * image[i + a, j + b]
            misfit += 0.5 * (pixel - target[i, j]) ** 2
    return misfit


def c_value(library, image, kernel, target):
    from harness.library import prepared

    return prepared(library.convolution_value, image, kernel, target, *target.shape)


def c_gradient(library, image, kernel, target):
    from harness.library import prepared

    run = prepared(library.convolution_gradient, image, kernel, target, *target.shape)

    def call():
        bars = np.empty_like(image), np.empty_like(kernel)
        return run(*bars), bars

    return call


def jax_value(jax, jnp):
    def convolved(image, kernel, target):
        pixels = jax.lax.conv(image[None, None], kernel[None, None], (1, 1), "VALID")[0, 0]
        return 0.5 * jnp.sum((pixels - target) ** 2)

    return {"conv": convolved, "slices": _slices}


def torch_value(torch):
    def convolved(image, kernel, target):
        pixels = torch.nn.functional.conv2d(image[None, None], kernel[None, None])[0, 0]
        return 0.5 * torch.sum((pixels - target) ** 2)

    return convolved


def autograd_value(np):
    return _slices


def _slices(image, kernel, target):
    rows, columns = target.shape
    pixels = 0.0
    for a in range(TAPS):
        for b in range(TAPS):
            pixels = pixels + kernel[a, b] * image[a : a + rows, b : b + columns]
    return 0.5 * ((pixels - target) ** 2).sum()

"""Bundle adjustment (ADBench): reprojection errors of 31843 observations, and the 2 x 15 derivatives of each."""

import math

import numpy as np
from harness.adbench import adjusted_scene

SIZES = (31843, 8000, 16000)
QUICK = 50
ARGNUMS = (0, 1, 2)
SMALL = 1e-20

inputs = adjusted_scene


def value(cameras, points, weights, camera_of, point_of, features):
    errors = np.empty((len(weights), 2))
    for k in range(len(weights)):
        errors[k] = reprojection(cameras[camera_of[k]], points[point_of[k]], weights[k], features[k])
    return errors


def reprojection(camera, point, weight, feature):
    """Weighted difference of projected point and feature; the camera is rotation, centre, focal length, principal
    point and radial distortion."""
    x, y, z = rotated(camera[0], camera[1], camera[2], point[0] - camera[3], point[1] - camera[4], point[2] - camera[5])
    u = x / z
    v = y / z
    r2 = u * u + v * v
    scale = camera[6] * (1.0 + camera[9] * r2 + camera[10] * r2 * r2)
    return np.array([weight * (camera[7] + scale * u - feature[0]), weight * (camera[8] + scale * v - feature[1])])


def rotated(r0, r1, r2, x, y, z):
    """The vector (x, y, z), rotated about r by the angle |r| (Rodrigues)."""
    square = r0 * r0 + r1 * r1 + r2 * r2
    if square <= SMALL:
        return x + r1 * z - r2 * y, y + r2 * x - r0 * z, z + r0 * y - r1 * x
    angle = math.sqrt(square)
    cosine = math.cos(angle)
    sine = math.sin(angle)
    a0 = r0 / angle
    a1 = r1 / angle
    a2 = r2 / angle
    along = (a0 * x + a1 * y + a2 * z) * (1.0 - cosine)
    return (
        x * cosine + (a1 * z - a2 * y) * sine + a0 * along,
        y * cosine + (a2 * x - a0 * z) * sine + a1 * along,
        z * cosine + (a0 * y - a1 * x) * sine + a2 * along,
    )


def horizontal(camera, point, weight, feature):
    return reprojection(camera, point, weight, feature)[0]


def vertical(camera, point, weight, feature):
    return reprojection(camera, point, weight, feature)[1]


def gradient(pg):
    of_horizontal = pg.grad(horizontal, (0, 1, 2))
    of_vertical = pg.grad(vertical, (0, 1, 2))

    def blocks(cameras, points, weights, camera_of, point_of, features):
        """The derivatives of both errors of each observation by its camera (11), point (3) and weight (1)."""
        out = np.empty((len(weights), 2, 15))
        for k in range(len(weights)):
            camera = cameras[camera_of[k]]
            point = points[point_of[k]]
            by_camera, by_point, by_weight = of_horizontal(camera, point, weights[k], features[k])
            out[k, 0, :11] = by_camera
            out[k, 0, 11:14] = by_point
            out[k, 0, 14] = by_weight
            by_camera, by_point, by_weight = of_vertical(camera, point, weights[k], features[k])
            out[k, 1, :11] = by_camera
            out[k, 1, 11:14] = by_point
            out[k, 1, 14] = by_weight
        return out

    return pg.compile(blocks) if hasattr(pg, "compile") else blocks


def c_value(library, *arguments):
    from harness.library import prepared

    count = len(arguments[2])
    run = prepared(library.bundle_adjustment_value, *arguments, count)

    def call():
        errors = np.empty((count, 2))
        run(errors)
        return errors

    return call


def c_gradient(library, *arguments):
    from harness.library import prepared

    count = len(arguments[2])
    run = prepared(library.bundle_adjustment_gradient, *arguments, count)

    def call():
        out = np.empty((count, 2, 15))
        run(out)
        return None, out

    return call


def _errors(xp, zero_safe, camera, point, weight, feature):
    """The errors by components that are numbers, or arrays of all observations."""
    r, d = camera[:3], [p - c for p, c in zip(point, camera[3:6])]
    square = r[0] * r[0] + r[1] * r[1] + r[2] * r[2]
    small = square <= SMALL
    angle = xp.sqrt(zero_safe(small, square))
    cosine, sine = xp.cos(angle), xp.sin(angle)
    a = [c / angle for c in r]
    along = (a[0] * d[0] + a[1] * d[1] + a[2] * d[2]) * (1.0 - cosine)
    x, y, z = (
        xp.where(
            small,
            d[i] + r[j] * d[k] - r[k] * d[j],
            d[i] * cosine + (a[j] * d[k] - a[k] * d[j]) * sine + a[i] * along,
        )
        for i, j, k in ((0, 1, 2), (1, 2, 0), (2, 0, 1))
    )
    u, v = x / z, y / z
    r2 = u * u + v * v
    scale = camera[6] * (1.0 + camera[9] * r2 + camera[10] * r2 * r2)
    return weight * (camera[7] + scale * u - feature[0]), weight * (camera[8] + scale * v - feature[1])


def _one(xp):
    def errors(camera, point, weight, feature):
        return xp.stack(_errors(xp, lambda small, s: xp.where(small, 1.0, s), camera, point, weight, feature))

    return errors


def jax_value(jax, jnp):
    return _jax_forms(jax, jnp, _one(jnp), (2,))


def jax_gradient(jax, jnp):
    def block(camera, point, weight, feature):
        by_camera, by_point, by_weight = jax.jacrev(_one(jnp), (0, 1, 2))(camera, point, weight, feature)
        return jnp.concatenate((by_camera, by_point, by_weight[:, None]), axis=1)

    return _jax_forms(jax, jnp, block, (2, 15))


def _jax_forms(jax, jnp, one, shape):
    def mapped(cameras, points, weights, camera_of, point_of, features):
        return jax.vmap(one)(cameras[camera_of], points[point_of], weights, features)

    def written(cameras, points, weights, camera_of, point_of, features):
        def body(k, out):
            return out.at[k].set(one(cameras[camera_of[k]], points[point_of[k]], weights[k], features[k]))

        return jax.lax.fori_loop(0, len(weights), body, jnp.empty((len(weights), *shape)))

    return {"vmap": mapped, "at": written}


def torch_value(torch):
    def errors(cameras, points, weights, camera_of, point_of, features):
        return torch.func.vmap(_one(torch))(cameras[camera_of], points[point_of], weights, features)

    return errors


def torch_gradient(torch):
    one = torch.func.jacrev(_one(torch), (0, 1, 2))

    def jacobians(cameras, points, weights, camera_of, point_of, features):
        parts = torch.func.vmap(one)(cameras[camera_of], points[point_of], weights, features)
        by_camera, by_point, by_weight = parts
        return torch.cat((by_camera, by_point, by_weight[..., None]), 2)

    return jacobians


def autograd_value(np):
    def errors(cameras, points, weights, camera_of, point_of, features):
        return np.stack(_columns(np, cameras[camera_of], points[point_of], weights, features), axis=1)

    return errors


def _columns(np, cameras, points, weights, features):
    def safe(small, square):
        return np.where(small, 1.0, square)

    return _errors(np, safe, list(cameras.T), list(points.T), weights, list(features.T))


def autograd_gradient(np):
    from autograd import grad

    def jacobians(cameras, points, weights, camera_of, point_of, features):
        own = cameras[camera_of], points[point_of], weights
        rows = []
        for row in range(2):  # each observation has its own copies, so the sum's gradient is every observation's row
            total = grad(lambda c, p, w, row=row: np.sum(_columns(np, c, p, w, features)[row]), (0, 1, 2))
            by_camera, by_point, by_weight = total(*own)
            rows.append(np.concatenate((by_camera, by_point, by_weight[:, None]), axis=1))
        return np.stack(rows, axis=1)

    return jacobians

"""Inputs of the ADBench suite: its files where a copy lies beside the repository, else random ones of those shapes."""

from __future__ import annotations

from pathlib import Path

import numpy as np

__all__ = ["adjusted_scene", "mixture"]

FILES = Path(__file__).resolve().parents[3] / "shared" / "data" / "adbench"


def mixture(name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, float, int]:
    """A Gaussian mixture and its data: alphas, means, icf, x, and the prior's gamma and m.

    Parameters
    ----------
    name : str
        ``"d10_K25"``: dimension and number of components; a third part, ``"d10_K25_n20"``, limits the points.
    """
    d, components, *limit = (int(part[1:]) for part in name.split("_"))
    width = d + d * (d - 1) // 2
    path = FILES / f"gmm_d{d}_K{components}.txt"
    points = limit[0] if limit else 1000
    if not path.exists():
        random = np.random.default_rng(0)
        return (
            random.normal(size=components),
            random.uniform(size=(components, d)),
            random.normal(size=(components, width)),
            random.normal(size=(points, d)),
            1.0,
            0,
        )
    numbers = np.array(path.read_text(encoding="utf-8").split()[3:], dtype=np.float64)
    parts = np.split(numbers, np.cumsum([components, components * d, components * width]))
    x = parts[3][:-2].reshape(-1, d)[:points]
    return (
        parts[0].copy(),
        parts[1].reshape(components, d).copy(),
        parts[2].reshape(components, width).copy(),
        x.copy(),
        float(numbers[-2]),
        int(numbers[-1]),
    )


def adjusted_scene(observations: int) -> tuple[np.ndarray, ...]:
    """A scene to adjust: cameras, points, weights, the camera and the point of each observation, features.

    One camera, one point, one weight and one feature, all of them repeated, as in the suite; observation i sees camera
    i mod 49 and point i mod 7776.
    """
    path = FILES / "ba1_n49_m7776_p31843.txt"
    if path.exists():
        numbers = np.array(path.read_text(encoding="utf-8").split()[3:], dtype=np.float64)
        camera, point, weight, feature = np.split(numbers, [11, 14, 15])
    else:
        random = np.random.default_rng(0)
        camera = random.normal(size=11) * [1, 1, 1, 30, 30, 30, 400, 10, 10, 0.1, 0.01]
        point, weight, feature = random.normal(size=3), random.uniform(size=1), random.uniform(size=2) * 1000
    order = np.arange(observations)
    return (
        np.tile(camera, (49, 1)),
        np.tile(point, (7776, 1)),
        np.repeat(weight, observations),
        order % 49,
        order % 7776,
        np.tile(feature, (observations, 1)),
    )

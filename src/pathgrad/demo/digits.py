"""A network learns handwritten digits (lecture, section 6; floor 6; scikit-learn and matplotlib when first used)."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from ..nn import Network, one_hot
from .pictures import BLUE, GREEN, RED, figure_of, save

__all__ = ["Digits", "learn", "load"]


class Digits(NamedTuple):
    """Images of 8 by 8 pixels between 0 and 1, in rows, and the digits they show."""

    images: NDArray[np.float64]
    digits: NDArray[np.int64]


def load(training: int = 1400, seed: int = 0) -> tuple[Digits, Digits]:
    """The digits that come with scikit-learn: so many to learn from, and the rest, held back.

    Examples
    --------
    >>> shown, held_back = load()
    >>> shown.images.shape, held_back.images.shape
    ((1400, 64), (397, 64))
    """
    from sklearn.datasets import load_digits

    images, digits = load_digits(return_X_y=True)
    order = np.random.default_rng(seed).permutation(len(images))
    parts = np.split(order, [training])
    first, second = (Digits(images[part] / 16, digits[part]) for part in parts)
    return first, second


def learn(folder: Path, console: Console, epochs: int = 20, training: int = 1400) -> tuple[float, list[Path]]:
    """Train a 64-30-10 network example by example, and draw what it learned.

    Parameters
    ----------
    folder : Path
        Where pictures and weights are written.
    console : Console
        Where progress is told if the output is no terminal, which gets a progress bar.
    epochs, training : int
        How long, and on how many images.

    Returns
    -------
    accuracy : float
        The share of the held-back images that are read correctly.
    files : list of Path
        The files written.

    Examples
    --------
    >>> import io, tempfile
    >>> with tempfile.TemporaryDirectory() as name:
    ...     accuracy, files = learn(Path(name), Console(file=io.StringIO()), epochs=2)
    >>> accuracy > 0.9, [path.name for path in files]
    (True, ['learning-curve.png', 'confusion-matrix.png', 'digits.npz'])
    """
    shown, held_back = load(training)
    network = Network([64, 30, 10], seed=0)
    accuracies: list[float] = []

    def keep_accuracy(network: Network) -> None:
        accuracies.append(network.score(held_back.images, one_hot(held_back.digits, 10)))
        if not console.is_terminal and len(accuracies) % 5 == 0:
            console.print(f"epoch {len(accuracies):3}: cost {network.history[-1]:.4f}, accuracy {accuracies[-1]:.1%}")

    wanted = one_hot(shown.digits, 10)
    network.fit(shown.images, wanted, rate=0.5, epochs=epochs, progress=True, after_epoch=keep_accuracy)
    read = network.predict(held_back.images).argmax(axis=1)
    accuracy = accuracies[-1]
    console.print(f"{network!r}: reads {accuracy:.1%} of {len(read)} held-back images correctly")
    return accuracy, [
        _learning_curve(network.history, accuracies, folder / "learning-curve.png"),
        _confusion(held_back, read, folder / "confusion-matrix.png"),
        network.save(folder / "digits.npz"),
    ]


def _learning_curve(history: list[float], accuracies: list[float], path: Path) -> Path:
    figure = figure_of(9, 3.6)
    left, right = figure.subplots(1, 2)
    epochs = np.arange(1, len(history) + 1)
    left.semilogy(epochs, history, "o-", color=BLUE, markersize=3.5)
    left.set(xlabel="epoch", ylabel="mean cost of an example", title="Cost while learning")
    right.plot(epochs, 100 * np.array(accuracies), "o-", color=GREEN, markersize=3.5)
    right.axhline(95, color=RED, linewidth=0.8, linestyle="--", label="95 %")
    right.legend(frameon=False, loc="lower right")
    right.set(xlabel="epoch", ylabel="read correctly, %", title="Images held back", ylim=(None, 100))
    for axes in (left, right):
        axes.xaxis.get_major_locator().set_params(integer=True)
    return save(figure, path)


def _confusion(held_back: Digits, read: NDArray[np.int64], path: Path) -> Path:
    """The table of what was shown against what was read, and some of the images that were misread."""
    counts = np.zeros((10, 10), dtype=int)
    np.add.at(counts, (held_back.digits, read), 1)
    figure = figure_of(10, 5.2)
    left, right = figure.subfigures(1, 2, width_ratios=(1.15, 1))
    axes = left.subplots()
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for row, column in zip(*np.nonzero(counts), strict=True):
        colour = "white" if shares[row, column] > 0.5 else RED
        axes.text(column, row, str(counts[row, column]), ha="center", va="center", color=colour, fontsize=9)
    axes.set(xticks=range(10), yticks=range(10), xlabel="read as", ylabel="shown")
    axes.set_title(f"{np.trace(counts)} of {len(read)} held-back images read correctly")
    _misread_images(right, held_back, read)
    return save(figure, path)


def _misread_images(figure: Any, held_back: Digits, read: NDArray[np.int64]) -> None:
    misread = np.flatnonzero(read != held_back.digits)[:12]
    figure.suptitle("Misread images" if len(misread) else "No image was misread")
    side = int(np.ceil(np.sqrt(max(len(misread), 4))))
    grid = list(figure.subplots(side, side).flat)
    for axes in grid:
        axes.axis("off")
    for axes, k in zip(grid, misread, strict=False):
        axes.imshow(held_back.images[k].reshape(8, 8), cmap="gray_r", vmin=0, vmax=1)
        axes.set_title(f"{held_back.digits[k]} read as {read[k]}", fontsize=9)

"""What the demo's plots have in common (floor 6; matplotlib when first used)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

__all__ = ["BLUE", "GREEN", "GREY", "RED", "figure_of", "save"]

BLUE, GREEN, RED, GREY = "#2563a8", "#15803d", "#c2410c", "#6b7280"


def figure_of(width: float, height: float) -> Any:
    """An empty figure of so many inches, which needs no display.

    Examples
    --------
    >>> figure_of(4, 3).get_size_inches().tolist()
    [4.0, 3.0]
    """
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def save(figure: Any, path: Path) -> Path:
    """Write a figure without the frame's upper and right lines; returns the path.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(figure_of(1, 1), Path(folder, "empty.png")).name
    'empty.png'
    """
    for axes in figure.axes:
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=150)
    return path

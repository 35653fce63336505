"""SVG and PNG from a scene, and the choice by file suffix (floor 6; imports graph, scene, dot; matplotlib lazily)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..errors import GraphError
from ..graph import Paths, Structure, Sweep
from .dot import dot_source
from .scene import SIZE, SMALL, Scene, build_scene, chosen_sweep, text_width

__all__ = ["draw"]

_MARGIN = 10.0
_GREEN, _INK, _FADED, _GREY = "#15803d", "#1f2937", "#c3c8d0", "#6b7280"

_EDGE_STYLE: dict[str, dict[str, Any]] = {
    "edge": {"color": _INK, "linewidth": 0.9},
    "faded edge": {"color": _FADED, "linewidth": 0.7},
    "flat edge": {"color": _FADED, "linewidth": 0.8, "linestyle": (0, (3, 2))},
}
_NODE_STYLE: dict[str, dict[str, Any]] = {
    "operator": {"facecolor": "#fef9e7", "edgecolor": _INK},
    "input": {"facecolor": "#e0edfb", "edgecolor": "#2563a8"},
    "constant": {"facecolor": "none", "edgecolor": "none"},
    "faded operator": {"facecolor": "white", "edgecolor": _FADED},
    "faded input": {"facecolor": "white", "edgecolor": _FADED},
    "faded constant": {"facecolor": "none", "edgecolor": "none"},
}
_TEXT_STYLE: dict[str, dict[str, Any]] = {
    "operator text": {"size": SIZE, "color": _INK},
    "input text": {"size": SIZE, "color": "#1e3a5f"},
    "constant text": {"size": SIZE, "color": _INK},
    "label": {"size": SMALL, "color": "#7c2d12"},
    "faded label": {"size": SMALL, "color": "#9aa1ab"},
    "path value": {"size": SIZE, "color": _GREEN, "weight": "bold"},
    "output": {"size": SIZE, "color": _INK},
    "value": {"size": SMALL, "color": _GREY},
}
_FADED_TEXT = {"size": SIZE, "color": "#8b929c"}


def draw(
    graph: Structure,
    path: str | Path,
    paths: Paths | Sweep | None = None,
    *,
    values: bool = False,
    title: str | None = None,
    dpi: float = 200.0,
) -> Path:
    """Draw a computation graph into a file: operators in vertices, labels on edges, the root on top.

    Parameters
    ----------
    graph : Graph
        Numeric or symbolic.
    path : str or Path
        Where; the suffix chooses ``.svg``, ``.png`` or ``.dot``.
    paths : Paths or Sweep, optional
        A solved path problem of this graph or of its symbolic twin: its path values are written in green beside their
        vertices, and what lies on no path is faded.
    values : bool
        Write the value of every vertex, not only those of leaves and outputs.
    title : str, optional
        A line above the picture.
    dpi : float
        Dots per inch of a PNG.

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    GraphError
        The suffix is none of the three, or ``paths`` has several sweeps.
    MissingPackageError
        matplotlib or igraph is not installed and the file is not ``.dot``.

    Notes
    -----
    The same graph gives the same file. Source: lecture, Figures 2, 3 and 9.

    Examples
    --------
    >>> import tempfile
    >>> from pathgrad.graph import Graph
    >>> graph = Graph.from_edges(3, 2, [(0, 2, 5.0), (1, 2, 3.0)], outputs=[2], operators=["multiply"])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     draw(graph, folder + "/product.dot").name
    'product.dot'
    """
    target = Path(path)
    suffix = target.suffix.lower()
    if suffix not in (".svg", ".png", ".dot"):
        raise GraphError(f"draw: {target.name!r} ends in {suffix or 'nothing'}; a picture is .svg, .png or .dot")
    sweep = chosen_sweep(paths)
    if suffix == ".dot":
        target.write_text(dot_source(graph, sweep, values=values, title=title), encoding="utf-8")
        return target
    _write(build_scene(graph, sweep, values), target, title, dpi)
    return target


def _write(scene: Scene, target: Path, title: str | None, dpi: float) -> None:
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch
    from matplotlib.path import Path as Outline

    left, bottom, right, top = scene.bounds
    left, bottom, right, top = left - _MARGIN, bottom - _MARGIN, right + _MARGIN, top + _MARGIN + (20 if title else 0)
    if title:
        lacking = max(0.0, text_width()(title, SIZE + 1) + 2 * _MARGIN - (right - left))
        left, right = left - lacking / 2, right + lacking / 2
    settings: Any = {"font.family": "DejaVu Sans", "svg.hashsalt": "pathgrad", "svg.fonttype": "path"}
    with matplotlib.rc_context(settings):
        figure = Figure(figsize=((right - left) / 72, (top - bottom) / 72))
        FigureCanvasAgg(figure)
        axes = figure.add_axes((0, 0, 1, 1), xlim=(left, right), ylim=(bottom, top))
        axes.set_axis_off()
        for curve in scene.curves:
            codes = [Outline.MOVETO] + [Outline.CURVE4] * (len(curve.points) - 1)
            axes.add_patch(
                FancyArrowPatch(
                    path=Outline(curve.points, codes),
                    arrowstyle="-|>,head_length=4,head_width=1.8",
                    mutation_scale=1,
                    zorder=1,
                    **_EDGE_STYLE[curve.role],
                )
            )
        for node in scene.nodes:
            style = {"linewidth": 0.9, "zorder": 3, **_NODE_STYLE[node.role]}
            if node.half_width == node.half_height:
                axes.add_patch(Circle((node.x, node.y), node.half_width, **style))
                continue
            corner = (node.x - node.half_width, node.y - node.half_height)
            rounded = f"round,pad=0,rounding_size={0.6 * node.half_height}"
            size = (2 * node.half_width, 2 * node.half_height)
            axes.add_patch(FancyBboxPatch(corner, *size, boxstyle=rounded, **style))
        for text in scene.texts:
            style = dict(_TEXT_STYLE.get(text.role, _FADED_TEXT))
            if text.role.endswith("label"):
                style["bbox"] = {"facecolor": "white", "edgecolor": "none", "pad": 1.0}
            axes.text(text.x, text.y, text.text, ha=text.align, va="center_baseline", zorder=4, **style)
        if title:
            axes.text((left + right) / 2, top - 14, title, ha="center", va="center", size=SIZE + 1, color=_INK)
        metadata = {"Date": None} if target.suffix.lower() == ".svg" else {"Software": None}
        figure.savefig(target, dpi=dpi, metadata=metadata, facecolor="white")

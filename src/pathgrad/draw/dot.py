"""Graphviz' DOT language, as text (floor 6; imports graph, scene, text)."""

from __future__ import annotations

from ..graph import Structure, Sweep
from ..graph.structure import CONSTANT, INPUT
from .scene import leaf_text, output_texts
from .text import written

__all__ = ["dot_source"]

_SHAPES = {INPUT: "box, style=rounded, color=steelblue", CONSTANT: "plaintext"}


def dot_source(graph: Structure, sweep: Sweep | None = None, *, values: bool = False, title: str | None = None) -> str:
    """The graph in DOT, root on top.

    Parameters
    ----------
    graph : Graph
        The graph.
    sweep : Sweep, optional
        Whose path values to write in green beside the vertices.
    values : bool
        Whether to write every vertex's value.
    title : str, optional
        A caption.

    Returns
    -------
    str

    Examples
    --------
    >>> from pathgrad.graph import Graph
    >>> print(dot_source(Graph.from_edges(2, 1, [(0, 1, 3.0)], outputs=[1], operators=["sin"])))
    digraph computation {
      rankdir=BT; ordering=in;
      0 [label="x[0]", shape=box, style=rounded, color=steelblue];
      1 [label="sin", shape=circle];
      out1 [label="out", shape=plaintext];
      0 -> 1 [label="3"];
      1 -> out1;
    }
    <BLANKLINE>
    """
    lines = ["digraph computation {", "  rankdir=BT; ordering=in;"]
    if title:
        lines.append(f"  label={_quoted(title)}; labelloc=t;")
    for vertex in range(len(graph)):
        code = int(graph.codes[vertex])
        text = leaf_text(graph, vertex) if code < 0 else graph.operator_symbol(vertex)
        if values and code >= 0:
            text += f"\n{written(graph.values[vertex])}"
        extra = ""
        if sweep is not None and vertex in sweep.values:
            green = written(sweep.values[vertex]).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
            extra = f', xlabel=<<font color="#15803d"><b>{green}</b></font>>'
        lines.append(f"  {vertex} [label={_quoted(text)}, shape={_SHAPES.get(code, 'circle')}{extra}];")
    for vertex, tag in output_texts(graph).items():
        lines.append(f"  out{vertex} [label={_quoted(tag)}, shape=plaintext];")
    for carries, edge in zip(graph.rows[3], graph.edges(), strict=True):
        style = f"label={_quoted(written(edge.label))}" if carries else "style=dashed, color=grey"
        lines.append(f"  {edge.source} -> {edge.target} [{style}];")
    lines.extend(f"  {vertex} -> out{vertex};" for vertex in output_texts(graph))
    return "\n".join([*lines, "}", ""])


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'

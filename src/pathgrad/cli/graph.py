"""``pathgrad graph``: the computation graph, solved and drawn (floor 6; imports draw, frontend, graph)."""

from __future__ import annotations

from pathlib import Path

from ..draw import draw
from ..frontend import trace
from ..graph import Graph, Paths
from .arguments import bound_values
from .report import BadInput, console, show_table
from .target import function_of

__all__ = ["graph"]

_MOST = 60


def graph(
    target: str,
    at: list[str],
    direction: str | None,
    source: str | None,
    sink: str | None,
    symbolic: bool,
    output: Path | None,
) -> None:
    """Print, solve and draw the computation graph of FILE.py:FUNCTION."""
    function = function_of(target)
    traced = trace(function, **bound_values(function, at))
    shown = traced.symbolic() if symbolic else traced
    solved = _solved(shown, direction, source, sink)
    if solved is None:
        show_table(repr(traced), _vertices(shown, None))
    else:
        cost = f"{solved.multiplications} multiplications, {solved.additions} additions"
        ends = [", ".join(v.name or str(int(v)) for v in side) for side in (solved.sources, solved.targets)]
        show_table(
            f"{solved.direction} paths from {ends[0]} to {ends[1]}: {cost}",
            _vertices(shown, solved),
            right=not symbolic,
        )
        _show_values(solved)
    if output is not None:
        draw(shown, output, paths=solved)
        console(error=True).print(f"wrote {output}", markup=False)


def _solved(shown: Graph, direction: str | None, source: str | None, sink: str | None) -> Paths | None:
    if direction is None and source is None and sink is None:
        return None
    direction = direction or ("backward" if source is None else "forward")
    if direction not in ("forward", "backward"):
        raise BadInput(f"--direction {direction!r}: use forward or backward")
    sources = [source] if source is not None else [v.name or int(v) for v in shown.inputs]
    sinks = [sink] if sink is not None else [v.name or int(v) for v in shown.outputs]
    # One sweep is one picture: forward from one input to all outputs, backward from one output to all inputs.
    if direction == "forward" and len(sources) > 1:
        console(error=True).print(f"forward from {sources[0]}; choose another input with --source", markup=False)
        sources = sources[:1]
    if direction == "backward" and len(sinks) > 1:
        console(error=True).print(f"backward from {sinks[0]}; choose another output with --target", markup=False)
        sinks = sinks[:1]
    return shown.paths(list(map(_key, sources)), list(map(_key, sinks)), direction=direction)  # type: ignore[arg-type]


def _key(text: str | int) -> str | int:
    """A vertex on the command line: its number or its name."""
    return int(text) if isinstance(text, int) or text.isdigit() else text


def _vertices(shown: Graph, solved: Paths | None) -> list[list[str]]:
    """A row for each vertex: number, name, operator, operands with their labels, value, path value."""
    head = ["vertex", "operator", "edges from (label)", "value"]
    values = {} if solved is None else {int(v): value for v, value in solved.sweeps[0].values.items()}
    rows = [head if solved is None else [*head, "path value"]]
    for number in range(len(shown))[:_MOST]:
        vertex = shown.vertex(number)
        own = shown.row(number)
        edges = ", ".join(
            f"{int(tail)} ({_text(label)})" for tail, label in zip(shown.operands[own], shown.labels[own], strict=True)
        )
        name = f"{number} {vertex.name}" if vertex.name else str(number)
        row = [name, shown.operator_name(number), edges, _text(shown.values[number])]
        rows.append(row if solved is None else [*row, _text(values[number]) if number in values else ""])
    if len(shown) > _MOST:
        rows.append([f"... {len(shown) - _MOST} more", *[""] * (len(rows[0]) - 1)])
    return rows


def _show_values(solved: Paths) -> None:
    found = solved.sweeps[0].values
    ends = solved.sources if solved.direction == "backward" else solved.targets
    for end in ends:
        start, finish = (end, solved.targets[0]) if solved.direction == "backward" else (solved.sources[0], end)
        value = found.get(end, 0)
        console().print(
            f"d {finish.name or int(finish)} / d {start.name or int(start)} = {_text(value)}",
            markup=False,
            soft_wrap=True,
        )


def _text(value: object) -> str:
    return f"{value:.10g}" if isinstance(value, float) else str(value)

"""The lecture's two running examples: Prod as a derivative program, h as a computation graph (floor 6).

Examples 2.1 and 4.1, Figures 2 and 3.
"""

from __future__ import annotations

import inspect
import math
from pathlib import Path

from rich.console import Console
from rich.syntax import Syntax

from ..api import grad, transform
from ..frontend.trace import trace
from ..nn import Network

__all__ = ["factor", "graphs", "h", "prod", "programs"]


# ---- the user's functions --------------------------------------------------------------------------------------------
def factor(i: int, x: float) -> float:
    """One factor, f_i(x) in the lecture."""
    return math.cos(x / i)


def prod(x: float) -> float:
    """The product of five factors."""
    ans = 1.0
    for i in range(1, 6):
        ans = ans * factor(i, x)
    return ans


def h(x: float, y: float) -> float:
    """The lecture's equation 3."""
    return (x + 4 * y) * ((x + y) * y)


# ---- what pathgrad makes of them -------------------------------------------------------------------------------------
def programs(folder: Path, console: Console) -> list[Path]:
    """Emit the derivative programs of Prod, forward and reverse, and of h; print those of Prod.

    Parameters
    ----------
    folder : Path
        Where the programs are written.
    console : Console
        Where they are printed.

    Returns
    -------
    list of Path
        The files written.

    Examples
    --------
    >>> import io, tempfile
    >>> with tempfile.TemporaryDirectory() as name:
    ...     [path.name for path in programs(Path(name), Console(file=io.StringIO()))]
    ['prod_forward.py', 'prod_reverse.py', 'h_reverse.py']
    """
    forward = transform(prod, mode="forward", form="derivative", example=(1.0,))
    reverse = transform(prod, mode="reverse", example=(1.0,))
    gradient = transform(h, mode="reverse", argnums=(0, 1), example=(3.0, 5.0))
    _show(console, "The user's program", inspect.getsource(factor) + "\n\n" + inspect.getsource(prod))
    _show(console, "Forward mode: every statement doubled (Example 2.1)", forward.source)
    _show(console, "Reverse mode: the statements once more, from the last to the first", reverse.source)
    console.print(f"Prod'(1) = {forward(1.0)} forward, {reverse(1.0)} reverse")
    written = []
    for name, program in (("prod_forward.py", forward), ("prod_reverse.py", reverse), ("h_reverse.py", gradient)):
        written.append(folder / name)
        written[-1].write_text(program.source, encoding="utf-8")
    return written


def graphs(folder: Path, console: Console) -> list[Path]:
    """Draw the graph of h (Figures 2a, 2b), its path problems (3a to 3d) and a network's graph (Figure 9).

    Parameters, returns: as for `programs`.

    Examples
    --------
    >>> import io, tempfile
    >>> with tempfile.TemporaryDirectory() as name:
    ...     len(graphs(Path(name), Console(file=io.StringIO())))
    7
    """
    graph = trace(h, x=3.0, y=5.0)
    symbolic = graph.symbolic()
    root = graph.outputs[0]
    written = [
        symbolic.draw(folder / "figure-2a.svg", title="h(x, y) = (x + 4y) × ((x + y) × y)"),
        graph.draw(folder / "figure-2b.svg", title="h at x = 3, y = 5"),
    ]
    for letter, source, direction in (
        ("a", "x", "forward"),
        ("b", "x", "backward"),
        ("c", "y", "forward"),
        ("d", "y", "backward"),
    ):
        solved = graph.paths(source, root, direction=direction)  # type: ignore[arg-type]
        title = f"∂h/∂{source} = {solved.value:g}, {direction}"
        written.append(graph.draw(folder / f"figure-3{letter}.svg", paths=solved, title=title))
        formula = symbolic.paths(source, root, direction=direction).value.expand()  # type: ignore[arg-type]
        console.print(f"∂h/∂{source} = {solved.value:g} = {formula}, by the {direction} path problem")
    console.print(f"grad(h)(3, 5) by the emitted program: {grad(h, argnums=(0, 1))(3.0, 5.0)}")
    written.append(_network_graph(folder / "figure-9.svg"))
    return written


def _network_graph(path: Path) -> Path:
    graph = Network([2, 3, 3], seed=0).graph([1.0, 2.0], [0.0, 1.0, 0.0])
    symbolic = graph.symbolic(names=dict(graph.vertex_names.items()))
    solved = symbolic.paths("w14", "Cost", direction="backward")
    return symbolic.draw(path, paths=solved, title="∂Cost/∂w14: backpropagation is the backward path problem")


def _show(console: Console, title: str, source: str) -> None:
    console.print(f"\n[bold]{title}[/bold]")
    console.print(Syntax(source.strip(), "python", theme="ansi_light", background_color="default", word_wrap=True))

"""The demo as a whole: its parts in order, timed, and a list of what was written (floor 6)."""

from __future__ import annotations

import importlib.util
import time
from pathlib import Path
from types import ModuleType

from rich.console import Console
from rich.table import Table

from ..errors import MissingPackageError, PathgradError
from . import lecture
from .digits import learn
from .quotient import quotients

__all__ = ["example", "main", "require_packages"]

_HERE = Path(__file__).resolve()
# In an installed package the examples lie beside this file, in a clone at the top.
_EXAMPLES = (_HERE.parent / "examples", _HERE.parents[3] / "examples")
_PACKAGES = {"matplotlib": "draw", "igraph": "draw", "sklearn": "learn"}


def main(output: str | Path = "demo_output") -> Path:
    """Run the demo: the lecture's examples, a differential equation fitted to data, a network that reads digits.

    Parameters
    ----------
    output : str or Path
        The folder for what it writes; made if it does not exist.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    MissingPackageError
        A package that it needs is not installed.

    Notes
    -----
    Takes well under a minute on two cores.
    """
    require_packages()
    folder = Path(output)
    folder.mkdir(parents=True, exist_ok=True)
    console = Console()
    start = time.perf_counter()
    written: list[tuple[str, list[Path]]] = []

    console.rule("A derivative is a program")
    written.append(("derivative programs, which need only NumPy", lecture.programs(folder, console)))
    console.rule("A derivative is a sum over paths")
    written.append(("computation graphs and their path problems", lecture.graphs(folder, console)))
    console.rule("Difference quotients lose digits, derivative programs do not")
    written.append(("the error of both over the step", quotients(folder, console)))
    console.rule("Lynx and hare: a differential equation fitted to data")
    picture = folder / "lynx-hare.png"
    example("lynx_hare").main(picture)
    written.append(("the fitted populations", [picture]))
    console.rule("A network learns to read digits")
    _, files = learn(folder, console)
    written.append(("the network: learning, mistakes, weights", files))

    console.rule(f"Written to {folder.resolve()}")
    table = Table.grid(padding=(0, 2))
    for what, paths in written:
        table.add_row(what, ", ".join(path.name for path in paths))
    console.print(table)
    console.print(f"{time.perf_counter() - start:.0f} seconds")
    return folder


def example(name: str) -> ModuleType:
    """An example program as a module.

    Parameters
    ----------
    name : str
        Its file's name without ``.py``.

    Raises
    ------
    PathgradError
        There is no such example.

    Examples
    --------
    >>> len(example("lynx_hare").YEARS)
    21
    """
    for folder in _EXAMPLES:
        spec = importlib.util.spec_from_file_location(f"pathgrad_example_{name}", folder / f"{name}.py")
        if spec is not None and spec.loader is not None and (folder / f"{name}.py").exists():
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            return module
    places = " or ".join(str(folder) for folder in _EXAMPLES)
    raise PathgradError(f"demo: there is no example {name!r} in {places}; install pathgrad again, or clone it")


def require_packages() -> None:
    """Refuse to start without the packages that the demo draws and learns with.

    Raises
    ------
    MissingPackageError
        One is missing; the message names it and how to install it.

    Examples
    --------
    >>> require_packages()
    """
    missing = [name for name in _PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        extras = ",".join(sorted({_PACKAGES[name] for name in missing}))
        raise MissingPackageError(
            f"demo: {', '.join(missing)} is not installed, and the demo draws and learns with it; "
            f'install it with: pip install "pathgrad[{extras}]"'
        )

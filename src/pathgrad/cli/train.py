"""``pathgrad train``: a network on a table of numbers (floor 6; imports nn)."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..errors import DataError, MissingPackageError
from ..nn import Network, Table, read_csv
from .report import BadInput, console, show_table

__all__ = ["train"]

_CURVES = (".csv", ".svg", ".png")


def train(
    data: Path,
    layers: str,
    target: str | None,
    scale: float,
    bias: bool,
    rate: float,
    epochs: int,
    threshold: float,
    seed: int,
    test: float,
    output: Path | None,
    curve: Path | None,
) -> None:
    """Train a network of sigmoid nodes on DATA.csv and say how well it does on examples held back."""
    network = Network(_sizes(layers), bias=bias, seed=seed)
    if not 0.0 <= test < 1.0:
        raise BadInput(f"--test {test:g}: the share of examples to hold back is from 0 to less than 1")
    if not scale > 0.0:
        raise BadInput(f"--scale {scale:g}: inputs are divided by it, so it must be positive")
    if curve is not None and curve.suffix not in _CURVES:
        raise BadInput(f"--curve {curve}: use {', '.join(_CURVES)}")
    X, V = _arranged(read_csv(data), target).examples(network.sizes)
    X = X / scale
    order = np.random.default_rng(seed).permutation(len(X))
    held = round(test * len(X))
    if held == len(X):
        raise DataError(f"{data}: {len(X)} examples leave none to learn from with --test {test:g}; hold back fewer")
    learn, kept = order[held:], order[:held]
    network.fit(X[learn], V[learn], rate=rate, epochs=epochs, threshold=threshold, progress=True)
    rows = [["", "examples", "mean cost", "accuracy"]]
    for name, chosen in (("learned from", learn), ("held back", kept)):
        if len(chosen):
            score = network.score(X[chosen], V[chosen])
            rows.append([name, str(len(chosen)), f"{network.cost(X[chosen], V[chosen]):.6g}", f"{score:.1%}"])
    done = len(network.history)
    ended = "the adjustments fell below the threshold" if network.converged else "as many as asked for"
    show_table(f"{layers} network after {done} epochs ({ended})", rows)
    if output is not None:
        console(error=True).print(f"wrote {network.save(output)}", markup=False)
    if curve is not None:
        _write_curve(network.history, curve)
        console(error=True).print(f"wrote {curve}", markup=False)


def _sizes(layers: str) -> list[int]:
    try:
        return [int(part) for part in layers.split(",")]
    except ValueError:
        raise BadInput(f"--layers {layers!r}: write whole numbers separated by commas, as in 64,30,10") from None


def _arranged(table: Table, target: str | None) -> Table:
    """The table with the target columns last."""
    if target is None:
        return table
    width = table.values.shape[1]
    wanted = []
    for part in (text.strip() for text in target.split(",")):
        if part in table.columns:
            wanted.append(table.columns.index(part))
        elif part.isdigit() and 1 <= int(part) <= width:
            wanted.append(int(part) - 1)
        else:
            known = f"the columns are {', '.join(table.columns)}" if table.columns else f"columns are 1 to {width}"
            raise BadInput(f"--target {part!r}: no such column; {known}")
    order = [k for k in range(width) if k not in wanted] + wanted
    return Table(tuple(table.columns[k] for k in order) if table.columns else (), table.values[:, order])


def _write_curve(history: list[float], path: Path) -> None:
    if path.suffix == ".csv":
        lines = [f"{k},{cost!r}" for k, cost in enumerate(map(float, history), start=1)]
        path.write_text("\n".join(["epoch,cost", *lines, ""]), encoding="utf-8")
        return
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingPackageError(
            "train: a picture of the curve needs matplotlib, and it is not installed. "
            "Run: pip install pathgrad[draw]; a .csv file needs nothing"
        ) from error
    figure = Figure(figsize=(6, 4), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot(xlabel="epoch", ylabel="mean cost of an example", yscale="log")
    axes.plot(range(1, len(history) + 1), history, color="#2563a8")
    axes.grid(alpha=0.3)
    figure.savefig(path, dpi=150)

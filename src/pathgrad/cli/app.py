"""The commands by name, their options and their help (floor 6; imports typer; a command's own module when it runs)."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from .report import reported

__all__ = ["application"]

Target = Annotated[str, typer.Argument(metavar="FILE.py:FUNCTION", help="The function, at the top level of the file.")]
At = Annotated[
    list[str],
    typer.Option(
        "--at",
        metavar="NAME=VALUE",
        help="The value of an argument: 3, 2*pi, [1, 2, 3] (an array), (1, [2, 3]), @data.npy or @data.csv. "
        "Numbers become floats; NAME:int=5 keeps a whole number whole. Once for each argument.",
    ),
]


def application() -> typer.Typer:
    """The command line application; its help is plain where the output is no terminal."""
    app = typer.Typer(
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode="rich" if sys.stdout.isatty() else None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback(help=_help(_pathgrad))(_pathgrad)
    for command in (_transform, _grad, _graph, _check, _train, _demo):
        app.command(command.__name__.removeprefix("_"), help=_help(command))(reported(command))
    return app


def _help(command: Callable[..., None]) -> str:
    """A command's docstring; the paragraphs that keep their lines are marked as click wants it, by a backspace."""
    return (
        (inspect.getdoc(command) or "")
        .replace("For example:\n", "\b\nFor example:\n")
        .replace("Exit codes:\n", "\b\nExit codes:\n")
    )


def _version(wanted: bool) -> None:
    if wanted:
        # The version stands in the package itself, above this floor.
        from importlib import import_module

        typer.echo(f"pathgrad {import_module('pathgrad').__version__}")
        raise typer.Exit


def _pathgrad(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """Derivatives of ordinary Python functions, as programs, as numbers and as path problems on a graph.

    For example:
      pathgrad transform model.py:loss -o model_grad.py
      pathgrad grad model.py:loss --at x=3 --at y=5
      pathgrad graph model.py:loss --at x=3 --at y=5 --direction backward -o loss.svg
      pathgrad check model.py:loss --at x=3 --at y=5
      pathgrad train digits.csv --layers 64,30,10
      pathgrad demo

    Exit codes:
      0  done
      1  what was asked for failed: a check that disagrees, a function that raises
      2  input that cannot be used: a wrong option, a missing file, a function that cannot be read
    """


def _transform(
    target: Target,
    mode: Annotated[str, typer.Option("--mode", help="forward or reverse.")] = "reverse",
    argnums: Annotated[
        str | None,
        typer.Option("--argnums", metavar="x,y", help="Arguments to differentiate by: names or positions; the first."),
    ] = None,
    form: Annotated[
        str | None,
        typer.Option("--form", help="Forward: pair or derivative. Reverse: gradient, value_and_gradient or vjp."),
    ] = None,
    types: Annotated[
        list[str] | None,
        typer.Option(
            "--arg",
            metavar="NAME=TYPE",
            help="The type of an argument that is not annotated: float, int, bool, f64[:] (a vector), f64[:,:]. "
            "Without either it is float.",
        ),
    ] = None,
    show: Annotated[
        str,
        typer.Option(
            "--show",
            help="python (the module), primal (what was read), ir (the derivative program), llvm, optimised (LLVM "
            "after optimisation) or asm.",
        ),
    ] = "python",
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Write to this file.")] = None,
) -> None:
    """Write the derivative program of a function: a Python module that needs only NumPy. The file is never run.

    For example:
      pathgrad transform model.py:loss
      pathgrad transform model.py:loss --mode forward --form derivative -o loss_dot.py
      pathgrad transform fit.py:misfit --arg "w=f64[:]" --arg "X=f64[:,:]" --argnums w
      pathgrad transform model.py:loss --show ir
    """
    from .transform import transform

    transform(target, mode, argnums, form, types or [], show, output)


def _grad(
    target: Target,
    at: At = [],  # noqa: B006  (typer copies it)
    argnums: Annotated[
        str | None,
        typer.Option("--argnums", metavar="x,y", help="Arguments to differentiate by; all that are floats."),
    ] = None,
) -> None:
    """Print the value and the gradient of a function at a point. The file is imported.

    For example:
      pathgrad grad model.py:loss --at x=3 --at y=5
      pathgrad grad fit.py:misfit --at "w=[0.5, 1]" --at X=@data.csv --argnums w
      pathgrad grad model.py:power --at x=2 --at n:int=5
    """
    from .grad import grad

    grad(target, at, argnums)


def _graph(
    target: Target,
    at: At = [],  # noqa: B006  (typer copies it)
    direction: Annotated[
        str | None, typer.Option("--direction", help="Solve the path problem: forward or backward.")
    ] = None,
    source: Annotated[str | None, typer.Option("--source", help="Where paths start: an input's name.")] = None,
    sink: Annotated[str | None, typer.Option("--target", help="Where paths end: an output's name or number.")] = None,
    symbolic: Annotated[bool, typer.Option("--symbolic", help="Label edges with formulas instead of numbers.")] = False,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Draw into this .svg, .png or .dot.")] = None,
) -> None:
    """Record the computation graph of a function, solve it in a direction, draw it. The file is imported.

    For example:
      pathgrad graph model.py:h --at x=3 --at y=5 -o h.svg
      pathgrad graph model.py:h --at x=3 --at y=5 --direction forward --source x -o h.svg
      pathgrad graph model.py:h --at x=3 --at y=5 --direction backward --symbolic
    """
    from .graph import graph

    graph(target, at, direction, source, sink, symbolic, output)


def _check(target: Target, at: At = []) -> None:  # noqa: B006  (typer copies it)
    """Compare every route to the derivatives: duals, programs, graph, elimination, complex step, differences.

    For example:
      pathgrad check model.py:loss --at x=3 --at y=5

    Exit codes:
      0  every route that could be taken agrees
      1  one disagrees, or fewer than two could be taken
    """
    from .check import check

    check(target, at)


def _train(
    data: Annotated[Path, typer.Argument(metavar="DATA.csv", help="One example in each line; a first line may name.")],
    layers: Annotated[
        str, typer.Option("--layers", metavar="SIZES", help="Inputs, nodes of each hidden layer, outputs: 64,30,10.")
    ],
    target: Annotated[
        str | None,
        typer.Option("--target", metavar="COLUMNS", help="The desired outputs, by name or number from 1; the last."),
    ] = None,
    scale: Annotated[float, typer.Option("--scale", help="Divide every input by this.")] = 1.0,
    bias: Annotated[bool, typer.Option("--bias/--no-bias", help="Give every node a weight on a constant 1.")] = True,
    rate: Annotated[float, typer.Option("--rate", help="How far to go down the slope.")] = 0.5,
    epochs: Annotated[int, typer.Option("--epochs", help="How often to present all examples, at most.")] = 30,
    threshold: Annotated[float, typer.Option("--threshold", help="End when no adjustment is this large.")] = 1e-4,
    seed: Annotated[int, typer.Option("--seed", help="Decides first weights, order and examples held back.")] = 0,
    test: Annotated[float, typer.Option("--test", help="The share of the examples to hold back.")] = 0.2,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Write the weights to this .npz.")] = None,
    curve: Annotated[
        Path | None, typer.Option("--curve", help="Write the cost of each epoch to this .csv, .svg or .png.")
    ] = None,
) -> None:
    """Train a network of sigmoid nodes by backpropagation, example by example.

    The desired outputs are the last columns: one for each output, or one column with the class, from 0.

    For example:
      pathgrad train digits.csv --layers 64,30,10 --scale 16 -o digits.npz --curve digits.svg
      pathgrad train iris.csv --layers 4,8,3 --target species --epochs 200
    """
    from .train import train

    train(data, layers, target, scale, bias, rate, epochs, threshold, seed, test, output, curve)


def _demo(
    output: Annotated[Path, typer.Option("-o", "--output", help="The folder to write to.")] = Path("demo_output"),
) -> None:
    """Show what pathgrad does: the lecture's examples, an equation fitted to data, a network that reads digits.

    For example:
      pathgrad demo -o pictures
    """
    from ..demo import main

    main(output)

"""The progress bar of training (floor 5; rich when first used)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["progress_bar"]


@contextmanager
def progress_bar(epochs: int) -> Iterator[Callable[[float], None] | None]:
    """A bar that moves by one epoch at each call with the epoch's mean cost; None where the output is no terminal.

    Examples
    --------
    >>> with progress_bar(3) as bar:
    ...     bar is None
    True
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console()
    if not console.is_terminal:
        yield None
        return
    columns = (TextColumn("training"), BarColumn(), MofNCompleteColumn(), TextColumn("cost {task.fields[cost]}"))
    with Progress(*columns, TimeRemainingColumn(), console=console) as shown:
        task = shown.add_task("training", total=epochs, cost="-")

        def advance(cost: float) -> None:
            shown.update(task, advance=1, cost=f"{cost:.4f}")

        yield advance

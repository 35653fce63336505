"""What is printed: tables, programs, errors; and the exit codes (floor 6; imports errors; rich when first used)."""

from __future__ import annotations

import functools
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import CheckError, PathgradError, SourceError

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["FAILED", "UNUSABLE", "BadInput", "console", "reported", "show_program", "show_table"]

#: Exit codes: what was asked for failed; the input cannot be used.
FAILED, UNUSABLE = 1, 2
_PACKAGE = str(Path(__file__).parents[1])
# Wide enough that nothing is wrapped where lines are read by programs.
_PLAIN_WIDTH = 10_000


class BadInput(Exception):  # noqa: N818  (said to the user, never seen as a class)
    """Something on the command line that cannot be used."""


def console(error: bool = False) -> Console:
    """Where to print: in colour and to the width of a terminal, plain and unwrapped anywhere else."""
    from rich.console import Console

    stream = sys.stderr if error else sys.stdout
    return Console(file=stream, highlight=False, width=None if stream.isatty() else _PLAIN_WIDTH)


def show_table(title: str, rows: Sequence[Sequence[str]], right: bool = True) -> None:
    """Print a table: the first row is its head, the first column what the row is about."""
    out = console()
    if not out.is_terminal:
        widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
        print(title)
        for row in rows:
            print("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())
        return
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title, title_justify="left")
    for k, head in enumerate(rows[0]):
        table.add_column(Text(head), justify="right" if right and k else "left", overflow="fold")
    for row in rows[1:]:
        table.add_row(*(Text(text, style="bold red" if "DISAGREES" in text else "") for text in row))
    out.print(table)


def show_program(text: str) -> None:
    """Print a program: coloured on a terminal, exactly as it is anywhere else."""
    out = console()
    if not out.is_terminal:
        sys.stdout.write(text if text.endswith("\n") else text + "\n")
        return
    from rich.syntax import Syntax

    out.print(Syntax(text, "python", background_color="default").highlight(text), soft_wrap=True)


def reported(command: Callable[..., None]) -> Callable[..., None]:
    """Let a command end with a message and an exit code instead of a traceback."""

    @functools.wraps(command)
    def run(*arguments: Any, **options: Any) -> None:
        import typer

        try:
            command(*arguments, **options)
        except typer.Exit:
            raise
        except Exception as error:
            message, code = explained(error)
            # Files below the folder where the user stands are called as the user calls them.
            message = message.replace(str(Path.cwd()) + os.sep, "")
            out = console(error=True)
            out.print("[bold red]error:[/] ", end="")
            out.print(message, markup=False, soft_wrap=True)
            raise typer.Exit(code) from None

    return run


def explained(error: Exception) -> tuple[str, int]:
    """The message for an error, and the exit code."""
    if isinstance(error, SourceError):
        text = (error.text or "").rstrip("\n")
        caret = " " * max(0, (error.offset or 1) - 1) + "^"
        return f"{error}\n{text}\n{caret}" if text else str(error), UNUSABLE
    if isinstance(error, PathgradError):
        return str(error), FAILED if isinstance(error, CheckError) else UNUSABLE
    if isinstance(error, BadInput):
        return str(error), UNUSABLE
    if isinstance(error, OSError):
        return f"{error.filename}: {error.strerror}" if error.filename and error.strerror else str(error), UNUSABLE
    frame = _outside(error)
    kind = type(error).__name__
    if frame is None:
        # Raised by pathgrad itself: a wrong number or kind of arguments, an unknown mode.
        code = UNUSABLE if isinstance(error, (TypeError, ValueError)) else FAILED
        return (str(error) if code == UNUSABLE else f"{kind}: {error}"), code
    return f"{frame.filename}:{frame.lineno}: {kind}: {error}\n    {(frame.line or '').strip()}", FAILED


def _outside(error: Exception) -> traceback.FrameSummary | None:
    """The innermost frame in the user's files or in an emitted program; None if pathgrad itself raised the error."""
    frames = traceback.extract_tb(error.__traceback__)
    if frames and frames[-1].filename.startswith(_PACKAGE):
        return None
    own = [f for f in frames if not f.filename.startswith(_PACKAGE) and "site-packages" not in f.filename]
    own = [f for f in own if not f.filename.startswith((sys.base_prefix, sys.prefix, "<frozen"))]
    return own[-1] if own else None

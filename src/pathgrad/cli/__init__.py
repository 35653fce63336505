"""The command line (floor 6).

Reading order: `app` (the commands by name), `target` (FILE.py:FUNCTION), `arguments` (``--at`` and ``--argnums``),
`report` (tables, errors, exit codes), then one module for each command.
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; the console script ``pathgrad`` and ``python -m pathgrad`` do this.

    Parameters
    ----------
    arguments : sequence of str, optional
        What stands behind ``pathgrad``; those of the process if left out.

    Raises
    ------
    SystemExit
        Always: 0 for success, 1 where what was asked for failed (a check that disagrees, a function that raises), 2 for
        input that cannot be used.

    Examples
    --------
    >>> try:
    ...     main(["--version"])
    ... except SystemExit as end:
    ...     print("exit", end.code)
    pathgrad 0.1.0
    exit 0
    """
    from .app import application

    application()(None if arguments is None else list(arguments), prog_name="pathgrad")

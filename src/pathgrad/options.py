"""How programs are compiled and run (floor 0)."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

__all__ = ["Options", "current", "options"]


@dataclass(frozen=True)
class Options:
    """How programs are compiled and run.

    Attributes
    ----------
    backend : str
        ``"native"`` (LLVM) or ``"python"`` (the emitted Python).
    bounds_checks : bool
        Whether positions outside an array raise ``IndexError``; without, they read and write wherever they point to.
    fastmath : bool
        Whether floating-point arithmetic may be rearranged as if it were exact; nan and infinities keep their meaning.
    threads : int
        On how many threads long loops of independent iterations run; 0 for as many as there are processors.
    optimize : int
        LLVM's level of optimisation, 0 to 3.
    cache : bool
        Whether compiled code is kept on disk.
    poison : bool
        Whether new storage is filled with nan, so that reads of what was never written are seen.
    """

    backend: str = "native"
    bounds_checks: bool = True
    fastmath: bool = False
    threads: int = 0
    optimize: int = 3
    cache: bool = True
    poison: bool = False


_present = [Options()]


def current() -> Options:
    """The options that hold now."""
    return _present[0]


class _Changed:
    """Options that were set; as a context manager, until its end."""

    def __init__(self, before: Options) -> None:
        self._before = before

    def __enter__(self) -> Options:
        return current()

    def __exit__(self, *_: object) -> None:
        _present[0] = self._before


def options(**changes: Any) -> _Changed:
    """Set options for the whole process, from here on or for the duration of a ``with`` block.

    Parameters
    ----------
    **changes
        Attributes of `Options`: ``backend``, ``bounds_checks``, ``fastmath``, ``threads``, ``optimize``, ``cache``,
        ``poison``.

    Raises
    ------
    TypeError, ValueError
        An option that does not exist, or a value that it does not take.

    Examples
    --------
    >>> import pathgrad as pg
    >>> with pg.options(backend="python"):
    ...     pg.grad(lambda x: x * x)(3.0)
    6.0
    """
    names = [f.name for f in fields(Options)]
    for name, value in changes.items():
        if name not in names:
            raise TypeError(f"options: there is no option {name!r}; there are {', '.join(names)}")
        _check(name, value)
    before = current()
    _present[0] = replace(before, **changes)
    return _Changed(before)


def _check(name: str, value: Any) -> None:
    if name == "backend":
        if value not in ("native", "python"):
            raise ValueError(f'options: backend is {value!r}; use "native" or "python"')
        return
    if name in ("threads", "optimize"):
        top = 3 if name == "optimize" else 1024
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= top:
            raise ValueError(f"options: {name} is {value!r}; use a number from 0 to {top}")
        return
    if not isinstance(value, bool):
        raise ValueError(f"options: {name} is {value!r}; use True or False")

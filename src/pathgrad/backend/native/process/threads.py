"""How many threads there are, and the team of them in this process (floor 4)."""

from __future__ import annotations

import ctypes
import functools
import os
from typing import Any

from ....options import current
from ..support.members import BEGIN
from ..support.team import RUN, team_text
from .machine import link, object_code

__all__ = ["team_address", "thread_count"]


def thread_count(wanted: int) -> int:
    """How many threads to use: the number wanted, or as many as there are processors for this process."""
    if wanted:
        return wanted
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def team_address(symbols: dict[str, int]) -> int:
    """The address of the function that divides loops among the team; ``symbols`` are those of the process."""
    return _team(tuple(symbols.items()))[1][RUN]


@functools.cache
def _team(symbols: tuple[tuple[str, int], ...]) -> tuple[Any, dict[str, int]]:
    """The team's code. Its threads run it until the process ends, also while Python takes its modules apart."""
    # there is little to optimise, and a first call waits for it
    code = object_code(team_text(), 0, current().cache)
    loaded, addresses = link(code, "pathgrad.team", {}, dict(symbols), [BEGIN, RUN])
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(loaded))
    begin = ctypes.CFUNCTYPE(None)(addresses[BEGIN])
    begin()
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=begin)
    return loaded, addresses

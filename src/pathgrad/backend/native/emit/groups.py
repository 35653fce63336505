"""Statements that wait to become one nest of loops (floor 4)."""

from __future__ import annotations

from dataclasses import dataclass, field

from ....ir import Atom, Let, Var
from .values import View

__all__ = ["Group", "Member", "Sink"]


@dataclass(eq=False)
class Member:
    """An elementwise statement of a group."""

    let: Let
    operands: list[Atom]


@dataclass(eq=False)
class Sink:
    """A reduction, or a write, of what the group computes: it reads one position and gives nothing back to the group.

    Attributes
    ----------
    let : Let
        The statement.
    source : Atom
        What is reduced or written.
    axes : tuple of int
        The axes that are summed over.
    kept : bool
        Whether they stay as axes of length 1.
    target : View or None
        For writes, where.
    """

    let: Let
    source: Atom
    axes: tuple[int, ...] = ()
    kept: bool = False
    target: View | None = None


@dataclass(eq=False)
class Group:
    """Statements that wait to be written as one nest of loops.

    Attributes
    ----------
    dims : tuple of str
        The lengths of the index space.
    tokens : tuple
        Their dimension tokens.
    storages, written : set of int
        The allocations (by identity of their `Owned`) that the group reads, and those that it writes.
    """

    dims: tuple[str, ...]
    tokens: tuple[object, ...]
    members: list[Member] = field(default_factory=list)
    sinks: list[Sink] = field(default_factory=list)
    values: dict[Var, Member] = field(default_factory=dict)
    storages: set[int] = field(default_factory=set)
    written: set[int] = field(default_factory=set)

"""What one iteration of a backward loop adds to what the next one reads (floor 4)."""

from __future__ import annotations

from dataclasses import dataclass

from ....ir import Atom, Var

__all__ = ["Chain", "Product"]


@dataclass(frozen=True)
class Product:
    """Some numbers multiplied, and divided by others."""

    negative: bool = False
    factors: tuple[Atom, ...] = ()
    divisors: tuple[Atom, ...] = ()


@dataclass(frozen=True)
class Chain:
    """What is added to an element, or to what a loop hands on: sums of products, by the number that they multiply.

    Attributes
    ----------
    late : Var
        What this iteration has from the one before.
    label : tuple of Product
        What it is multiplied with.
    rest : tuple of (Var or None, tuple of Product)
        The other terms; None for those without such a number.
    """

    late: Var
    label: tuple[Product, ...]
    rest: tuple[tuple[Var | None, tuple[Product, ...]], ...]

"""Levels and tags: which differentiation a perturbation belongs to (floor 1).

Every differentiation has a *level* (how deep it is nested) and a *tag* (which one it is). An operation belongs to the
highest level among its operands; operands of lower levels are constants there. Two different tags on one level are two
differentiations that would be added up: an error (J. Siskind and B. Pearlmutter, "Perturbation confusion and
referential transparency", 2005).

Numbers made by hand inside the k-th nested differentiation get level 2k, the k-th differentiation itself 2k - 1, so
that neither can be taken for the other.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

__all__ = ["BY_HAND", "differentiation", "fresh_tag", "hand_level"]

#: The tag that all duals with a stated tangent share.
BY_HAND = 0

_TAGS = itertools.count(1)
_DEPTH: ContextVar[int] = ContextVar("pathgrad_depth", default=0)


def fresh_tag() -> int:
    """A tag that no other differentiation has."""
    return next(_TAGS)


def hand_level() -> int:
    """The level of a dual made by hand here: above every differentiation that is going on."""
    return 2 * _DEPTH.get()


@contextmanager
def differentiation(above: int = -1) -> Iterator[tuple[int, int]]:
    """Enter a differentiation; gives its level (higher than ``above``) and its tag."""
    token = _DEPTH.set(max(_DEPTH.get(), (above + 1) // 2) + 1)
    try:
        yield 2 * _DEPTH.get() - 1, fresh_tag()
    finally:
        _DEPTH.reset(token)

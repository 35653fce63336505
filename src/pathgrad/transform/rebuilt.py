"""Blocks and statements that share what did not change (floor 3)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ..ir import Block, Branch, Loop, Statement, While

__all__ = ["with_blocks", "with_statements"]


def with_statements(block: Block, statements: list[Statement]) -> Block:
    """A block with these statements; the block itself if they are its own."""
    own = block.statements
    same = len(statements) == len(own) and all(a is b for a, b in zip(statements, own, strict=True))
    return block if same else Block(statements, block.yields)


def with_blocks(s: Statement, change: Callable[[Block], Block]) -> Statement:
    """A statement with its blocks changed; the statement itself if none is."""
    if isinstance(s, Branch):
        then, orelse = change(s.then), change(s.orelse)
        return s if then is s.then and orelse is s.orelse else replace(s, then=then, orelse=orelse)
    if isinstance(s, Loop):
        body = change(s.body)
        return s if body is s.body else replace(s, body=body)
    if isinstance(s, While):
        condition, body = change(s.condition), change(s.body)
        return s if condition is s.condition and body is s.body else replace(s, condition=condition, body=body)
    return s

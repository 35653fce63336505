"""The cotangents accumulated so far, scope by scope (floor 3).

In the backward body of a loop the cotangent of a variable from outside is carried: it comes in as a parameter and goes
out as the next iteration's. In an arm of a branch it starts from what stood before the branch.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from ..ir import Atom, Block, Builder, Const, ListType, Type, Var, defined
from ..ops import TABLE, Index
from .calculus import Calculus, bar_name, bar_variable

__all__ = ["Cotangents"]


@dataclass
class _Scope:
    bars: dict[Var, Atom | None] = field(default_factory=dict)
    own: set[Var] = field(default_factory=set)
    carried: dict[Var, Var] = field(default_factory=dict)
    loop: bool = False


class Cotangents:
    """Cotangents by variable; None is zero.

    Parameters
    ----------
    builder, calculus
        Where sums are written.
    """

    def __init__(self, builder: Builder, calculus: Calculus) -> None:
        self.builder = builder
        self.calculus = calculus
        self.scopes: list[_Scope] = [_Scope()]
        self.shared: set[Var] = set()

    @contextmanager
    def scope(self, block: Block, params: Sequence[Var] = (), loop: bool = False) -> Iterator[None]:
        """A loop body (``loop``, with its parameters) or an arm of a branch; ``block`` is its forward block."""
        own: set[Var] = set(params)
        for s in block.statements:
            own.update(defined(s))
        self.scopes.append(_Scope(own=own, loop=loop))
        try:
            yield
        finally:
            self.scopes.pop()

    def _find(self, v: Var, depth: int) -> Atom | None:
        scope = self.scopes[depth]
        if v in scope.bars:
            return scope.bars[v]
        if depth == 0 or v in scope.own:
            return None
        if scope.loop:
            param = bar_variable(v)
            self.calculus.mask(param, v.type.is_array)
            scope.carried[v] = param
            scope.bars[v] = param
            return param
        return self._find(v, depth - 1)

    def peek(self, v: Var) -> Atom | None:
        """The cotangent of ``v`` so far."""
        return self._find(v, len(self.scopes) - 1)

    def put(self, v: Var, bar: Atom | None) -> None:
        """Set the cotangent of ``v``."""
        self.scopes[-1].bars[v] = bar

    def take(self, v: Var) -> Atom | None:
        """The cotangent of ``v``, which is complete: nothing adds to it again."""
        if v not in self.scopes[-1].bars:
            return None if self.scopes[-1].loop and len(self.scopes) > 1 else self.peek(v)
        return self.scopes[-1].bars.pop(v)

    def forget(self, v: Var) -> None:
        """Drop the cotangent of a loop's parameter."""
        self.scopes[-1].bars.pop(v, None)

    def add(self, atom: Atom, bar: Atom) -> None:
        """Add a contribution."""
        if not isinstance(atom, Var) or (isinstance(bar, Const) and bar.value == 0):
            return
        before = self.peek(atom)
        if before is None and isinstance(bar, Var) and bar.type.rank:
            self.shared.add(bar)
        if isinstance(atom.type, ListType):
            self.put(atom, bar if before is None else self._add_lists(before, bar))
        elif before is not None and before.type.rank and isinstance(before, Var):
            self.put(atom, self._add_arrays(before, bar, bar_name(atom)))
        else:
            self.put(atom, self.calculus.plus(before, bar, bar_name(atom)))

    def _add_arrays(self, before: Var, bar: Atom, name: str) -> Atom:
        """Arrays accumulate in place, but for the first sum of two contributions, which others may read."""
        if before in self.shared:
            return self.calculus.plus(before, bar, name)
        result = self.builder.emit(TABLE["accumulate"], [before, bar], {"index": Index(())}, name)
        return self.calculus.mask(result, self.calculus.is_masked(before) and self.calculus.is_masked(bar))

    def _add_lists(self, before: Atom, bar: Atom) -> Atom:
        return self.builder.emit(TABLE["add_lists"], [before, bar], {}, "lists_bar")

    def add_at(self, atom: Atom, bar: Atom, numbers: Sequence[Atom], index: Index) -> None:
        """Add a contribution to a part of an array's cotangent, in place."""
        if not isinstance(atom, Var):
            return
        before = self.peek(atom)
        masked = self.calculus.is_masked(before)
        if before is None:
            before = self.zero(atom)
        sum_ = self.builder.emit(TABLE["accumulate"], [before, bar, *numbers], {"index": index}, bar_name(atom))
        self.put(atom, self.calculus.mask(sum_, masked))

    def add_to_list(self, values: Atom, bar: Atom, k: Atom) -> None:
        """Add a contribution to one value of a list's cotangent, in place."""
        if not isinstance(values, Var):
            return
        before = self.peek(values)
        if before is None:
            before = self.zero(values)
        self.put(values, self.builder.emit(TABLE["add_at"], [before, bar, k], {}, bar_name(values)))

    def zero(self, like: Atom) -> Atom:
        """Zero in the type of a variable."""
        if isinstance(like.type, ListType):
            return self.builder.emit(TABLE["zero_list"], [like], {}, bar_name(like))
        if like.type.rank:
            return self.calculus.mask(self.builder.emit(TABLE["zeros_like"], [like], {}, bar_name(like)))
        return Const(0.0, Type(like.type.dtype))

    def solid(self, v: Atom, bar: Atom | None, like: Var | None = None) -> Atom:
        """A cotangent as an atom of the variable's type."""
        if bar is None:
            same = like is not None and isinstance(v.type, Type) and None not in v.type.dims
            return self.zero(like if like is not None and same else v)
        if isinstance(bar, Const) and isinstance(v.type, Type):
            if v.type.rank:
                return self.builder.emit(TABLE["broadcast_with"], [bar, v], {}, bar_name(v))
            return Const(float(bar.value), Type(v.type.dtype))
        return bar

    def final(self, v: Var) -> Atom:
        """The cotangent of an input."""
        return self.solid(v, self.take(v))

    def touched(self) -> dict[Var, Atom | None]:
        """In an arm: the variables from outside whose cotangent changed."""
        scope = self.scopes[-1]
        return {v: bar for v, bar in scope.bars.items() if v not in scope.own}

    def accumulators(self) -> list[tuple[Var, Var, Atom]]:
        """In a loop body: variables from outside with the parameter that came in and the atom that goes out."""
        scope = self.scopes[-1]
        result: list[tuple[Var, Var, Atom]] = []
        for v, bar in list(scope.bars.items()):
            if v in scope.own or v not in scope.carried:
                continue
            result.append((v, scope.carried[v], self.solid(v, bar, like=scope.carried[v])))
        return result

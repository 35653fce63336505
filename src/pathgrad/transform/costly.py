"""What is too much work to have again (floor 3).

The body of an outermost loop is executed again from the carried values that are kept. A product of matrices in it
takes many multiplications for each number of its result, a function such as ``exp`` more than a dozen operations. Such
arrays are kept beside the state if they are as large as it is, and no others: ``X @ w`` for all points of a data set is
not. Of a chain that leads on from a product, as ``x @ W + h @ U + b`` does, its end is kept: one array stands for both.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ..ir import Block, Let, Type, Var
from ..ir.liveness import statement_reads
from .length_classes import LengthClasses
from .scope import Scope

__all__ = ["worth_keeping"]

#: Functions that take longer than a number takes to be written and read again.
_FUNCTIONS = {
    "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctan2", "arctanh", "cbrt", "cos", "cosh", "digamma", "erf",
    "erfc", "exp", "exp2", "expm1", "gammaln", "log", "log10", "log1p", "log2", "logaddexp", "ndtr", "power", "sigmoid",
    "sin", "sinh", "softplus", "tan", "tanh",
}  # fmt: skip


def worth_keeping(scope: Scope, demanded: Collection[Var], kept: Collection[Var], again: Collection[Var]) -> set[Var]:
    """The variables to keep so that little that is costly is computed again.

    Parameters
    ----------
    scope : Scope
        The body of a loop.
    demanded : collection of Var
        What the backward body reads itself.
    kept, again : collection of Var
        What is kept, and what would be computed again.
    """
    state = [v for v in kept if v in scope.params and isinstance(v.type, Type)]
    costly = [v for v in again if _is_costly(scope, v)]
    if not state or not costly:
        return set()  # of independent iterations nothing is kept from one to another
    size = _Size(scope, state)
    ends = (_end(scope, v, demanded, again, size) for v in costly)
    return {v for v in ends if v is not None}


class _Size:
    """The size of the carried values that a loop keeps."""

    def __init__(self, scope: Scope, state: Sequence[Var]) -> None:
        self.rank = max(v.type.rank for v in state if isinstance(v.type, Type))
        self.classes = LengthClasses(Block(scope.statements, []))
        self.lengths = {length for v in state for length in self._lengths(v)}

    def _lengths(self, v: Var) -> list[object]:
        """For each axis its class, and its token where there is one."""
        assert isinstance(v.type, Type)
        each: list[object] = [self.classes.of(v, axis) for axis in range(1, v.type.rank + 1)]
        return each + [token for token in v.type.dims if token is not None]

    def holds(self, v: Var) -> bool:
        """Whether an array has no more axes, and each of them is as long as one of a carried array."""
        assert isinstance(v.type, Type)
        axes = enumerate(reversed(v.type.dims), 1)
        return v.type.rank <= self.rank and all(
            _is_short(token) or token in self.lengths or self.classes.of(v, axis) in self.lengths
            for axis, token in axes
        )


def _is_costly(scope: Scope, v: Var) -> bool:
    """Whether a variable is a product over an axis that is not known to be short, or a function of an array."""
    s = scope.definition.get(v)
    if not isinstance(s, Let) or not isinstance(v.type, Type):
        return False
    if s.op.name in _FUNCTIONS:
        return v.type.rank > 0 and not all(map(_is_short, v.type.dims))
    if s.op.name != "matmul":
        return False
    first = s.args[0].type
    return isinstance(first, Type) and not _is_short(first.dims[-1])


def _end(scope: Scope, v: Var, demanded: Collection[Var], again: Collection[Var], size: _Size) -> Var | None:
    """The last of the statements of which each alone reads the one before, if it is no larger than the state."""
    last = v if size.holds(v) else None
    while v not in demanded:
        readers = [s for w in again if v in statement_reads(s := scope.definition[w])]
        only = readers[0] if len(readers) == 1 else None
        if not isinstance(only, Let) or not isinstance(only.target.type, Type) or only.op.views or only.op.consumes:
            return last
        v = only.target
        last = v if size.holds(v) else last
    return last


def _is_short(length: object) -> bool:
    return length == 1 or (isinstance(length, tuple) and length[0] == "literal")

"""What is too much work to have again (floor 3).

The body of an outermost loop is executed again from the carried values that are kept. A product of matrices in it takes
many multiplications for each number of its result, a function such as ``exp`` more than a dozen operations; where the
loop keeps a state of as many axes anyway, such arrays are kept beside it. Of a chain that leads on from a product, as
``x @ W + h @ U + b`` does, its end is kept: one array stands for both products.
"""

from __future__ import annotations

from collections.abc import Collection

from ..ir import Let, Type, Var
from ..ir.liveness import statement_reads
from .scope import Scope

__all__ = ["worth_keeping"]

#: Functions that take longer than a number takes to be written and read again.
_FUNCTIONS = {
    "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctan2", "arctanh", "cbrt", "cos", "cosh", "digamma", "erf",
    "erfc", "exp", "exp2", "expm1", "gammaln", "log", "log10", "log1p", "log2", "logaddexp", "ndtr", "power", "sigmoid",
    "sin", "sinh", "softplus", "tan", "tanh",
}  # fmt: skip


def worth_keeping(scope: Scope, demanded: Collection[Var], kept: Collection[Var], again: Collection[Var]) -> set[Var]:
    """The variables to keep so that nothing costly is computed again.

    Parameters
    ----------
    scope : Scope
        The body of a loop.
    demanded : collection of Var
        What the backward body reads itself.
    kept, again : collection of Var
        What is kept, and what would be computed again.
    """
    ranks = [v.type.rank for v in kept if v in scope.params and isinstance(v.type, Type)]
    if not ranks:
        return set()  # independent iterations: nothing is kept from one to another
    found = set()
    for v in again:
        if _is_costly(scope, v):
            end = _end(scope, v, demanded, again)
            assert isinstance(end.type, Type)
            if end.type.rank <= max(ranks):
                found.add(end)
    return found


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


def _end(scope: Scope, v: Var, demanded: Collection[Var], again: Collection[Var]) -> Var:
    """The last of the statements of which each alone reads the one before, and none has more axes."""
    while v not in demanded:
        readers = {t: None for w in again if v in statement_reads(s := scope.definition[w]) for t in (s,)}
        only = next(iter(readers)) if len(readers) == 1 else None
        if not isinstance(only, Let) or not isinstance(only.target.type, Type) or not isinstance(v.type, Type):
            return v
        if only.target.type.rank > v.type.rank or only.op.views or only.op.consumes:
            return v
        v = only.target
    return v


def _is_short(length: object) -> bool:
    return length == 1 or (isinstance(length, tuple) and length[0] == "literal")

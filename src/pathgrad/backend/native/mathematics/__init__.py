"""prototype."""
from __future__ import annotations
from collections.abc import Iterable
from functools import cache
from . import distant, exponential, logarithm, trigonometric
from .notation import Function

_BUILDERS = {n: getattr(m, n) for m in (exponential, logarithm, trigonometric) for n in m.__all__ if n in ("exp","expm1","sigmoid","tanh","log","log1p","sin","cos")}
NAMES = frozenset(_BUILDERS)

@cache
def _one(name: str, single: bool):
    t = "float" if single else "double"
    f = Function(f"pg_{name}" + ("_f32" if single else ""), name, result=t, argument=t, attributes="alwaysinline nounwind willreturn memory(none)")
    x, = f.arguments
    if single: x = x.cast("fpext","double")
    v = _BUILDERS[name](f, x, single)
    if single: v = v.cast("fptrunc","float")
    f.give(v)
    return f.text(), frozenset(f.declarations)

def definitions(names: Iterable[str], dtype: str = "f64") -> tuple[str, frozenset[str]]:
    texts, decl = [], set()
    names = sorted(set(names))
    for n in names:
        t, d = _one(n, dtype == "f32"); texts.append(t); decl |= d
    c = tuple(n for n in names if n in ("sin","cos"))
    if c:
        t, d = distant.written(c); texts.append(t); decl |= d
    return "\n".join(texts), frozenset(decl)

def call(name: str, dtype: str, argument: str) -> str:
    return f"call {'float' if dtype=='f32' else 'double'} @pg_{name}{'_f32' if dtype=='f32' else ''}({'float' if dtype=='f32' else 'double'} {argument})"

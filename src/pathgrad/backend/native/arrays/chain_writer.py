"""Additions to what the next iteration reads, with one fused operation for what comes late (floor 4)."""

from __future__ import annotations

from ..analysis.chained import Chain, Product
from ..emit.emitter import Emitter
from ..emit.writer import number

__all__ = ["write_chain"]


def write_chain(e: Emitter, chain: Chain, before: str) -> str:
    """The element after an addition; what waits for the iteration before comes last."""
    total = before
    for late, products in chain.rest:
        if late is None:
            for p in products:
                total = e.w.value(f"{'fsub' if p.negative else 'fadd'} nsz contract double {total}, {_product(e, p)}")
        else:
            total = _fused(e, e.scalar(late), _label(e, products), total)
    return _fused(e, e.scalar(chain.late), _label(e, chain.label), total)


def _fused(e: Emitter, a: str, b: str, c: str) -> str:
    e.module.declare("declare double @llvm.fmuladd.f64(double, double, double)")
    return e.w.value(f"call nsz contract double @llvm.fmuladd.f64(double {a}, double {b}, double {c})")


def _label(e: Emitter, products: tuple[Product, ...]) -> str:
    """The sum of some products."""
    first, *others = sorted(products, key=lambda p: p.negative)
    total = _product(e, first)
    if first.negative:
        total = e.w.value(f"fneg nsz contract double {total}")
    for p in others:
        total = e.w.value(f"{'fsub' if p.negative else 'fadd'} nsz contract double {total}, {_product(e, p)}")
    return total


def _product(e: Emitter, product: Product) -> str:
    """A product without its sign."""
    one = number(1.0, "f64")
    numbers = [e.scalar(a) for a in product.factors]
    numbers += [e.w.value(f"fdiv double {one}, {e.scalar(a)}") for a in product.divisors]
    total = numbers[0] if numbers else one
    for x in numbers[1:]:
        total = e.w.value(f"fmul nsz contract double {total}, {x}")
    return total

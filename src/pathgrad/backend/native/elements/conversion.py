"""Numbers in another dtype (floor 4)."""

from __future__ import annotations

from ..emit.writer import LLVM_TYPES, Writer, number

__all__ = ["convert"]


def convert(w: Writer, value: str, source: str, target: str) -> str:
    """A number in another dtype, as NumPy's ``astype`` gives it."""
    if source == target:
        return value
    if source == "i64" and target in ("f64", "f32") and value.lstrip("-").isdigit():
        return number(int(value), target)
    a, b = LLVM_TYPES[source], LLVM_TYPES[target]
    if target == "bool":
        if source == "i64":
            return w.value(f"icmp ne i64 {value}, 0")
        return w.value(f"fcmp une {a} {value}, {number(0.0, source)}")
    if source == "bool":
        return w.value(f"zext i1 {value} to i64") if target == "i64" else w.value(f"uitofp i1 {value} to {b}")
    if source == "i64":
        return w.value(f"sitofp i64 {value} to {b}")
    if target == "i64":
        return _to_integer(w, value, a, source)
    return w.value(f"fpext float {value} to double") if target == "f64" else w.value(f"fptrunc double {value} to float")


def _to_integer(w: Writer, value: str, kind: str, dtype: str) -> str:
    """Towards zero; what does not fit gives the smallest integer, as the processor's own conversion does."""
    low, high = number(-(2.0**63), dtype), number(2.0**63, dtype)
    fits = w.value(f"fcmp oge {kind} {value}, {low}")
    below = w.value(f"fcmp olt {kind} {value}, {high}")
    both = w.value(f"and i1 {fits}, {below}")
    safe = w.select(both, value, number(0.0, dtype), kind)
    return w.select(both, w.value(f"fptosi {kind} {safe} to i64"), str(-(2**63)))

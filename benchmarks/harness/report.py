"""The tables of results.md."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from .figures import held
from .measure import Measured
from .overhead import CASES

__all__ = ["report", "table"]


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = ["| " + " | ".join(headings) + " |", "|" + " --- |" * len(headings)]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])


def number(value: float | None, scale: float = 1.0) -> str:
    """Three digits, or a dash."""
    if value is None or not math.isfinite(value):
        return "–"
    value *= scale
    if value == 0.0:
        return "0"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:.{min(digits, 4)}f}"


def geometric_mean(values: Iterable[float | None]) -> float | None:
    """The geometric mean of those that are there."""
    logs = [math.log(v) for v in values if v]
    return math.exp(sum(logs) / len(logs)) if logs else None


def ratio(a: float | None, b: float | None) -> float | None:
    """a / b where both are there."""
    return a / b if a and b else None


def against_c(m: Measured) -> float | None:
    """Our gradient over C's, one thread each."""
    return ratio(m.time("single", "ours", "gradient"), m.time("single", "c", "gradient"))


def against_value(m: Measured) -> float | None:
    """Our gradient over our value, one thread."""
    return ratio(m.time("single", "ours", "gradient"), m.time("single", "ours", "value"))


def against_peer(m: Measured, peer: str) -> float | None:
    """The fastest form of a peer that is not the plain loop with ``.at[]``, over ours."""
    return min((r for key in m.peers if key[1] == peer and key[2] != "at" and (r := m.against(key))), default=None)


def main_table(results: Sequence[Measured], peers: Sequence[str]) -> str:
    """One row for each program, geometric means at the foot."""
    headings = ["program", "size", "value, ms", "gradient, ms", "gradient / value"]
    headings += ["C gradient, ms", "gradient / C", *(f"{_NAMES[p]} / ours" for p in peers)]
    headings += ["first call, s", "from cache, ms", "peak, MB"]
    rows = []
    for m in results:
        rows.append(
            [
                m.name,
                _size(m.size),
                number(m.time("single", "ours", "value"), 1e3),
                number(m.time("single", "ours", "gradient"), 1e3),
                number(against_value(m)),
                number(m.time("single", "c", "gradient"), 1e3),
                number(against_c(m)),
                *(number(against_peer(m, p)) for p in peers),
                number(m.fresh.get("first")),
                number(m.fresh.get("cached"), 1e3),
                number(m.fresh.get("bytes"), 1e-6),
            ]
        )
    means = [geometric_mean(map(against_value, results)), geometric_mean(map(against_c, results))]
    foot = ["**geometric mean**", "", "", "", number(means[0]), "", number(means[1])]
    foot += [number(geometric_mean(against_peer(m, p) for m in results)) for p in peers]
    return table(headings, [*rows, [*foot, "", "", ""]])


def peer_table(results: Sequence[Measured]) -> str:
    """Every form of every peer, at its size."""
    rows = []
    for m in results:
        for key in m.peers:
            _, peer, form, size = key
            times = [m.seconds.get((key, "value")), m.seconds.get((key, "gradient"))]
            own = m.time("all", "ours", "gradient", size)
            name = f"{_NAMES[peer]} {form}".strip()
            first = number(m.first.get(key))
            rows.append(
                [m.name, name, _size(size), *(number(t, 1e3) for t in (*times, own)), number(m.against(key)), first]
            )
    headings = [
        "program",
        "peer",
        "size",
        "value, ms",
        "gradient, ms",
        "ours, ms",
        "peer / ours",
        "its first gradient, s",
    ]
    return table(headings, rows)


def growth_table(results: Sequence[Measured]) -> str:
    """Gradient time for each unit of work, relative to the main size."""
    rows = []
    for m in results:
        main = m.time("single", "ours", "gradient")
        cells = []
        for size, work, _ in m.growth:
            other = ratio(m.time("single", "ours", "gradient", size), main)
            cells.append(f"{_size(size)}: {number(other)} (work × {number(work)})")
        if cells:
            rows.append([m.name, _size(m.size), ", ".join(cells)])
    return table(["program", "main size", "time of the gradient over that at the main size"], rows)


def report(
    results: Sequence[Measured],
    peers: Sequence[str],
    overheads: dict[str, dict[str, float]],
    imports: dict[str, float],
    memory: Sequence[dict[str, Any]],
    preamble: str,
) -> str:
    """The whole of results.md."""
    parts = [
        preamble,
        "## Programs",
        main_table(results, peers),
        _NOTES,
        "\n".join(f"- `{m.name}`: {m.title}" for m in results),
    ]
    parts += ["## Figures", table(["figure", "bound", "found", ""], held(results, overheads, imports, memory))]
    parts += ["## Peers", "All with their own default threads, pathgrad with all cores.", peer_table(results)]
    parts += ["## Growth with size", growth_table(results)]
    rows = [[who, *(number(cases.get(case), 1e6) for case in CASES)] for who, cases in overheads.items()]
    parts += ["## One small call", "Microseconds for one gradient, called from Python.", table(["", *CASES], rows)]
    parts += ["## Importing", "Seconds in a new process, beyond starting Python; each includes NumPy."]
    parts += [table(list(imports), [[number(seconds) for seconds in imports.values()]])]
    rows = [
        [
            r["title"],
            number(r["limit"], 1e-6),
            number(r.get("bytes"), 1e-6),
            number(r.get("seconds")),
            r.get("failed", ""),
        ]
        for r in memory
    ]
    parts += ["## Memory", "Peak beyond inputs and outputs, in a new process with the code already compiled."]
    parts += [table(["program", "bound, MB", "found, MB", "gradient, s", ""], rows)]
    remarks = [f"- `{m.name}`: {remark}" for m in results for remark in (*m.remarks, *m.wrong)]
    if remarks:
        parts += ["## Not measured", "\n".join(remarks)]
    return "\n\n".join(parts) + "\n"


_NAMES = {"jax": "JAX", "torch": "PyTorch", "autograd": "autograd"}
_NOTES = (
    "value, gradient, C: one thread. A peer's ratio is that of its fastest form (not counting the plain loop with "
    "`.at[]`), all cores for both, at the size that the peer can do; the table of peers has each. first call: reading, "
    "differentiating, compiling and the call, in a new process with an empty cache. from cache: what the first call in "
    "a further process takes beyond a second one. peak: memory beyond inputs and outputs."
)


def _size(size: Any) -> str:
    if isinstance(size, int):
        return f"{size:,}".replace(",", " ")
    if isinstance(size, tuple):
        return " × ".join(_size(s) for s in size)
    return str(size)

"""The figures that the package is held to, and whether a run reached them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from .measure import Measured
from .overhead import CASES

__all__ = ["held"]

Row = list[str]


def held(
    results: Sequence[Measured],
    overheads: dict[str, dict[str, float]],
    imports: dict[str, float],
    memory: Sequence[dict[str, Any]],
) -> list[Row]:
    """One row for each figure: what, bound, found (and where), whether it is reached."""
    from .report import against_c, against_peer, against_value

    def jax(m: Measured) -> float | None:
        return against_peer(m, "jax")

    def in_place(m: Measured) -> float | None:
        # loops in place have a size of their own for this, some 16 000 elements
        return next((m.against(key) for key in m.peers if key[1:3] == ("jax", "at") and key[3] != m.size), None)

    rows = [
        *_lost(results),
        *_most(results, "gradient / C", against_c, 1.2, 1.0),
        *_most(results, "gradient / value", against_value, 3.5, 2.3),
        *_least(results, "JAX / ours", jax, 1.0, 5.0),
        *_least(results, "JAX `.at[]` / ours", in_place, 300.0, None),
        *_most(results, "growth of time over growth of work", _growth, 1.25, None),
        *_most(results, "first call, s", lambda m: m.fresh.get("first"), 0.4, None),
        *_most(results, "first call from the cache, s", lambda m: m.fresh.get("cached"), 0.03, None),
    ]
    own = overheads.get("pathgrad", {})
    for case, bound in zip(CASES, (0.3e-6, 1e-6)):
        if case in own:
            rows.append(_row(f"gradient of {case}, µs", bound * 1e6, own[case] * 1e6, "", own[case] <= bound))
    if "pathgrad" in imports:
        rows.append(_row("`import pathgrad`, s", 0.25, imports["pathgrad"], "", imports["pathgrad"] <= 0.25))
    for r in memory:
        if "bytes" in r:
            found, bound = r["bytes"] / 1e6, r["limit"] / 1e6
            rows.append(_row(f"memory of {r['title']}, MB", bound, found, "", found <= bound))
    return rows + _checkpoint(memory)


def _lost(results: Sequence[Measured]) -> list[Row]:
    """Programs without a gradient of ours or without first calls: no other row may speak for them."""
    lost = [m.name for m in results if not m.time("single", "ours", "gradient") or m.wrong or not m.fresh]
    return [["programs not measured or wrong", "0", f"{len(lost)} ({', '.join(lost)})", "**missed**"]] if lost else []


def _growth(m: Measured) -> float | None:
    main = m.time("single", "ours", "gradient")
    if not main:
        return None
    worst = []
    for size, work, _ in m.growth:
        other = m.time("single", "ours", "gradient", size)
        if other:
            # whichever of the two is larger did the more work
            worst.append((other / main) / work if work > 1.0 else work / (other / main))
    return max(worst, default=None)


def _checkpoint(memory: Iterable[dict[str, Any]]) -> list[Row]:
    seconds = {r["name"]: r.get("seconds") for r in memory}
    plain, marked = seconds.get("lorenz"), seconds.get("lorenz, checkpointed")
    if not plain or not marked:
        return []
    return [_row("time with `pg.checkpoint` over time without", 4.0, marked / plain, "", marked / plain <= 4.0)]


def _most(
    results: Sequence[Measured], title: str, what: Callable[[Measured], float | None], each: float, mean: float | None
) -> list[Row]:
    found = {m.name: value for m in results if (value := what(m))}
    if not found:
        return []
    worst = max(found, key=lambda name: found[name])
    beyond = [name for name, value in found.items() if value > each]
    rows = [_row(f"{title}, at most", each, found[worst], _where(worst, beyond), not beyond)]
    if mean is not None:
        middle = _mean(found.values())
        rows.append(_row(f"{title}, geometric mean at most", mean, middle, "", middle <= mean))
    return rows


def _least(
    results: Sequence[Measured], title: str, what: Callable[[Measured], float | None], each: float, mean: float | None
) -> list[Row]:
    found = {m.name: value for m in results if (value := what(m))}
    if not found:
        return []
    worst = min(found, key=lambda name: found[name])
    beyond = [name for name, value in found.items() if value < each]
    rows = [_row(f"{title}, at least", each, found[worst], _where(worst, beyond), not beyond)]
    if mean is not None:
        middle = _mean(found.values())
        rows.append(_row(f"{title}, geometric mean at least", mean, middle, "", middle >= mean))
    return rows


def _mean(values: Iterable[float]) -> float:
    logs = [math.log(value) for value in values]
    return math.exp(sum(logs) / len(logs))


def _where(worst: str, beyond: Sequence[str]) -> str:
    others = [name for name in beyond if name != worst]
    return f" ({worst}{'; also ' + ', '.join(others) if others else ''})"


def _row(title: str, bound: float, found: float, where: str, reached: bool) -> Row:
    return [title, f"{bound:.3g}", f"{found:.3g}{where}", "reached" if reached else "**missed**"]

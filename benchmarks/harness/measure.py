"""Measures one program: everybody prepared, checked against C, then timed in interleaved rounds."""

from __future__ import annotations

import statistics
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .compare import TOLERANCE, difference
from .fresh import asked
from .pool import Pool, WorkerError
from .programs import Program

__all__ = ["Key", "Measured", "Settings", "measured"]

Key = tuple[str, str, str, Any]  # role, who, form, size


@dataclass(frozen=True)
class Settings:
    """What a run does."""

    peers: tuple[str, ...]
    rounds: int
    quick: bool
    budget: float
    patience: float


@dataclass
class Measured:
    """What was found about one program; times in seconds."""

    name: str
    title: str
    size: Any
    seconds: dict[tuple[Key, str], float] = field(default_factory=dict)
    first: dict[Key, float] = field(default_factory=dict)
    growth: list[tuple[Any, float, Key]] = field(default_factory=list)
    fresh: dict[str, float] = field(default_factory=dict)
    peers: list[Key] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def time(self, role: str, who: str, what: str, size: Any = None, form: str = "") -> float | None:
        """Median seconds, where measured."""
        return self.seconds.get(((role, who, form, self.size if size is None else size), what))

    def against(self, peer: Key) -> float | None:
        """A peer's gradient over ours, all threads both, at the peer's size."""
        _, _, _, size = peer
        own, other = self.time("all", "ours", "gradient", size), self.seconds.get((peer, "gradient"))
        return other / own if own and other else None


def measured(pool: Pool, program: Program, settings: Settings) -> Measured:
    """Everything about one program."""
    size = program.quick if settings.quick else program.sizes[0]
    found = Measured(program.name, program.title, size)
    further = () if settings.quick else program.sizes[1:]
    keys: list[Key] = [("single", "c", "", size), ("single", "ours", "", size), ("all", "ours", "", size)]
    for peer in settings.peers:
        keys.extend(_of_peer(pool, program, peer, size, settings, found))
    # pathgrad is timed at the size of each peer too
    keys += [("all", "ours", "", own) for own in _distinct(key[3] for key in found.peers) if own != size]
    found.growth = [(s, program.work(s) / program.work(size), ("single", "ours", "", s)) for s in further]
    keys += [key for _, _, key in found.growth]
    ready = _prepared(pool, program.name, keys, found)
    for key, what, seconds in _rounds(pool, program.name, ready, settings, found):
        found.seconds[key, what] = statistics.median(seconds)
    for role in {key[0] for key in ready} & set(pool.running):
        pool.ask(role, "drop")
    _fresh(program, size, settings, found)
    return found


def _of_peer(pool: Pool, program: Program, peer: str, size: Any, settings: Settings, found: Measured) -> list[Key]:
    absent = program.absent(peer)
    if absent:
        found.remarks.append(f"{peer}: {absent}")
        return []
    try:
        forms = pool.ask(peer, "forms", program.name)
    except WorkerError as error:
        found.remarks.append(str(error))
        return []
    keys: list[Key] = [(peer, peer, form, program.peer_size(peer, form, size, settings.quick)) for form in forms]
    found.peers += keys
    return keys


def _distinct(sizes: Any) -> list[Any]:
    return list(dict.fromkeys(sizes))


def _prepared(pool: Pool, name: str, keys: list[Key], found: Measured) -> list[Key]:
    """Those that ran and agree with C at their size."""
    wanted: dict[Any, tuple[Any, Any]] = {}
    ready = []
    for key in keys:
        role, who, form, size = key
        try:
            if size not in wanted:
                wanted[size] = pool.ask("single", "prepare", ("c", name, "", size))[2:]
            _, first, value, gradient = pool.ask(role, "prepare", (who, name, form, size))
        except WorkerError as error:
            found.remarks.append(f"{who} {form}: {error}".replace(" :", ":"))
            if role not in pool.running:
                # a process that crashed takes with it what others had ready there
                for _, other, its_form, its_size in [k for k in ready if k[0] == role]:
                    pool.ask(role, "prepare", (other, name, its_form, its_size))
            continue
        off = max(difference(value, wanted[size][0]), difference(gradient, wanted[size][1]))
        if off > TOLERANCE:
            found.wrong.append(f"{name}: {who} {form} at {size} differs from C by {off:.1e}".replace("  ", " "))
            continue
        found.first[key] = first
        ready.append(key)
    return ready


def _rounds(
    pool: Pool, name: str, keys: list[Key], settings: Settings, found: Measured
) -> list[tuple[Key, str, list[float]]]:
    times: dict[tuple[Key, str], list[float]] = {(key, what): [] for key in keys for what in ("value", "gradient")}
    lost: set[str] = set()
    for _ in range(settings.rounds):
        for (key, what), seconds in times.items():
            role, who, form, size = key
            if role in lost:
                continue
            try:
                seconds.append(pool.ask(role, "time", (who, name, form, size), what, settings.budget))
            except WorkerError as error:
                found.remarks.append(str(error))
                lost.add(role)
    return [(key, what, seconds) for (key, what), seconds in times.items() if seconds]


def _fresh(program: Program, size: Any, settings: Settings, found: Measured) -> None:
    """First calls without and with the cache on disk, and peak memory."""
    with tempfile.TemporaryDirectory() as directory:
        try:
            cold = asked("first", "programs", program.name, size, Path(directory), settings.patience)
            warm = asked("first", "programs", program.name, size, Path(directory), settings.patience)
            memory = asked("memory", "programs", program.name, size, Path(directory), settings.patience)
        except WorkerError as error:
            found.remarks.append(str(error))
            return
    found.fresh = {
        "first": cold["first"],
        # the time of the call itself is in both calls
        "cached": max(0.0, warm["first"] - warm["second"]),
        "bytes": memory["bytes"],
    }

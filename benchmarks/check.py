"""Compare everybody's values and gradients on some programs, and time them: ``python benchmarks/check.py NAME ...``."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from harness.compare import TOLERANCE, difference
from harness.pool import Pool, WorkerError
from harness.programs import PEERS, load, names


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=[], metavar="NAME")
    parser.add_argument("--size", choices=("main", "quick"), default="quick")
    parser.add_argument("--without", nargs="*", default=[], choices=(*PEERS, "ours"), metavar="PEER")
    parser.add_argument("--patience", type=float, default=120.0, help="seconds to wait for one answer")
    options = parser.parse_args()
    failures = 0
    with Pool(options.patience) as pool:
        for name in options.names or names():
            failures += _checked(pool, name, options.size == "quick", set(options.without))
    return 1 if failures else 0


def _checked(pool: Pool, name: str, quick: bool, without: set[str]) -> int:
    program = load(name)
    size = program.quick if quick else program.sizes[0]
    asked: list[tuple[str, str, str, Any]] = [("single", "c", "", size), ("single", "ours", "", size)]
    for peer in PEERS:
        if peer in without:
            continue
        try:
            for form in pool.ask(peer, "forms", name):
                asked.append((peer, peer, form, program.peer_size(peer, form, size, quick)))
        except WorkerError as failure:
            print(f"{name:20} {failure}")
    failures = 0
    wanted: dict[Any, tuple[Any, Any]] = {}
    for role, who, form, own_size in asked:
        if who in without:
            continue
        if own_size not in wanted:
            wanted[own_size] = pool.ask("single", "prepare", ("c", name, "", own_size))[2:]
        line = f"{name:20} {who + ' ' + form:14} at {own_size!s:16}"
        key = (who, name, form, own_size)
        try:
            first_value, first_gradient, value, gradient = pool.ask(role, "prepare", key)
            seconds = [pool.ask(role, "time", key, what, 0.2) for what in ("value", "gradient")]
        except WorkerError as failure:
            print(line, "FAILED", failure)
            failures += 1
            continue
        off = [difference(value, wanted[own_size][0]), difference(gradient, wanted[own_size][1])]
        good = max(off) <= TOLERANCE
        failures += not good
        print(
            f"{line} value {seconds[0] * 1e3:9.3f} ms, gradient {seconds[1] * 1e3:9.3f} ms, "
            f"first {first_value:.2f} + {first_gradient:.2f} s, "
            f"differences {off[0]:.0e} {off[1]:.0e} {'' if good else 'WRONG'}"
        )
    for role in {role for role, *_ in asked} & set(pool.running):
        pool.ask(role, "drop")
    return failures


if __name__ == "__main__":
    sys.exit(main())

"""``make bench``: every program beside hand-written C, JAX, PyTorch and autograd, in one interleaved run.

Writes results.md. README.md says how it is measured, and what a program is.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import sys
import time
from pathlib import Path

from harness.library import FLAGS, compiled, compiler
from harness.measure import Settings, measured
from harness.pool import Pool, WorkerError
from harness.programs import PEERS, load, names
from harness.report import report
from harness.small import imports, memory, overheads

HERE = Path(__file__).resolve().parent


def main() -> int:
    options = _options()
    if shutil.which("gcc") is None:
        print("benchmarks: gcc is not here; the programs in c/ are what pathgrad is measured by. Install gcc.")
        return 2
    compiled()
    wanted = options.only or names()
    with Pool(options.patience) as pool:
        versions, peers = _present(pool, [p for p in PEERS if p not in options.without])
        rounds = options.rounds or (2 if options.quick else 7)
        settings = Settings(tuple(peers), rounds, options.quick, 0.01 if options.quick else 0.05, options.patience)
        results = []
        for name in wanted:
            start = time.perf_counter()
            results.append(measured(pool, load(name), settings))
            print(
                f"{name:24} {time.perf_counter() - start:6.1f} s", *results[-1].remarks, *results[-1].wrong, flush=True
            )
        calls = overheads(pool, settings)
    spans = imports(settings.rounds)
    spaces = memory(settings)
    text = report(results, peers, calls, spans, spaces, _preamble(versions, settings))
    if options.output != "-":
        Path(options.output).write_text(text, encoding="utf-8")
    print(text)
    return 1 if any(m.wrong for m in results) else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=names(), metavar="NAME", help="these programs")
    parser.add_argument("--rounds", type=int, help="rounds of interleaved timings; 7 if not given")
    parser.add_argument("--without", nargs="+", default=[], choices=PEERS, metavar="PEER", help="leave these peers out")
    parser.add_argument("--quick", action="store_true", help="small sizes, few rounds; figures mean nothing")
    parser.add_argument("--patience", type=float, default=300.0, help="seconds to wait for one answer")
    parser.add_argument("--output", default=str(HERE / "results.md"), help="where to write; - for nowhere")
    return parser.parse_args()


def _present(pool: Pool, asked: list[str]) -> tuple[dict[str, str], list[str]]:
    """Versions, and the peers that are installed."""
    versions = dict(pool.ask("single", "versions"))
    peers = []
    for peer in asked:
        try:
            versions |= pool.ask(peer, "versions")
            peers.append(peer)
        except WorkerError as error:
            versions[peer] = f"not here ({error})"
            print(f"{peer}: left out: {error}")
    return versions, peers


def _preamble(versions: dict[str, str], settings: Settings) -> str:
    found = ", ".join(f"{name} {version}" for name, version in versions.items())
    sizes = "\n\n**Small sizes (`--quick`): these figures mean nothing.**" if settings.quick else ""
    return (
        f"# Benchmark results\n\nMachine: {_processor()}, {os.cpu_count()} cores, {platform.system()}. {found}. "
        f"{compiler()}, {' '.join(FLAGS[:3])}.\n\nMedians of {settings.rounds} interleaved rounds; everything is "
        f"float64, and everybody's values and gradients agree with C's to 1e-9 (in norm, relative).{sizes}"
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())


if __name__ == "__main__":
    sys.exit(main())

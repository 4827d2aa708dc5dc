"""The command line: ``python -m benchmarks.peers --help``."""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from benchmarks import peers
from benchmarks.peers import report
from benchmarks.peers.adapters import PEERS
from benchmarks.peers.compare import Settings, compare
from benchmarks.peers.problems import NAMES

THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "RAYON_NUM_THREADS",
)


def main() -> None:
    """Compare on every problem asked for; results are written after each."""
    options = parser().parse_args()
    for variable in THREAD_VARIABLES:
        os.environ[variable] = str(options.threads)
    settings = Settings(
        options.peers,
        options.targets,
        options.data,
        options.cache,
        options.limit,
        options.reference_limit,
        options.memory,
    )
    comparisons = []
    for name in options.problems:
        print(f"\n{name}", flush=True)
        try:
            comparisons.append(compare(name, settings, say))
        except FileNotFoundError as error:
            print(f"skipped: {error}")
            continue
        report.show(comparisons[-1])
        if options.json is not None:
            report.save(comparisons, environment(options.threads), options.json)


def parser() -> argparse.ArgumentParser:
    """Return the options."""
    out = argparse.ArgumentParser(
        formatter_class=argparse.RawDescriptionHelpFormatter,
        prog="python -m benchmarks.peers",
        description=peers.__doc__,
    )
    add = out.add_argument
    add("--problems", type=_names(NAMES), default=NAMES, help="of " + ", ".join(NAMES))
    add("--peers", type=_names(PEERS), default=tuple(PEERS), help="of " + ", ".join(PEERS))
    add("--targets", type=_numbers, default=(1e-6, 1e-9), help="largest suboptimalities")
    add("--data", type=Path, default=os.environ.get("FASTREG_DATA"), help="folder of real sets")
    add("--cache", type=Path, default=Path(tempfile.gettempdir()) / "fastreg-peers")
    add("--json", type=Path, help="file to write all results to")
    add("--limit", type=float, default=120.0, help="seconds of a package's ladder on a problem")
    add("--reference-limit", type=float, default=600.0, help="seconds of one attempt at P*")
    add("--threads", type=int, default=int(os.environ.get("OMP_NUM_THREADS", "1")))
    add("--memory", action="store_true", help="measure fastreg's peak memory beyond X")
    return out


def environment(threads: int) -> dict[str, Any]:
    """Return versions and machine."""
    distributions = ("numpy", "scipy", *(peer.distribution for peer in PEERS.values()))
    return {
        "python": platform.python_version(),
        "machine": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "threads": threads,
        "versions": {name: _version(name) for name in distributions},
    }


def say(line: str) -> None:
    """Print at once."""
    print(line, flush=True)


def _version(distribution: str) -> str | None:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None


def _names(known: Sequence[str]) -> Callable[[str], tuple[str, ...]]:
    def parse(text: str) -> tuple[str, ...]:
        names = tuple(text.split(","))
        unknown = [name for name in names if name not in known]
        if unknown:
            raise argparse.ArgumentTypeError(f"unknown: {', '.join(unknown)}")
        return names

    return parse


def _numbers(text: str) -> tuple[float, ...]:
    return tuple(float(part) for part in text.split(","))


if __name__ == "__main__":
    main()

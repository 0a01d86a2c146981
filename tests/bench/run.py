"""`make bench`: runs the benchmarks beside this file and prints one JSON object a row.

A benchmark is a file `bench_*.py` with `measure(n) -> Iterable[Row]`; `n` is how many samples to
take. One that fails is named on standard error and the others still run; the exit code is 0,
because a benchmark never fails a build.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import platform
import sys
import traceback
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "fabric"), str(ROOT / "vm")]

from tests.bench.rows import Row, publish, table  # noqa: E402

Measure = Callable[[int], Iterable[Row]]


def find(only: str) -> list[Path]:
    """The benchmarks whose file name contains `only`, in the order of their names."""
    return sorted(path for path in HERE.glob("bench_*.py") if only in path.stem)


def load(path: Path) -> Measure:
    """The `measure` function of a benchmark."""
    spec = importlib.util.spec_from_file_location(f"tests.bench.{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # Dataclasses look their module up while it is being executed.
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return cast(Measure, module.measure)


def heading() -> str:
    """When and on what the figures were taken."""
    day = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    load = os.getloadavg()[0]
    cores = os.cpu_count()
    return f"# Measured {day}\n\n{platform.platform()}, {cores} CPUs, load {load:.1f} before.\n\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", metavar="TEXT", help="file names that contain TEXT")
    parser.add_argument("-n", type=int, default=5, help="samples a row (default 5)")
    parser.add_argument("--table", type=Path, default=ROOT / "out/bench.md", metavar="FILE")
    options = parser.parse_args()
    head = heading()
    rows: list[Row] = []
    failed: list[str] = []
    for path in find(options.only):
        print(f"{path.stem} ...", file=sys.stderr, flush=True)
        try:
            for found in load(path)(options.n):
                rows.append(found)
                print(found.as_json(), flush=True)
        except Exception:
            failed.append(path.stem)
            traceback.print_exc()
    text = head + table(rows)
    if failed:
        text += f"\nNot measured: {', '.join(failed)}.\n"
    publish(text, options.table)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

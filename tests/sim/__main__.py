"""`python -m tests.sim --seeds N`: many seeds of every kind of fault; one JSON line at the end.

Runs one process a core. A failing seed prints its story and how to run it again.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import partial

from tests.sim.kinds import FAULTS, play

CHUNK = 250


def run_chunk(kind: str, seeds: Iterable[int]) -> tuple[int, int, str]:
    """Play some seeds; (played, events, story of the first that failed)."""
    played = events = 0
    for seed in seeds:
        try:
            events += play(kind, seed)
        except Exception as error:  # the story is the result, whatever broke
            again = f"SIM_FIRST={seed} SIM_SEEDS=1 python -m pytest tests/sim -k '{kind}'"
            return played, events, f"{kind}, seed {seed}: {error}\n{again}"
        played += 1
    return played, events, ""


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.sim", description=__doc__)
    parser.add_argument("--seeds", type=int, default=100_000, help="in all, over every kind")
    parser.add_argument("--first", type=int, default=0)
    options = parser.parse_args()
    each = -(-options.seeds // len(FAULTS))
    begun = time.monotonic()
    total = [0, 0]
    failures: list[str] = []
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        waiting = [
            pool.submit(run_chunk, kind, range(start, min(start + CHUNK, options.first + each)))
            for start in range(options.first, options.first + each, CHUNK)
            for kind in FAULTS
        ]
        for done in as_completed(waiting):
            played, events, story = done.result()
            total[0] += played
            total[1] += events
            if story:
                failures.append(story)
                print(story, file=sys.stderr)
    seconds = round(time.monotonic() - begun, 1)
    say = partial(print, flush=True)
    say(
        json.dumps(
            {
                "seeds": total[0],
                "first": options.first,
                "kinds": len(FAULTS),
                "events": total[1],
                "failures": len(failures),
                "seconds": seconds,
            }
        )
    )
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())

"""`make bench-compare BASE=<ref>`: the benchmarks of this checkout beside those of another commit.

The other commit is laid out in `~/.cache/clawdesk/bench/trees` with an environment of its own, and
stays there for the next time, until somebody removes it. Both are measured in turns, the order
changed each time, so that what a shared machine does meanwhile meets both. A row counts as slower
or quicker only if not one turn of the one lies among those of the other; what is left is noise.
Prints one JSON object a row; like `make bench` it never fails a build.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "fabric"), str(ROOT / "vm")]

from tests.bench.rows import Row, publish  # noqa: E402
from tests.support.environments import cache  # noqa: E402

TURNS_MIN = 3
"""With fewer, values that do not overlap are chance once in six, or always."""
_SAME_SHARE = 0.03
"""What differs by less is not worth a word, however steady it is."""

Run = Callable[[Path], list[Row]]


@dataclass(frozen=True, slots=True)
class Compared:
    """One row of both.

    Args:
        now, before: its value in each turn, in `unit`; one is empty where only the other has it.
        ratio: median now / median before, None where one is missing or 0.
        verdict: "slower", "quicker", "within the noise", "only now" or "only before"; where a value
            is better the larger it is, "quicker" means larger.
    """

    name: str
    unit: str
    now: list[float]
    before: list[float]
    ratio: float | None
    verdict: str

    def as_json(self) -> str:
        return json.dumps(asdict(self))


def compared(now: Sequence[Sequence[Row]], before: Sequence[Sequence[Row]]) -> list[Compared]:
    """The rows of some turns of each, in the order in which this checkout gives them."""
    ours, theirs = _by_name(now), _by_name(before)
    names = dict.fromkeys([*ours, *theirs])
    return [_judged(ours.get(name, []), theirs.get(name, [])) for name in names]


def is_more_better(row: Row) -> bool:
    """Whether a larger value is the better one: by its goal, or as something a second."""
    return row.goal.startswith("at least") or row.unit.endswith("/s")


def _by_name(turns: Sequence[Sequence[Row]]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for turn in turns:
        for row in turn:
            found.setdefault(row.name, []).append(row)
    return found


def _judged(now: list[Row], before: list[Row]) -> Compared:
    row = (now or before)[0]
    ours, theirs = [each.value for each in now], [each.value for each in before]
    ratio = None
    if not theirs:
        verdict = "only now"
    elif not ours:
        verdict = "only before"
    else:
        middle = statistics.median(theirs)
        ratio = round(statistics.median(ours) / middle, 3) if middle else None
        verdict = _verdict(ours, theirs, ratio, more_is_better=is_more_better(row))
    return Compared(row.name, row.unit, ours, theirs, ratio, verdict)


def _verdict(
    now: list[float], before: list[float], ratio: float | None, *, more_is_better: bool
) -> str:
    is_apart = max(now) < min(before) or min(now) > max(before)
    is_small = ratio is not None and abs(ratio - 1) < _SAME_SHARE
    if not is_apart or is_small or min(len(now), len(before)) < TURNS_MIN:
        return "within the noise"
    return "quicker" if (min(now) > max(before)) == more_is_better else "slower"


def in_turns(
    run: Run, now: Path, before: Path, turns: int
) -> tuple[list[list[Row]], list[list[Row]]]:
    """What `run` finds in both trees, so many times each, now one first and now the other."""
    ours: list[list[Row]] = []
    theirs: list[list[Row]] = []
    for turn in range(turns):
        places = [(now, ours), (before, theirs)]
        for tree, found in places if turn % 2 == 0 else reversed(places):
            found.append(run(tree))
    return ours, theirs


def rows_of(printed: str) -> list[Row]:
    """The rows among what a benchmark printed; programs beside it may print as well."""
    lines = (line for line in printed.splitlines() if line.startswith('{"name"'))
    return [Row(**json.loads(line)) for line in lines]


def table(rows: Sequence[Compared]) -> str:
    """The rows as a Markdown table: medians, and in brackets the least and the most."""
    lines = ["| row | now | before | now / before | |", "|---|---|---|---|---|"]
    for row in rows:
        values = (_range(row.now, row.unit), _range(row.before, row.unit))
        ratio = "none" if row.ratio is None else f"{row.ratio:g}"
        lines.append(f"| {row.name} | {values[0]} | {values[1]} | {ratio} | {row.verdict} |")
    return "\n".join(lines) + "\n"


def _range(values: list[float], unit: str) -> str:
    if not values:
        return "none"
    return f"{statistics.median(values):g} {unit} ({min(values):g} to {max(values):g})"


def _laid_out(ref: str) -> Path:
    """The tree of a commit, with an environment of its own. Raises CalledProcessError."""
    named = ["git", "-C", str(ROOT), "rev-parse", "--verify", f"{ref}^{{commit}}"]
    commit = subprocess.run(named, check=True, capture_output=True, text=True).stdout.strip()
    tree = cache("bench") / "trees" / commit[:12]
    if not tree.exists():
        fresh = tree.with_name(f"{tree.name}.part")
        # A clone and no mere copy of the files: checks of a tree ask Git which files are its own.
        clone = ["git", "clone", "--quiet", "--no-checkout", str(ROOT), str(fresh)]
        shutil.rmtree(fresh, ignore_errors=True)
        subprocess.run(clone, check=True)
        subprocess.run(["git", "-C", str(fresh), "checkout", "--quiet", commit], check=True)
        fresh.rename(tree)
    make = ["make", "--no-print-directory", "-C", str(tree), "setup-tests"]
    subprocess.run(make, check=True, stdout=sys.stderr)
    return tree


def _measured(tree: Path, words: Sequence[str]) -> list[Row]:
    print(f"measuring {tree} ...", file=sys.stderr, flush=True)
    command = ["packaging/with_engine.py", "--", ".venv/bin/python", "tests/bench/run.py", *words]
    done = subprocess.run(
        [str(tree / ".venv/bin/python"), *command],
        cwd=tree,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return rows_of(done.stdout)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("base", help="the commit to compare with: a branch, a tag or a hash")
    parser.add_argument("--turns", type=int, default=TURNS_MIN, help="of each (default 3)")
    parser.add_argument("--table", type=Path, default=ROOT / "out/bench-compare.md", metavar="FILE")
    options, words = parser.parse_known_args()
    try:
        base = _laid_out(options.base)
        turns = in_turns(lambda tree: _measured(tree, words), ROOT, base, max(1, options.turns))
    except subprocess.CalledProcessError as error:
        print(error.stderr or f"{options.base} cannot be compared with: {error}", file=sys.stderr)
        return 1
    rows = compared(*turns)
    for row in rows:
        print(row.as_json(), flush=True)
    text = table(rows)
    if options.turns < TURNS_MIN:
        text += f"\nFewer than {TURNS_MIN} turns tell nothing from noise.\n"
    publish(text, options.table)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

"""One measured row: its median, its spread, and the ratio to what was measured beside it."""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Row:
    """A figure of performance.md.

    Args:
        name: number and words, e.g. "M1 machine, cold".
        value: median of the samples, in `unit`.
        ratio_to: what was measured beside it in the same run, "" = nothing.
        ratio: value / median of that, None without one.
        n: how many samples.
        spread: distance between the quartiles, in `unit`.
        goal: in words, e.g. "at most 1.5 times".
    """

    name: str
    value: float
    unit: str
    ratio_to: str
    ratio: float | None
    n: int
    spread: float
    goal: str = ""

    def as_json(self) -> str:
        return json.dumps(asdict(self))


def quartile_distance(samples: Sequence[float]) -> float:
    """Distance between the first and third quartile; 0.0 of fewer than two samples."""
    if len(samples) < 2:
        return 0.0
    first, _, third = statistics.quantiles(samples, n=4, method="inclusive")
    return third - first


def row(
    name: str,
    samples: Sequence[float],
    unit: str,
    *,
    beside: Sequence[float] = (),
    ratio_to: str = "",
    goal: str = "",
) -> Row:
    """A row from raw samples; `beside` are the samples of the thing named in `ratio_to`.

    Raises:
        ValueError: no sample was taken.
    """
    if not samples:
        raise ValueError(f"{name}: no sample")
    value = statistics.median(samples)
    other = statistics.median(beside) if beside else 0.0
    return Row(
        name=name,
        value=round(value, 3),
        unit=unit,
        ratio_to=ratio_to,
        ratio=round(value / other, 3) if other else None,
        n=len(samples),
        spread=round(quartile_distance(samples), 3),
        goal=goal,
    )


def table(rows: Sequence[Row]) -> str:
    """The rows as a Markdown table."""
    lines = ["| row | median | spread | n | ratio | to | goal |", "|---|---|---|---|---|---|---|"]
    for found in rows:
        ratio = "none" if found.ratio is None else f"{found.ratio:g}"
        lines.append(
            f"| {found.name} | {found.value:g} {found.unit} | {found.spread:g} | {found.n} "
            f"| {ratio} | {found.ratio_to or 'none'} | {found.goal or 'none'} |"
        )
    return "\n".join(lines) + "\n"


def publish(text: str, path: Path) -> None:
    """Write a table to a file, and show it on standard error: the JSON lines have the other."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    print(text, file=sys.stderr)

"""The guide's page of the comparison, from 20 seeds: figures and charts of one simulated load."""

from __future__ import annotations

from statistics import mean

from clawdesk_fabric.model import CallClass
from tests.sim.fabric.loads import BACKLOGGED, POLICIES, play
from tests.sim.fabric.world import World, jain, p95

SEEDS = 20
_NAMES = {"clawdesk": "ClawDesk", "fifo": "one queue", "collate": "collation only"}
HEAD = """# Sharing a GPU: three rules compared

All figures on this page are **simulated**: ten minutes of a workstation with one GPU of 24 GiB,
{seeds} seeds, the same calls for every rule. Two models that do not fit together (15 GiB, 8 s to
load; 16 GiB, 10 s) and a small one; three projects whose agents keep six calls each open to the
first and one to the second; a person who chats with the second about every 45 s; a batch of forty
calls at a time. *One queue* serves in order of arrival, and its head blocks the rest. *Collation
only* serves the loaded model as long as anybody waits for it. Made by `python -m
tests.sim.fabric`, checked by `make test`.
"""


def _row(policy: str, worlds: list[World]) -> str:
    waits = [
        mean(p95(world.waits_ms(kind)) for world in worlds) / 1000
        for kind in (CallClass.INTERACTIVE, CallClass.AGENT, CallClass.BATCH)
    ]
    fair = [jain(world.used_ms.get(p, 0.0) for p in BACKLOGGED) for world in worlds]
    tokens = mean(world.tokens for world in worlds)
    loads = mean(world.loads for world in worlds)
    cells = [
        _NAMES[policy],
        f"{tokens:,.0f}",
        f"{loads:.0f}",
        *(f"{wait:.0f} s" for wait in waits),
        f"{mean(fair):.3f} (least {min(fair):.3f})",
    ]
    return f"| {' | '.join(cells)} |"


def _chart(title: str, unit: str, values: dict[str, float]) -> list[str]:
    names = ", ".join(f'"{_NAMES[policy]}"' for policy in values)
    bars = ", ".join(f"{value:.0f}" for value in values.values())
    return [
        "```mermaid",
        "xychart-beta",
        f'    title "{title} (simulated)"',
        f"    x-axis [{names}]",
        f'    y-axis "{unit}"',
        f"    bar [{bars}]",
        "```",
        "",
    ]


def page() -> str:
    """The whole page."""
    played = {name: [play(name, seed) for seed in range(SEEDS)] for name in POLICIES}
    lines = [HEAD.format(seeds=SEEDS)]
    lines += [
        "| rule | useful tokens | loads | a person waits (p95) | an agent | a batch | fairness |",
        "|---|---|---|---|---|---|---|",
        *(_row(name, worlds) for name, worlds in played.items()),
        "",
        "Fairness is Jain's index of GPU time over the four projects that always have calls",
        "waiting: 1 means that each got the same, 0.25 that one got all of it. Tokens are those of",
        "answers that were finished; a call that still waits counts with what it waited so far.",
        "",
    ]
    tokens = {name: mean(world.tokens for world in worlds) for name, worlds in played.items()}
    lines += _chart("Useful tokens in ten minutes", "tokens", tokens)
    waits = {
        name: mean(p95(world.waits_ms(CallClass.INTERACTIVE)) for world in worlds) / 1000
        for name, worlds in played.items()
    }
    lines += _chart("How long a person waits, 95th percentile", "seconds", waits)
    return "\n".join(lines).rstrip() + "\n"

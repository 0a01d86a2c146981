"""Draws docs/guide/states.md from what the pure machine really does in many seeded worlds.

python -m tests.sim.states > docs/guide/states.md
"""

from __future__ import annotations

import re
from collections import defaultdict

from clawdesk.domain.events import Event
from clawdesk.domain.model import FINAL, Phase
from tests.sim.kinds import FAULTS
from tests.sim.world import World

SEEDS = 60
HEAD = """# States of a task

Drawn by `python -m tests.sim.states` from the transitions that the control plane makes in seeded
worlds with every fault; a test keeps it true. An arrow names the events that lead along it.

"""
_WORDS = re.compile(r"(?<=[a-z])(?=[A-Z])")


class _Watched(World):
    """A world that notes every change of phase and the event that made it."""

    arrows: dict[tuple[str, str], set[str]]

    def post(self, event: Event) -> None:
        before = {task.id: task.phase for task in self.state.tasks.values()}
        super().post(event)
        for task in self.state.tasks.values():
            old = before.get(task.id)
            if old is not task.phase:
                name = _WORDS.sub(" ", type(event).__name__).lower()
                self.arrows[(old.value if old else "[*]", task.phase.value)].add(name)


def arrows(seeds: int = SEEDS) -> dict[tuple[str, str], set[str]]:
    """(from, to) -> events, over all fault sets."""
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for faults in FAULTS.values():
        for seed in range(seeds):
            world = _Watched(seed, faults, slots=1 + seed % 3)
            world.arrows = found
            for number in range(1 + seed % 4):
                world.submit(number)
            world.settle()
    return found


def page() -> str:
    """The whole guide page."""
    order = ["[*]", *(phase.value for phase in Phase)]
    lines = [HEAD, "```mermaid", "stateDiagram-v2"]
    drawn = arrows()
    for old, new in sorted(drawn, key=lambda pair: (order.index(pair[0]), order.index(pair[1]))):
        lines.append(f"    {old} --> {new}: {', '.join(sorted(drawn[(old, new)]))}")
    lines += [f"    {phase.value} --> [*]" for phase in Phase if phase in FINAL]
    return "\n".join([*lines, "```", ""]).replace("\n\n\n", "\n\n")


if __name__ == "__main__":
    print(page(), end="")

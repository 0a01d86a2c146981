"""Seeded simulation of the pure core: safety after every event, liveness at the end.

The number of seeds is SIM_SEEDS (100 by default, 1,000 in `make test`); a failing seed prints its
story and is run again with SIM_FIRST=seed SIM_SEEDS=1.
"""

from __future__ import annotations

import os
import random
import re
from pathlib import Path

import pytest

from clawdesk.domain.model import Phase
from tests.sim import states
from tests.sim.ending import check_end
from tests.sim.kinds import FAULTS, play
from tests.sim.world import Faults, World

SEEDS = int(os.environ.get("SIM_SEEDS", "100"))
FIRST = int(os.environ.get("SIM_FIRST", "0"))


@pytest.mark.parametrize("kind", FAULTS)
def test_every_task_ends_and_nobody_is_left_without_an_answer(kind: str) -> None:
    for seed in range(FIRST, FIRST + SEEDS):
        play(kind, seed)


def test_the_same_seed_tells_the_same_story() -> None:
    stories = []
    for _ in range(2):
        world = World(7, FAULTS["all"])
        for number in range(3):
            world.submit(number)
        world.settle()
        stories.append(world.story)
    assert stories[0] == stories[1]


def test_without_faults_no_task_starts_twice() -> None:
    seed = random.Random(1).randint(0, 10**6)
    world = World(seed, Faults(), slots=2)
    for number in range(6):
        world.submit(number)
    world.settle()
    check_end(world)
    left = sum(
        1
        for task in world.state.tasks.values()
        for record in task.records
        if record.event in ("restored", "parked", "yielded")
    )
    assert world.starts <= 6 + left, f"seed {seed}"
    assert {task.phase for task in world.state.tasks.values()} == {Phase.DONE}, f"seed {seed}"
    for task in world.state.tasks.values():
        made = world.calls.made.get(task.id, set())
        assert task.spending.total.calls == len(made), f"seed {seed}: of {task.id}"


def test_the_diagram_of_states_is_what_the_machine_does() -> None:
    """All of the page where seeds are many; with few, that each arrow found stands in it."""
    drawn = (Path(__file__).parents[2] / "docs/guide/states.md").read_text()
    mend = "python -m tests.sim.states > docs/guide/states.md"
    if SEEDS >= 1000:
        assert drawn == states.page(), mend
    found = states.arrows(seeds=10)
    assert found
    for (old, new), events in found.items():
        (line,) = re.findall(rf"^ *{re.escape(old)} --> {new}: (.*)$", drawn, re.MULTILINE)
        assert events <= set(line.split(", ")), mend


@pytest.mark.parametrize(
    ("kind", "seed"),
    [
        ("everything", 500297),  # a lease asked back while its machine did not start
        ("everything", 502748),  # a restart that Git refused to record, and then a crash
        ("everything", 2000817),  # Git refused the way back, and the start behind it
        ("everything", 2002819),  # ... and a fresh machine was taken for the one that had worked
        ("everything", 2003595),  # ... nor did it take that the attempt had ended
        ("crashes-and-people", 6000922),  # cancelled while a machine was being taken up
    ],
)
def test_seeds_that_once_failed(kind: str, seed: int) -> None:
    """Worlds of before; as the simulator grows they become other ones, and stay worth playing."""
    play(kind, seed)

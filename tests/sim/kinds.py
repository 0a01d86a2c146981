"""Kinds of faults, and one seed of one kind played to its end."""

from __future__ import annotations

from functools import partial

from tests.sim.ending import check_end
from tests.sim.world import Faults, World

FAULTS = {
    "calm": Faults(),
    "people": Faults(wishes=0.5, cancels=0.1),
    "suspends": Faults(suspends=0.7, wishes=0.1),
    "machines": Faults(machine_lost=0.5, start_failed=0.1, damaged=0.3, step_failed=0.1),
    "disk": Faults(checkpoint_failed=0.2, record_failed=0.1),
    "all": Faults(0.2, 0.1, 0.1, 0.05, 0.2, 0.1, 0.3, 0.05, 0.2),
    "amends": Faults(amends=0.7, wishes=0.2),
    "prompts": Faults(prompts=0.9, wishes=0.1, suspends=0.1, step_failed=0.2),
    "prompts-and-crashes": Faults(prompts=0.9, forgets=0.1, crashes=3),
    "forgets": Faults(forgets=0.6, wishes=0.4, suspends=0.3),
    "forks": Faults(forks=0.6, forgets=0.1, wishes=0.1, cancels=0.1, machine_lost=0.2),
    "models": Faults(models=0.8, wishes=0.3, suspends=0.2, cancels=0.1, machine_lost=0.1),
    "models-and-crashes": Faults(models=0.8, wishes=0.2, suspends=0.2, crashes=3),
    "images": Faults(
        models=0.7, images=0.5, wishes=0.3, cancels=0.1, start_failed=0.1, forgets=0.3
    ),
    "images-and-crashes": Faults(models=0.7, images=0.4, wishes=0.2, suspends=0.2, crashes=3),
    "hosts": Faults(hosts=6, wishes=0.2, suspends=0.2, machine_lost=0.1, models=0.3),
    "hosts-and-crashes": Faults(hosts=6, wishes=0.2, suspends=0.2, crashes=3),
    "histories": Faults(histories=0.08, wishes=0.3, cancels=0.1, suspends=0.2, forks=0.2),
    "histories-and-crashes": Faults(histories=0.05, machine_lost=0.2, amends=0.3, crashes=3),
    "asks-back": Faults(asks_back=0.5, suspends=0.3, wishes=0.2, damaged=0.1, forks=0.1),
    "asks-back-and-crashes": Faults(asks_back=0.5, machine_lost=0.1, record_failed=0.1, crashes=3),
    "crashes": Faults(crashes=3),
    "crashes-and-amends": Faults(crashes=3, amends=0.6, forks=0.3),
    "crashes-and-people": Faults(crashes=3, wishes=0.4, cancels=0.1, suspends=0.2),
    "everything": Faults(
        0.2,
        0.1,
        0.1,
        0.05,
        0.2,
        0.1,
        0.3,
        0.05,
        0.2,
        0.2,
        amends=0.3,
        forks=0.2,
        forgets=0.1,
        models=0.3,
        images=0.1,
        asks_back=0.2,
        crashes=4,
    ),
}


def play(kind: str, seed: int) -> int:
    """Let one world live until every task has ended; returns how many events it had.

    Raises:
        AssertionError: with the story, where a promise was broken.
    """
    world = World(seed, FAULTS[kind], slots=1 + seed % 3)
    for number in range(1 + seed % 5):
        world.later(world.random.randint(0, 3_000), partial(world.submit, number))
    try:
        world.settle()
    except Exception as error:
        raise AssertionError(f"seed {seed}: {error}\n{world.tell()}") from error
    check_end(world)
    return world.events

"""Random schedules of the channel: each request has one decision at most, and no answer is lost.

CHANNEL_SEEDS sets how many stories are told, CHANNEL_SEED where they begin.
"""

from __future__ import annotations

import os

import pytest

from tests.sim.channel import World

SEEDS = int(os.environ.get("CHANNEL_SEEDS", "300"))
FIRST = int(os.environ.get("CHANNEL_SEED", "0"))
STEPS = 120


def tell(seed: int) -> World:
    world = World(seed)
    try:
        world.run(STEPS)
        world.settle()
        world.check_rest()
    except AssertionError as error:
        tail = "\n".join(world.story[-60:])
        raise AssertionError(f"CHANNEL_SEED={seed}: {error}\n{tail}") from None
    return world


@pytest.mark.parametrize("part", range(4))
def test_every_request_has_one_decision_and_no_answer_is_lost(part: int) -> None:
    decided = answers = 0
    for seed in range(FIRST + part, FIRST + SEEDS, 4):
        world = tell(seed)
        decided += sum(bool(request.decided) for request in world.git.values())
        answers += sum(card.ended == "answered" for card in world.cards.values())
    print(f"seeds {FIRST + part} to {FIRST + SEEDS}: {decided} decisions, {answers} answers")
    assert decided > SEEDS // 4, "the stories tell of nothing"

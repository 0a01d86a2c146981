"""The Fabric's order against a plain queue and against collation, on the same simulated load.

FABRIC_SEEDS sets how many seeds (3; 20 in `make test`). The figures of the guide come from
`python -m tests.sim.fabric`.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from clawdesk_fabric.model import CallClass
from clawdesk_fabric.transitions import step
from tests.sim.fabric import report
from tests.sim.fabric.loads import BACKLOGGED, LONGEST_MS, MODELS, play
from tests.sim.fabric.policies import Ours
from tests.sim.fabric.world import World, jain, p95

SEEDS = int(os.environ.get("FABRIC_SEEDS", "3"))
STOP_AND_TICK_MS = 500
PAGE = Path(__file__).parents[3] / "docs/guide/models-compared.md"


def fairness(world: World) -> float:
    return jain(world.used_ms.get(project, 0.0) for project in BACKLOGGED)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_more_useful_tokens_than_a_plain_queue_and_a_fair_share_for_each(seed: int) -> None:
    ours, fifo = play("clawdesk", seed), play("fifo", seed)
    assert ours.tokens >= 2 * fifo.tokens
    assert fairness(ours) >= 0.95
    assert fairness(ours) >= fairness(fifo)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_a_person_waits_no_longer_than_one_call_and_one_load(seed: int) -> None:
    world = play("clawdesk", seed)
    longest_load_ms = max(model.load_ms for model in MODELS)
    waits = world.waits_ms(CallClass.INTERACTIVE)
    assert p95(waits) <= LONGEST_MS + longest_load_ms + STOP_AND_TICK_MS


def test_collation_alone_starves_who_asks_for_the_other_model() -> None:
    """What the comparison is for: more tokens than ours, and projects that never get one."""
    world = play("collate", 0)
    assert min(world.used_ms.get(project, 0.0) for project in BACKLOGGED) == 0.0


def test_what_was_decided_is_decided_again() -> None:
    first, second = play("clawdesk", 5), play("clawdesk", 5)
    assert isinstance(first.policy, Ours)
    assert isinstance(second.policy, Ours)
    assert first.policy.events == second.policy.events
    again = Ours(World(5, MODELS, (), first.memory_mib, Ours)).state
    for event in first.policy.events:
        step(again, event)
    assert again.shares == first.policy.state.shares


@pytest.mark.skipif(SEEDS < 20, reason="needs FABRIC_SEEDS=20, as in make test")
def test_the_page_of_the_guide_shows_what_is_measured() -> None:
    mend = "python -m tests.sim.fabric > docs/guide/models-compared.md"
    assert PAGE.read_text() == report.page(), mend

"""The mixed load of the comparison: two models that do not fit together, four backlogged projects,
a person who chats, and a batch of hundreds of calls."""

from __future__ import annotations

from collections.abc import Callable

from clawdesk_fabric.model import CallClass
from tests.sim.fabric.policies import Collate, Fifo, Ours
from tests.sim.fabric.world import Client, Policy, SimModel, World

GPU_MIB = 24 * 1024
MINUTES_10 = 600_000
MODELS = (
    SimModel("coder", 15 * 1024, 8_000),
    SimModel("chat", 16 * 1024, 10_000),
    SimModel("small", 3 * 1024, 2_000, slots=8),
)
BACKLOGGED = ("red", "green", "blue", "grey")
CLIENTS = (
    *(
        Client(project, "coder", CallClass.AGENT, (80, 400), outstanding=6, think_ms=300)
        for project in BACKLOGGED[:3]
    ),
    Client("grey", "chat", CallClass.AGENT, (80, 400), outstanding=6, think_ms=300),
    Client("person", "chat", CallClass.INTERACTIVE, (40, 300), every_ms=45_000),
    Client("papers", "chat", CallClass.BATCH, (100, 300), outstanding=40),
    Client("search", "small", CallClass.AGENT, (10, 40), every_ms=2_000),
)
LONGEST_MS = int(400 / 40 * 1000)
"""The longest call there is."""
POLICIES: dict[str, Callable[[World], Policy]] = {
    "clawdesk": Ours,
    "fifo": Fifo,
    "collate": Collate,
}


def play(policy: str, seed: int, until_ms: int = MINUTES_10) -> World:
    world = World(seed, MODELS, CLIENTS, GPU_MIB, POLICIES[policy])
    world.run(until_ms)
    return world

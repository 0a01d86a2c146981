"""Two real models that do not fit together, three clients of different class, on real Docker.

Both are the small model under two names; memory is that of this machine's processors. What was
decided is in the log, and is decided the same when the log is run again.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from typing import Any

import docker
import pytest

from clawdesk_fabric.decisions import replay
from clawdesk_fabric.engines.docker import DockerEngine
from clawdesk_fabric.server import owner_id
from tests.support.fabric_docker import containers_of, docker_with_image, short_place
from tests.support.fabric_world import World, catalog, running, spec

pytestmark = pytest.mark.e2e
ONE, OTHER = "one", "other"
MEMORY_MIB = 1500
"""Room for one of them, which are given 1,024 MiB each."""
ROUNDS = 4


@pytest.fixture(scope="module")
def client() -> Iterator[docker.DockerClient]:
    with docker_with_image() as made:
        yield made


class Caller:
    """Calls one model with a token of its own class and project; notes how long each waited."""

    def __init__(self, world: World, token: str, model: str, tokens: int) -> None:
        self._world, self._token = world, token
        self._ask = {
            "model": model,
            "max_tokens": tokens,
            "ignore_eos": True,
            "stream": True,
            "messages": [{"role": "user", "content": "Tell me of the sea."}],
        }
        self.waits_s: list[float] = []
        self.tokens = 0

    async def call(self) -> None:
        """One whole streamed answer."""
        began = time.monotonic()
        heard = False
        headers = {"Authorization": f"Bearer {self._token}"}
        async with self._world.post("/v1/chat/completions", self._ask, headers=headers) as answer:
            assert answer.status == 200, await answer.text()
            async for line in answer.content:
                if not line.startswith(b"data: {"):
                    continue
                if not heard:
                    heard = True
                    self.waits_s.append(time.monotonic() - began)
                choices = json.loads(line[6:])["choices"]
                self.tokens += bool(choices and choices[0]["delta"].get("content"))
        assert heard


async def _caller(world: World, project: str, call_class: str, model: str, tokens: int) -> Caller:
    token = await world.new_token(project=project, **{"class": call_class})
    return Caller(world, token, model, tokens)


@pytest.mark.timeout(500)
async def test_three_clients_share_two_models_that_do_not_fit_together(
    client: docker.DockerClient,
) -> None:
    with short_place() as place:
        path = place / "f.sock"
        engine = DockerEngine(owner_id(path), path.with_name(path.name + ".d"))
        models = (spec(name=ONE, slots=1, context=2048), spec(name=OTHER, slots=1, context=2048))
        known = catalog(*models, memory_mib=MEMORY_MIB)
        async with running(engine, path, known, state_folder=place / "state") as world:
            seen = await _play(world, client, owner_id(path))
        assert containers_of(client, owner_id(path)) == []
        (log,) = (place / "state").glob("decisions-*.jsonl")
        count, difference = replay(log)
        assert difference == ""
        assert count > 50
        decided = log.read_text()
        assert decided.count('"StartReplica"') >= 3
        assert "Tell me of the sea" not in decided, "no prompt is in the log"
    assert seen == 1, "both models were in memory at once"


async def _play(world: World, client: docker.DockerClient, owner: str) -> int:
    """All three at once; returns the most containers that ran at a time."""
    papers = await _caller(world, "papers", "batch", ONE, 60)
    agent = await _caller(world, "agent", "agent", ONE, 60)
    person = await _caller(world, "person", "interactive", OTHER, 20)
    most = 0

    async def watch() -> None:
        nonlocal most
        while True:
            ours = await asyncio.to_thread(containers_of, client, owner)
            most = max(most, sum(container.status == "running" for container in ours))
            await world.fabric.change()

    async def in_turn(caller: Caller) -> None:
        for _ in range(ROUNDS):
            await caller.call()

    watching = asyncio.create_task(watch())
    batch = [asyncio.create_task(papers.call()) for _ in range(ROUNDS)]
    agents = asyncio.create_task(in_turn(agent))
    await world.until(lambda: bool(world.fabric.state.replicas[ONE].in_flight))
    await person.call()
    await agents
    await person.call()
    await asyncio.gather(*batch)
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    _check(person, agent, papers)
    return most


def _check(person: Caller, agent: Caller, papers: Caller) -> None:
    told: dict[str, Any] = {
        name: {"waits_s": [round(w, 2) for w in sorted(c.waits_s)], "tokens": c.tokens}
        for name, c in (("person", person), ("agent", agent), ("papers", papers))
    }
    print(json.dumps(told))
    assert papers.tokens == agent.tokens == ROUNDS * 60, told
    assert person.tokens == 40, told
    # The person came last and asks for the other model: only the call in flight was before.
    assert max(person.waits_s) < max(papers.waits_s), told

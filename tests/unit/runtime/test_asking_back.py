"""Asking back through a whole plane and its socket: the step hears it, asks again, is answered."""

from __future__ import annotations

from pathlib import Path

from clawdesk.domain.model import Phase, Task
from clawdesk.ports.errors import RepositoryError
from clawdesk.runtime.client import PlaneClient
from clawdesk.runtime.server import PlaneServer
from tests.support.guest_fake import FakeStep
from tests.support.plane_world import PROJECT, PlaneWorld, until

TASK = 'title = "Ask"\n[[steps]]\nname = "one"\nrun = "asks"\n'


async def asks(step: FakeStep) -> int:
    question = "which wall?"
    while (reply := await step.ask(question))["outcome"] == "asked_back":
        question = f"which wall? You asked: {reply['text']}"
    step.print(f"{reply['outcome']}: {reply['text']}\n")
    return 0


def decided(task: Task) -> list[tuple[object, object]]:
    records = (r.fields for r in task.records if r.event == "decision")
    return [(fields["verdict"], fields["text"]) for fields in records]


async def test_a_step_hears_what_is_asked_back_and_asks_again(tmp_path: Path) -> None:
    plane = await PlaneWorld(tmp_path, {"ask": TASK}, {"asks": asks}).open()
    server = PlaneServer(plane, tmp_path / "p.sock")
    await server.start()
    client = await PlaneClient.connect(tmp_path / "p.sock")
    task = await client.submit(PROJECT, "ask")
    held = await until(client, task, lambda t: t.phase is Phase.HELD)
    assert held.request is not None
    asked = (task, held.request.id, "are there two?")
    assert (await client.ask_back(*asked, channel="t", key="k")).ok
    again = await until(client, task, lambda t: t.phase is Phase.HELD and t.request != held.request)
    assert again.request is not None
    assert again.request.question == "which wall? You asked: are there two?"
    assert again.request.ordinal == 2, "a checkpoint of its own"
    repeated = await client.ask_back(*asked, channel="t", key="k")
    assert (repeated.ok, repeated.text) == (True, "Asked back already, by this same answer.")
    assert (await client.answer(task, again.request.id, "the left", channel="t")).ok
    done = await until(client, task, lambda t: t.phase is Phase.DONE)
    assert decided(done) == [("asked_back", "are there two?"), ("answered", "the left")]
    assert "answered: the left" in [line.text for line in await client.log_lines(task)]
    await client.close()
    await server.close()
    await plane.close()


async def test_another_plane_knows_what_was_asked_back(tmp_path: Path) -> None:
    world = PlaneWorld(tmp_path, {"ask": TASK}, {"asks": asks})
    plane = await world.open()
    task = await plane.submit(PROJECT, "ask")
    held = await until(plane, task, lambda t: t.phase is Phase.HELD)
    assert held.request is not None
    await plane.ask_back(task, held.request.id, "are there two?", channel="t")
    await until(plane, task, lambda t: t.phase is Phase.HELD and t.request != held.request)
    await plane.close()
    plane = await world.open()
    assert decided(plane.state.tasks[task]) == [("asked_back", "are there two?")]
    await plane.close()


async def test_what_clawdesk_itself_asks_cannot_be_asked_back(tmp_path: Path) -> None:
    world = PlaneWorld(tmp_path, {"ask": TASK}, {"asks": asks})
    plane = await world.open()
    world.project.fail("append", RepositoryError("No space."), after=1)
    task = await plane.submit(PROJECT, "ask")
    await until(plane, task, lambda t: t.phase is Phase.HELD)
    refused = await plane.ask_back(task, "retry", "why?", channel="t")
    assert not refused.ok
    assert refused.text == "ClawDesk asks this itself, so there is nobody to ask back."
    await plane.cancel(task, channel="t")
    await until(plane, task, lambda t: t.phase is Phase.CANCELLED)
    await plane.close()

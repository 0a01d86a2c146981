"""What a person does with models through the plane: outcomes in words, figures looked at again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from clawdesk.ports.errors import InferenceError
from clawdesk.ports.inference import FabricStatus
from clawdesk.ports.models import Model, Peer, Peering, PeerOffer
from clawdesk.ports.pairing import PeerWish
from clawdesk.runtime.api import Change
from clawdesk.runtime.client import PlaneClient
from clawdesk.runtime.plane import Plane
from clawdesk.runtime.server import PlaneServer
from tests.support.inference_fake import EchoInference
from tests.support.plane_world import PlaneWorld

OFFER = (PeerOffer("qwen", 2),)
PAIRED = Peering("0.0.0.0:7443", "sha256:cd", (Peer("lab2", "sha256:ab", "here", 0, offers=OFFER),))


class Models(EchoInference):
    """Remembers what was asked; `refusal` is raised if set."""

    def __init__(self) -> None:
        super().__init__()
        self.acts: list[tuple[Any, ...]] = []
        self.refusal: InferenceError | None = None
        self.now = FabricStatus(True, "0.1.0", models=(Model("m"),), peering=PAIRED)

    async def ensure_up(self) -> FabricStatus:
        return self.now

    async def figures(self) -> FabricStatus:
        return self.now

    def _act(self, *what: Any) -> None:
        self.acts.append(what)
        if self.refusal is not None:
            raise self.refusal

    async def load_model(self, model: str) -> None:
        self._act("load", model)
        self.now = replace(self.now, models=(Model(model, phase="ready"),))

    async def pin_model(self, model: str, pinned: bool) -> None:
        self._act("pin", model, pinned)

    async def reserve_model(self, model: str, project: str, from_s: float, until_s: float) -> None:
        self._act("reserve", model, project, from_s, until_s)

    async def set_budget(self, project: str, gpu_hours: float, tokens: int) -> None:
        self._act("budget", project, gpu_hours, tokens)

    async def set_weight(self, project: str, weight: float) -> None:
        self._act("weight", project, weight)

    async def lend_to_peer(self, wish: PeerWish) -> None:
        self.acts.append(("lend", wish))

    async def revoke_peer(self, name: str) -> None:
        self._act("revoke", name)


@pytest.fixture
async def models() -> Models:
    return Models()


@pytest.fixture
async def plane(tmp_path: Path, models: Models) -> AsyncIterator[Plane]:
    parts = replace(PlaneWorld(tmp_path, {}, {}).parts(), inference=models)
    made = Plane(parts)
    await made.start()
    yield made
    await made.close()


async def test_a_load_is_seen_at_once(plane: Plane, models: Models) -> None:
    changes: list[Change] = []
    plane.subscribe(changes.append)
    outcome = await plane.load_model("m")
    assert (outcome.ok, outcome.text) == (True, "m is ready.")
    fabric = plane.environment.fabric
    assert fabric is not None
    assert fabric.models[0].phase == "ready"
    assert any(change.environment for change in changes)


async def test_a_refusal_is_a_sentence_with_the_fabrics_figures(
    plane: Plane, models: Models
) -> None:
    models.refusal = InferenceError("m does not fit then: that makes 9 MiB, there are 8 MiB")
    outcome = await plane.reserve_model("m", "/p", 1.0, 2.0)
    assert not outcome.ok
    assert "makes 9 MiB, there are 8 MiB" in outcome.text


async def test_no_fabric_is_said_and_nothing_is_asked(plane: Plane, models: Models) -> None:
    models.now = FabricStatus(False, problem="it did not start", mend="look at its log")
    outcome = await plane.load_model("m")
    assert (outcome.ok, models.acts) == (False, [])
    assert outcome.text == "m is not loaded: it did not start. look at its log"


async def test_another_process_may_do_the_same(
    plane: Plane, models: Models, tmp_path: Path
) -> None:
    server = PlaneServer(plane, tmp_path / "p.sock")
    await server.start()
    client = await PlaneClient.connect(tmp_path / "p.sock")
    try:
        assert (await client.pin_model("m", True)).ok
        assert (await client.set_budget("/p", 1.5, 10)).ok
        assert (await client.set_weight("/p", 2.0)).ok
        assert (await client.revoke_peer("lab2")).ok
        assert (await client.lend_to_peer(PeerWish("lab2", ("m",), 2))).ok
        assert models.acts == [
            ("pin", "m", True),
            ("budget", "/p", 1.5, 10),
            ("weight", "/p", 2.0),
            ("revoke", "lab2"),
            ("lend", PeerWish("lab2", ("m",), 2)),
        ]
        fabric = client.environment.fabric
        assert fabric is not None
        assert fabric.models == (Model("m"),)
        assert fabric.peering == PAIRED
    finally:
        await client.close()
        await server.close()

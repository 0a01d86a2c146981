"""What an earlier Fabric left in Docker never keeps the next one from beginning."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import requests
from docker.errors import APIError

from clawdesk_fabric.engines import docker as adapter
from clawdesk_fabric.engines.base import Endpoint
from clawdesk_fabric.engines.docker import DockerEngine
from clawdesk_fabric.errors import EngineError
from tests.support.fabric_engine import FakeEngine
from tests.support.fabric_world import MODEL, catalog, running, spec

WEDGED = "could not kill: tried to kill container, but did not receive an exit event"


class Container:
    """Of the SDK as far as it is used; `is_wedged` = the engine cannot end it."""

    def __init__(self, name: str, *, is_wedged: bool) -> None:
        self.id = self.name = name
        self.labels = {"clawdesk.model": "one that the catalog has no more"}
        self.is_wedged = is_wedged
        self.is_there = True

    def remove(self, **_: object) -> None:
        if self.is_wedged:
            response = requests.Response()
            response.status_code = 500
            raise APIError("refused", response, WEDGED)
        self.is_there = False


class Client:
    """An engine with these containers."""

    def __init__(self, *containers: Container) -> None:
        self.containers = self
        self._known = {container.name: container for container in containers}

    def list(self, **_: object) -> list[Container]:
        return list(self._known.values())

    def get(self, name: str) -> Container:
        return self._known[name]

    def close(self) -> None:
        pass


@pytest.mark.expect_log("could not kill")
async def test_one_that_the_engine_cannot_remove_is_said_and_the_others_are_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapter, "knock", lambda: None)
    wedged, other = Container("a", is_wedged=True), Container("b", is_wedged=False)
    engine, client = DockerEngine("me", tmp_path), Client(wedged, other)
    whole: Any = client
    engine._client = whole
    assert await engine.adopt({MODEL: spec()}) == []
    assert (wedged.is_there, other.is_there) == (True, False)
    await engine.close(remove=False)


async def test_one_that_fits_no_more_and_does_not_end_is_no_failure_of_ours(
    short_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = FakeEngine(short_folder)
    engine.left = [Endpoint(MODEL, "left", short_folder / "left.sock", "fake-image")]

    async def refused(endpoint: Endpoint) -> None:
        raise EngineError(WEDGED)

    known = catalog(spec(memory_mib=2000), memory_mib=1000)
    with monkeypatch.context() as patched:
        patched.setattr(engine, "stop", refused)
        async with running(engine, short_folder / "f.sock", known) as world:
            assert world.fabric.failure is None
            assert world.fabric.endpoints == {}

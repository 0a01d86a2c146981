"""A relay that finds no network to join: the model's own end is told, not its consequence."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import requests
from docker.errors import APIError

from clawdesk_fabric.engines import docker as adapter
from clawdesk_fabric.engines.base import Endpoint
from clawdesk_fabric.engines.docker import DockerEngine
from clawdesk_fabric.engines.runs import Run
from clawdesk_fabric.errors import EngineError
from tests.support.fabric_world import MODEL, spec

NO_NETWORK = "failed to create shim task: lstat /proc/7/ns/net: no such file or directory"


class Container:
    """Of the SDK as far as it is used: a model that has ended or not, a relay that is refused."""

    def __init__(self, exit_code: int | None) -> None:
        self._exit_code = exit_code
        self.attrs = {"State": {"Running": exit_code is None, "ExitCode": exit_code or 0}}

    def start(self) -> None:
        response = requests.Response()
        response.status_code = 500
        raise APIError("refused", response, NO_NETWORK)

    def wait(self, timeout: float) -> None:
        if self._exit_code is None:
            raise requests.exceptions.ReadTimeout

    def logs(self, tail: int) -> bytes:
        return b""


class Client:
    """An engine with the one container, whatever is asked for."""

    def __init__(self, container: Container) -> None:
        self.containers = self
        self._container = container

    def get(self, name: str) -> Container:
        return self._container

    def close(self) -> None:
        pass


@pytest.fixture
async def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[DockerEngine]:
    monkeypatch.setattr(adapter, "knock", lambda: None)
    made = DockerEngine("me", tmp_path)
    yield made
    await made.close(remove=False)


@pytest.mark.parametrize(
    ("exit_code", "said"),
    [(132, "was compiled for another processor"), (None, "the Docker engine refused: .*ns/net")],
)
async def test_why_the_relay_could_not_start(
    engine: DockerEngine, tmp_path: Path, exit_code: int | None, said: str
) -> None:
    client: Any = Client(Container(exit_code))
    engine._client = client
    run = Run(spec(), Endpoint(MODEL, "model", tmp_path / "s"), "relay")
    with pytest.raises(EngineError, match=said) as caught:
        await engine._join(run)
    assert caught.value.permanent == (exit_code == 132)

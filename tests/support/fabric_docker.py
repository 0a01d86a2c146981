"""Docker for the Fabric's own tests: an engine that answers, with the model's image made."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import docker
import pytest
from docker.models.containers import Container

from clawdesk_fabric.catalog import load
from clawdesk_fabric.engines.docker import DockerEngine
from tests.support.dockerd import NoEngineError, engine
from tests.support.fabric_world import MODEL


@contextmanager
def docker_with_image() -> Iterator[docker.DockerClient]:
    """A client of an engine that has the inference image; DOCKER_HOST names it meanwhile.

    Skips the test when there is no engine and none can be started.
    """

    async def build() -> None:
        builder = DockerEngine("test-build", Path("/nonexistent"))
        try:
            await builder.build(load().models[MODEL], print)
        finally:
            await builder.close(remove=False)

    try:
        with engine() as host, pytest.MonkeyPatch.context() as patch:
            patch.setenv("DOCKER_HOST", host)
            with ThreadPoolExecutor(1) as pool:  # the caller may be on a loop already
                pool.submit(lambda: asyncio.run(build())).result()
            client = docker.from_env()
            try:
                yield client
            finally:
                client.close()
    except NoEngineError as error:
        pytest.skip(str(error))


@contextmanager
def short_place() -> Iterator[Path]:
    """A folder for sockets, with a short path."""
    folder = Path(tempfile.mkdtemp(prefix="cdf-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)
    assert not folder.exists(), f"{folder} is left"


def containers_of(client: docker.DockerClient, owner: str) -> list[Container]:
    """All containers of one Fabric, running or not."""
    return client.containers.list(all=True, filters={"label": f"clawdesk.owner={owner}"})

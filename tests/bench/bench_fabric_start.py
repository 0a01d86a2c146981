"""Cold start of the sample model through the Fabric, beside the container's own in the same run.

The container is the same: same image, same options; what the Fabric adds is deciding, checking and
looking whether it is healthy.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import docker

from clawdesk_fabric.engines.base import Endpoint
from clawdesk_fabric.engines.container import SOCKET_NAME, options
from clawdesk_fabric.engines.docker import DockerEngine
from clawdesk_fabric.engines.reach import wait_healthy
from clawdesk_fabric.server import owner_id
from tests.bench.rows import Row, row
from tests.support.fabric_docker import docker_with_image, short_place
from tests.support.fabric_world import MODEL, World, catalog, running, spec


def measure(n: int) -> Iterator[Row]:
    with docker_with_image() as client, short_place() as place:
        bare, ours = asyncio.run(_both(client, place, max(3, n)))
    yield row(
        "Fabric: cold start of the sample model",
        ours,
        "s",
        beside=bare,
        ratio_to="the same container by itself",
        goal="at most 1.3 times",
    )


async def _both(
    client: docker.DockerClient, place: Path, n: int
) -> tuple[list[float], list[float]]:
    """Seconds until the model answers; the two take turns, so that load hits both alike."""
    bare: list[float] = []
    ours: list[float] = []
    path = place / "f.sock"
    engine = DockerEngine(owner_id(path), path.with_name(path.name + ".d"))
    image = await engine.build(spec(), lambda _: None)
    async with running(engine, path, catalog(spec())) as world:
        for number in range(n):
            bare.append(await _bare(client, image, place / f"b{number}"))
            ours.append(await _through(world))
    return bare, ours


async def _through(world: World) -> float:
    began = time.perf_counter()
    await world.fabric.load(MODEL)
    took_s = time.perf_counter() - began
    await world.fabric.unload(MODEL)
    return took_s


async def _bare(client: docker.DockerClient, image: str, folder: Path) -> float:
    folder.mkdir()
    folder.chmod(0o777)
    arguments = options(spec(), image, folder, "bench")
    began = time.perf_counter()
    container = await asyncio.to_thread(client.containers.create, **arguments)
    try:
        await asyncio.to_thread(container.start)
        await wait_healthy(Endpoint(MODEL, str(container.id), folder / SOCKET_NAME), "/health")
        return time.perf_counter() - began
    finally:
        await asyncio.to_thread(container.remove, force=True)

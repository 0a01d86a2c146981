"""Model containers in Docker, through its SDK: one adapter, no policy.

Every SDK call blocks, so each runs in a bounded thread pool; `watch.py` listens for ends. A
container without our owner label is never touched.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import shutil
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import aiohttp
import docker
import requests
from docker.errors import APIError, DockerException, ImageNotFound, NotFound

from clawdesk_fabric.catalog import ModelSpec
from clawdesk_fabric.engines.base import Endpoint
from clawdesk_fabric.engines.container import (
    LABEL,
    SOCKET_NAME,
    TAIL_LINES,
    explain_end,
    options,
    spec_digest,
)
from clawdesk_fabric.engines.watch import Watch, connect, explain_absence
from clawdesk_fabric.errors import EngineError, FabricError
from clawdesk_fabric.model import EngineView
from clawdesk_fabric.recipes.image import ensure_image
from clawdesk_fabric.recipes.steps import Steps

log = logging.getLogger("clawdesk_fabric")
P = ParamSpec("P")
R = TypeVar("R")
THREADS_MAX = 8
START_S_MAX = 120.0
STOP_S_MAX = 5
CALL_S_MAX = 300
_HEALTH_PAUSES_S = (0.02, 0.05, 0.1, 0.2)


class DockerEngine:
    """Implements `Engine` with the Docker engine that DOCKER_HOST (or the default) names.

    Args:
        owner: id of this Fabric, the same after a restart.
        folder: private folder for the models' sockets.
        base_tar: Debian root to build from; None = the cached one.
    """

    def __init__(self, owner: str, folder: Path, *, base_tar: Path | None = None) -> None:
        self._owner = owner
        self._folder = folder
        self._base_tar = base_tar
        self._pool = ThreadPoolExecutor(THREADS_MAX, thread_name_prefix="docker")
        self._client: docker.DockerClient | None = None
        self._running: dict[str, Endpoint] = {}
        self._starting: dict[str, asyncio.Future[None]] = {}
        self._specs: dict[str, ModelSpec] = {}
        self._builds: set[Steps] = set()
        self._watch: Watch | None = None
        self._on_end: Callable[[Endpoint, FabricError], None] = lambda *_: None

    # -- Engine ----------------------------------------------------------------------------------

    async def open(
        self,
        *,
        on_end: Callable[[Endpoint, FabricError], None],
        on_view: Callable[[EngineView], None],
    ) -> None:
        self._on_end = on_end
        self._watch = Watch(self._owner, ended=self._ended, alive=self._alive, view=on_view)
        await self._watch.open()

    async def adopt(self, specs: Mapping[str, ModelSpec]) -> list[Endpoint]:
        try:
            found = await self._call(self._list)
        except FabricError:
            return []
        adopted: dict[str, Endpoint] = {}
        for container in found:
            labels = container.labels
            spec = specs.get(labels.get("clawdesk.model", ""))
            folder = Path(labels.get("clawdesk.folder", ""))
            endpoint = Endpoint(
                labels.get("clawdesk.model", ""),
                str(container.id),
                folder / SOCKET_NAME,
                labels.get("clawdesk.image", ""),
            )
            fits = spec is not None and labels.get("clawdesk.spec") == spec_digest(spec)
            if (
                spec is not None
                and fits
                and container.status == "running"
                and spec.name not in adopted
                and await _is_healthy(endpoint.socket)
            ):
                adopted[spec.name] = endpoint
                self._specs[endpoint.container] = spec
                self._running[endpoint.container] = endpoint
            else:
                log.info("removing the left-over container %s", container.name)
                await self._call(self._remove, endpoint)
        return list(adopted.values())

    async def start(
        self, spec: ModelSpec, devices: tuple[str, ...], report: Callable[[str], None]
    ) -> Endpoint:
        image = await self._image(spec, report)
        report("starting the container")
        endpoint = await self._call(self._create, spec, image)
        ended = self._starting[endpoint.container] = asyncio.get_running_loop().create_future()
        self._specs[endpoint.container] = spec
        try:
            await self._call(self._run, endpoint)
            report("loading the model into memory")
            await self._healthy(endpoint, ended)
        except BaseException as error:
            await self._give_up(endpoint)
            if isinstance(error, TimeoutError):
                raise EngineError(
                    f"{spec.name} was not ready after {START_S_MAX:g} s", code="model_failed"
                ) from None
            raise
        finally:
            del self._starting[endpoint.container]
        self._running[endpoint.container] = endpoint
        return endpoint

    def owners(self) -> Mapping[str, str]:
        return {container: spec.name for container, spec in self._specs.items()}

    async def stop(self, endpoint: Endpoint) -> None:
        self._running.pop(endpoint.container, None)
        self._specs.pop(endpoint.container, None)
        await self._call(self._remove, endpoint, stop_s=STOP_S_MAX)

    async def close(self, *, remove: bool) -> None:
        if self._watch is not None:
            await self._watch.close()
        for steps in self._builds:
            steps.stop()
        if remove:
            self._running.clear()
            with contextlib.suppress(FabricError):
                for endpoint in await self._call(self._left_endpoints):
                    await self._call(self._remove, endpoint, stop_s=1)
            with contextlib.suppress(OSError):
                self._folder.rmdir()
        await asyncio.to_thread(self._pool.shutdown)
        if self._client is not None:
            self._client.close()

    # -- images ----------------------------------------------------------------------------------

    async def build(self, spec: ModelSpec, report: Callable[[str], None]) -> str:
        """Make the model's image if the engine lacks it; its name. Raises FabricError."""
        return await self._image(spec, report)

    async def _image(self, spec: ModelSpec, report: Callable[[str], None]) -> str:
        loop = asyncio.get_running_loop()
        steps = Steps(lambda text: _quietly(loop, report, text))
        self._builds.add(steps)
        try:
            return await self._call(ensure_image, self, spec, steps, base_tar=self._base_tar)
        except asyncio.CancelledError:
            steps.stop()
            raise
        finally:
            self._builds.discard(steps)

    def has_image(self, tag: str) -> bool:
        """Part of `ImageStore`; blocks."""
        try:
            self._docker().images.get(tag)
        except ImageNotFound:
            return False
        return True

    def import_layer(self, layer: Path, tag: str, changes: list[str]) -> None:
        """Part of `ImageStore`; blocks while some hundred MiB are read."""
        name, _, version = tag.rpartition(":")
        self._docker().api.import_image_from_file(
            str(layer), repository=name, tag=version, changes=changes
        )
        if not self.has_image(tag):
            raise EngineError(f"the engine did not take the image {tag}", code="no_capacity")

    # -- blocking parts, in the pool -------------------------------------------------------------

    async def _call(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run blocking work in the pool; the SDK's errors become ours."""
        try:
            return await asyncio.get_running_loop().run_in_executor(
                self._pool, lambda: work(*args, **kwargs)
            )
        except APIError as error:
            raise EngineError(
                f"the Docker engine refused: {error.explanation or error}",
                code="no_capacity" if error.is_server_error() else "model_failed",
            ) from error
        except (DockerException, requests.RequestException, OSError) as error:
            what, mend = explain_absence(error)
            raise EngineError(what, mend=mend, code="no_capacity") from error

    def _docker(self) -> docker.DockerClient:
        if self._client is None:
            self._client = connect(timeout_s=CALL_S_MAX, threads=THREADS_MAX)
        return self._client

    def _list(self) -> list[Any]:
        wanted: dict[str, str | list[str] | bool] = {
            "label": [f"{LABEL}=1", f"clawdesk.owner={self._owner}"]
        }
        return list(self._docker().containers.list(all=True, filters=wanted))

    def _left_endpoints(self) -> list[Endpoint]:
        return [
            Endpoint(c.labels["clawdesk.model"], str(c.id), Path(c.labels["clawdesk.folder"], "-"))
            for c in self._list()
        ]

    def _create(self, spec: ModelSpec, image: str) -> Endpoint:
        folder = self._folder / secrets.token_hex(4)
        self._folder.mkdir(mode=0o700, exist_ok=True)
        folder.mkdir()
        # Open to the container's user; the folder around it is closed to everybody else.
        folder.chmod(0o777)
        try:
            container = self._docker().containers.create(
                **options(spec, image, folder, self._owner)
            )
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return Endpoint(spec.name, str(container.id), folder / SOCKET_NAME, image)

    def _run(self, endpoint: Endpoint) -> None:
        self._docker().containers.get(endpoint.container).start()

    def _remove(self, endpoint: Endpoint, stop_s: int = 0) -> None:
        """Remove a container of ours and the folder of its socket; one that is gone is fine."""
        try:
            container = self._docker().containers.get(endpoint.container)
            if stop_s:
                container.stop(timeout=stop_s)
            container.remove(force=True, v=True)
        except NotFound:
            pass
        folder = endpoint.socket.parent
        if folder.parent == self._folder:
            shutil.rmtree(folder, ignore_errors=True)

    def _last_words(self, endpoint: Endpoint) -> EngineError:
        spec = self._specs[endpoint.container]
        try:
            container = self._docker().containers.get(endpoint.container)
            tail = container.logs(tail=TAIL_LINES).decode(errors="replace")
            return explain_end(spec.name, spec.memory_mib, container.attrs["State"], tail)
        except NotFound:
            return EngineError(f"the container of {spec.name} was removed from outside")

    # -- ends ------------------------------------------------------------------------------------

    def _alive(self) -> set[str]:
        """Containers that should run, for a watch that missed events."""
        return set(self._running) | set(self._starting)

    def _ended(self, container: str) -> None:
        """The watch says that a container ended; called on the loop."""
        if container in self._starting:
            if not self._starting[container].done():
                self._starting[container].set_result(None)
        elif container in self._running:
            endpoint = self._running.pop(container)
            task = asyncio.create_task(self._bury(endpoint))
            assert self._watch is not None
            self._watch.own(task)

    async def _bury(self, endpoint: Endpoint) -> None:
        """Learn why a model ended, remove what is left of it, and tell."""
        try:
            error = await self._call(self._last_words, endpoint)
            await self._call(self._remove, endpoint)
        except FabricError as trouble:
            error = EngineError(trouble.what, mend=trouble.mend)
        self._specs.pop(endpoint.container, None)
        self._on_end(endpoint, error)

    async def _healthy(self, endpoint: Endpoint, ended: asyncio.Future[None]) -> None:
        """Return once the model answers; raise why it cannot."""
        probe = asyncio.create_task(_wait_healthy(endpoint.socket))
        try:
            async with asyncio.timeout(START_S_MAX):
                await asyncio.wait({probe, ended}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            probe.cancel()
            await asyncio.gather(probe, return_exceptions=True)
        if ended.done():
            raise await self._call(self._last_words, endpoint)

    async def _give_up(self, endpoint: Endpoint) -> None:
        with contextlib.suppress(FabricError):
            await asyncio.shield(self._call(self._remove, endpoint))
        self._specs.pop(endpoint.container, None)


def _quietly(loop: asyncio.AbstractEventLoop, report: Callable[[str], None], text: str) -> None:
    """Report from a build's thread; a loop that has ended meanwhile hears nothing."""
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(report, text)


async def _is_healthy(socket: Path) -> bool:
    try:
        timeout = aiohttp.ClientTimeout(total=5)
        connector = aiohttp.UnixConnector(path=str(socket), force_close=True)
        async with (
            aiohttp.ClientSession(connector=connector, timeout=timeout) as session,
            session.get("http://model/health") as answer,
        ):
            return answer.status == 200
    except (aiohttp.ClientError, OSError, TimeoutError):
        return False


async def _wait_healthy(socket: Path) -> None:
    attempt = 0
    while not await _is_healthy(socket):
        await asyncio.sleep(_HEALTH_PAUSES_S[min(attempt, len(_HEALTH_PAUSES_S) - 1)])
        attempt += 1

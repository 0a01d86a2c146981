"""Model containers in Docker, through its SDK: one adapter, no policy.

Every SDK call blocks, so each runs in a bounded thread pool; `watch.py` listens for ends. A
container without our owner label is never touched.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import os
import secrets
import shutil
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import docker
import requests
from docker.errors import APIError, DockerException, NotFound

from clawdesk_fabric.engines.base import Endpoint
from clawdesk_fabric.engines.causes import TAIL_LINES, explain_end, explain_refusal
from clawdesk_fabric.engines.container import (
    LABEL,
    SOCKET_NAME,
    options,
    relay_options,
)
from clawdesk_fabric.engines.images import Images
from clawdesk_fabric.engines.reach import is_healthy, quietly, wait_healthy
from clawdesk_fabric.engines.runs import Run, is_relay, left_run
from clawdesk_fabric.engines.watch import Watch, connect, explain_absence, knock
from clawdesk_fabric.errors import EngineError, FabricError
from clawdesk_fabric.model import EngineView
from clawdesk_fabric.recipes.steps import Steps
from clawdesk_fabric.specs import ImageSource, LocalWeights, ModelSpec
from clawdesk_fabric.weights.files import Hashes

log = logging.getLogger("clawdesk_fabric")
P = ParamSpec("P")
R = TypeVar("R")
THREADS_MAX = 8
STOP_S_MAX = 5
CALL_S_MAX = 300
END_S_MAX = 2
"""How long an end that was seen by its consequences may take to be known to the engine."""


def _refused_here(error: Exception) -> tuple[str, str] | None:
    """What this machine refused of a file of ours, and what mends it; None = it was the engine,
    whose socket is no file that we open."""
    if not isinstance(error, OSError) or isinstance(error, requests.RequestException):
        return None
    is_full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    if error.filename is None and not is_full:
        return None
    place = error.filename or "a file that the model's start needs"
    mend = "free some disk space" if is_full else "give yourself the right to it"
    return f"{place} cannot be used: {error.strerror}", mend


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
        self._pool = ThreadPoolExecutor(THREADS_MAX, thread_name_prefix="docker")
        self._client: docker.DockerClient | None = None
        self._images = Images(self._docker, base_tar)
        self._running: dict[str, Run] = {}  # by the model's container
        self._starting: dict[str, asyncio.Future[str]] = {}  # by any container of it
        self._names: dict[str, str] = {}  # by model's container, until it is removed
        self._builds: set[Steps] = set()
        self._left: list[Run] = []  # ended while the engine was away; removed when it is back
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

        def seen(view: EngineView) -> None:
            on_view(view)
            if view.available and self._left:
                self._own(self._sweep())

        self._watch = Watch(self._owner, ended=self._ended, alive=self._alive, view=seen)
        await self._watch.open()

    async def adopt(self, specs: Mapping[str, ModelSpec]) -> list[Endpoint]:
        try:
            found = await self._call(self._list)
        except FabricError:
            return []
        relays = {c.labels["clawdesk.relay_of"]: c for c in found if is_relay(c)}
        adopted: dict[str, Endpoint] = {}
        for container in (c for c in found if not is_relay(c)):
            relay = relays.pop(container.id, None)
            run = left_run(container, relay, specs)
            if (
                run is not None
                and run.spec.name not in adopted
                and await is_healthy(run.endpoint, run.health_path)
            ):
                adopted[run.spec.name] = run.endpoint
                self._running[run.endpoint.container] = run
                self._names[run.endpoint.container] = run.spec.name
            else:
                await self._remove_left(*(c for c in (relay, container) if c))
        for relay in relays.values():
            await self._remove_left(relay)
        return list(adopted.values())

    async def _remove_left(self, *containers: Any) -> None:
        """What an earlier Fabric left. One that the engine cannot remove stays, and is said: it
        must not keep this Fabric from beginning."""
        last = containers[-1]
        log.info("removing the left-over container %s", last.name)
        try:
            await self._call(self._remove, [c.id for c in containers])
            await self._call(self._clear, Path(last.labels.get("clawdesk.folder", "")))
        except FabricError as error:
            log.warning("the left-over container %s stays: %s", last.name, error.what)

    async def start(
        self, spec: ModelSpec, devices: tuple[str, ...], report: Callable[[str], None]
    ) -> Endpoint:
        if isinstance(spec.weights, LocalWeights):
            files = spec.weights.files
            report("checking the model's files")
            await self._built(lambda steps: Hashes().check(files, steps.say), report)
        image = await self._built(lambda steps: self._images.image_of(spec, steps), report)
        relay = ""
        if isinstance(spec.source, ImageSource):
            relay = await self._built(self._images.relay, report)
        report("starting the container")
        run = await self._made(lambda: self._create(spec, image, devices))
        endpoint = run.endpoint
        ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._starting[endpoint.container] = ended
        self._names[endpoint.container] = spec.name
        try:
            await self._call(self._run, endpoint.container)
            if relay:
                alone = run
                run = await self._made(lambda: self._create_relay(alone, relay))
                self._starting[run.relay] = ended
                await self._join(run)
            report("loading the model into memory")
            await self._healthy(run, ended)
        except BaseException as error:
            await self._give_up(run)
            if isinstance(error, TimeoutError):
                raise EngineError(
                    f"{spec.name} was not ready after {run.start_s_max:g} s", code="model_failed"
                ) from None
            raise
        finally:
            for container in run.containers:
                self._starting.pop(container, None)
        self._running[endpoint.container] = run
        return endpoint

    async def renewed(self, endpoint: Endpoint) -> Endpoint:
        return endpoint

    def owners(self) -> Mapping[str, str]:
        return dict(self._names)

    async def stop(self, endpoint: Endpoint) -> None:
        run = self._running.pop(endpoint.container, None)
        if run is None:  # it ended by itself, or was never ours
            return
        await self._clean(run, stop_s=STOP_S_MAX)

    async def close(self, *, remove: bool) -> None:
        if self._watch is not None:
            await self._watch.close()
        for steps in self._builds:
            steps.stop()
        if remove:
            self._running.clear()
            with contextlib.suppress(FabricError):
                await self._call(self._remove_all)
        await asyncio.to_thread(self._pool.shutdown)
        if self._client is not None:
            self._client.close()

    async def build(self, spec: ModelSpec, report: Callable[[str], None]) -> str:
        """Make the model's image if the engine lacks it; its name. Raises FabricError."""
        return await self._built(lambda steps: self._images.image_of(spec, steps), report)

    async def _made(self, make: Callable[[], Run]) -> Run:
        """A container, created; one that nobody waits for any more is removed again."""
        making = asyncio.ensure_future(self._call(make))
        try:
            return await asyncio.shield(making)
        except asyncio.CancelledError:
            with contextlib.suppress(FabricError):
                await self._give_up(await making)
            raise

    async def _built(self, make: Callable[[Steps], R], report: Callable[[str], None]) -> R:
        """Long work, such as making an image; it ends with the task that waits for it."""
        steps = Steps(quietly(asyncio.get_running_loop(), report))
        self._builds.add(steps)
        try:
            return await self._call(make, steps)
        except asyncio.CancelledError:
            steps.stop()
            raise
        finally:
            self._builds.discard(steps)

    # -- blocking parts, in the pool -------------------------------------------------------------

    async def _call(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run blocking work in the pool; the SDK's errors become ours."""
        try:
            return await asyncio.get_running_loop().run_in_executor(
                self._pool, lambda: work(*args, **kwargs)
            )
        except APIError as error:
            code = "no_capacity" if error.is_server_error() else "model_failed"
            raise explain_refusal(str(error.explanation or error), code=code) from error
        except (DockerException, requests.RequestException, OSError) as error:
            what, mend = _refused_here(error) or explain_absence(error)
            raise EngineError(what, mend=mend, code="no_capacity") from error

    def _docker(self) -> docker.DockerClient:
        if self._client is not None:
            knock()
        else:
            self._client = connect(timeout_s=CALL_S_MAX, threads=THREADS_MAX)
        return self._client

    def _list(self) -> list[Any]:
        wanted: dict[str, str | list[str] | bool] = {
            "label": [f"{LABEL}=1", f"clawdesk.owner={self._owner}"]
        }
        return list(self._docker().containers.list(all=True, filters=wanted))

    def _create(self, spec: ModelSpec, image: str, devices: tuple[str, ...]) -> Run:
        folder = self._folder / secrets.token_hex(4)
        self._folder.mkdir(mode=0o700, exist_ok=True)
        folder.mkdir()
        # Open to the container's user; the folder around it is closed to everybody else.
        folder.chmod(0o777)
        processors = os.cpu_count() or 1
        given = options(spec, image, folder, self._owner, devices, processors=processors)
        try:
            container = self._docker().containers.create(**given)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        socket = folder / SOCKET_NAME
        return Run(spec, Endpoint(spec.name, str(container.id), socket, image, devices))

    def _create_relay(self, run: Run, image: str) -> Run:
        folder = run.endpoint.socket.parent
        given = relay_options(run.spec, image, folder, self._owner, run.endpoint.container)
        return replace(run, relay=str(self._docker().containers.create(**given).id))

    def _run(self, container: str) -> None:
        self._docker().containers.get(container).start()

    def _remove(self, containers: list[str], stop_s: int = 0) -> None:
        """Remove containers of ours; one that is gone is fine."""
        for name in containers:
            with contextlib.suppress(NotFound):
                container = self._docker().containers.get(name)
                if stop_s:
                    container.stop(timeout=stop_s)
                container.remove(force=True, v=True)

    def _clear(self, folder: Path) -> None:
        """Remove the folder of a socket, if it is one of ours."""
        if folder.parent == self._folder:
            shutil.rmtree(folder, ignore_errors=True)

    def _remove_all(self) -> None:
        for container in self._list():
            self._remove([container.id], stop_s=1)
            self._clear(Path(container.labels.get("clawdesk.folder", "")))
        with contextlib.suppress(OSError):
            self._folder.rmdir()

    def _last_words(self, run: Run, ended: str) -> EngineError:
        """Why a model's container, or the relay beside it, ended."""
        try:
            container = self._docker().containers.get(ended)
            tail = container.logs(tail=TAIL_LINES).decode(errors="replace")
            error = explain_end(run.spec, container.attrs["State"], tail)
        except NotFound:
            error = EngineError(f"the container of {run.spec.name} was removed from outside")
        if ended != run.relay:
            return error
        return EngineError(f"the relay of {run.spec.name} ended: {error.what}", code="model_failed")

    def _end_of_model(self, run: Run) -> EngineError | None:
        """Why the model's container ended, which it may be about to; None = it runs on."""
        container = run.endpoint.container
        with contextlib.suppress(requests.RequestException):
            self._docker().containers.get(container).wait(timeout=END_S_MAX)
            return self._last_words(run, container)
        return None

    # -- ends ------------------------------------------------------------------------------------

    def _alive(self) -> set[str]:
        """Containers that should run, for a watch that missed events."""
        return {c for run in self._running.values() for c in run.containers} | set(self._starting)

    def _ended(self, container: str) -> None:
        """The watch says that a container ended; called on the loop."""
        if container in self._starting:
            if not self._starting[container].done():
                self._starting[container].set_result(container)
            return
        run = next((r for r in self._running.values() if container in r.containers), None)
        if run is not None:
            del self._running[run.endpoint.container]
            self._own(self._bury(run, container))

    def _own(self, work: Coroutine[Any, Any, None]) -> None:
        """Begin what `close` will wait for."""
        assert self._watch is not None
        self._watch.own(asyncio.create_task(work))

    async def _bury(self, run: Run, ended: str) -> None:
        """Learn why a model ended, remove what is left of it, and tell."""
        try:
            error = await self._call(self._last_words, run, ended)
        except FabricError as trouble:
            what = f"{run.spec.name} ended with its engine: {trouble.what}"
            error = EngineError(what, mend=trouble.mend)
        with contextlib.suppress(FabricError):
            await self._clean(run)
        self._on_end(run.endpoint, error)

    async def _clean(self, run: Run, stop_s: int = 0) -> None:
        """Remove a model's containers and its folder, or remember to do so.

        Raises:
            FabricError: the engine is away; it is done when the engine is back.
        """
        try:
            await self._call(self._remove, list(run.containers), stop_s)
            await self._call(self._clear, run.endpoint.socket.parent)
        except FabricError:
            self._left.append(run)
            raise
        self._names.pop(run.endpoint.container, None)

    async def _sweep(self) -> None:
        left, self._left = self._left, []
        for run in left:
            log.info("removing what is left of %s", run.spec.name)
            with contextlib.suppress(FabricError):
                await self._clean(run)

    async def _join(self, run: Run) -> None:
        """Start the relay. A model that has ended leaves no network to join: then raises why."""
        try:
            await self._call(self._run, run.relay)
        except EngineError as refusal:
            raise (await self._call(self._end_of_model, run)) or refusal from None

    async def _healthy(self, run: Run, ended: asyncio.Future[str]) -> None:
        """Return once the model answers; raise why it cannot."""
        probe = asyncio.create_task(wait_healthy(run.endpoint, run.health_path))
        try:
            async with asyncio.timeout(run.start_s_max):
                watched: set[asyncio.Future[Any]] = {probe, ended}
                await asyncio.wait(watched, return_when=asyncio.FIRST_COMPLETED)
        finally:
            probe.cancel()
            await asyncio.gather(probe, return_exceptions=True)
        if ended.done():
            raise await self._call(self._last_words, run, ended.result())

    async def _give_up(self, run: Run) -> None:
        async def remove() -> None:
            with contextlib.suppress(FabricError):
                await self._clean(run)

        await asyncio.shield(remove())

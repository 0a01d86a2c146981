"""Inference over the Fabric's HTTP: finds a running Fabric or starts one, forwards model calls.

Holds no connection between calls, so a call may be awaited on any event loop. Knows nothing of
models or containers; a guest's request reaches four paths of /v1 and nothing else.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp

from clawdesk.adapters.fabric_acts import (
    CONTROL_S_MAX,
    FIGURES_S_MAX,
    NO_PATH,
    FabricActs,
)
from clawdesk.adapters.fabric_figures import Reading, news_of, use_of, uses_of
from clawdesk.adapters.fabric_pairing import FabricPairing
from clawdesk.adapters.fabric_place import is_held, listens, lock_path
from clawdesk.domain.memory_size import with_memory_sizes
from clawdesk.domain.spending import CallUse
from clawdesk.ports.errors import InferenceError
from clawdesk.ports.inference import (
    FabricStatus,
    LeaseNews,
    LeaseStatus,
    LeaseWish,
    ModelResponse,
)
from clawdesk.ports.models import Peering
from clawdesk_fabric import paths
from clawdesk_fabric.errors import FabricError

PROTOCOL = 2
START_S_MAX = 60.0
EXIT_S_MAX = 30.0
LOOK_S = 0.05
ACCOUNT_S_MAX = 10.0
LOG_BYTES_MAX = 5 * 1024 * 1024
MODEL_PATHS = frozenset({"/v1/models", "/v1/chat/completions", "/v1/completions", "/v1/embeddings"})
_FIGURES = ("queue", "leases", "reservations", "projects")
_PASSED_ON = frozenset({"content-type", "accept", "x-clawdesk-priority"})
_PASSED_BACK = frozenset({"content-type", "content-length", "retry-after", "x-clawdesk-call"})


@dataclass(frozen=True, slots=True)
class _Issued:
    """A token as callers know it: what it was asked for, and what the Fabric calls it now."""

    asked: Mapping[str, object]
    live: str


class FabricClient(FabricActs, FabricPairing):
    """Implements `Inference`.

    Args:
        socket: where the Fabric listens; None = its own default place.
        config: settings file given to a Fabric started from here.
        spawn: whether `ensure_up` may start one.
    """

    def __init__(
        self, *, socket: Path | None = None, config: Path | None = None, spawn: bool = True
    ) -> None:
        self._socket = socket
        self._config = config
        self._spawn_allowed = spawn
        self._issued: dict[str, _Issued] = {}
        self._lock = threading.Lock()  # calls come from more than one loop
        self._children: list[subprocess.Popen[bytes]] = []
        self.containers: frozenset[str] = frozenset()
        """Ids of the Fabric's containers, as the last status told them."""

    # -- Inference -------------------------------------------------------------------------------

    async def ensure_up(self) -> FabricStatus:
        """Adopt a running Fabric or start one; never raises: a problem is in the status."""
        try:
            found = await self._raw_status()
            if found is not None and found.get("protocol") != PROTOCOL:
                # An older one: let it end its calls, then put ours in its place.
                await self.shut_down()
                found = None
            if found is None and self._spawn_allowed:
                await asyncio.to_thread(self._spawn)
        except InferenceError as error:
            return FabricStatus(False, problem=error.what, mend=error.mend)
        except OSError as error:  # a disk that is full, a folder that is closed
            why = f"{error.filename or 'a file'} cannot be used: {error.strerror or error}"
            return FabricStatus(False, problem=f"the model service cannot be started: {why}")
        return await self.status()

    async def status(self) -> FabricStatus:
        return await self._status(())

    async def figures(self) -> FabricStatus:
        return await self._status(_FIGURES)

    async def _status(self, figures: tuple[str, ...]) -> FabricStatus:
        try:
            found = await self._raw_status()
        except InferenceError as error:
            return FabricStatus(False, problem=error.what, mend=error.mend)
        if found is None:
            return FabricStatus(
                False, problem="the model service does not run", mend="clawdesk-fabric serve"
            )
        engine, reading = found.get("engine", {}), Reading()
        models = reading.models(found)
        self.containers = frozenset(model.container for model in models if model.container)
        peering, *answers = await asyncio.gather(
            self._peering(reading, asked=bool(figures)),
            *(self._figure(name, reading) for name in figures),
        )
        return FabricStatus(
            ready=bool(engine.get("available")),
            version=str(found.get("version", "")),
            engine=str(engine.get("name", "")),
            problem=str(engine.get("problem", "")),
            mend=str(engine.get("mend", "")),
            models=models,
            devices=reading.devices(found),
            gpu_note=str(found.get("gpu_note", "")),
            queue=reading.queue(dict(zip(figures, answers, strict=True))),
            peering=peering,
            unread=", ".join(sorted(set(reading.unread))),
        )

    async def _peering(self, reading: Reading, *, asked: bool) -> Peering | None:
        try:
            return await self.peers() if asked else None
        except InferenceError:
            reading.unread.append("peers")
            return None

    async def _figure(self, name: str, reading: Reading) -> dict[str, Any]:
        try:
            return await self._control("GET", f"/fabric/v1/{name}", None, FIGURES_S_MAX)
        except InferenceError:
            reading.unread.append(name)
            return {}

    async def token(
        self,
        *,
        project: str,
        task: str,
        attempt: int,
        models: tuple[str, ...],
        peers: bool = False,
    ) -> str:
        asked: dict[str, object] = {
            "project": project,
            "task": task,
            "attempt": attempt,
            "class": "agent",
            "models": list(models),
        }
        if peers:  # not said otherwise: an older Fabric refuses what it does not know
            asked["peers"] = True
        token = await self._issue(asked)
        with self._lock:
            self._issued[token] = _Issued(asked, token)
        return token

    async def revoke(self, token: str) -> None:
        """Also fine when the Fabric is gone: then it has forgotten the token anyway."""
        with self._lock:
            issued = self._issued.pop(token, None)
        live = issued.live if issued else token
        try:
            await self._control("POST", "/fabric/v1/tokens/revoke", {"token": live})
        except InferenceError:
            return

    async def ask_lease(self, wish: LeaseWish) -> LeaseNews:
        up = await self.ensure_up()
        if not up.version:
            raise InferenceError(up.problem, mend=up.mend, code="not_running")
        asked = {
            "task": wish.task,
            "project": wish.project,
            "model": wish.model,
            "class": wish.priority_class,
            "priority": wish.priority,
        }
        answer = await self._control("POST", "/fabric/v1/leases", asked)
        news = news_of(answer["lease"])
        if news.status is LeaseStatus.ENDED:
            # The engine's next step is one only where the engine is what is wrong.
            mend = up.mend if up.problem and up.problem in news.text else ""
            raise InferenceError(news.text, mend=mend, code="refused")
        return news

    async def watch_leases(
        self, known: Mapping[str, LeaseStatus], wait_s: float
    ) -> tuple[LeaseNews, ...]:
        asked = {"known": {k: v.value for k, v in known.items()}, "wait_s": wait_s}
        answer = await self._control("POST", "/fabric/v1/leases/watch", asked)
        return tuple(news_of(found) for found in answer["leases"])

    async def release_lease(self, task: str) -> None:
        with suppress(InferenceError):
            await self._control("POST", "/fabric/v1/leases/release", {"task": task})

    async def call(
        self, token: str, method: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> ModelResponse:
        target = path.partition("?")[0]
        if target not in MODEL_PATHS or method not in ("GET", "POST"):
            return _refusal(404, "not_found", f"there is no {method} {target[:200]} here")
        live = self._live(token)
        try:
            response = await self._forward(live, method, target, headers, body)
        except InferenceError as gone:
            # The Fabric is gone and no byte of an answer was seen: start another, try once more.
            up = await self.ensure_up()
            if not up.version:
                why, mend = f"{gone.what}; {up.problem}", up.mend or gone.mend
                raise InferenceError(why, mend=mend, code=gone.code) from gone
            live = await self._reissue(token, live)
            return await self._forward(live, method, target, headers, body)
        if response.status == 401 and token in self._issued:
            # The Fabric was restarted and has forgotten its tokens.
            await _close(response)
            live = await self._reissue(token, live)
            return await self._forward(live, method, target, headers, body)
        return response

    async def account(self, call: str) -> CallUse | None:
        try:
            target = f"/fabric/v1/calls/{quote(call, '')}"
            return use_of(call, await self._control("GET", target, None, ACCOUNT_S_MAX))
        except InferenceError:
            return None

    async def accounts(self, task: str) -> tuple[CallUse, ...]:
        try:
            target = f"/fabric/v1/calls?task={quote(task, '')}"
            return uses_of(await self._control("GET", target, None, ACCOUNT_S_MAX))
        except InferenceError:
            return ()

    async def close(self) -> None:
        """Let go; a Fabric that was started goes on by itself until it is idle."""
        for child in self._children:
            if child.poll() is None:
                # It is meant to outlive us: not a process that was forgotten.
                child.returncode = 0
        self._children.clear()

    # -- beyond the port -------------------------------------------------------------------------

    async def shut_down(self) -> None:
        """Ask the Fabric to drain and exit, and return when it is gone.

        Raises:
            InferenceError: it is still there after the limit.
        """
        try:
            await self._control("POST", "/fabric/v1/exit", {})
        except InferenceError:
            return
        await asyncio.to_thread(self._wait_gone)

    # -- tokens ----------------------------------------------------------------------------------

    def _live(self, token: str) -> str:
        with self._lock:
            issued = self._issued.get(token)
        return issued.live if issued else token

    async def _reissue(self, token: str, refused: str) -> str:
        """A new live token for one the Fabric does not know any more."""
        with self._lock:
            issued = self._issued.get(token)
        if issued is None:
            return token
        if issued.live != refused:
            return issued.live  # another call was quicker
        live = await self._issue(issued.asked)
        with self._lock:
            if token in self._issued:
                self._issued[token] = replace(issued, live=live)
        return live

    async def _issue(self, asked: Mapping[str, object]) -> str:
        answer = await self._control("POST", "/fabric/v1/tokens", asked)
        return str(answer["token"])

    # -- HTTP ------------------------------------------------------------------------------------

    def _path(self) -> Path:
        try:
            return self._socket or paths.socket_path()
        except FabricError as error:
            raise InferenceError(error.what, mend=error.mend) from error

    def _session(self, timeout: aiohttp.ClientTimeout) -> aiohttp.ClientSession:
        connector = aiohttp.UnixConnector(path=str(self._path()), force_close=True)
        return aiohttp.ClientSession(connector=connector, timeout=timeout, auto_decompress=False)

    async def _raw_status(self) -> dict[str, Any] | None:
        """What the Fabric says of itself; None when none runs."""
        if not self._path().exists():
            return None
        try:
            return await self._control("GET", "/fabric/v1/status", None)
        except InferenceError as error:
            if error.code == "not_running":
                return None
            raise

    async def _control(
        self,
        method: str,
        target: str,
        body: Mapping[str, object] | None,
        s_max: float = CONTROL_S_MAX,
    ) -> dict[str, Any]:
        timeout = aiohttp.ClientTimeout(total=s_max)
        try:
            async with (
                self._session(timeout) as session,
                session.request(method, f"http://clawdesk{target}", json=body) as answer,
            ):
                value = json.loads(await answer.read())
                status = answer.status
        except (aiohttp.ClientConnectorError, FileNotFoundError) as error:
            raise InferenceError(
                "the model service does not run", mend="clawdesk-fabric serve", code="not_running"
            ) from error
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            raise InferenceError(f"the model service does not answer properly: {error}") from error
        if status != 200 or not isinstance(value, dict):
            fields = value.get("error", {}) if isinstance(value, dict) else {}
            message = with_memory_sizes(str(fields.get("message", f"status {status}")))
            code = NO_PATH if status == 404 and fields.get("code") == NO_PATH else "refused"
            raise InferenceError(f"the model service refused: {message}", code=code)
        return value

    async def _forward(
        self, token: str, method: str, target: str, headers: Mapping[str, str], body: bytes
    ) -> ModelResponse:
        sent = {k: v for k, v in headers.items() if k.lower() in _PASSED_ON}
        sent["Authorization"] = f"Bearer {token}"
        stack = AsyncExitStack()
        try:
            timeout = aiohttp.ClientTimeout(total=None, sock_connect=10)
            session = await stack.enter_async_context(self._session(timeout))
            answer = await stack.enter_async_context(
                session.request(method, f"http://clawdesk{target}", data=body or None, headers=sent)
            )
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            await stack.aclose()
            raise InferenceError(
                f"the model service cannot be reached: {error}",
                mend="clawdesk-fabric serve",
                code="not_running",
            ) from error
        except BaseException:
            await stack.aclose()
            raise
        back = {k: v for k, v in answer.headers.items() if k.lower() in _PASSED_BACK}
        return ModelResponse(answer.status, back, _Chunks(stack, answer))

    # -- starting and ending ---------------------------------------------------------------------

    def _spawn(self) -> None:
        """Start a Fabric that outlives us and wait for its word. Blocks; raises InferenceError."""
        path = self._path()
        with path.with_name(path.name + ".start").open("ab") as turn:
            fcntl.flock(turn, fcntl.LOCK_EX)  # two windows that open at once start one Fabric
            end_s = time.monotonic() + EXIT_S_MAX
            while is_held(path):
                # Held by one that does not listen yet, or no more: it was killed and is still
                # ending. Nobody tells of either.
                if listens(path) or time.monotonic() > end_s:
                    return
                time.sleep(LOOK_S)
            self._spawn_alone(path)

    def _spawn_alone(self, path: Path) -> None:
        log = paths.state_folder() / "fabric.log"
        if log.exists() and log.stat().st_size > LOG_BYTES_MAX:
            log.replace(log.with_name("fabric.log.1"))
        command = [sys.executable, "-P", "-m", "clawdesk_fabric", "serve", "--exit-when-idle"]
        command += [f"--socket={path}"]
        if self._config is not None:
            command.append(f"--config={self._config}")
        reading, writing = os.pipe()
        try:
            with log.open("ab") as out:
                child = subprocess.Popen(
                    [*command, f"--ready-fd={writing}"],
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=out,
                    pass_fds=[writing],
                    start_new_session=True,
                )
            os.close(writing)
            writing = -1
            said = b""
            if select.select([reading], [], [], START_S_MAX)[0]:
                said = os.read(reading, 200)
        finally:
            os.close(reading)
            if writing >= 0:
                os.close(writing)
        if said.startswith(b"ready"):
            self._children.append(child)
            return
        child.terminate()
        child.wait()
        tail = log.read_text(errors="replace").strip().splitlines()[-1:]
        raise InferenceError(
            f"the model service did not start: {' '.join(tail) or 'it said nothing'}",
            mend=f"its log is {log}",
        )

    def _wait_gone(self) -> None:
        """Wait for the lock that a Fabric holds until it is gone."""
        path = self._path()
        waiting = subprocess.run(
            ["flock", "--timeout", str(int(EXIT_S_MAX)), str(lock_path(path)), "true"], check=False
        )
        for child in self._children:
            child.poll()
        if waiting.returncode != 0:
            raise InferenceError(
                f"the model service at {path} does not end", mend="end it yourself"
            )


class _Chunks:
    """The body as it comes. `aclose` before its end closes the connection, which frees the slot."""

    def __init__(self, stack: AsyncExitStack, answer: aiohttp.ClientResponse) -> None:
        self._stack = stack
        self._source = answer.content.iter_any()

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        try:
            return await anext(self._source)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            await self.aclose()
            raise InferenceError(f"the model service broke off: {error}") from error
        except BaseException:
            await self.aclose()
            raise

    async def aclose(self) -> None:
        await self._stack.aclose()


async def _close(response: ModelResponse) -> None:
    """Read a short answer to its end, which closes its connection."""
    async for _ in response.chunks:
        pass


def _refusal(status: int, code: str, message: str) -> ModelResponse:
    fields = {"message": message, "type": "invalid_request_error", "code": code}

    async def chunks() -> AsyncIterator[bytes]:
        yield json.dumps({"error": fields}).encode()

    return ModelResponse(status, {"Content-Type": "application/json"}, chunks())

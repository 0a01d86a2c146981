"""The process: opens socket and port, keeps one Fabric per socket, drains and exits.

Composition root: the only place that names the engine adapter.
"""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import logging
import os
import signal
import socket
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import IO

import psutil
from aiohttp import web
from aiohttp.typedefs import Middleware

import clawdesk_fabric
from clawdesk_fabric import control, gateway, lease_api, peers_api, peers_door, short_way
from clawdesk_fabric.catalog import Catalog
from clawdesk_fabric.claims import Claims
from clawdesk_fabric.engines.base import Engine
from clawdesk_fabric.engines.peer import PeerEngine
from clawdesk_fabric.errors import FabricError
from clawdesk_fabric.gpus import GpuSource
from clawdesk_fabric.guard import TOKENS, WHO, by_token, guard
from clawdesk_fabric.kept import Kept
from clawdesk_fabric.listening import (
    Door,
    bound_tcp,
    listen_local,
    remove_socket,
    serving,
)
from clawdesk_fabric.metrics import METRICS, Metrics
from clawdesk_fabric.model import Phase
from clawdesk_fabric.peaks import Peaks
from clawdesk_fabric.peers import LOOK_S, Peers
from clawdesk_fabric.peers_door import PEERS, Listener
from clawdesk_fabric.relay import Calls
from clawdesk_fabric.reloading import Changes
from clawdesk_fabric.runtime import Fabric
from clawdesk_fabric.tokens import Tokens

log = logging.getLogger("clawdesk_fabric")
DRAIN_S_MAX = 10.0
IDLE_EXIT_S = 600.0
LOCAL_HOSTS = ("localhost", "127.0.0.1", "clawdesk", "model")


class AlreadyRunningError(FabricError):
    """Another Fabric holds this socket."""


@dataclass(frozen=True, slots=True)
class Options:
    """How to serve.

    Args:
        port: also listen on 127.0.0.1 there; None = not at all, 0 = any free one.
        idle_exit_s: exit after so long without a client or a replica; 0 = never.
        gpus: what reads the GPUs; None = there are none for this Fabric.
        state_folder: where peaks and the log of decisions are kept; None = nowhere.
        ready_fd: a line is written there once requests are answered; -1 = nowhere.
        claims: where the Fabrics of this machine tell each other what they promised; None = this
            one neither tells nor asks.
        reread: reads the list of models anew; None = it cannot be.
        peers: HOST:PORT where other machines' Fabrics may come; "" = nowhere.
        look_s: how often they are asked.
    """

    socket: Path
    port: int | None = None
    idle_exit_s: float = 0.0
    ready_fd: int = -1
    gpus: GpuSource | None = None
    state_folder: Path | None = None
    claims: Path | None = None
    reread: Callable[[], Catalog] | None = None
    peers: str = ""
    look_s: float = LOOK_S


def owner_id(path: Path) -> str:
    """Names the Fabric of this user, machine and socket; the same after a crash."""
    machine = Path("/etc/machine-id")
    host = machine.read_text().strip() if machine.exists() else socket.gethostname()
    return hashlib.sha256(f"{host}\0{os.getuid()}\0{path}".encode()).hexdigest()[:16]


def memory_limit_mib(catalog: Catalog) -> int:
    """The configured limit, else half of the host's memory."""
    return catalog.settings.memory_mib or psutil.virtual_memory().total // 2**21


class Server:
    """One Fabric process. `run` returns when it has drained."""

    def __init__(self, catalog: Catalog, engine: Engine, options: Options) -> None:
        self._options = options
        self._catalog = catalog
        self._calls = Calls()
        self.peers: Peers | None = None
        kept = options.state_folder
        if kept is not None:
            self.peers = Peers(
                kept / f"peers-{owner_id(options.socket)}",
                changed=self._peers_changed,
                lost=self._calls.cut_at,
                move=self._listen_for_peers,
                look_s=options.look_s,
            )
            self._calls.peer_problem = self.peers.problem
            engine = PeerEngine(engine, self.peers)
        self._tokens = Tokens(catalog.settings.tokens_max)
        self._body_bytes_max = catalog.settings.body_bytes_max
        self.fabric = Fabric(
            catalog,
            engine,
            memory_mib=memory_limit_mib(catalog),
            gpus=options.gpus,
            log_path=kept / f"decisions-{owner_id(options.socket)}.jsonl" if kept else None,
            kept=Kept(kept / f"kept-{owner_id(options.socket)}.json" if kept else None),
            peaks=Peaks(kept / "peaks.json" if kept else None),
            others=Claims(options.claims),
        )
        self.fabric.on_failure = self.ask_exit
        self.fabric.on_cut = self._calls.cut_one
        self.port = 0  # once listening on TCP
        self.listening = asyncio.Event()
        self._metrics = Metrics(self.fabric)
        self._bodies = gateway.Bodies()
        self._peers_listener: Listener | None = None
        self._listeners: list[tuple[asyncio.Server, web.AppRunner]] = []
        self._asking: asyncio.Task[None] | None = None
        self._exit = asyncio.Event()
        self._at_once = asyncio.Event()
        self._last_request_s = 0.0

    def ask_exit(self) -> None:
        """Begin to drain; may be called more than once."""
        self._exit.set()

    def signalled(self) -> None:
        """Begin to drain; the second time, cut off what is still in flight."""
        if self._exit.is_set():
            self._at_once.set()
        self.ask_exit()

    async def run(self) -> None:
        """Serve until asked to exit.

        Raises:
            AlreadyRunningError: the socket is served by another process.
        """
        loop = asyncio.get_running_loop()
        self._last_request_s = loop.time()
        with ExitStack() as stack:
            stack.enter_context(_lock(self._options.socket))
            remove_socket(self._options.socket)
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, self.signalled)
                stack.callback(loop.remove_signal_handler, number)
            remove = False
            try:
                await self.fabric.open()
                await self._listen()
                if self.peers is not None:
                    self._asking = asyncio.create_task(self.peers.watch())
                    self._asking.add_done_callback(self._asking_ended)
                self._say_ready()
                await self._until_exit()
                remove = True
                if self.fabric.failure is None:
                    await self._drain()
                await self._listen_for_peers("")
                for _, runner in self._listeners:
                    await runner.cleanup()
            finally:
                await self._stop_asking()
                for listener, _ in self._listeners:
                    listener.close()
                await self._calls.upstreams.close()
                await self.fabric.close(remove=remove)
                remove_socket(self._options.socket)
        if self.fabric.failure is not None:
            raise RuntimeError("the Fabric broke; its log says where") from self.fabric.failure

    def _asking_ended(self, task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if error is not None:  # a mistake of ours: as in the Fabric, end loudly
            log.critical("asking peers broke", exc_info=error)
            self.fabric.failure = self.fabric.failure or error
            self.ask_exit()

    async def _stop_asking(self) -> None:
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.gather(self._asking, return_exceptions=True)

    async def _drain(self) -> None:
        """Let calls in flight end, until the limit or a second signal cuts them off."""
        log.info("draining")
        ways = [
            asyncio.create_task(self.fabric.drain(DRAIN_S_MAX)),
            asyncio.create_task(self._at_once.wait()),
        ]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        self._calls.cut()

    async def _reread(self) -> Changes:
        """Go on with models, settings and keys as they are now. Raises FabricError."""
        if self._options.reread is None:
            raise FabricError("this Fabric was given its models and reads no list")
        self._catalog = catalog = await asyncio.to_thread(self._options.reread)
        changes = self._take_in()
        self._tokens.count_max = catalog.settings.tokens_max
        keys, problems = await self.fabric.renew_keys()
        return replace(changes, keys=tuple(keys), problems=tuple(problems))

    def _take_in(self) -> Changes:
        """The models of the list, and those that peers lend."""
        lent = self.peers.specs() if self.peers is not None else {}
        known = replace(self._catalog, models={**self._catalog.models, **lent})
        return self.fabric.take_in(known, memory_mib=memory_limit_mib(known))

    async def _peers_changed(self) -> None:
        if self._peers_listener is not None:
            await self._peers_listener.renew()
        self._take_in()

    # -- listening -------------------------------------------------------------------------------

    async def _listen(self) -> None:
        path = self._options.socket
        door, runner = await self._app(LOCAL_HOSTS, local=True)
        self._listeners.append((await listen_local(path, door, _of(runner)), runner))
        if self._options.port is not None:
            await self._listen_on(self._options.port)
        if self.peers is not None:
            await self._listen_as_before(self.peers)
        elif self._options.peers:
            raise FabricError("this Fabric keeps nothing on disk, so it has no peers")

    async def _listen_on(self, port: int) -> None:
        listening = bound_tcp("127.0.0.1", port, option="--port")
        self.port = listening.getsockname()[1]
        hosts = (f"127.0.0.1:{self.port}", f"localhost:{self.port}")
        door, runner = await self._app(hosts, local=False)
        loop = asyncio.get_running_loop()
        listener = await loop.create_server(door.open(_of(runner)), sock=listening, backlog=256)
        self._listeners.append((listener, runner))

    async def _listen_as_before(self, peers: Peers) -> None:
        """Where the command line says, else where was decided once; that may be gone by now."""
        if self._options.peers:
            await self._listen_for_peers(self._options.peers)
            return
        try:
            await self._listen_for_peers(peers.listen)
        except FabricError as error:
            log.warning("no peer can come: %s", error.what)

    async def _listen_for_peers(self, address: str) -> None:
        """Listen there for other machines instead of where it was, "" = nowhere."""
        before, self._peers_listener = self._peers_listener, None
        if before is not None:
            await before.close()
        if address and self.peers is not None:
            app = self._calls_app([])
            app[WHO] = peers_door.who
            app[PEERS] = self.peers
            self._peers_listener = await peers_door.opened(app, self.peers, address)

    def _calls_app(self, middlewares: list[Middleware]) -> web.Application:
        """What every listener's application carries."""
        app = web.Application(middlewares=middlewares, client_max_size=self._body_bytes_max)
        app[gateway.FABRIC] = self.fabric
        app[gateway.BODIES] = self._bodies
        app[gateway.CALLS] = self._calls
        app[METRICS] = self._metrics
        return app

    async def _app(self, hosts: tuple[str, ...], *, local: bool) -> tuple[Door, web.AppRunner]:
        door = Door()
        calls = gateway.CALL_PATHS
        guarded = guard(hosts, local=local, on_request=self._touched(door), calls=calls)
        app = self._calls_app([guarded])
        app[TOKENS] = self._tokens
        app[WHO] = by_token(self._tokens)
        app[control.ASK_EXIT] = self.ask_exit
        app[control.REREAD] = self._reread
        gateway.add_routes(app)
        control.add_health(app, local=local)
        if local:
            control.add_routes(app)
            lease_api.add_routes(app)
            if self.peers is not None:
                app[PEERS] = self.peers
            peers_api.add_routes(app)
        runner = await serving(app)
        short_way.lead(_of(runner), calls, partial(guarded, handler=gateway.answering_calls(app)))
        return door, runner

    def _touched(self, door: Door) -> Callable[[web.Request], None]:
        loop = asyncio.get_running_loop()

        def touched(request: web.Request) -> None:
            self._last_request_s = loop.time()
            door.spoke(request)

        return touched

    def _say_ready(self) -> None:
        where = f"127.0.0.1:{self.port}" if self.port else ""
        log.info("listening on %s %s", self._options.socket, where)
        self.listening.set()
        if self._options.ready_fd >= 0:
            with os.fdopen(self._options.ready_fd, "wb") as pipe:
                pipe.write(f"ready {clawdesk_fabric.__version__} {self.port}\n".encode())

    # -- leaving ---------------------------------------------------------------------------------

    async def _until_exit(self) -> None:
        limit_s = self._options.idle_exit_s
        while not self._exit.is_set():
            try:
                async with asyncio.timeout(min(limit_s, 30.0) if limit_s else None):
                    await self._exit.wait()
            except TimeoutError:
                if self._is_idle(limit_s):
                    log.info("no client and no model for %g s", limit_s)
                    return

    def _is_idle(self, limit_s: float) -> bool:
        state = self.fabric.state
        # Who reserved a window counts on it, and nobody else would start a Fabric for it; so does
        # another machine that may come at any time.
        held = bool(state.calls or state.leases or state.reservations or self._peers_listener)
        busy = held or any(r.phase is not Phase.ABSENT for r in state.replicas.values())
        return not busy and asyncio.get_running_loop().time() - self._last_request_s >= limit_s


def _of(runner: web.AppRunner) -> web.Server:
    assert runner.server is not None
    return runner.server


def lock_path(path: Path) -> Path:
    """Held by the Fabric that serves `path`, from before it listens until it is gone."""
    return path.with_name(path.name + ".lock")


def _lock(path: Path) -> IO[bytes]:
    """Held until closed; its text is the process id, for the one who finds it taken."""
    lock = lock_path(path).open("a+b")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.seek(0)
        holder = lock.read(20).decode(errors="replace").strip()
        lock.close()
        who = f" (process {holder})" if holder.isdigit() else ""
        raise AlreadyRunningError(
            f"a Fabric serves {path} already{who}",
            mend="use that one (clawdesk-fabric status), end it (clawdesk-fabric stop), or name "
            "another --socket",
            code="already_running",
        ) from None
    lock.truncate(0)
    lock.write(str(os.getpid()).encode())
    lock.flush()
    return lock

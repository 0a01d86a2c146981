"""One thread that listens to the Docker engine: ends of our containers, and the engine itself.

The engine's stream of events ends silently when it dies; then this asks again until it is back and
compares what should run with what does.
"""

from __future__ import annotations

import asyncio
import contextlib
import grp
import http.client
import os
import shutil
import socket
import threading
from collections.abc import Callable, Mapping
from typing import Any

import docker
import requests
from docker.errors import DockerException

from clawdesk_fabric.engines.container import LABEL
from clawdesk_fabric.model import EngineView

FIRST_LOOK_S_MAX = 5.0
KNOCK_S_MAX = 10.0
_PAUSES_S = (0.5, 1.0, 2.0, 5.0)
_INSTALL = "sudo apt-get install --no-install-recommends docker.io"
_TOOL = "dockerd-rootless-setuptool.sh"
_SYSTEM = "/var/run/docker.sock"
_ODD = (LookupError, TypeError, ValueError)
"""What an engine's answer of another shape leads to: it is asked again, and listened to no less."""


def explain_absence(error: BaseException) -> tuple[str, str]:
    """Why no engine answers, and the command that mends it.

    Args:
        error: what the SDK raised; the cause is found along its chain.
    """
    where = address()
    cause: BaseException | None = error
    seen: list[str] = []
    while cause is not None:
        seen.append(f"{type(cause).__name__} {cause}")
        cause = cause.__cause__ or cause.__context__
    text = " ".join(seen)
    if "PermissionError" in text or "Permission denied" in text:
        return (
            f"this user may not use the Docker engine at {where}",
            f"have an engine of your own: {rootless()}",
        )
    administrators = os.environ.get("PATH", os.defpath) + ":/usr/local/sbin:/usr/sbin:/sbin"
    if shutil.which("dockerd", path=administrators) is None and "DOCKER_HOST" not in os.environ:
        return "Docker is not installed, and models run in its containers", _INSTALL
    if any(word in text for word in ("FileNotFoundError", "ConnectionRefused", "No such file")):
        return f"no Docker engine answers at {where}", _mend_of_silence()
    return f"the Docker engine at {where} fails: {seen[0][:300]}", "docker info"


def address() -> str:
    """Of the engine: what DOCKER_HOST says, else the system's, else a rootless one of this user."""
    if named := os.environ.get("DOCKER_HOST"):
        return named
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if runtime and not os.access(_SYSTEM, os.W_OK) and os.access(f"{runtime}/docker.sock", os.W_OK):
        return f"unix://{runtime}/docker.sock"
    return f"unix://{_SYSTEM}"


def rootless() -> str:
    """The command that gives a user an engine without root."""
    if shutil.which(_TOOL):
        return f"{_TOOL} install"
    # Debian's package leaves out what that tool needs. Models need no network of their engine. What
    # a system's engine has left in /run would lead into folders of root.
    return (
        "sudo apt-get install --no-install-recommends docker.io rootlesskit uidmap && "
        "PATH=$PATH:/usr/sbin:/sbin rootlesskit --copy-up=/etc --copy-up=/run "
        "sh -c 'rm -f /run/docker /run/containerd; exec unshare --net "
        "dockerd --bridge=none --iptables=false --ip6tables=false'"
    )


def knock(where: str = "") -> str | None:
    """The version of its API that an engine on this machine speaks; None: it is elsewhere.

    The SDK would ask for more, and an engine without root that has the host's network breaks when
    it tells of that (Docker 26.1, 29.1). It would also leave a socket open where nobody listens.

    Args:
        where: its address; "" = `address()`.
    Raises:
        OSError: nobody listens, or what answers is no engine.
    """
    where = where or address()
    if not where.startswith("unix://"):
        return None
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as trial:
        trial.settimeout(KNOCK_S_MAX)
        trial.connect(where.removeprefix("unix://"))
        trial.sendall(b"GET /_ping HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n\r\n")
        answer = http.client.HTTPResponse(trial)
        try:
            answer.begin()
            found = answer.getheader("Api-Version", "")
        except http.client.HTTPException as error:
            raise OSError(f"what listens at {where} is no Docker engine: {error!r}") from error
        finally:
            answer.close()
    if not found:
        raise OSError(f"what listens at {where} is no Docker engine")
    return found


def connect(*, timeout_s: int, threads: int = 1) -> docker.DockerClient:
    """A client of the engine at `address()`.

    Raises:
        OSError, DockerException: none answers.
    """
    environment = {**os.environ, "DOCKER_HOST": address()}
    return docker.from_env(
        version=knock(), timeout=timeout_s, max_pool_size=threads, environment=environment
    )


def _name(told: Mapping[str, Any]) -> str:
    """Of the engine, with what it cannot do: one without root often has no say over memory."""
    limits = "" if told.get("MemoryLimit", True) else ", sets no memory limit"
    return f"docker {told['ServerVersion']}{limits}"


def _mend_of_silence() -> str:
    if "DOCKER_HOST" in os.environ:
        return "start the engine that DOCKER_HOST names"
    with contextlib.suppress(KeyError):
        if os.geteuid() == 0 or grp.getgrnam("docker").gr_gid in os.getgroups():
            return "sudo systemctl start docker"
    return rootless()  # the system's engine would not answer this user either


class Watch:
    """Calls back on the loop that opened it.

    Args:
        ended: a container of ours ended (its id).
        alive: ids of those that should run.
        view: the engine's state, each time it may have changed.
    """

    def __init__(
        self,
        owner: str,
        *,
        ended: Callable[[str], None],
        alive: Callable[[], set[str]],
        view: Callable[[EngineView], None],
    ) -> None:
        self._filters: dict[str, Any] = {"label": [f"{LABEL}=1", f"clawdesk.owner={owner}"]}
        self._events = {**self._filters, "type": "container", "event": "die"}
        self._ended = ended
        self._alive = alive
        self._view = view
        self._closing = threading.Event()
        self._lock = threading.Lock()
        self._stream: Any = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._first: asyncio.Event = asyncio.Event()
        self._thread = threading.Thread(target=self._listen, name="docker-events", daemon=True)
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Begin; `view` has been called once when this returns."""
        self._loop = asyncio.get_running_loop()
        self._thread.start()
        try:
            await asyncio.wait_for(self._first.wait(), FIRST_LOOK_S_MAX)
        except TimeoutError:
            what = f"the Docker engine does not answer within {FIRST_LOOK_S_MAX:g} s"
            self._view(EngineView(False, "", what, "docker info"))

    def own(self, task: asyncio.Task[None]) -> None:
        """Keep a task that a callback began, so that `close` can wait for it."""
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        self._closing.set()
        with self._lock:
            if self._stream is not None:
                with contextlib.suppress(OSError, AttributeError, DockerException):
                    self._stream.close()
        await asyncio.to_thread(self._thread.join)
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # -- on the thread ---------------------------------------------------------------------------

    def _listen(self) -> None:
        attempt = 0
        while not self._closing.is_set():
            try:
                client = connect(timeout_s=30)
            except (DockerException, requests.RequestException, OSError) as error:
                self._absent(error)
            else:
                try:
                    self._follow(client)
                    attempt = 0
                except (DockerException, requests.RequestException, OSError, *_ODD) as error:
                    self._absent(error)
                finally:
                    client.close()
            pause_s = _PAUSES_S[min(attempt, len(_PAUSES_S) - 1)]
            attempt += 1
            self._closing.wait(pause_s)

    def _follow(self, client: Any) -> None:
        """Look once, then follow events until the stream ends."""
        view = EngineView(True, _name(client.info()))
        # The stream begins before the look, so that nothing is missed between the two.
        stream = client.events(decode=True, filters=self._events)
        with self._lock:
            self._stream = stream
        listed = client.api.containers(all=True, filters=self._filters)
        running = {c["Id"] for c in listed if c["State"] not in ("exited", "dead")}
        self._tell(self._looked, view, running)
        try:
            if not self._closing.is_set():
                for event in stream:
                    # Not its `id`: an engine of API 1.52 (Docker 29) tells that no more.
                    self._tell(self._ended, event["Actor"]["ID"])
        finally:
            with self._lock:
                self._stream = None
            # The SDK's own close only wakes the reader; the connection itself is this.
            stream._response.close()

    def _absent(self, error: BaseException) -> None:
        what, mend = explain_absence(error)
        self._tell(self._looked, EngineView(False, "", what, mend), None)

    def _tell(self, what: Callable[..., None], *args: object) -> None:
        assert self._loop is not None
        with contextlib.suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(what, *args)

    # -- on the loop -----------------------------------------------------------------------------

    def _looked(self, view: EngineView, running: set[str] | None) -> None:
        self._view(view)
        self._first.set()
        if running is not None:
            for container in self._alive() - running:
                self._ended(container)

"""Which Docker engine a command can use: the user's own, a private one, or none.

It only looks and wraps a command; it never starts, stops or configures an engine itself.
"""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

ROOTLESS = ("rootlesskit", "newuidmap")
"""Programs with which a private engine runs for a user who is not root."""
INSTALL = "sudo apt-get install --no-install-recommends"
PING = b"GET /_ping HTTP/1.0\r\nHost: docker\r\n\r\n"


@dataclass(frozen=True)
class Engine:
    """What was found.

    Args:
        kind: "own" (answers at `host`), "private" (one may be started) or "none".
        host: what DOCKER_HOST must be, "" = the default.
        problem: why there is none, one sentence.
        mend: the command that mends it.
    """

    kind: str
    host: str = ""
    problem: str = ""
    mend: str = ""


def installed() -> bool:
    """Whether any Docker engine is on this machine, from whatever package, or reachable."""
    return has("dockerd") or bool(os.environ.get("DOCKER_HOST"))


def has(program: str) -> bool:
    """Whether a program is there, administrators' ones included."""
    places = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin", "/usr/local/bin"])
    return shutil.which(program, path=places) is not None


def answers_user(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether an engine of the user's own, or one they may use, answers now."""
    return find(environment, root=True, is_installed=lambda: True).kind == "own"


def answers(path: str, timeout_s: float = 2.0) -> bool:
    """Whether a Docker engine answers a ping on that Unix socket."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
            client.settimeout(timeout_s)
            client.connect(path)
            client.sendall(PING)
            return client.recv(64).startswith(b"HTTP/1.")
    except OSError:
        return False


def find(
    environment: Mapping[str, str],
    *,
    root: bool,
    is_installed: Callable[[], bool] = installed,
    ping: Callable[[str], bool] = answers,
    has: Callable[[str], bool] = has,
) -> Engine:
    """Look where Docker's own client looks, then at the rootless engine of this user."""
    host = environment.get("DOCKER_HOST", "")
    if host and not host.startswith("unix://"):
        return Engine("own", host)  # a remote engine: its own client will say what is wrong
    runtime = environment.get("XDG_RUNTIME_DIR", "")
    default = host.removeprefix("unix://") or "/var/run/docker.sock"
    if ping(default):
        return Engine("own", host)
    if not host and runtime and ping(f"{runtime}/docker.sock"):
        return Engine("own", f"unix://{runtime}/docker.sock")
    if not is_installed():
        return Engine(
            "none",
            problem="There is no Docker engine on this machine, so no model can be served.",
            mend=f"{INSTALL} docker.io" + ("" if root else " rootlesskit uidmap"),
        )
    if root or all(has(program) for program in ROOTLESS):
        return Engine("private")
    return Engine(
        "none",
        problem=f"A Docker engine is installed, but none answers you at {default}.",
        mend=f"{INSTALL} rootlesskit uidmap",
    )


NO_ENGINE = 75
"""Exit code of a wrapped command that needs an engine where a private one does not start."""


def wrap(command: Sequence[str], found: Engine, python: str, *, needed: bool = False) -> list[str]:
    """The command as it must be started so that it sees the engine.

    Args:
        needed: without an engine it is not run at all; else it runs without, after a word about it.
    """
    if found.kind == "private":
        without = [] if needed else ["--or-without"]
        return [python, "-m", "tests.support.dockerd", *without, "--", *command]
    return list(command)

"""A Docker engine for tests: the user's own if one answers, else a private one of this module.

The private engine runs in its own network namespace (no bridge, no iptables), with its own data,
its own containerd and its own socket; images survive between runs in the cache. Who is not root
gets it inside a user namespace (RootlessKit). Several commands share one through a lock: the last
one out stops it. Nothing here touches a foreign engine's settings.

    python -m tests.support.dockerd [--or-without] -- COMMAND    runs COMMAND with DOCKER_HOST set
"""

from __future__ import annotations

import fcntl
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import docker

from clawdesk_fabric.engines.watch import knock

START_S_MAX = 60
STOP_S_MAX = 60
NO_ENGINE = 75
"""Exit code where there is no engine, and the command was not to run without."""


class NoEngineError(Exception):
    """No Docker engine here and none can be started; the message says why, for a skip."""


def _cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "clawdesk" / "test-dockerd"


def _runtime() -> Path:
    """Short, because socket paths may have 108 bytes only. Each user has one of their own."""
    user = os.geteuid()
    return Path(tempfile.gettempdir()) / f"clawdesk-test-dockerd{f'-{user}' if user else ''}"


def _path() -> str:
    """Where the engine's programs are; those of administrators stand on few users' PATH."""
    return os.environ.get("PATH", os.defpath) + ":/usr/local/sbin:/usr/sbin:/sbin"


def _answers(host: str) -> bool:
    """Whether an engine answers there."""
    try:
        client = docker.DockerClient(base_url=host, version=knock(host), timeout=10)
    except (docker.errors.DockerException, OSError):
        return False
    try:
        return bool(client.ping())
    except (docker.errors.DockerException, OSError):
        return False
    finally:
        client.close()


@contextmanager
def engine() -> Iterator[str]:
    """Yield the DOCKER_HOST of an engine that answers.

    Raises:
        NoEngineError: none answers, and none can be started by this user.
    """
    users_own = os.environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock"
    if _answers(users_own):
        yield users_own
        return
    needed = ["dockerd", "containerd", "unshare"]
    needed += ["rootlesskit", "newuidmap"] if os.geteuid() else []
    for program in needed:
        if shutil.which(program, path=_path()) is None:
            raise NoEngineError(f"no Docker engine answers, and {program} is not installed")
    runtime = _runtime()
    cache = _cache()
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "users.lock").open("ab") as users:
        with (cache / "change.lock").open("ab") as change:
            fcntl.flock(change, fcntl.LOCK_EX)
            fcntl.flock(users, fcntl.LOCK_SH)
            host = _start(cache, runtime)
        try:
            yield host
        finally:
            _leave(cache, runtime, users)


def _leave(cache: Path, runtime: Path, users: IO[bytes]) -> None:
    """Give up our share; stop the engine when nobody else holds one."""
    with (cache / "change.lock").open("ab") as change:
        fcntl.flock(change, fcntl.LOCK_EX)
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        _stop(cache, runtime)


class OwnEngine:
    """An engine of one test alone, so that it may be killed and started again.

    Args:
        folder: for its data and its sockets; short.
        options: more arguments of dockerd.

    Raises:
        NoEngineError: from `start`, when this user cannot start one.
    """

    def __init__(self, folder: Path, *options: str) -> None:
        self._cache = folder / "c"
        self._runtime = folder / "r"
        self._options = options
        self._containerd: subprocess.Popen[bytes] | None = None
        self.host = f"unix://{self._runtime}/docker.sock"

    def start(self) -> None:
        """Also after `end`: with the data, and the containers, that are there."""
        if os.geteuid() != 0:
            raise NoEngineError("starting a private Docker engine needs root")
        self._cache.mkdir(exist_ok=True)
        self._runtime.mkdir(mode=0o700, exist_ok=True)
        address = self._runtime / "containerd.sock"
        if self._containerd is None:
            # Apart, as a system's is: one that the engine started itself would be orphaned when
            # the engine is killed, and no engine starts beside an orphan.
            command = ["unshare", "--net", "containerd", f"--address={address}"]
            command += [f"--root={self._cache}/containerd", f"--state={self._runtime}/containerd"]
            with (self._cache / "containerd.log").open("wb") as out:
                self._containerd = subprocess.Popen(
                    command, stdin=subprocess.DEVNULL, stdout=out, stderr=out
                )
        options = (f"--containerd={address}", *self._options)
        _launch(self._cache, self._runtime, self.host, *options)

    def end(self, number: signal.Signals) -> None:
        """Send the engine a signal and wait until it is gone; its containers are its own affair."""
        pid = int((self._runtime / "dockerd.pid").read_text())
        assert _is_ours(pid, self._runtime)
        fd = os.pidfd_open(pid)
        try:
            signal.pidfd_send_signal(fd, number)
            assert select.select([fd], [], [], STOP_S_MAX)[0], "the engine does not end"
            with suppress(ChildProcessError):
                os.waitpid(pid, 0)
        finally:
            os.close(fd)

    def containers(self) -> list[str]:
        """Names of all containers, running or not."""
        client = docker.DockerClient(base_url=self.host)
        try:
            return [str(container.name) for container in client.containers.list(all=True)]
        finally:
            client.close()

    def close(self) -> None:
        """Remove every container, then the engine and what it left."""
        if not _answers(self.host):
            self.start()
        client = docker.DockerClient(base_url=self.host)
        for container in client.containers.list(all=True):
            container.remove(force=True)
        client.close()
        self.end(signal.SIGTERM)
        if self._containerd is not None:
            self._containerd.terminate()
            self._containerd.wait(STOP_S_MAX)
        _stop(self._cache, self._runtime)


def _make_own(runtime: Path) -> None:
    """Raises NoEngineError: whoever else made it could answer there in the engine's place."""
    runtime.mkdir(mode=0o700, exist_ok=True)
    if runtime.lstat().st_uid != os.geteuid():
        raise NoEngineError(f"{runtime} belongs to another user; remove it, then try again")


def _start(cache: Path, runtime: Path) -> str:
    _make_own(runtime)  # before anybody there is asked or ended
    host = f"unix://{runtime}/docker.sock"
    if _answers(host):
        return host
    _stop(cache, runtime)
    _launch(cache, runtime, host)
    return host


# In the kit's namespace /run is a folder of links. What a system's engine has left there would lead
# into folders of root, where this one may write nothing.
_ALONE = 'rm -f /run/docker /run/containerd; exec "$0" "$@"'


def _launch(cache: Path, runtime: Path, host: str, *options: str) -> None:
    _make_own(runtime)
    log = cache / "dockerd.log"
    environment = {**os.environ, "PATH": _path()}
    command = ["unshare", "--net", "dockerd", "--bridge=none", "--iptables=false"]
    if os.geteuid():
        environment.setdefault("XDG_RUNTIME_DIR", str(runtime))  # the engine asks for one
        kit = ["rootlesskit", f"--state-dir={runtime}/kit", "--net=host"]
        command = [*kit, "--copy-up=/etc", "--copy-up=/run", "sh", "-c", _ALONE, *command]
    command += ["--ip6tables=false", f"--data-root={cache}/data", f"--exec-root={runtime}/exec"]
    command += [f"--pidfile={runtime}/dockerd.pid", f"--host={host}"]
    # A namespace of its own, should a system containerd be found and used.
    command += ["--containerd-namespace=clawdesk-test"]
    command += ["--containerd-plugins-namespace=clawdesk-test-plugins", *options]
    with log.open("wb") as out:
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            env=environment,
            start_new_session=True,
        )
    try:
        _wait_listening(child, log)
    except NoEngineError:
        _end(child.pid)
        child.wait()
        raise
    # The engine outlives this object when others share it; its end is waited for in `_stop`.
    child.returncode = 0
    if not _answers(host):
        raise NoEngineError(f"the private Docker engine does not answer: {_tail(log)}")


def _wait_listening(child: subprocess.Popen[bytes], log: Path) -> None:
    """Follow the log until the engine says that it listens."""
    tail = subprocess.Popen(
        ["tail", "--bytes=+1", "--follow", f"--pid={child.pid}", str(log)],
        stdout=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
    )
    with tail:
        assert tail.stdout is not None
        try:
            seen = b""
            while b"API listen on" not in seen:
                ready, _, _ = select.select([tail.stdout], [], [], START_S_MAX)
                chunk = os.read(tail.stdout.fileno(), 65536) if ready else b""
                if not chunk:
                    raise NoEngineError(f"the private Docker engine did not start: {_tail(log)}")
                seen = seen[-32:] + chunk
        finally:
            tail.terminate()


def _tail(log: Path) -> str:
    return " | ".join(log.read_text(errors="replace").splitlines()[-3:])


def _end(pid: int) -> None:
    """SIGTERM, then wait for the process's end through its pidfd."""
    try:
        fd = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        signal.pidfd_send_signal(fd, signal.SIGTERM)
        if not select.select([fd], [], [], STOP_S_MAX)[0]:
            signal.pidfd_send_signal(fd, signal.SIGKILL)
            select.select([fd], [], [], STOP_S_MAX)
        with suppress(ChildProcessError):  # ours to reap only when we started it
            os.waitpid(pid, 0)
    except ProcessLookupError:
        pass
    finally:
        os.close(fd)


def _is_ours(pid: int, runtime: Path) -> bool:
    try:
        return f"--exec-root={runtime}/exec".encode() in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def _stop(cache: Path, runtime: Path) -> None:
    """Stop the private engine and the containerd it started, and remove its run-time files."""
    for name in ("dockerd.pid", "exec/containerd/containerd.pid"):
        try:
            pid = int((runtime / name).read_text())
        except (OSError, ValueError):
            continue
        ours = _is_ours(pid, runtime) if name == "dockerd.pid" else _is_containerd(pid, runtime)
        if ours:
            _end(pid)
    with Path("/proc/self/mounts").open() as mounts:
        places = [line.split()[1] for line in mounts]
    left = [place for place in places if place.startswith((f"{runtime}/", f"{cache}/"))]
    for place in reversed(left):
        subprocess.run(["umount", "--lazy", place], check=False)
    shutil.rmtree(runtime, ignore_errors=True)


def _is_containerd(pid: int, runtime: Path) -> bool:
    try:
        return f"{runtime}/exec/containerd".encode() in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def main(argv: list[str]) -> int:
    """Run a command with DOCKER_HOST set; its exit code is ours."""
    without = argv[:1] == ["--or-without"]
    command = argv[1 + without :]
    if argv[without : 1 + without] != ["--"] or not command:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        with engine() as host:
            return _beside(host, command)
    except NoEngineError as error:
        print(f"No model can be served: {error}.", file=sys.stderr)
    if without:
        os.execvp(command[0], command)
    return NO_ENGINE


def _beside(host: str, command: list[str]) -> int:
    environment = {**os.environ, "DOCKER_HOST": host}
    # SIGTERM reaches the command; the engine is stopped behind it, not before it.
    with subprocess.Popen(command, env=environment) as running:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda n, _: running.send_signal(n))
        code = running.wait()
    if host.startswith(f"unix://{_runtime()}/"):
        # A Fabric that the command started would outlive the engine it works on.
        stop = [sys.executable, "-m", "clawdesk_fabric", "stop"]
        subprocess.run(stop, env=environment, check=False)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

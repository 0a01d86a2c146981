"""A screen of its own for a real window: Xvfb, a session bus, the accessibility bus, a driver.

Everything it starts it stops; nothing of the user's session is touched.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.support.patience import NET_S
from tests.support.real_cli import RealCli, real_cli

ROOT = Path(__file__).resolve().parents[2]
DRIVER = ROOT / "tests" / "support" / "atspi_driver.py"
AT_SPI = Path("/usr/libexec/at-spi-bus-launcher")
SYSTEM_PYTHON = Path("/usr/bin/python3")
STOP_S = 10.0


@functools.cache
def missing() -> str:
    """What a machine lacks for this, "" if nothing."""
    from shutil import which

    needed = [p for p in ("Xvfb", "dbus-daemon", "xdotool") if which(p) is None]
    needed += [str(p) for p in (AT_SPI, SYSTEM_PYTHON) if not p.exists()]
    if not needed:
        probe = [str(SYSTEM_PYTHON), "-c", "import gi; gi.require_version('Atspi', '2.0')"]
        if subprocess.run(probe, capture_output=True, check=False).returncode:
            needed.append("python3-gi with gir1.2-atspi-2.0")
    return ", ".join(needed)


class Stage:
    """Where a window plays. `tell` sends the driver a command and returns its answer."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.env: dict[str, str] = {}
        self._stack = contextlib.ExitStack()
        self._driver: subprocess.Popen[str] | None = None
        self.app: subprocess.Popen[bytes] | None = None
        self.screen: subprocess.Popen[bytes] | None = None

    def _start(self, command: Sequence[str], **how: Any) -> subprocess.Popen[Any]:
        process = subprocess.Popen(list(command), env=self.env, start_new_session=True, **how)
        self._stack.callback(_stop, process)
        return process

    def raise_curtain(self, extra: Mapping[str, str]) -> None:
        """Start the screen and the buses."""
        runtime = Path(tempfile.mkdtemp(prefix="cd-stage-"))
        runtime.chmod(0o700)
        self._stack.callback(_remove, runtime)
        keep = {k: v for k, v in os.environ.items() if k in {"PATH", "LANG", "LC_ALL", "TZ"}}
        self.env = {
            **keep,
            "HOME": str(self.folder / "home"),
            "XDG_RUNTIME_DIR": str(runtime),
            "QT_LINUX_ACCESSIBILITY_ALWAYS_ON": "1",
            "QT_QPA_PLATFORM": "xcb",
            "NO_AT_BRIDGE": "0",
            "PYTHONFAULTHANDLER": "1",  # a crash says where, in the window's log
            **extra,
        }
        Path(self.env["HOME"]).mkdir(parents=True, exist_ok=True)
        reader, writer = os.pipe()
        self.screen = self._start(
            ["Xvfb", "-displayfd", str(writer), "-screen", "0", "1440x900x24", "-nolisten", "tcp"],
            pass_fds=[writer],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(writer)
        with os.fdopen(reader) as answer:
            self.env["DISPLAY"] = ":" + answer.readline().strip()
        bus = self._start(
            ["dbus-daemon", "--session", "--nofork", "--nopidfile", "--print-address"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert bus.stdout is not None
        self.env["DBUS_SESSION_BUS_ADDRESS"] = bus.stdout.readline().strip()
        self._stack.callback(bus.stdout.close)
        self._start(
            [str(AT_SPI), "--launch-immediately"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def play(self, command: Sequence[str], name: str = "clawdesk") -> None:
        """Start the program and the driver that looks for it by `name`."""
        log = (self.folder / "window.log").open("wb")
        self._stack.callback(log.close)
        self.app = self._start(command, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT)
        self._driver = self._start(
            [str(SYSTEM_PYTHON), str(DRIVER), name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        for pipe in (self._driver.stdin, self._driver.stdout):
            assert pipe is not None
            self._stack.callback(pipe.close)

    def tell(self, do: str, id_: str | list[str] = "", **more: object) -> Any:
        """A driver's command; a refusal fails the test with what is on screen.

        Args:
            more: `timeout_s` where something may not come within `NET_S`.
        """
        assert self._driver is not None
        assert self._driver.stdin is not None
        assert self._driver.stdout is not None
        self._driver.stdin.write(
            json.dumps({"do": do, "id": id_, "timeout_s": NET_S, **more}) + "\n"
        )
        self._driver.stdin.flush()
        line = self._driver.stdout.readline()
        assert line, f"the driver ended; window.log: {self.log()}"
        answer = json.loads(line)
        assert answer["ok"], f"{do} {id_}: {answer['problem']}\n{self._end()}{self.log()}"
        return answer["value"]

    def _end(self) -> str:
        """Whether the program is still there, before its log."""
        code = self.app.poll() if self.app is not None else None
        return f"the window ended with {code}; its log:\n" if code is not None else "window.log: "

    def key(self, keys: str, window: str = "ClawDesk") -> None:
        """Press a key combination in the window or sheet of that name.

        Without a window manager it has to be focused first.
        """
        command = ["xdotool", "search", "--onlyvisible", "--name", window]
        # A key that closes the window makes xdotool fail on its release: the caller checks effects.
        whole = [*command, "windowfocus", "--sync", "key", keys]
        subprocess.run(whole, env=self.env, check=False, capture_output=True)

    def shoot(self, to: Path) -> None:
        """A picture of the whole screen."""
        command = ["import", "-window", "root", str(to)]
        subprocess.run(command, env=self.env, check=False, capture_output=True)

    def log(self) -> str:
        return (self.folder / "window.log").read_text("utf-8", "replace")[-4000:]

    def close(self) -> None:
        self._stack.close()


def _stop(process: subprocess.Popen[Any]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _remove(folder: Path) -> None:
    import shutil

    shutil.rmtree(folder, ignore_errors=True)


needs_stage = pytest.mark.skipif(bool(missing()), reason=f"the window's stage needs {missing()}")


def settings_of(cli: RealCli, *more: str) -> dict[str, str]:
    """What a window needs to use the folders of `cli`; its screen has a runtime folder of its own.

    `more`: other variables it is to have too, where they are set.
    """
    wanted = ("CLAWDESK_", "XDG_", *more)
    found = {k: v for k, v in cli.environment.items() if k.startswith(wanted)}
    found.pop("XDG_RUNTIME_DIR", None)
    return found


@contextlib.contextmanager
def real_stage(folder: Path) -> Iterator[tuple[Stage, RealCli]]:
    """A screen and folders of their own for the real program; a failure leaves its picture."""
    with real_cli() as cli, stage(folder, settings_of(cli)) as made:
        try:
            yield made, cli
        except BaseException:
            made.shoot(folder / "screen.png")
            raise


@contextlib.contextmanager
def stage(folder: Path, extra: Mapping[str, str] | None = None) -> Iterator[Stage]:
    """A stage with the curtain up; everything is taken down at the end."""
    made = Stage(folder)
    try:
        made.raise_curtain(extra or {})
        yield made
    finally:
        made.close()

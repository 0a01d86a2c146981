"""A real OpenClaw gateway on loopback in a folder of its own: no model key, no other network."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import shutil
import signal
import socket
import tempfile
from pathlib import Path
from typing import Any

import pytest

from clawdesk_setup import openclaw
from tests.support.patience import NET_S, net

END_S_MAX = 12.0
"""With something pending it takes minutes to end by itself."""
HEAP_MIB = 700
PLUGIN = Path(__file__).parents[2] / "packaging" / "openclaw"


def need_openclaw() -> None:
    """Skip with a clear word where set-up could not fetch it; where CI runs, that is a failure."""
    if openclaw.present():
        return
    missing = "OpenClaw is not in the cache: `make setup-tests` fetches it from npm"
    if os.environ.get("CI") == "true":
        pytest.fail(missing)
    pytest.skip(missing)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class RealGateway:
    """Start it with `start`; `close` removes everything.

    Args:
        telegram: address of a Bot API; "" = no chat at all.
        senders: who may type `/clawdesk` to our plugin; None = it is not put in.
    """

    def __init__(self, telegram: str = "", senders: list[str] | None = None) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="cdoc"))
        self.port = free_port()
        self.address = f"ws://127.0.0.1:{self.port}/"
        self.token = secrets.token_hex(24)
        self._process: asyncio.subprocess.Process | None = None
        self._log: asyncio.Task[None] | None = None
        self._ready, self._moved = asyncio.Event(), asyncio.Event()
        self.lines: list[str] = []
        settings = self._settings(telegram)
        if senders is not None:
            settings["plugins"] = {
                "allow": ["telegram", "clawdesk"],
                "load": {"paths": [str(PLUGIN)]},
                "entries": {"clawdesk": {"enabled": True, "config": {"senders": senders}}},
            }
        (self.folder / "openclaw.json").write_text(json.dumps(settings))

    def _settings(self, telegram: str) -> dict[str, Any]:
        auth = {"mode": "token", "token": self.token}
        settings: dict[str, Any] = {
            "gateway": {"mode": "local", "port": self.port, "bind": "loopback", "auth": auth},
            "plugins": {"allow": ["telegram"]},
            "agents": {"defaults": {"heartbeat": {"every": "0m"}}},
            "models": {"catalogRefresh": {"enabled": False}},
            "telemetry": {"enabled": False},
            "logging": {"file": str(self.folder / "gateway.log")},
            "update": {"checkOnStart": False},
        }
        if telegram:
            settings["channels"] = {
                "telegram": {
                    "enabled": True,
                    "botToken": "777:test",
                    "apiRoot": telegram,
                    "dmPolicy": "allowlist",
                    "allowFrom": ["4242", "5555"],
                    # Who may tap; the prompt itself goes out by `approvals.plugin`, once.
                    "execApprovals": {"enabled": False, "approvers": ["4242"]},
                }
            }
            target = {"channel": "telegram", "to": "4242"}
            settings["approvals"] = {
                "plugin": {"enabled": True, "mode": "targets", "targets": [target]}
            }
        return settings

    def _environment(self) -> dict[str, str]:
        node = openclaw.node()
        return {
            "PATH": f"{node.parent}:{os.environ['PATH']}",
            "HOME": str(self.folder),
            "TMPDIR": str(self.folder),
            "NO_COLOR": "1",
            "NODE_OPTIONS": f"--max-old-space-size={HEAP_MIB}",
            "NODE_COMPILE_CACHE": str(openclaw.folder() / "compiled"),
            "OPENCLAW_STATE_DIR": str(self.folder / "state"),
            "OPENCLAW_CONFIG_PATH": str(self.folder / "openclaw.json"),
            "OPENCLAW_DISABLE_BONJOUR": "1",
            "OPENCLAW_NO_RESPAWN": "1",
            "OPENCLAW_EXEC_SHELL_SNAPSHOT": "0",
            "OPENCLAW_DISABLE_TELEMETRY": "1",
        }

    async def start(self) -> RealGateway:
        """Done when it says that it is ready."""
        self._ready.clear()
        self._process = await asyncio.create_subprocess_exec(
            str(openclaw.node()),
            str(openclaw.program()),
            "gateway",
            "--allow-unconfigured",
            cwd=self.folder,
            env=self._environment(),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
        self._log = asyncio.create_task(self._read())
        ready = asyncio.create_task(self._ready.wait())
        try:
            async with asyncio.timeout(NET_S):
                await asyncio.wait({ready, self._log}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            ready.cancel()
        assert self._ready.is_set(), "it did not start:\n" + "\n".join(self.lines[-30:])
        return self

    async def _read(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        async for raw in self._process.stdout:
            line = raw.decode(errors="replace").rstrip()
            self.lines = [*self.lines[-400:], line]
            self._moved.set()
            if line.endswith("[gateway] ready"):
                self._ready.set()

    async def logged(self, text: str) -> None:
        """Wait until a line of its log holds that text."""
        async with net(lambda: "\n".join(self.lines[-30:])):
            while not any(text in line for line in self.lines):
                self._moved.clear()
                await self._moved.wait()

    async def stop(self, *, kill: bool = True) -> None:
        """End it. With something pending it would take minutes by itself, so it is killed."""
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL if kill else signal.SIGTERM)
        try:
            async with asyncio.timeout(END_S_MAX):
                await process.wait()
        except TimeoutError:
            pytest.fail("it does not end:\n" + "\n".join(self.lines[-12:]))
        finally:
            if process.returncode is None:  # a test that fails leaves none behind
                os.killpg(process.pid, signal.SIGKILL)
                await process.wait()
            if self._log is not None:
                await self._log

    def hang(self, hangs: bool) -> None:
        """Stop it as it is, its connections open and silent; or let it go on."""
        assert self._process is not None
        os.killpg(self._process.pid, signal.SIGSTOP if hangs else signal.SIGCONT)

    async def close(self) -> None:
        await self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

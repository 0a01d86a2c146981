"""OpenClaw set up, tested and removed in the window, from outside; the gateway is one in memory."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.openclaw_fake import FakeGateway
from tests.support.real_cli import make_project
from tests.support.stage import needs_stage, real_stage

pytestmark = [pytest.mark.e2e, needs_stage]


@contextmanager
def gateway_beside() -> Iterator[FakeGateway]:
    """A gateway on a loop of its own: the test itself waits for the window."""
    loop, made = asyncio.new_event_loop(), FakeGateway()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(made.start(), loop).result(30)
        yield made
        asyncio.run_coroutine_threadsafe(made.close(), loop).result(30)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@pytest.mark.timeout(300)
def test_the_window_sets_a_gateway_up_tests_it_and_removes_it(tmp_path: Path) -> None:
    with gateway_beside() as gateway, real_stage(tmp_path) as (play, cli):
        # Whatever keyring the user of this machine has, it is not for us.
        play.env["PYTHON_KEYRING_BACKEND"] = "keyring.backends.null.Keyring"
        project = make_project(tmp_path / "notes", {"notes.txt": "start\n"})
        play.play([sys.executable, "-m", "clawdesk", str(project)])
        play.tell("wait", "project.*/notes")
        play.key("ctrl+comma")
        play.tell("says", "settings.channel.state", text="Not set up")
        play.tell("press", "settings.channel.add")
        play.tell("type", "channel.address", text=gateway.address)
        play.tell("type", "channel.token", text="w" * 40)
        play.tell("press", "channel.go")
        play.tell("says", "channel.result", text="does not accept our token")
        play.tell("type", "channel.token", text=gateway.token)
        play.tell("press", "channel.go")
        play.tell("says", "settings.channel.state", text="Connected")
        settings = cli.root / "config" / "clawdesk" / "channels.toml"
        assert gateway.address in settings.read_text()
        play.tell("press", "settings.channel.test")
        play.tell("says", "settings.channel.outcome", text="nobody to show it to")
        play.tell("press", "settings.channel.remove")
        play.tell("press", "channel.remove.go")
        play.tell("says", "settings.channel.state", text="Not set up")
        assert 'url = ""' in settings.read_text()
        kept = [path for path in cli.root.rglob("*openclaw-gateway*") if path.is_file()]
        assert kept == [], "what let us in is forgotten"
        play.key("ctrl+q")
        assert play.app is not None
        assert play.app.wait(60) == 0, play.log()
        assert "Traceback" not in play.log()
        assert gateway.token not in play.log()

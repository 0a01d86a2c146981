"""Models that run elsewhere: a fake service on loopback, its key, and where keys are kept."""

from __future__ import annotations

import io
import stat
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import keyring.backend
import keyring.backends.fail
import keyring.errors
import pytest
from aiohttp import web

from clawdesk_fabric import keys as keys_module
from clawdesk_fabric import model_commands, paths
from clawdesk_fabric.__main__ import main
from clawdesk_fabric.engines.dispatch import Engines
from clawdesk_fabric.engines.reach import address, connector
from clawdesk_fabric.engines.upstream import UpstreamEngine
from clawdesk_fabric.errors import FabricError
from clawdesk_fabric.keys import Keys, system_keyring
from clawdesk_fabric.model import EngineView
from clawdesk_fabric.reloading import Changes
from clawdesk_fabric.specs import ModelSpec, UpstreamSource
from tests.support.fabric_engine import FakeEngine
from tests.support.fabric_world import spec

KEY = "sk-canary-4711"


class MemoryKeyring(keyring.backend.KeyringBackend):
    """A keyring that answers, for one test."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.kept: dict[tuple[str, str], str] = {}
        self.locked = False

    def get_password(self, service: str, username: str) -> str | None:
        if self.locked:
            raise keyring.errors.KeyringLocked(f"will not give {self.kept}")
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


class Service:
    """A fake of somebody's service."""

    def __init__(self) -> None:
        self.status = 200
        self.seen: list[str] = []
        self.url = ""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.seen.append(f"{request.path} {request.headers.get('Authorization', '')}".strip())
        if 300 <= self.status < 400:
            raise web.HTTPFound(f"{self.url}/stolen")
        return web.json_response({"model": "big"}, status=self.status)


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    made = Service()
    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", made.answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    yield made
    await runner.cleanup()


def elsewhere(url: str) -> ModelSpec:
    return spec(name="far", source=UpstreamSource(url, "big", ()), weights=None, memory_mib=0)


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return Keys(lambda: None, tmp_path / "keys")


def ignore(_: str) -> None:
    return None


async def test_a_call_goes_to_the_url_with_the_key(service: Service, keys: Keys) -> None:
    keys.keep("far", KEY)
    endpoint = await UpstreamEngine(keys).start(elsewhere(service.url), (), ignore)
    assert (endpoint.url, endpoint.served_as) == (service.url, "big")
    assert KEY not in repr(endpoint)
    async with (
        aiohttp.ClientSession(connector=connector(endpoint)) as session,
        session.post(
            address(endpoint, "chat/completions"), headers=dict(endpoint.headers)
        ) as answer,
    ):
        assert (await answer.json())["model"] == "big"
    assert service.seen == [
        f"/v1/models Bearer {KEY}",
        f"/v1/chat/completions Bearer {KEY}",
    ]


@pytest.mark.parametrize(
    ("status", "key", "said"),
    [
        (401, KEY, "refuses the key of far"),
        (403, "", "asks for a key, and none is kept"),
        (302, KEY, "never followed"),
        (500, "", "answers 500"),
    ],
)
async def test_what_a_service_refuses_is_told(
    service: Service, keys: Keys, status: int, key: str, said: str
) -> None:
    service.status = status
    if key:
        keys.keep("far", key)
    with pytest.raises(FabricError) as caught:
        await UpstreamEngine(keys).start(elsewhere(service.url), (), ignore)
    assert said in caught.value.what
    assert KEY not in caught.value.what + caught.value.mend
    assert len(service.seen) == 1, "a redirect was followed"


async def test_a_service_that_lists_no_models_is_used_all_the_same(
    service: Service, keys: Keys
) -> None:
    service.status = 404
    assert await UpstreamEngine(keys).start(elsewhere(service.url), (), ignore)


async def test_a_service_that_is_away_is_told(keys: Keys, unused_tcp_port: int) -> None:
    away = elsewhere(f"http://127.0.0.1:{unused_tcp_port}/v1")
    with pytest.raises(FabricError, match="does not answer"):
        await UpstreamEngine(keys).start(away, (), ignore)


@asynccontextmanager
async def both(folder: Path, keys: Keys) -> AsyncIterator[tuple[Engines, FakeEngine]]:
    here = FakeEngine(folder)
    engines = Engines(here, UpstreamEngine(keys))
    yield engines, here
    await engines.close(remove=True)


async def test_each_model_goes_to_the_engine_of_its_kind(
    short_folder: Path, service: Service, keys: Keys
) -> None:
    async with both(short_folder, keys) as (engines, here):
        views: list[EngineView] = []
        await engines.open(on_end=lambda *_: None, on_view=views.append)
        assert views == [here.view]
        far = await engines.start(elsewhere(service.url), (), ignore)
        near = await engines.start(spec(), (), ignore)
        assert list(here.models) == [near.container]
        await engines.stop(far)
        assert list(here.models) == [near.container]
        await engines.stop(near)
        assert not here.models
        assert await engines.adopt({"far": elsewhere(service.url)}) == []


def test_without_a_keyring_a_key_lies_in_a_closed_file(tmp_path: Path, keys: Keys) -> None:
    assert keys.read("far") == ""
    path = tmp_path / "keys/far"
    assert keys.keep("far", f"{KEY}\n") == str(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert keys.read("far") == KEY
    path.chmod(0o644)
    with pytest.raises(FabricError, match="others can read it"):
        keys.read("far")
    assert keys.forget("far")
    assert not path.exists()
    assert not keys.forget("far")


async def test_a_keyring_is_asked_first_and_its_failures_name_no_key(tmp_path: Path) -> None:
    ring = MemoryKeyring()
    Keys(lambda: None, tmp_path / "keys").keep("far", "old")
    keys = Keys(lambda: ring, tmp_path / "keys")
    assert await keys.get("far") == "old"
    assert keys.keep("far", KEY) == "the system's keyring"
    assert ring.kept == {("clawdesk", "far"): KEY}
    assert not (tmp_path / "keys/far").exists()
    assert await keys.get("far") == KEY
    ring.locked = True
    with pytest.raises(FabricError) as caught:
        await keys.get("far")
    assert KEY not in caught.value.what
    ring.locked = False
    assert keys.forget("far")
    assert ring.kept == {}


async def test_a_keyring_that_never_answers_is_given_up(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(keys_module, "ANSWER_S_MAX", 0.01)
    let_go = threading.Event()

    def hangs() -> None:
        let_go.wait()

    with pytest.raises(FabricError, match="gave no key of far"):
        await Keys(hangs, tmp_path).get("far")
    let_go.set()
    for thread in threading.enumerate():
        if thread.name == "keyring":
            thread.join()


@pytest.mark.parametrize("key", ["", "two words", "line\nline", "ключ", "x" * 5000])
def test_what_is_no_key_is_refused(keys: Keys, key: str) -> None:
    with pytest.raises(FabricError, match="is no key"):
        keys.keep("far", key)


@pytest.mark.parametrize("name", ["../far", "", "a/b", ".x"])
def test_a_name_cannot_leave_the_folder(keys: Keys, name: str) -> None:
    with pytest.raises(FabricError, match="no name of a model"):
        keys.read(name)


def test_a_keyring_that_keeps_nothing_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("keyring.get_keyring", keyring.backends.fail.Keyring)
    assert system_keyring() is None
    ring = MemoryKeyring()
    monkeypatch.setattr("keyring.get_keyring", lambda: ring)
    assert system_keyring() is ring


def test_the_command_reads_a_key_and_forgets_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setattr("keyring.get_keyring", keyring.backends.fail.Keyring)
    asked: list[str] = []

    def request(path: Path, method: str, target: str, body: object) -> dict[str, object]:
        asked.append(f"{method} {target}")
        return Changes(keys=("far",)).as_json()

    monkeypatch.setattr(model_commands, "request", request)
    stdin: Any = io.StringIO(f"{KEY}\n")
    monkeypatch.setattr("sys.stdin", stdin)
    assert main(["key", "set", "far"]) == 1
    assert "docs/guide/models.md" in capsys.readouterr().err
    paths.own_models().parent.mkdir(parents=True, exist_ok=True)
    paths.own_models().write_text(
        '[[models]]\nname = "far"\ntitle = "Far"\nlicence = "theirs"\nslots = 2\n'
        'endpoints = ["chat/completions"]\nupstream = "https://host/v1"\n'
        'model = "big"\nprojects = []\n'
    )
    assert main(["key", "set", "far"]) == 0
    assert (tmp_path / "clawdesk/keys/far").read_text() == KEY
    assert main(["key", "forget", "far"]) == 0
    assert main(["key", "set", "smollm2-135m"]) == 1
    told = capsys.readouterr()
    assert "the Fabric that runs: goes on with the key that is kept now: far" in told.out
    assert asked == ["POST /fabric/v1/reload"] * 2
    assert KEY not in told.out + told.err

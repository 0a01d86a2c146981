"""The whole Fabric with real Docker and a real model: chat, confinement, faults, adoption."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import aiohttp
import docker
import httpx2 as httpx
import openai
import pytest

from clawdesk_fabric.engines.docker import DockerEngine
from clawdesk_fabric.model import Phase
from clawdesk_fabric.server import owner_id
from tests.support.fabric_docker import containers_of, docker_with_image, short_place
from tests.support.fabric_world import ASK, MODEL, World, catalog, running, spec
from tests.support.patience import NET_S

pytestmark = pytest.mark.e2e
LONG = {**ASK, "max_tokens": 1500, "stream": True, "ignore_eos": True}


@pytest.fixture(scope="module")
def client() -> Iterator[docker.DockerClient]:
    with docker_with_image() as made:
        yield made


@pytest.fixture
def folder(client: docker.DockerClient) -> Iterator[Path]:
    """After each test nothing of the Fabric is left, neither container nor socket folder."""
    with short_place() as place:
        yield place
        assert containers_of(client, owner_id(place / "f.sock")) == []
        assert not (place / "f.sock.d").exists()
        assert not (place / "f.sock").exists()


def engine_at(path: Path) -> DockerEngine:
    return DockerEngine(owner_id(path), path.with_name(path.name + ".d"))


@pytest.fixture
async def world(folder: Path) -> AsyncIterator[World]:
    path = folder / "f.sock"
    async with running(engine_at(path), path, catalog(spec(slots=1)), port=0) as made:
        yield made


async def slots_busy(world: World) -> int:
    """How many slots of the engine itself are at work."""
    endpoint = world.fabric.endpoints[MODEL]
    connector = aiohttp.UnixConnector(path=str(endpoint.socket), force_close=True)
    async with (
        aiohttp.ClientSession(connector=connector) as session,
        session.get("http://model/slots") as answer,
    ):
        return sum(slot["is_processing"] for slot in await answer.json())


async def test_the_official_client_chats_over_socket_and_port(world: World) -> None:
    transport = httpx.AsyncHTTPTransport(uds=str(world.socket))
    over_socket = openai.AsyncOpenAI(
        base_url="http://localhost/v1",
        api_key=world.token,
        http_client=httpx.AsyncClient(transport=transport),
    )
    over_port = openai.AsyncOpenAI(
        base_url=f"http://127.0.0.1:{world.server.port}/v1", api_key=world.token
    )
    messages: Any = [{"role": "user", "content": "Write one short sentence about a cat."}]
    async with over_socket, over_port:
        whole = await over_socket.chat.completions.create(
            model=MODEL, messages=messages, max_tokens=12, temperature=0
        )
        assert whole.model == MODEL
        text = whole.choices[0].message.content
        assert text
        assert "cat" in text.lower()
        words = []
        async for chunk in await over_port.chat.completions.create(
            model=MODEL, messages=messages, max_tokens=12, temperature=0, stream=True
        ):
            words.append(chunk.choices[0].delta.content or "")
        assert "".join(words) == text
        assert [model.id async for model in over_port.models.list()] == [MODEL]
        with pytest.raises(openai.NotFoundError, match="no model"):
            await over_socket.chat.completions.create(model="gpt-9", messages=messages)


async def test_the_container_can_reach_nothing(world: World, client: docker.DockerClient) -> None:
    assert (await world.chat(max_tokens=1))[0] == 200
    (container,) = await asyncio.to_thread(containers_of, client, owner_id(world.socket))
    host = container.attrs["HostConfig"]
    assert host["NetworkMode"] == "none"
    assert host["ReadonlyRootfs"] is True
    assert host["CapDrop"] == ["ALL"]
    assert host["CapAdd"] in (None, [])
    assert host["SecurityOpt"] == ["no-new-privileges"]
    assert host["Privileged"] is False
    assert host["PidsLimit"] == 64
    assert host["Memory"] == host["MemorySwap"] == 1024 * 2**20
    assert host["RestartPolicy"]["Name"] == "no"
    assert host["PortBindings"] in (None, {})
    assert container.attrs["Config"]["User"] == "10001:10001"
    (mount,) = container.attrs["Mounts"]
    assert Path(mount["Source"]).parent == world.socket.with_name("f.sock.d")
    # What the kernel says of the process, not only what was asked for.
    probe = (
        "import os\n"
        "s=dict(l.split(':',1) for l in open('/proc/self/status') if ':' in l)\n"
        "try: open('/canary','w'); w='written'\n"
        "except OSError as e: w=os.strerror(e.errno)\n"
        "n=[l.split(':')[0].strip() for l in open('/proc/net/dev') if ':' in l]\n"
        "print([s[k].strip() for k in ('CapEff','NoNewPrivs','Uid')], w, n, sep='|')"
    )
    run = await asyncio.to_thread(
        lambda: container.exec_run(["/usr/bin/python3.11", "-S", "-c", probe])
    )
    assert isinstance(run.output, bytes)
    status, wrote, devices = run.output.decode().strip().split("|")
    assert status == str(["0000000000000000", "1", "10001\t10001\t10001\t10001"])
    assert wrote == "Read-only file system"
    assert devices == "['lo']"


async def test_a_client_that_leaves_frees_the_engines_slot(world: World) -> None:
    await world.fabric.load(MODEL)
    async with world.post("/v1/chat/completions", LONG) as answer:
        await answer.content.readline()
        assert await slots_busy(world) == 1
    await world.until(lambda: not world.fabric.state.calls)
    # The next call needs that only slot: it is answered long before 1500 tokens could be made.
    async with asyncio.timeout(20):
        assert (await world.chat(max_tokens=1))[0] == 200
    assert await slots_busy(world) == 0


@pytest.mark.expect_log("SIGKILL", "memory", "failed")
async def test_a_killed_engine_is_told_with_its_last_lines_and_starts_again(
    world: World, client: docker.DockerClient
) -> None:
    await world.fabric.load(MODEL)
    async with world.post("/v1/chat/completions", LONG) as answer:
        await answer.content.readline()
        container = world.fabric.endpoints[MODEL].container
        await asyncio.to_thread(lambda: client.containers.get(container).kill())
        rest = (await answer.content.read()).decode()
    error = json.loads(rest.strip().splitlines()[-1].removeprefix("data: "))["error"]
    assert error["code"] == "model_failed"
    assert "SIGKILL" in error["message"]
    assert "its last lines" in error["message"]
    assert (await world.chat(max_tokens=1))[0] == 200
    assert world.fabric.endpoints[MODEL].container != container


@pytest.mark.expect_log("memory", "failed")
async def test_too_little_memory_is_told_apart(folder: Path) -> None:
    path = folder / "f.sock"
    async with running(engine_at(path), path, catalog(spec(memory_mib=64))) as world:
        status, answer = await world.chat(max_tokens=1)
    assert (status, answer["error"]["code"]) == (502, "model_failed")
    assert "ran out of memory: its limit is 64 MiB" in answer["error"]["message"]
    assert "raise memory_mib" in answer["error"]["message"]


def serve(path: Path) -> subprocess.Popen[bytes]:
    """The real command, listening when this returns."""
    command = [sys.executable, "-m", "clawdesk_fabric", "serve", f"--socket={path}"]
    child = subprocess.Popen([*command, "--ready-fd=1"], stdout=subprocess.PIPE)
    assert child.stdout is not None
    assert child.stdout.readline().startswith(b"ready ")
    return child


def test_a_fabric_that_was_killed_is_followed_by_one_that_adopts_its_model(
    folder: Path, client: docker.DockerClient
) -> None:
    path = folder / "f.sock"

    def run(*command: str) -> str:
        result = subprocess.run(
            [sys.executable, "-m", "clawdesk_fabric", *command, f"--socket={path}"],
            capture_output=True,
            text=True,
            check=True,
        )
        return result.stdout

    first = serve(path)
    run("load", MODEL)
    (before,) = containers_of(client, owner_id(path))
    first.kill()
    first.communicate()
    second = serve(path)
    try:
        (model,) = json.loads(run("ps", "--json"))
        assert (model["phase"], model["container"]) == ("ready", before.id)
    finally:
        second.send_signal(signal.SIGTERM)
        second.communicate(timeout=NET_S)
    assert second.returncode == 0


async def test_a_model_of_other_settings_is_not_adopted_but_removed(
    folder: Path, client: docker.DockerClient
) -> None:
    path = folder / "f.sock"
    engine = engine_at(path)
    await engine.open(on_end=lambda *_: None, on_view=lambda _: None)
    left = await engine.start(spec(slots=2), (), lambda _: None)
    await engine.close(remove=False)
    async with running(engine_at(path), path, catalog(spec(slots=1))) as world:
        assert world.fabric.state.replicas[MODEL].phase is Phase.ABSENT
        assert await asyncio.to_thread(containers_of, client, owner_id(path)) == []
    assert not left.socket.parent.exists()


class Gate:
    """A Unix socket that passes bytes on to another one until it is shut."""

    def __init__(self, path: Path, to: str) -> None:
        self._path = path
        self._to = to
        self._sides: set[asyncio.StreamWriter] = set()
        self._relays: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        self._server = await asyncio.start_unix_server(self._connected, self._path)

    async def shut(self) -> None:
        self._server.close()
        for side in self._sides:
            side.transport.abort()
        await asyncio.gather(*self._relays)
        self._path.unlink(missing_ok=True)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._relay(reader, writer))
        self._relays.add(task)
        task.add_done_callback(self._relays.discard)

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_unix_connection(self._to)
        self._sides |= {writer, far_writer}
        await asyncio.gather(self._pump(reader, far_writer), self._pump(far_reader, writer))
        self._sides -= {writer, far_writer}

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while chunk := await source.read(65536):
                sink.write(chunk)
                await sink.drain()
        sink.close()
        with suppress(ConnectionError):
            await sink.wait_closed()


async def test_a_model_answers_on_while_the_engine_is_away(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate_path = folder / "gate.sock"
    gate = Gate(gate_path, os.environ["DOCKER_HOST"].removeprefix("unix://"))
    monkeypatch.setenv("DOCKER_HOST", f"unix://{gate_path}")
    await gate.open()
    path = folder / "f.sock"
    async with running(engine_at(path), path) as world:
        assert (await world.chat(max_tokens=1))[0] == 200
        container = world.fabric.endpoints[MODEL].container
        await gate.shut()
        await world.until(lambda: not world.fabric.state.engine.available)
        assert "no Docker engine answers" in (await world.control("status"))["engine"]["problem"]
        assert (await world.chat(max_tokens=1))[0] == 200
        await gate.open()
        await world.until(lambda: world.fabric.state.engine.available)
        assert (await world.chat(max_tokens=1))[0] == 200
        assert world.fabric.endpoints[MODEL].container == container
    await gate.shut()


async def test_an_idle_model_is_stopped_and_its_container_removed(
    folder: Path, client: docker.DockerClient
) -> None:
    path = folder / "f.sock"
    async with running(engine_at(path), path, catalog(spec(idle_stop_s=1))) as world:
        assert (await world.chat(max_tokens=1))[0] == 200
        await world.until(lambda: world.fabric.state.replicas[MODEL].phase is Phase.ABSENT)
        assert await asyncio.to_thread(containers_of, client, owner_id(path)) == []

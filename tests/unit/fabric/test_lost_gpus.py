"""A GPU that is lost under a model: the model is none any more, says why, and starts elsewhere."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from clawdesk_fabric import events
from clawdesk_fabric.effects import EndLease, Forward, StartReplica, StopReplica
from clawdesk_fabric.gpus import GpuWatch
from clawdesk_fabric.model import FabricState, Phase
from clawdesk_fabric.nvml import Nvml
from clawdesk_fabric.server import Options, Server
from clawdesk_fabric.simulated_gpus import state as simulated
from clawdesk_fabric.simulated_gpus.__main__ import faulty
from tests.support import simulated_gpus
from tests.support.fabric_core import call, does, down, gpu, gpu_state, lease, of, read, up
from tests.support.fabric_engine import FakeEngine
from tests.support.fabric_world import MODEL, catalog, serving, spec

LOST = gpu(0, problem="GPU is lost", is_lost=True)


def ready_on_the_first(**models: int) -> FabricState:
    state = gpu_state(1, **models)
    does(state, call(1, "a"))
    up(state, "a", 10)
    assert list(state.replicas["a"].held) == ["GPU-0"]
    return state


def test_a_ready_model_is_stopped_with_the_reason_and_the_next_step() -> None:
    state = ready_on_the_first(a=16)
    does(state, lease("l", "a", 20))
    done = does(state, read(30, LOST))
    assert [stop.model for stop in of(StopReplica, done)] == ["a"]
    assert [end.lease for end in of(EndLease, done)] == ["l"]
    replica = state.replicas["a"]
    assert replica.phase is Phase.STOPPING
    assert replica.problem == "GPU 0 (card), on which a ran, cannot be used: GPU is lost"
    assert replica.mend == "clawdesk-fabric load a starts it anew where there is room"
    assert does(state, read(31, LOST)) == [], "it is stopped once"


def test_its_call_in_flight_ends_by_itself_and_the_next_is_served_on_another_gpu() -> None:
    state = ready_on_the_first(a=16)
    does(state, read(30, LOST, gpu(1)))
    assert 1 in state.replicas["a"].in_flight
    assert of(Forward, does(state, call(2, "a", 40))) == []
    done = down(state, "a", 50)
    assert [start.devices for start in of(StartReplica, done)] == [("GPU-1",)]
    does(state, events.CallEnded(60, 1))
    assert [forward.call for forward in of(Forward, up(state, "a", 70))] == [2]
    assert state.replicas["a"].problem == ""


def test_a_silent_driver_takes_no_model_away() -> None:
    state = ready_on_the_first(a=16)
    silent = gpu(0, problem="the NVIDIA driver has not answered for 6 s; the figures are old")
    assert does(state, read(30, silent)) == []
    assert does(state, read(40)) == []
    assert state.replicas["a"].phase is Phase.READY


def test_one_that_is_lost_while_a_model_starts_is_seen_when_it_is_ready() -> None:
    state = gpu_state(1, a=16)
    does(state, call(1, "a"), read(20, LOST))
    assert [stop.model for stop in of(StopReplica, up(state, "a", 30))] == ["a"]


def test_one_that_the_driver_no_longer_lists_is_lost() -> None:
    state = gpu_state(2, a=16)
    does(state, call(1, "a"))
    up(state, "a", 10)
    (held,) = state.replicas["a"].held
    other = gpu(1 - int(held.removeprefix("GPU-")))
    assert of(StopReplica, does(state, read(30, other)))


@pytest.mark.expect_log("POST /v1/chat/completions")
async def test_a_client_at_a_lost_gpu_is_told_which_and_the_status_says_so(
    short_folder: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    library = simulated_gpus.library(tmp_path_factory.getbasetemp() / "stub")
    with simulated_gpus.loaded(library, tmp_path / "gpus.json"):
        simulated.write(simulated.simulated(1))
        watch = GpuWatch(interval_s=0.02, stale_s=30, nvml=Nvml(load=False, reopen_s=0.0))
        engine = FakeEngine(short_folder)
        options = Options(short_folder / "f.sock", gpus=watch)
        server = Server(catalog(spec(gpu_memory_mib=1000)), engine, options)
        async with serving(server, short_folder / "f.sock") as world:
            await world.control(f"models/{MODEL}/load", {})
            engine.latest[MODEL].gate.clear()
            simulated.simulate_use("GPU-simulated-0", os.getpid(), 900)
            asked = asyncio.create_task(world.chat())
            await engine.latest[MODEL].until(lambda: engine.latest[MODEL].in_flight == 1)
            simulated.change(faulty("lost", 0, "memory"))
            status, answer = await asked
            assert (status, answer["error"]["code"]) == (502, "model_failed")
            assert "GPU 0 (Simulated GPU 0), on which" in answer["error"]["message"]
            await world.until(lambda: world.fabric.state.replicas[MODEL].phase is Phase.ABSENT)
            (model,) = (await world.control("status"))["models"]
            assert model["phase"] == "absent"
            assert "GPU is lost" in model["problem"]
            assert model["mend"].startswith("clawdesk-fabric load")

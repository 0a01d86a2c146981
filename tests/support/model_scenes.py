"""Made-up states of the Fabric, for tests and pictures of the models page."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from clawdesk.ports.inference import FabricStatus
from clawdesk.ports.models import (
    HOST_DEVICE,
    Budget,
    Device,
    Hold,
    Holder,
    HolderProcess,
    Loan,
    Model,
    ModelQueue,
    ModelWindow,
    Peer,
    Peering,
    PeerOffer,
    ProjectUse,
    Served,
    Waiter,
)
from clawdesk.ports.pairing import OPEN, MadeInvitation, PeerInvitation, ReadInvitation
from clawdesk.viewmodels.devices import DeviceHistory, device_views

if TYPE_CHECKING:
    from clawdesk.ui.desk import Desk

TOTAL = 81_920
RESERVED = 512
PROJECT = "/home/ada/src/vision-lab"
HOSTILE = "<b>bold</b>\x1b[31m\u202egnp.exe\nsecond line"


def gpu(index: int, **more: object) -> Device:
    """An idle GPU; `free_mib` is worked out from the rest."""
    bare = Device(
        id=f"GPU-{index}",
        name="NVIDIA H100",
        index=index,
        total_mib=TOTAL,
        reserved_mib=RESERVED,
        simulated=True,
    )
    made = replace(bare, **more)  # type: ignore[arg-type]
    taken = made.reserved_mib + made.others_mib + made.kept_mib + made.used_mib
    return replace(made, free_mib=max(0, made.total_mib - taken))


def host(used_mib: int = 0, **more: object) -> Device:
    made = Device(id=HOST_DEVICE, total_mib=12_288, used_mib=used_mib, free_mib=12_288 - used_mib)
    return replace(made, **more)  # type: ignore[arg-type]


QWEN = Model("qwen3-32b", "Qwen3 32B Instruct", on_gpu=True, memory_mib=65_536, slots=4)
CODER = Model("coder-30b", "Coder 30B A3B", on_gpu=True, memory_mib=24_576, slots=8)
EMBED = Model("bge-small", "BGE small (embeddings)", memory_mib=1_024, slots=2, peak_mib=980)
LARGE = Model("glm-355b", "GLM 355B (FP8)", on_gpu=True, memory_mib=371_000, slots=4)


def empty() -> FabricStatus:
    """Eight idle GPUs, nothing loaded, nobody waits."""
    return FabricStatus(
        ready=True,
        version="0.1.0",
        engine="docker 27.3",
        models=(QWEN, CODER, EMBED, LARGE),
        devices=(*(gpu(index) for index in range(8)), host()),
    )


def loading() -> FabricStatus:
    """One model loads on a GPU that has other programs too."""
    starting = replace(
        QWEN,
        phase="starting",
        devices=("GPU-0",),
        loading_s=12.4,
        load_s=31.0,
        progress="loading the model into memory",
        waiting=2,
        container="c-qwen",
    )
    first = gpu(
        0,
        used_mib=65_536,
        others_mib=1_400,
        kept_mib=2_048,
        holds=(Hold("qwen3-32b", 65_536, 21_000),),
        processes=(HolderProcess(4121, 21_000, "c-qwen"), HolderProcess(991, 1_400)),
    )
    waiting = tuple(
        Waiter(
            "qwen3-32b",
            PROJECT,
            task,
            "agent",
            call=number,
            position=number,
            code="loading",
            text="qwen3-32b is being loaded: loading the model into memory",
            frees="qwen3-32b is ready",
            expected_ms=18_600,
        )
        for number, task in enumerate(("fix-loader", "bench-fp8"), 1)
    )
    idle = empty()
    return replace(
        idle,
        models=(starting, CODER, EMBED, LARGE),
        devices=(first, *idle.devices[1:]),
        queue=ModelQueue(waiting, len(waiting)),
    )


def _busy_devices() -> tuple[Device, ...]:
    return (
        gpu(
            0,
            used_mib=65_536,
            others_mib=410,
            holds=(Hold("qwen3-32b", 65_536, 56_400, 2),),
            processes=(HolderProcess(4121, 56_400, "c-qwen"), HolderProcess(991, 410)),
        ),
        gpu(
            1,
            used_mib=24_576,
            others_mib=6_350,
            kept_mib=2_048,
            holds=(Hold("coder-30b", 24_576, 23_100),),
            processes=(HolderProcess(5210, 23_100, "c-coder"), HolderProcess(20_817, 6_350)),
        ),
        gpu(2, used_mib=18_000, awaited_mib=18_000),
        *(gpu(index) for index in range(3, 8)),
        host(1_024, holds=(Hold("bge-small", 1_024),)),
    )


def _busy_models() -> tuple[Model, ...]:
    return (
        replace(
            QWEN,
            phase="ready",
            devices=("GPU-0",),
            pinned=True,
            leases=2,
            in_flight=4,
            waiting=2,
            load_s=31.0,
            peak_mib=58_000,
            container="c-qwen",
        ),
        replace(
            CODER,
            phase="ready",
            devices=("GPU-1",),
            reserved_for=PROJECT,
            in_flight=1,
            container="c-coder",
        ),
        replace(EMBED, phase="ready", devices=(HOST_DEVICE,), container="c-bge"),
        replace(LARGE, waiting=1, leases_waiting=1),
    )


def _busy_waiting() -> tuple[Waiter, ...]:
    return (
        Waiter(
            "qwen3-32b",
            PROJECT,
            "fix-loader",
            "interactive",
            call=11,
            position=1,
            code="slots_busy",
            text="all 4 slots of qwen3-32b are in use",
            frees="a call in flight ends",
            expected_ms=4_200,
        ),
        Waiter(
            "qwen3-32b",
            "/home/ada/notes",
            "tidy-notes",
            "agent",
            call=12,
            position=2,
            code="budget",
            text="the budget of /home/ada/notes is used up: 2.00 of 2.00 GPU-hours are used",
            frees="you raise the budget",
        ),
        Waiter(
            "glm-355b",
            PROJECT,
            "bench-fp8",
            "batch",
            call=13,
            position=1,
            code="memory",
            text="glm-355b needs 362 GiB; 113 GiB of 636 GiB of GPU memory are in use by "
            "qwen3-32b (64 GiB, pinned), coder-30b (24 GiB, reserved)",
            frees="qwen3-32b is no longer pinned or coder-30b leaves",
        ),
        Waiter("glm-355b", PROJECT, "quantize-vlm", "agent", text="glm-355b was asked to unload"),
    )


def busy() -> FabricStatus:
    """Two models in use, leases, a queue with reasons, a reservation, a budget that is used up."""
    waiting = _busy_waiting()
    now_s = 1_764_000_000
    queue = ModelQueue(
        waiting,
        len(waiting),
        (
            Holder("qwen3-32b", PROJECT, "train-resnet", 610),
            Holder("qwen3-32b", PROJECT, "refactor-io", 42, "glm-355b needs the memory"),
        ),
        (ModelWindow("r-1", "coder-30b", PROJECT, now_s - 600, now_s + 5_400),),
        (
            ProjectUse(
                "/home/ada/notes",
                7_200,
                48_210,
                1,
                0,
                Budget(2.0, 0, "2.00 of 2.00 GPU-hours are used"),
            ),
            ProjectUse(PROJECT, 4_460, 1_204_533, 3, 5, Budget(8.0, 5_000_000)),
        ),
    )
    return replace(empty(), models=_busy_models(), devices=_busy_devices(), queue=queue)


def lost() -> FabricStatus:
    """As `busy`, and GPU 1 has fallen off the bus."""
    whole = busy()
    gone = replace(
        whole.devices[1],
        problem="GPU is lost: it does not answer its driver; restart this machine if it stays away",
        holds=(),
        processes=(),
    )
    coder = replace(
        CODER,
        problem="coder-30b was not ready after 120 s",
        failures=1,
    )
    models = (whole.models[0], coder, *whole.models[2:])
    return replace(whole, models=models, devices=(whole.devices[0], gone, *whole.devices[2:]))


def no_docker() -> FabricStatus:
    """No container engine, no GPU."""
    return FabricStatus(
        ready=False,
        version="0.1.0",
        problem="no Docker engine answers at /var/run/docker.sock",
        mend="sudo systemctl start docker",
        models=(EMBED, QWEN),
        devices=(host(),),
        gpu_note="no NVIDIA GPU: the NVIDIA driver is not installed",
    )


PRINT = "3f0c9a71d2be4485" * 4
LAB2 = Peer(
    "lab2",
    PRINT,
    "here",
    0,
    "lab2.example:7443",
    Loan(("bge-small",), 2, 1),
    (PeerOffer("qwen3-235b", 4), PeerOffer("whisper-large", 2)),
    1,
)
NAS = Peer(
    "nas",
    PRINT[::-1],
    "away",
    840,
    "nas.example:7443",
    offers=(PeerOffer("gemma-27b", 1),),
    why="nas does not answer at nas.example:7443: Connection refused",
)
PEERING = Peering("192.168.1.4:7443", PRINT, (LAB2, NAS))
UNTIL_S = 1_764_000_600
"""Ten minutes after the time that the scripted plane begins at."""
INVITED = PeerInvitation("i-1", OPEN, UNTIL_S, "box.example:7443", "desk", ("bge-small",), 2)
WORD = "clawdesk-peer:" + "eyJhIjoiYm94LmV4YW1wbGU6NzQ0MyIsImYiOi" * 5
"""As long as an invitation is."""
MADE = MadeInvitation("i-1", "box.example:7443", PRINT, UNTIL_S, WORD)
READ = ReadInvitation("lab3.example:7000", PRINT[::-1], UNTIL_S)


def paired() -> FabricStatus:
    """As `busy`, with one peer that is here and one that is away."""
    whole = busy()
    far = Model("lab2/qwen3-235b", "qwen3-235b, lent by lab2", phase="ready", slots=4, in_flight=1)
    return replace(whole, models=(*whole.models, far), peering=PEERING)


def inviting() -> FabricStatus:
    """As `paired`, while an invitation is open."""
    return replace(paired(), peering=replace(PEERING, invitation=INVITED))


def busy_peers() -> FabricStatus:
    """As `inviting`, while the one that is here has its calls answered, and some that wait."""
    lab2 = replace(LAB2, served=(Served("bge-small", 1, 2),))
    peering = replace(PEERING, peers=(lab2, NAS), invitation=INVITED)
    return replace(paired(), peering=peering)


def deaf() -> FabricStatus:
    """A model service that knows nobody and listens nowhere."""
    return replace(busy(), peering=Peering())


def remember(desk: Desk) -> None:
    """Give the page ten minutes behind it, in which memory was taken step by step."""
    desk.models.history = DeviceHistory()
    now_ms = desk.clock.now_ms()
    views = device_views(desk.plane.environment.fabric, desk.plane.load)
    for step in range(300, 0, -1):
        past = [
            replace(view, used_share=(view.used_share or 0) * min(1.0, (330 - step) // 60 / 4))
            for view in views
            if view.used_share is not None
        ]
        desk.models.history.note(now_ms - step * 2_000, past)


SCENES = {
    "models": busy,
    "models-empty": empty,
    "models-loading": loading,
    "models-lost": lost,
    "models-no-docker": no_docker,
    "models-peers": paired,
}

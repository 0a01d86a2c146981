"""The doctor's checks from what the ports report, and what it says when a part does not answer."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import cast

from clawdesk.ports.errors import InferenceError, MachineError
from clawdesk.ports.inference import FabricStatus, Inference
from clawdesk.ports.machines import Machines, MachineSupport
from clawdesk.ports.models import Model, Peer, Peering
from clawdesk.ports.telemetry import Gpu, HostLoad, Telemetry
from clawdesk.runtime import doctor
from clawdesk.runtime.doctor import Check

GOOD = MachineSupport(
    ready=True,
    uri="qemu:///session",
    accelerator="kvm",
    accelerator_note="",
    versions={"libvirt": "9.0.0", "qemu": "7.2.22"},
    confined=True,
)
EMULATED = MachineSupport(
    ready=True,
    uri="qemu:///embed",
    accelerator="tcg",
    accelerator_note="KVM is present but no machine boots with it.",
    versions={"libvirt": "9.0.0", "qemu": "7.2.22"},
    confined=False,
)
ABSENT = MachineSupport(
    ready=False,
    uri="qemu:///session",
    accelerator="tcg",
    accelerator_note="",
    versions={},
    confined=False,
    problem="libvirt is not installed.",
    mend="sudo apt-get install libvirt-daemon",
)
FABRIC = FabricStatus(
    ready=True, version="0.1.0", engine="docker 20.10.24", models=(Model("smollm2-135m"),)
)
HOST = HostLoad(
    cpu_percent=3.0,
    cpu_count=8,
    memory_used_mib=900,
    memory_total_mib=32 * 1024,
    disk_free_mib=100 * 1024,
    gpu_note="no NVIDIA GPU: libnvidia-ml.so.1 is not installed",
)

NOBODY = Peering()
CARD = Gpu(0, "GPU-1", "RTX", None, None, None, None, None, None, None)


def by_name(checks: list[Check]) -> dict[str, Check]:
    return {check.name: check for check in checks}


def test_a_good_host_names_program_and_version() -> None:
    checks = by_name(doctor.machine_checks(GOOD))
    assert {check.state for check in checks.values()} == {"ok"}
    assert checks["libvirt"].found == "libvirt 9.0.0 at qemu:///session"
    assert checks["qemu"].found.startswith("qemu 7.2.22")
    assert "kvm" in checks["kvm"].found


def test_emulation_and_a_lack_of_confinement_are_limits_not_lacks() -> None:
    checks = doctor.machine_checks(EMULATED)
    named = by_name(checks)
    assert named["kvm"].state == "limited"
    assert named["kvm"].why == EMULATED.accelerator_note
    assert "not confined" in named["confinement"].why
    assert doctor.ready(checks)


def test_a_slower_path_of_snapshots_is_a_limit_with_the_command_that_mends_it() -> None:
    live = {**GOOD.versions, "snapshots": "live (background refused: QEMU refuses it)"}
    slow = replace(GOOD, versions=live, snapshots_note="It is slow.", snapshots_mend="sudo faster")
    check = by_name(doctor.machine_checks(slow))["snapshots"]
    assert (check.state, check.found) == ("limited", live["snapshots"])
    assert (check.why, check.mend) == ("It is slow.", "sudo faster")
    assert doctor.ready([check])
    fast = replace(GOOD, versions={**GOOD.versions, "snapshots": "background"})
    assert by_name(doctor.machine_checks(fast))["snapshots"].state == "ok"


def test_without_libvirt_no_task_can_run_and_the_command_is_named() -> None:
    checks = doctor.machine_checks(ABSENT)
    assert not doctor.ready(checks)
    assert all(check.mend == ABSENT.mend for check in checks if check.state == "missing")


def test_models_are_not_needed_by_every_task() -> None:
    nothing = doctor.model_checks(FabricStatus(False, problem="No program.", mend="x"))
    no_engine = doctor.model_checks(FabricStatus(False, "0.1.0", problem="No Docker.", mend="y"))
    not_built = doctor.model_checks(FabricStatus(False, "0.1.0", "docker 27", problem="No image."))
    assert [check.state for check in nothing] == ["missing"]
    assert by_name(no_engine)["docker"].mend == "y"
    assert by_name(not_built)["models"].mend == doctor.BUILD_INFERENCE
    assert doctor.ready([*nothing, *no_engine, *not_built])
    good = by_name(doctor.model_checks(FABRIC))
    assert good["docker"].found == "docker 20.10.24"
    assert good["models"].found == "smollm2-135m"


def test_no_graphics_card_is_said_plainly() -> None:
    checks = by_name(doctor.host_checks(HOST))
    assert checks["gpu"].state == "limited"
    assert checks["gpu"].why.startswith("No NVIDIA GPU: libnvidia-ml.so.1 is not installed.")
    assert checks["disk"].state == "ok"


def test_a_simulated_or_lost_card_is_never_shown_as_a_good_one() -> None:
    fake = replace(CARD, total_mib=24_576, simulated=True)
    lost = replace(CARD, index=1, problem="GPU is lost: restart")
    good = replace(CARD, index=2, total_mib=81_920)
    load = HostLoad(1.0, 2, 1, 2048, 1024, gpus=(fake, lost, good), driver="550.1")
    checks = by_name(doctor.host_checks(load))
    assert checks["gpu 0"].found == "RTX, 24 GiB, driver 550.1 (simulated)"
    assert checks["gpu 0"].state == "limited"
    assert "simulated and computes nothing" in checks["gpu 0"].why
    assert checks["gpu 1"].state == "limited"
    assert checks["gpu 1"].why == "GPU is lost: restart."
    assert checks["gpu 2"] == Check("gpu 2", "ok", "RTX, 80 GiB, driver 550.1", "", needed=False)
    assert doctor.ready([checks["gpu 0"], checks["gpu 1"]])


def test_a_disk_on_which_no_machine_starts_is_no_host_that_is_ready() -> None:
    full = replace(HOST, disk_free_mib=3072, disk_total_mib=102_400, disk_path="/data")
    disk = by_name(doctor.host_checks(full))["disk"]
    assert (disk.state, disk.found) == ("missing", "3.0 GiB free")
    assert disk.why == (
        "The disk of /data has 3.0 GiB free; machines start with at least 10.0 GiB."
    )
    assert not doctor.ready([disk])


def test_the_guest_image_is_needed() -> None:
    assert doctor.image_check("base-1a2b").state == "ok"
    assert doctor.image_check("").mend == doctor.BUILD_GUEST
    assert not doctor.ready([doctor.image_check("")])


def test_a_session_without_a_screen_is_limited() -> None:
    assert doctor.window_check({}).state == "limited"
    assert "wayland-0" in doctor.window_check({"WAYLAND_DISPLAY": "wayland-0"}).found


@dataclass
class World:
    """Answers of the three ports; an exception in a place of an answer is raised."""

    support_answer: MachineSupport | Exception = GOOD
    fabric_answer: FabricStatus = FABRIC
    peers_answer: Peering | InferenceError = NOBODY
    host_answer: HostLoad = HOST
    asked: list[str] = field(default_factory=list)

    async def support(self) -> MachineSupport:
        self.asked.append("machines")
        if isinstance(self.support_answer, Exception):
            raise self.support_answer
        return self.support_answer

    async def ensure_up(self) -> FabricStatus:
        self.asked.append("fabric")
        return self.fabric_answer

    async def peers(self) -> Peering:
        if isinstance(self.peers_answer, InferenceError):
            raise self.peers_answer
        return self.peers_answer

    async def sample(self) -> HostLoad:
        self.asked.append("host")
        return self.host_answer

    async def checks(self) -> list[Check]:
        return await doctor.gather(
            cast(Machines, self), cast(Inference, self), cast(Telemetry, self), lambda: "base-1a2b"
        )


async def test_every_part_is_asked_once() -> None:
    world = World()
    checks = by_name(await world.checks())
    assert sorted(world.asked) == ["fabric", "host", "machines"]
    wanted = {"clawdesk", "python", "git", "window", "libvirt", "qemu", "guest image", "docker"}
    assert wanted <= set(checks)
    assert "libgit2" in checks["git"].found
    assert all(check.found for check in checks.values())
    assert "peers" not in checks


async def test_of_peers_something_is_said_only_while_one_is_away() -> None:
    here, gone = Peer("lab2", state="here"), Peer("nas", state="away", last_seen_s=840)
    silent: tuple[Peering | InferenceError, ...] = (
        Peering(peers=(here,)),
        InferenceError("it does not answer"),
    )
    for answer in silent:
        assert "peers" not in by_name(await World(peers_answer=answer).checks())
    found = by_name(await World(peers_answer=Peering(peers=(here, gone))).checks())["peers"]
    assert (found.state, found.found, found.needed) == ("limited", "1 of 2 here", False)
    assert found.why == "Peer nas is away, last seen 14 m ago."
    assert found.mend == "clawdesk-fabric peers list"


async def test_a_part_that_fails_is_missing_and_the_others_are_still_told() -> None:
    world = World(support_answer=MachineError("libvirt hung up.", mend="do this"))
    checks = by_name(await world.checks())
    assert checks["machines"].state == "missing"
    assert checks["machines"].why == "libvirt hung up."
    assert checks["machines"].mend == "do this"
    assert checks["docker"].state == "ok"
    assert not doctor.ready(list(checks.values()))


def test_without_machines_it_is_said_what_still_works() -> None:
    lacking = replace(EMULATED, ready=False, versions={}, problem="libvirt hung up.")
    found = {check.name: check for check in doctor.machine_checks(lacking)}
    for name in ("libvirt", "qemu", "machines"):
        assert (found[name].why, found[name].works) == ("libvirt hung up.", doctor.STILL_WORKS)
    assert "comparing and merging" in doctor.STILL_WORKS
    assert doctor.image_check("").works == doctor.STILL_WORKS


def test_without_an_engine_or_models_tasks_that_call_none_still_run() -> None:
    for status in (
        FabricStatus(False, ""),
        FabricStatus(False, "0.1", "", "no engine answers"),
        FabricStatus(True, "0.1", "docker 27"),
    ):
        (lack,) = [check for check in doctor.model_checks(status) if check.state == "missing"]
        assert lack.why
        assert lack.works == doctor.NO_MODEL_NEEDED
        assert not lack.needed

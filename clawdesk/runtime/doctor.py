"""The doctor: what this machine has, what it lacks, and the one command that mends each lack.

Assembles checks from values the ports report. It never installs, starts or changes anything, and
it never guesses: what was not asked is not listed.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import platform
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from importlib import metadata
from pathlib import Path
from typing import Literal, TypeVar

from clawdesk.domain.memory_size import memory_size
from clawdesk.domain.peers import LIST, away
from clawdesk.ports.errors import InferenceError, PortError
from clawdesk.ports.inference import FabricStatus, Inference
from clawdesk.ports.machines import Machines, MachineSupport
from clawdesk.ports.models import Peering
from clawdesk.ports.telemetry import Gpu, HostLoad, Telemetry
from clawdesk.runtime.offer import no_space

State = Literal["ok", "limited", "missing"]
Value = TypeVar("Value")

ASK_S = 60.0
"""How long one part may take to answer; booting a probe machine under emulation takes seconds."""
BUILD_GUEST = "clawdesk images build base"
BUILD_INFERENCE = "clawdesk-fabric images build"
MORE_SPACE = "clawdesk prune"
INSTALL = "clawdesk doctor --fix"
STILL_WORKS = "Looking at, comparing and merging what was done. Tasks wait and run nowhere else."
"""Without machines."""
NO_MODEL_NEEDED = "Tasks that call no model."
"""Without models."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing ClawDesk uses.

    Args:
        found: the real program and version in use, or what was found instead.
        why: why it is limited or missing; "" when all is well.
        works: what can be done all the same, "" where the reason says all there is to say.
        mend: the one command that mends it, "" if none does.
        needed: without it no task can run.
    """

    name: str
    state: State
    found: str
    why: str = ""
    mend: str = ""
    needed: bool = True
    works: str = ""

    def as_json(self) -> dict[str, object]:
        """The object of `clawdesk doctor --json` and of the first-run page."""
        return asdict(self)


def ready(checks: Sequence[Check]) -> bool:
    """Whether a task can run here; limits do not count."""
    return not any(check.needed and check.state == "missing" for check in checks)


def machine_checks(support: MachineSupport) -> list[Check]:
    """libvirt, QEMU, the accelerator and confinement."""
    checks = []
    for part in ("libvirt", "qemu"):
        version = support.versions.get(part, "")
        found = f"{part} {version} at {support.uri}" if version else "none found"
        if support.ready or version:
            checks.append(Check(part, "ok", found))
        else:
            why = support.problem or f"{part} did not answer."
            mend = support.mend or INSTALL
            checks.append(Check(part, "missing", found, why, mend, works=STILL_WORKS))
    if not support.ready:
        why, mend = support.problem or "No machine can be started.", support.mend or INSTALL
        checks.append(Check("machines", "missing", support.uri, why, mend, works=STILL_WORKS))
        return checks
    checks.append(Check("machines", "ok", f"ready at {support.uri}"))
    if support.accelerator == "kvm":
        checks.append(Check("kvm", "ok", "kvm, proven by booting a machine"))
    else:
        why = support.accelerator_note or "Machines run under emulation, several times slower."
        checks.append(Check("kvm", "limited", f"{support.accelerator} (emulation)", why))
    if "snapshots" in support.versions:
        found, lack = support.versions["snapshots"], support.snapshots_note
        state: State = "limited" if lack else "ok"
        checks.append(Check("snapshots", state, found, lack, support.snapshots_mend))
    if support.confined:
        checks.append(Check("confinement", "ok", "QEMU runs without privileges"))
    else:
        why = "QEMU runs with more rights than it needs: machines are not confined."
        checks.append(Check("confinement", "limited", "none", why))
    return checks


def image_check(present: str) -> Check:
    """The guest image; `present` names it (path or content hash), "" = not built."""
    if present:
        return Check("guest image", "ok", present)
    why = "Machines have nothing to boot."
    return Check("guest image", "missing", "not built", why, BUILD_GUEST, works=STILL_WORKS)


def model_checks(status: FabricStatus) -> list[Check]:
    """The Fabric, its engine and its models. Tasks that call no model need none of them."""
    fabric = f"clawdesk-fabric {status.version}" if status.version else "not running"
    problem = status.problem or "The Fabric did not answer"
    problem = f"{problem[:1].upper()}{problem[1:].rstrip('.')}."
    if not status.version:
        return [_without_models("fabric", fabric, problem, status.mend)]
    checks = [Check("fabric", "ok", fabric, needed=False), *peer_checks(status.peering)]
    if not status.engine:
        return [*checks, _without_models("docker", "no engine", problem, status.mend)]
    checks.append(Check("docker", "ok", status.engine, needed=False))
    names = ", ".join(model.name for model in status.models)
    if not status.ready:
        mend = status.mend or BUILD_INFERENCE
        checks.append(_without_models("models", names or "none", problem, mend))
    elif names:
        checks.append(Check("models", "ok", names, needed=False))
    else:
        why = "The catalog names no model."
        checks.append(_without_models("models", "none", why, BUILD_INFERENCE))
    return checks


def _without_models(name: str, found: str, why: str, mend: str) -> Check:
    return Check(name, "missing", found, why, mend, needed=False, works=NO_MODEL_NEEDED)


def peer_checks(peering: Peering | None) -> list[Check]:
    """Paired machines, where one of them is away: their tasks wait, and all else goes on."""
    peers = peering.peers if peering is not None else ()
    gone = [peer for peer in peers if not peer.here]
    if not gone:
        return []
    found = f"{len(peers) - len(gone)} of {len(peers)} here"
    texts = (away(peer.name, peer.last_seen_s).text for peer in gone)
    why = "; ".join(texts)
    return [Check("peers", "limited", found, f"{why[:1].upper()}{why[1:]}.", LIST, needed=False)]


def host_checks(load: HostLoad) -> list[Check]:
    """Memory, disk space and graphics cards."""
    free_gib = load.disk_free_mib / 1024
    total_gib = load.memory_total_mib / 1024
    checks = [Check("host", "ok", f"{load.cpu_count} CPUs, {total_gib:.1f} GiB memory")]
    if short := no_space(load, stopped=False):
        found = f"{free_gib:.1f} GiB free"
        checks.append(Check("disk", "missing", found, short.text, MORE_SPACE, works=STILL_WORKS))
    else:
        checks.append(Check("disk", "ok", f"{free_gib:.0f} GiB free"))
    if not load.gpus:
        why = load.gpu_note or "no NVIDIA GPU"
        text = f"{why[:1].upper()}{why[1:]}".rstrip(".") + ". Models run on the CPU."
        checks.append(Check("gpu", "limited", "none", text, needed=False))
    checks += [gpu_check(gpu, load.driver) for gpu in load.gpus]
    return checks


def gpu_check(gpu: Gpu, driver: str) -> Check:
    """One graphics card. `driver` is its version, "" when it does not answer."""
    parts = [gpu.name]
    if gpu.total_mib is not None:
        parts.append(memory_size(gpu.total_mib))
    if driver:
        parts.append(f"driver {driver}")
    why = ""
    if gpu.problem:
        why = f"{gpu.problem[:1].upper()}{gpu.problem[1:]}".rstrip(".") + "."
    elif gpu.simulated:
        why = "This GPU is simulated and computes nothing. Models run on the CPU."
    found = ", ".join(parts) + (" (simulated)" if gpu.simulated else "")
    return Check(f"gpu {gpu.index}", "limited" if why else "ok", found, why, needed=False)


def version_of(distribution: str) -> str:
    """Installed version of a Python distribution, "" when it is not installed."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return ""


def library_check(
    name: str, distribution: str, extra: str, *, detail: str = "", needed: bool = True
) -> Check:
    """A Python library and its version; `extra` is the extra of ours that brings it."""
    version = version_of(distribution)
    if version:
        return Check(name, "ok", f"{distribution} {version}{detail}", needed=needed)
    mend = f"pip install 'clawdesk[{extra}]'"
    why = f"The Python package {distribution} is not installed."
    return Check(name, "missing", "not installed", why, mend, needed=needed)


def window_check(environment: Mapping[str, str]) -> Check:
    """Qt and the screen it would use; without a screen the command line does everything."""
    check = library_check("window", "PySide6_Essentials", "desktop", needed=False)
    if check.state != "ok":
        return check
    chosen = environment.get("QT_QPA_PLATFORM", "")
    screen = environment.get("WAYLAND_DISPLAY") or environment.get("DISPLAY")
    if chosen or screen:
        return Check("window", "ok", f"{check.found}, {chosen or screen}", needed=False)
    why, works = (
        "There is no screen in this session.",
        "`clawdesk run --headless` and all commands.",
    )
    found = f"{check.found}, no screen"
    return Check("window", "limited", found, why, needed=False, works=works)


def own_checks(environment: Mapping[str, str]) -> list[Check]:
    """ClawDesk itself, Python, Git's library and the window's."""
    system = f"{platform.system()} {platform.release()}"
    return [
        Check("clawdesk", "ok", f"clawdesk {version_of('clawdesk') or 'from a checkout'}"),
        Check("python", "ok", f"{platform.python_version()} at {sys.executable}, {system}"),
        library_check("git", "pygit2", "plane", detail=_libgit2()),
        window_check(environment),
    ]


def _libgit2() -> str:
    """Version of the library pygit2 carries; reading it starts nothing."""
    try:
        import pygit2
    except ImportError:
        return ""
    return f" (libgit2 {pygit2.LIBGIT2_VERSION})"


async def _asked(
    question: Awaitable[Value], checks: Callable[[Value], list[Check]], name: str, works: str
) -> list[Check]:
    """The checks made of an answer; a part that fails or stays silent is missing, not a crash.

    Args:
        works: what can be done without this part; tasks need it where that is `STILL_WORKS`.
    """
    needed, mend = works == STILL_WORKS, ""
    try:
        return checks(await asyncio.wait_for(question, ASK_S))
    except PortError as error:
        why, mend = error.what, error.mend
    except TimeoutError:
        why = f"It did not answer within {ASK_S:.0f} s."
    return [Check(name, "missing", "no answer", why, mend, needed=needed, works=works)]


async def _with_peers(inference: Inference) -> FabricStatus:
    status = await inference.ensure_up()
    if status.version:
        with contextlib.suppress(InferenceError):
            return replace(status, peering=await inference.peers())
    return status


async def gather(
    machines: Machines,
    inference: Inference,
    telemetry: Telemetry,
    image_present: Callable[[], str],
) -> list[Check]:
    """Ask every part once, side by side.

    Args:
        image_present: names the guest image that would be booted, "" when there is none; it may
            read files and is called in a thread.
    """
    parts = await asyncio.gather(
        _asked(machines.support(), machine_checks, "machines", STILL_WORKS),
        _asked(asyncio.to_thread(image_present), lambda p: [image_check(p)], "image", STILL_WORKS),
        _asked(_with_peers(inference), model_checks, "fabric", NO_MODEL_NEEDED),
        _asked(telemetry.sample(), host_checks, "host", ""),
    )
    return [*own_checks(os.environ), *(check for part in parts for check in part)]


def checkout() -> Path | None:
    """The checkout this program runs from, None when it was installed as a wheel."""
    root = Path(__file__).resolve().parent.parent.parent
    return root if (root / "packaging/setup.py").is_file() else None

"""What the simulated GPUs say: a value, and the text file in which the stand-in reads it.

The file is replaced whole under a lock, so a reader sees one state or the next, never a mixture.
Memory taken for a process is given back when the process ends, as with a real driver.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from clawdesk_fabric import paths
from clawdesk_fabric.errors import FabricError

VARIABLE = "CLAWDESK_SIMULATED_GPUS"
"""Names the file, for the stand-in and for us."""
GPUS_MAX = 64
PROCESSES_MAX = 1024
RULES_MAX = 64
ALL = -1
FIGURES = (
    *("init", "count", "driver", "handle", "name", "uuid", "memory", "memory_v2"),
    *("utilisation", "temperature", "power", "power_limit", "processes"),
)
"""What a rule can be about; `memory_v2` is memory with what the driver reserves told apart."""


@dataclass(frozen=True, slots=True)
class SimulatedGpu:
    """One GPU.

    Args:
        other_mib: memory in use that no listed process explains.
        error: number of NVML's error that every call on it returns, 0 = none.
    """

    index: int
    uuid: str
    total_mib: int = 24_576
    reserved_mib: int = 400
    other_mib: int = 0
    load_percent: int = 0
    temperature_c: int = 35
    power_mw: int = 18_000
    error: int = 0


@dataclass(frozen=True, slots=True)
class SimulatedUse:
    """Memory of the GPU with that index, held by a process."""

    gpu: int
    pid: int
    mib: int


@dataclass(frozen=True, slots=True)
class Rule:
    """A figure (one of FIGURES) of one GPU, or of ALL and of the driver itself."""

    gpu: int
    figure: str


@dataclass(frozen=True, slots=True)
class Simulation:
    """All of it.

    Args:
        answer: number of NVML's error that every call returns, 0 = none.
        epoch: grows when the driver is loaded anew; sessions opened before it fail from then on.
        missing: figures that answer "not supported".
        hang: calls that do not return for as long as they are listed.
    """

    gpus: tuple[SimulatedGpu, ...] = ()
    uses: tuple[SimulatedUse, ...] = ()
    answer: int = 0
    epoch: int = 1
    missing: tuple[Rule, ...] = ()
    hang: tuple[Rule, ...] = ()
    driver: str = "999.01-stub"

    def gpu(self, uuid: str) -> SimulatedGpu:
        """Raises FabricError when there is none of that UUID."""
        for gpu in self.gpus:
            if gpu.uuid == uuid:
                return gpu
        raise FabricError(f"there is no simulated GPU {uuid}")


def simulated(count: int, *, total_mib: int = 24_576) -> Simulation:
    """`count` idle GPUs of `total_mib` each. Raises FabricError: not 1 to GPUS_MAX."""
    if not 1 <= count <= GPUS_MAX:
        raise FabricError(f"1 to {GPUS_MAX} GPUs can be simulated, not {count}")
    return Simulation(tuple(SimulatedGpu(n, f"GPU-simulated-{n}", total_mib) for n in range(count)))


def state_path() -> Path:
    """The file: the one this program was started with, else where `run` puts it."""
    chosen = os.environ.get(VARIABLE)
    return Path(chosen) if chosen else paths.runtime_folder() / "simulated-gpus"


def read(path: Path | None = None) -> Simulation:
    """What the file says. Raises FabricError: there is no file, or it is not ours."""
    path = path or state_path()
    try:
        lines = path.read_text(encoding="ascii").splitlines()
    except OSError as error:
        raise FabricError(
            f"no GPUs are simulated: {path}: {error.strerror}", mend="make run SIMULATED_GPUS=8"
        ) from None
    try:
        return _parsed(lines)
    except (ValueError, TypeError, KeyError) as error:
        raise FabricError(f"{path} does not describe simulated GPUs: {error}") from None


def write(simulation: Simulation, path: Path | None = None) -> None:
    """Put a new state in place. Raises FabricError: more than the stand-in holds."""
    path = path or state_path()
    rules = len(simulation.missing), len(simulation.hang)
    if len(simulation.uses) > PROCESSES_MAX or max(rules) > RULES_MAX:
        raise FabricError(f"the simulation holds {PROCESSES_MAX} processes and {RULES_MAX} rules")
    with tempfile.NamedTemporaryFile(
        "w", encoding="ascii", dir=path.parent, prefix=f".{path.name}.", delete=False
    ) as made:
        made.write(_text(simulation))
    aside = Path(made.name)
    fresh_ns = aside.stat().st_mtime_ns
    if path.exists():
        # Clocks of file systems are coarse, and readers tell two states apart by this time.
        fresh_ns = max(fresh_ns, path.stat().st_mtime_ns + 1)
    os.utime(aside, ns=(fresh_ns, fresh_ns))
    aside.replace(path)


def change(by: Callable[[Simulation], Simulation], path: Path | None = None) -> Simulation:
    """Replace the state by what `by` makes of it; changes of several programs take turns.

    Raises:
        FabricError: nothing is simulated, or `by` refuses.
    """
    path = path or state_path()
    with path.with_name(f"{path.name}.lock").open("ab") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        made = by(read(path))
        write(made, path)
    return made


def simulate_use(uuid: str, pid: int, mib: int, path: Path | None = None) -> None:
    """Show `mib` of a GPU as held by a process; 0 gives it back.

    Args:
        pid: a process of this machine that lives; its memory is given back when it ends.
    Raises:
        FabricError: no such GPU is simulated, or it has not that much memory free.
    """

    def by(now: Simulation) -> Simulation:
        gpu = now.gpu(uuid)
        mine = (gpu.index, pid)
        kept = tuple(u for u in now.uses if (u.gpu, u.pid) != mine and _lives(u.pid))
        held = sum(use.mib for use in kept if use.gpu == gpu.index)
        free = gpu.total_mib - gpu.reserved_mib - gpu.other_mib - held
        if mib > free:
            # As a real GPU would: a promise that does not fit shows as a failure, not as a figure.
            raise FabricError(
                f"the simulated GPU {uuid} has {free} MiB free, not {mib}", code="out_of_memory"
            )
        return replace(now, uses=(*kept, SimulatedUse(gpu.index, pid, mib)) if mib else kept)

    change(by, path)


def _lives(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


# -- the text ------------------------------------------------------------------------------------


def _text(simulation: Simulation) -> str:
    lines = [
        f"driver {simulation.driver}",
        f"answer {simulation.answer}",
        f"epoch {simulation.epoch}",
    ]
    for g in simulation.gpus:
        lines.append(
            f"gpu {g.index} {g.uuid} {g.total_mib} {g.reserved_mib} {g.other_mib} "
            f"{g.load_percent} {g.temperature_c} {g.power_mw} {g.error}"
        )
    lines += [f"process {use.gpu} {use.pid} {use.mib}" for use in simulation.uses]
    lines += [f"missing {rule.gpu} {rule.figure}" for rule in simulation.missing]
    lines += [f"hang {rule.gpu} {rule.figure}" for rule in simulation.hang]
    return "\n".join(lines) + "\n"


def _parsed(lines: list[str]) -> Simulation:
    """Raises ValueError, TypeError, KeyError: a line is not of ours."""
    words: dict[str, list[list[str]]] = {
        name: [] for name in ("driver", "answer", "epoch", "gpu", "process", "missing", "hang")
    }
    for line in lines:
        name, *values = line.split()
        words[name].append(values)
    return Simulation(
        gpus=tuple(SimulatedGpu(int(n), uuid, *map(int, rest)) for n, uuid, *rest in words["gpu"]),
        uses=tuple(SimulatedUse(*map(int, values)) for values in words["process"]),
        answer=int(words["answer"][-1][0]),
        epoch=int(words["epoch"][-1][0]),
        missing=tuple(Rule(int(gpu), figure) for gpu, figure in words["missing"]),
        hang=tuple(Rule(int(gpu), figure) for gpu, figure in words["hang"]),
        driver=words["driver"][-1][0],
    )

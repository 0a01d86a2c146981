"""What the Fabric tells of models, GPUs and who waits: values as the window shows them.

Memory is MiB. Texts may come from others (a process, a project, a model file), unescaped.
"""

from __future__ import annotations

from dataclasses import dataclass

from clawdesk.ports.pairing import PeerInvitation

HOST_DEVICE = "host"
"""The id of this computer's own memory among the devices."""


@dataclass(frozen=True, slots=True)
class Hold:
    """What one model holds of a device.

    Args:
        measured_mib: 0 = nothing yet, or not measured (memory of this computer never is).
        leases: tasks that hold the model.
    """

    model: str
    promised_mib: int
    measured_mib: int = 0
    leases: int = 0


@dataclass(frozen=True, slots=True)
class HolderProcess:
    """A process on a GPU; `used_mib` is None where the driver does not say."""

    pid: int
    used_mib: int | None = None
    container: str = ""


@dataclass(frozen=True, slots=True)
class Device:
    """A GPU, or this computer's memory (`HOST_DEVICE`).

    Args:
        used_mib: all of ours, memory that was not seen back yet included.
        others_mib: held by programs that are not ours.
        kept_mib: the desktop's share.
        awaited_mib: given back by a stopped model and not seen free yet.
        problem: why nothing can be started on it now, "" if it can.
    """

    id: str
    name: str = ""
    index: int = 0
    total_mib: int = 0
    reserved_mib: int = 0
    others_mib: int = 0
    kept_mib: int = 0
    used_mib: int = 0
    free_mib: int = 0
    awaited_mib: int = 0
    problem: str = ""
    simulated: bool = False
    holds: tuple[Hold, ...] = ()
    processes: tuple[HolderProcess, ...] = ()


@dataclass(frozen=True, slots=True)
class Model:
    """A model of the catalog and how it stands.

    Args:
        phase: absent | starting | ready | stopping.
        reserved_for: the project of the window that is open now ("" = all); None = no window.
        loading_s: since its start began, while it starts.
        load_s: what a start took on average; None = not measured.
        failures: starts and runs that ended badly since a call last succeeded; None = not told.
        lendable: it runs on this machine, so that a peer may use it.
    """

    name: str
    title: str = ""
    phase: str = "absent"
    devices: tuple[str, ...] = ()
    on_gpu: bool = False
    pinned: bool = False
    reserved_for: str | None = None
    leases: int = 0
    leases_waiting: int = 0
    makes_room_for: str = ""
    loading_s: float | None = None
    load_s: float | None = None
    memory_mib: int = 0
    peak_mib: int | None = None
    progress: str = ""
    problem: str = ""
    mend: str = ""
    slots: int = 0
    in_flight: int = 0
    waiting: int = 0
    container: str = ""
    failures: int | None = None
    lendable: bool = True


@dataclass(frozen=True, slots=True)
class Waiter:
    """A call that waits for a model, or (`call` 0) a task that waits to hold one.

    Args:
        position: its place in the model's queue; 0 = not told.
        text: why it waits, with figures.
        frees: what would end the wait.
        expected_ms: how long still, by what was measured; None = not known.
    """

    model: str
    project: str
    task: str
    call_class: str
    call: int = 0
    position: int = 0
    code: str = ""
    text: str = ""
    frees: str = ""
    expected_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Holder:
    """A task that holds a model; `asked_back` says why it shall give it back, "" if it need not."""

    model: str
    project: str
    task: str
    held_s: int = 0
    asked_back: str = ""


@dataclass(frozen=True, slots=True)
class ModelWindow:
    """A reservation: seconds since 1970; `project` "" = for all."""

    id: str
    model: str
    project: str
    from_s: int
    until_s: int


@dataclass(frozen=True, slots=True)
class Budget:
    """What a project may use from when it was set; 0 = no limit."""

    gpu_hours: float = 0.0
    tokens: int = 0
    exceeded: str = ""


@dataclass(frozen=True, slots=True)
class ProjectUse:
    """What a project has used of the models."""

    project: str
    gpu_s: float = 0.0
    tokens: int = 0
    waiting: int = 0
    in_flight: int = 0
    budget: Budget | None = None
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class PeerOffer:
    """A model that a peer lends to us, and how many calls at once it takes."""

    model: str
    calls: int


@dataclass(frozen=True, slots=True)
class Loan:
    """What is lent to a peer: models of ours, and how many calls at once."""

    models: tuple[str, ...] = ()
    calls: int = 0
    in_flight: int = 0


@dataclass(frozen=True, slots=True)
class Served:
    """A peer's calls to one model of ours: so many are answered, so many wait."""

    model: str
    running: int = 0
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class Peer:
    """Another machine whose model service is paired with ours.

    Args:
        state: here | away | never: it was never reached at all.
        last_seen_s: how long ago it last answered, in steps that stay the same for a while; None =
            not since the Fabric began.
        address: HOST:PORT, "" where it only comes to us.
        offers: what it lends to us.
        borrowed_in_flight: calls of ours that it answers now.
        why: why it cannot be reached, "" if it can.
        served: its calls here, by model; () where an older Fabric does not tell.
    """

    name: str
    fingerprint: str = ""
    state: str = "never"
    last_seen_s: int | None = None
    address: str = ""
    lent: Loan = Loan()
    offers: tuple[PeerOffer, ...] = ()
    borrowed_in_flight: int = 0
    why: str = ""
    served: tuple[Served, ...] = ()

    @property
    def here(self) -> bool:
        return self.state == "here"


@dataclass(frozen=True, slots=True)
class Peering:
    """Our own side of it: where it listens for peers ("" = nowhere), and who they are.

    Args:
        invitation: the latest since the Fabric began, whatever became of it; None = there was none.
    """

    listening: str = ""
    fingerprint: str = ""
    peers: tuple[Peer, ...] = ()
    invitation: PeerInvitation | None = None

    def peer(self, name: str) -> Peer | None:
        return next((peer for peer in self.peers if peer.name == name), None)


@dataclass(frozen=True, slots=True)
class ModelQueue:
    """Who waits, who holds, what is agreed on. `total` counts what `waiting` had no room for."""

    waiting: tuple[Waiter, ...] = ()
    total: int = 0
    holders: tuple[Holder, ...] = ()
    windows: tuple[ModelWindow, ...] = ()
    projects: tuple[ProjectUse, ...] = ()

"""A model as a value: its weights, what serves it, and the figures it is given. Checks nothing."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass

from clawdesk_fabric.weights.files import WeightFile


@dataclass(frozen=True, slots=True)
class WheelPin:
    """One wheel, pinned: what the package index calls it and the bytes it must have."""

    name: str
    version: str
    file: str
    sha256: str


@dataclass(frozen=True, slots=True)
class WheelWeights:
    """Weights that come in a wheel and are put into the image.

    Args:
        file: path of the model's file inside its wheel.
    """

    wheel: WheelPin
    file: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class LocalWeights:
    """Weights that lie on this machine and are mounted read-only where they are."""

    files: tuple[WeightFile, ...]

    @property
    def inside(self) -> str:
        """Path of the one file, or of the folder of several, in the container."""
        return f"{WEIGHTS_INSIDE}/{self.files[0].name}" if len(self.files) == 1 else WEIGHTS_INSIDE


WEIGHTS_INSIDE = "/weights"


@dataclass(frozen=True, slots=True)
class RecipeSource:
    """Served by an image of ours, named by its folder below images/; speaks on a Unix socket."""

    recipe: str


@dataclass(frozen=True, slots=True)
class ImageSource:
    """Served by somebody's image that speaks OpenAI's HTTP on TCP, inside a container without net.

    Args:
        image: NAME@sha256:... or sha256:...; never a tag.
        command: its arguments; {model}, {name}, {context}, {slots}, {threads}, {gpus} and {port}
            are replaced.
        port: where it listens on 127.0.0.1 (or everywhere) inside its container.
        health: path that answers 200 once it is ready.
    """

    image: str
    command: tuple[str, ...]
    port: int
    health: str


@dataclass(frozen=True, slots=True)
class UpstreamSource:
    """Served elsewhere, by any OpenAI-compatible service.

    Args:
        url: base, with its /v1: https, or http on loopback only.
        model: what that service calls the model.
        projects: whose tasks may use it. The user's own interactive calls always may.
    """

    url: str
    model: str
    projects: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PeerSource:
    """Served by the Fabric of another machine, which lends it.

    Args:
        peer: our name of that Fabric.
        model: what it calls the model.
    """

    peer: str
    model: str


@dataclass(frozen=True, slots=True)
class Price:
    """What the user says a model costs, for a million tokens; nobody else says it."""

    input: float
    output: float
    currency: str

    def cost_micro(self, tokens_in: int, tokens_out: int) -> int:
        """Millionths of the currency.

        >>> Price(3.0, 15.0, "EUR").cost_micro(1_000, 100)
        4500
        """
        return round(tokens_in * self.input + tokens_out * self.output)


Weights = WheelWeights | LocalWeights | None
Source = RecipeSource | ImageSource | UpstreamSource | PeerSource


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """One model: what it is made of and what it is given.

    Args:
        context: tokens kept over all slots together; 0 = the upstream's own affair.
        slots: requests it works on at once.
        threads: processors its container may use.
        memory_mib: limit of its container, and for a model on the host's processors what it
            counts in the Fabric's memory budget; 0 = it runs elsewhere.
        gpu_memory_mib: what it needs of GPU memory, all GPUs together; 0 = it runs on processors.
        gpus_max: over how many GPUs it may be spread where no single one has room.
        price: None = the user states none, and then no cost is told.
    """

    name: str
    title: str
    licence: str
    source: Source
    weights: Weights
    endpoints: tuple[str, ...]
    context: int
    slots: int
    threads: int
    memory_mib: int
    idle_stop_s: int
    gpu_memory_mib: int = 0
    gpus_max: int = 1
    price: Price | None = None

    @property
    def is_remote(self) -> bool:
        """It runs elsewhere: no container, and no memory of this machine."""
        return isinstance(self.source, UpstreamSource | PeerSource)

    @property
    def identity(self) -> str:
        """Hash of its weights' bytes and of what serves them; where they lie does not count."""
        weights: list[str] = []
        if isinstance(self.weights, WheelWeights):
            weights = [self.weights.sha256]
        elif isinstance(self.weights, LocalWeights):
            weights = [file.sha256 for file in self.weights.files]
        text = json.dumps([weights, asdict(self.source)], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def is_open_to(self, project: str, *, interactive: bool, peers: bool = False) -> bool:
        """Whether calls of this project may use the model at all.

        What leaves this machine is opened project by project; only the user's own calls (of no
        project, interactive) need no entry.

        Args:
            peers: the caller may use what other machines lend.
        """
        if isinstance(self.source, PeerSource):
            return peers
        if not isinstance(self.source, UpstreamSource):
            return True
        return project in self.source.projects if project else interactive

"""What the Fabric tells of the leases of models that tasks hold; part of `events.Event`."""

from __future__ import annotations

from dataclasses import dataclass

from clawdesk.domain.model import Reason, TaskId


@dataclass(frozen=True, slots=True)
class LeaseGranted:
    """The task's model is in memory or being loaded, and stays for the task."""

    at_ms: int
    task: TaskId


@dataclass(frozen=True, slots=True)
class LeaseWaits:
    """The Fabric has no room for the task's model yet, and says why."""

    at_ms: int
    task: TaskId
    reason: Reason


@dataclass(frozen=True, slots=True)
class LeaseRefused:
    """The task's model cannot be had: no such model, no engine, no Fabric."""

    at_ms: int
    task: TaskId
    why: str


@dataclass(frozen=True, slots=True)
class LeaseAskedBack:
    """Somebody more urgent needs the memory: it is to be given at the next boundary."""

    at_ms: int
    task: TaskId
    why: str


@dataclass(frozen=True, slots=True)
class LeaseEnded:
    """The Fabric holds it no longer: the model was lost, or the Fabric was."""

    at_ms: int
    task: TaskId
    why: str

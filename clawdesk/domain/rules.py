"""The user's own rules: what bounds every project's policy, and the scheduler's constants.

Read from `policy.toml` in the configuration directory (`policy_file.parse_rules`); no file = these
defaults. Times are seconds of running time: they stand still while the host sleeps.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from clawdesk.domain.network import NOWHERE, Reach

GIB = 1024
CHAT_DECIDES = "decide"
CHATS = (CHAT_DECIDES, "notify", "off")


@dataclass(frozen=True, slots=True)
class Quota:
    """What a project may hold at once; None = no limit of its own.

    Args:
        nominal: it gets this much back from borrowers, at their next checkpoint.
        borrow: what it may hold above `nominal` while nobody else needs it; None = without limit.
    """

    machines: int | None = None
    memory_mib: int | None = None
    machines_borrow: int | None = None
    memory_mib_borrow: int | None = None


@dataclass(frozen=True, slots=True)
class ProjectRules:
    """Upper bounds for one project, set by the user; they win over the project's own policy.

    A bound that is None was not said: then the project's file may ask for more than the usual, and
    the user is asked to trust it. A bound that was said also grants what is inside it.
    """

    weight_max: float | None = None
    weight: float | None = None  # set: used instead of what the project asks for
    class_max: str | None = None  # interactive | agent | batch
    priority_min: int = -10
    priority_max: int = 10
    quota: Quota = Quota()
    approval_paths: tuple[str, ...] = ()  # added to the project's own
    network_allow: tuple[str, ...] | None = None
    own_networks: tuple[str, ...] = ()
    permissions: str | None = None  # reject | ask | allow
    secrets_allow: tuple[str, ...] | None = None
    keys_allow: tuple[str, ...] | None = None
    peers: str | None = None  # never | trusted
    chat: str = CHAT_DECIDES  # decide | notify (rejecting and answering only) | off


@dataclass(frozen=True, slots=True)
class Rules:
    """All of `policy.toml`.

    Args:
        ageing_s: seconds of waiting that are worth one point of priority.
        hint_max: how far a process's own suggestion moves its score, up or down.
        margin: points by which a task must outrank another to make it yield.
        run_s_min: a machine runs at least this long before it may be asked to yield; doubles with
            every time that its task was pre-empted.
        reserve_after_s: the first in line that does not fit for this long gets a reservation.
        held_memory_s: a task that waits for a person keeps its memory this long.
        machines_max: machines at once, on top of what memory and CPUs allow.
        reserve_memory_mib: memory the desktop keeps; None = a quarter, at least 2 GiB.
        snapshot_gib_max: hard cap on machine snapshots of all tasks; oldest go first.
        snapshot_keep_days: snapshots of ended tasks go after this long.
        catalog: what a set-up may reach whose image is of the agent catalog's packages alone.
    """

    ageing_s: int = 60
    hint_max: int = 5
    margin: int = 5
    run_s_min: int = 30
    reserve_after_s: int = 300
    held_memory_s: int = 300
    machines_max: int = 8
    reserve_memory_mib: int | None = None
    snapshot_gib_max: int = 50
    snapshot_keep_days: int = 14
    catalog: Reach = NOWHERE
    defaults: ProjectRules = ProjectRules()
    projects: Mapping[str, ProjectRules] = field(default_factory=dict)

    def of(self, project: str) -> ProjectRules:
        """The rules for the project at that path."""
        return self.projects.get(project, self.defaults)

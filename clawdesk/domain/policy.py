"""A project's policy under the user's rules: what counts, what needs trust, what needs approval.

The user's rules win over the project's policy, the project's policy over a process's suggestion.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from clawdesk.domain.keys import granted_keys, within
from clawdesk.domain.model import PriorityClass, ProjectPolicy, Task
from clawdesk.domain.network import Reach, granted
from clawdesk.domain.processes import KeySpec, least
from clawdesk.domain.replacing import replace
from clawdesk.domain.rules import ProjectRules, Rules
from clawdesk.domain.secrets import given

OWN_FOLDER = ".clawdesk"
_RANK = {PriorityClass.BATCH: 0, PriorityClass.AGENT: 1, PriorityClass.INTERACTIVE: 2}
_USUAL = ProjectPolicy()
# What file systems leave out of a name, or add to one, and still find the same file: see is_own.
_IGNORED_BY_HFS = frozenset(
    map(chr, (*range(0x200C, 0x2010), *range(0x202A, 0x202F), *range(0x206A, 0x2070), 0xFEFF))
)
_SHORT_NAME = re.compile(r"(?:clawde|cl[0-9a-f]{4})~[0-9]+")  # 8.3 names on NTFS: CLAWDE~1


@dataclass(frozen=True, slots=True)
class Wish:
    """One thing a project's file asks beyond the usual. `key` names the line it stands on."""

    key: tuple[str, ...]
    words: str


def digest(content: bytes | None) -> str:
    """What trust is bound to: sha256 of the project file, in hex; "" where there is none."""
    return "" if content is None else hashlib.sha256(content).hexdigest()


def effective(asked: ProjectPolicy, rules: ProjectRules) -> ProjectPolicy:
    """The project's policy as it counts: inside the user's bounds, with the user's approvals."""
    weight = asked.weight if rules.weight is None else rules.weight
    if rules.weight_max is not None:
        weight = min(weight, rules.weight_max)
    default_class = asked.default_class
    if rules.class_max is not None and _RANK[default_class] > _RANK[PriorityClass(rules.class_max)]:
        default_class = PriorityClass(rules.class_max)
    hosts, bound = asked.network_allow, rules.network_allow
    keys = asked.keys_allow
    return replace(
        asked,
        weight=weight,
        priority_min=_inside(asked.priority_min, rules),
        priority_max=_inside(asked.priority_max, rules),
        default_class=default_class,
        approval_paths=tuple(dict.fromkeys((*asked.approval_paths, *rules.approval_paths))),
        network_allow=hosts if bound is None else granted(hosts, bound),
        own_networks=rules.own_networks,
        permissions=least(asked.permissions, rules.permissions or asked.permissions),
        secrets_allow=_bounded(asked.secrets_allow, rules.secrets_allow),
        keys_allow=keys if rules.keys_allow is None else within(keys, rules.keys_allow),
        peers="never" if rules.peers == "never" else asked.peers,
    )


def _bounded(asked: tuple[str, ...], bound: tuple[str, ...] | None) -> tuple[str, ...]:
    return asked if bound is None else given(asked, bound)


def _inside(priority: int, rules: ProjectRules) -> int:
    return max(rules.priority_min, min(rules.priority_max, priority))


def wishes(asked: ProjectPolicy, rules: ProjectRules) -> tuple[Wish, ...]:
    """What a project's file asks beyond the usual and beyond what the user's rules grant."""
    counts = effective(asked, rules)
    found: list[Wish] = []
    if rules.weight is None and rules.weight_max is None and counts.weight > _USUAL.weight:
        words = f"weight {counts.weight:g}: that many times the usual share of this machine"
        found.append(Wish(("weight",), words))
    if rules.class_max is None and _RANK[counts.default_class] > _RANK[_USUAL.default_class]:
        words = f"class {counts.default_class.value}: its tasks go before those of other projects"
        found.append(Wish(("priority", "default_class"), words))
    if counts.network_allow and rules.network_allow is None:
        hosts = ", ".join(counts.network_allow)
        found.append(Wish(("network", "allow"), f"network access to {hosts}"))
    if counts.permissions == "allow" and rules.permissions is None:
        words = "its agents get every permission they ask for, and you are not asked"
        found.append(Wish(("agents", "permissions"), words))
    if counts.secrets_allow and rules.secrets_allow is None:
        names = ", ".join(counts.secrets_allow)
        found.append(Wish(("secrets", "allow"), f"your secrets {names} for its tasks"))
    if counts.keys_allow and rules.keys_allow is None:
        grants = ", ".join(grant.replace("@", " to ") for grant in counts.keys_allow)
        words = f"secrets of yours sent with its tasks' requests: {grants}"
        found.append(Wish(("keys", "allow"), words))
    for key, amount in (("gpu_hours", counts.gpu_hours), ("tokens", counts.tokens)):
        if amount is not None:
            words = f"a budget of {amount:g} {key.replace('gpu_hours', 'GPU hours')}"
            found.append(Wish(("budget", key), words))
    if counts.peers != _USUAL.peers and rules.peers is None:
        found.append(Wish(("peers", "use"), "its prompts may leave this machine"))
    return tuple(found)


def asks(asked: ProjectPolicy, rules: ProjectRules) -> tuple[str, ...]:
    """`wishes` in words; () = its tasks need no trust."""
    return tuple(wish.words for wish in wishes(asked, rules))


def under(task: Task, rules: Rules) -> Task:
    """The task under the user's rules of this moment: what counts of its project's policy."""
    asked, of_project = task.policy_asked, rules.of(task.project)
    if asked is None:
        # It was submitted without a project's file to look at: nothing there can have asked for a
        # way out, a permission or a secret, and what its record says was never bounded by anybody.
        bounded = least(task.policy.permissions, _USUAL.permissions)
        nothing = replace(
            task.policy,
            network_allow=(),
            own_networks=(),
            secrets_allow=(),
            keys_allow=(),
            permissions=bounded,
        )
        return replace(task, policy=nothing)
    counts = effective(asked, of_project)
    return replace(
        task,
        policy=counts,
        policy_asks=asks(asked, of_project),
        priority_class=counts.default_class,
    )


def reach(task: Task) -> Reach:
    """What a task may reach: what its definition asks, inside the policy of this moment."""
    hosts = granted(task.definition.machine.network, task.policy.network_allow)
    return Reach(hosts, task.policy.own_networks)


def permissions(task: Task) -> str:
    """What becomes of what its agent asks to be allowed, inside the policy of this moment."""
    agent = task.definition.agent
    return least(agent.permissions if agent is not None else "ask", task.policy.permissions)


def secrets_of(task: Task) -> tuple[str, ...]:
    """Names of the secrets a task is given: what it asks, inside the policy of this moment."""
    return given(task.definition.secrets, task.policy.secrets_allow)


def keys_of(task: Task) -> tuple[KeySpec, ...]:
    """What is added to a task's requests: what it asks, inside the policy of this moment."""
    hosts = reach(task).hosts
    allowed = granted_keys(task.definition.keys, task.policy.keys_allow)
    return tuple(key for key in allowed if granted((key.host,), hosts))


def bounded_priority(suggestion: int, policy: ProjectPolicy) -> int:
    """The process's suggestion inside the project's bounds."""
    return max(policy.priority_min, min(policy.priority_max, suggestion))


def is_own(path: str) -> bool:
    """Whether a path is, or lies in, the folder that configures ClawDesk, on any file system.

    A checkout folds case (macOS, Windows), composes characters and leaves some out (HFS+), drops
    dots and spaces at the end and knows short names and streams (NTFS): all of them count.
    """
    first = folded(path).partition("/")[0].partition(":")[0].rstrip(". ")
    return first == OWN_FOLDER or _SHORT_NAME.fullmatch(first) is not None


def folded(path: str) -> str:
    """A path as the most forgiving file system compares it."""
    kept = "".join(c for c in path.replace("\\", "/") if c not in _IGNORED_BY_HFS)
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", kept).casefold())


def approval_reason(mode: str, paths: Iterable[str], policy: ProjectPolicy) -> str:
    """Why a checkpoint must be approved, one sentence; "" = it need not.

    Args:
        mode: auto | approve | within | changed, as the task file or `claw checkpoint` asked.
        paths: changed against the checkpoint before; of a rename both names.
    """
    paths = tuple(paths)
    if mode == "approve" or (mode == "changed" and paths):
        return "The task asks for your approval here."
    for path in paths:
        if is_own(path):
            return f"{path} configures ClawDesk itself: changes there always need approval."
        if pattern := _asked_by(path, policy):
            return f"The project's policy asks for approval of changes in {pattern} ({path})."
    return ""


def _asked_by(path: str, policy: ProjectPolicy) -> str:
    """The pattern of the project's approval paths that a path meets, "" = none."""
    name = folded(path)
    for pattern in policy.approval_paths:
        # fnmatch's * crosses "/", so src/** and src/* both cover everything below src.
        if fnmatchcase(name, folded(pattern)) or fnmatchcase(path, pattern):
            return pattern
    return ""


def look_needed(paths: Iterable[str], running: Iterable[str], policy: ProjectPolicy) -> str:
    """Why a summary of a change is not enough to approve it, one sentence; "" = it is.

    Args:
        paths: changed; of a rename both names.
        running: those that would run on the user's machine after a merge.
    """
    for path in running:
        return f"{path} would run on your machine after a merge."
    for path in paths:
        if is_own(path):
            return f"{path} configures ClawDesk itself."
        if pattern := _asked_by(path, policy):
            return f"the policy names changes in {pattern} ({path})."
    return ""

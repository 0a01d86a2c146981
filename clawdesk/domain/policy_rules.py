"""Each rule that counts, with its value and the line it comes from: what the policy page shows.

Pure. Reads nothing but values and the texts they were read from; decides nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from clawdesk.domain.definitions import PROJECT_FILE
from clawdesk.domain.model import ProjectPolicy
from clawdesk.domain.policy import effective
from clawdesk.domain.policy_file import POLICY_FILE
from clawdesk.domain.rules import Quota, Rules
from clawdesk.domain.toml_lines import KeyPath, key_lines

DEFAULT, PROJECT, USER = "default", "project", "user"
FILES = {PROJECT: PROJECT_FILE, USER: POLICY_FILE}


@dataclass(frozen=True, slots=True)
class PolicyRule:
    """One rule as it counts.

    Args:
        key: as it is written in its file, tables joined by dots ("approval.paths").
        value: in words; "" = none.
        source: default | project | user: who said it.
        line: in the file of `source`; 0 = it stands in none.
        asked: what the project's file asks, where the user's rules let less count; else "".
    """

    key: str
    value: str
    source: str = DEFAULT
    line: int = 0
    asked: str = ""


def _words(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return f"{value:g}" if isinstance(value, int | float) else str(value)


_PROJECT_KEYS: tuple[tuple[str, str], ...] = (
    ("weight", "weight"),
    ("priority_min", "priority_min"),
    ("priority_max", "priority_max"),
    ("priority.default_class", "default_class"),
    ("priority.checkpoint_every_s", "checkpoint_every_s"),
    ("approval.paths", "approval_paths"),
    ("approval.on_timeout", "on_timeout"),
    ("approval.timeout_s", "timeout_s"),
    ("network.allow", "network_allow"),
    ("agents.permissions", "permissions"),
    ("secrets.allow", "secrets_allow"),
    ("keys.allow", "keys_allow"),
    ("budget.gpu_hours", "gpu_hours"),
    ("budget.tokens", "tokens"),
    ("peers.use", "peers"),
)
# Where the user's own file bounds a key of a project's: its keys, strongest first.
_BOUNDS = {
    "weight": ("weight", "weight_max"),
    "priority_min": ("priority_min",),
    "priority_max": ("priority_max",),
    "priority.default_class": ("class_max",),
    "approval.paths": ("approval.paths",),
    "network.allow": ("network.allow",),
    "agents.permissions": ("agents.permissions",),
    "secrets.allow": ("secrets.allow",),
    "keys.allow": ("keys.allow",),
    "peers.use": ("peers.use",),
}


def project_rules(
    asked: ProjectPolicy, text: str, rules: Rules, user_text: str, path: str
) -> tuple[PolicyRule, ...]:
    """The policy of the project at `path` as it counts, then its quota.

    Args:
        text: of the project's file, "" where there is none.
        user_text: of `policy.toml`, "" where there is none.
    """
    of_project = rules.of(path)
    counts = effective(asked, of_project)
    lines, own = _lines(text), _lines(user_text)
    found = []
    for key, name in _PROJECT_KEYS:
        value, wanted = getattr(counts, name), getattr(asked, name)
        line = lines.get(tuple(key.split(".")), 0)
        bound = _user_line(own, path, _BOUNDS.get(key, ()))
        if value != wanted and bound:
            found.append(PolicyRule(key, _words(value), USER, bound, _words(wanted)))
        elif line:
            found.append(PolicyRule(key, _words(value), PROJECT, line))
        else:
            found.append(PolicyRule(key, _words(value)))
    return (*found, *_quota(of_project.quota, own, path))


def _quota(quota: Quota, own: dict[KeyPath, int], path: str) -> list[PolicyRule]:
    found = []
    for name in ("machines", "memory_mib", "machines_borrow", "memory_mib_borrow"):
        line = _user_line(own, path, (f"quota.{name}",))
        source = USER if line else DEFAULT
        found.append(PolicyRule(f"quota.{name}", _words(getattr(quota, name)), source, line))
    return found


def user_rules(rules: Rules, user_text: str) -> tuple[PolicyRule, ...]:
    """What holds for this machine, from `policy.toml` or by default."""
    values = {
        "host.reserve_memory_mib": rules.reserve_memory_mib,
        "host.machines_max": rules.machines_max,
        "held.memory_s": rules.held_memory_s,
        "snapshots.gib_max": rules.snapshot_gib_max,
        "snapshots.keep_days": rules.snapshot_keep_days,
        "images.catalog.allow": rules.catalog.hosts,
        "images.catalog.own": rules.catalog.own_networks,
        "priority.ageing_s": rules.ageing_s,
        "priority.hint_max": rules.hint_max,
        "priority.margin": rules.margin,
        "priority.run_s_min": rules.run_s_min,
        "priority.reserve_after_s": rules.reserve_after_s,
    }
    own = _lines(user_text)
    found = []
    for key, value in values.items():
        line = own.get(tuple(key.split(".")), 0)
        found.append(PolicyRule(key, _words(value), USER if line else DEFAULT, line))
    return tuple(found)


def catalog_line(user_text: str) -> int:
    """The line on which the rule for images of the catalog begins; 0 = it stands nowhere."""
    return _lines(user_text).get(("images", "catalog"), 0)


def _lines(text: str) -> dict[KeyPath, int]:
    return key_lines(text) if text else {}


def _user_line(own: dict[KeyPath, int], path: str, keys: tuple[str, ...]) -> int:
    """The line of the user's file that says it for this project, else for every project."""
    for table in (("projects", path), ("defaults",)):
        for key in keys:
            line = own.get((*table, *key.split(".")), 0)
            if line:
                return line
    return 0

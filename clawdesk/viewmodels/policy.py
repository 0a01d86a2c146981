"""The policy and the user's rules in words: what each rule means and where it is written.

Pure; the values come from `domain.policy_rules`. Texts of a project's file pass through unescaped.
"""

from __future__ import annotations

from dataclasses import dataclass

from clawdesk.domain.policy_rules import FILES, USER, PolicyRule
from clawdesk.runtime.api import PolicyView, UserRules
from clawdesk.viewmodels.models import project_name
from clawdesk.viewmodels.phases import Family
from clawdesk.viewmodels.words import plural

_MEANS = {
    "weight": "Its share of this machine while several projects want it",
    "priority_min": "The lowest priority its processes may suggest",
    "priority_max": "The highest priority its processes may suggest",
    "priority.default_class": "Interactive goes before agent, agent before batch",
    "priority.checkpoint_every_s": "How often its tasks are expected to reach a checkpoint",
    "approval.paths": "A checkpoint that changes one of these waits for you",
    "approval.on_timeout": "What becomes of an approval that nobody gives",
    "approval.timeout_s": "How long an approval waits before that",
    "network.allow": "Hosts that its tasks may reach; none is the default",
    "agents.permissions": "The most its agents get of what they ask to be allowed",
    "secrets.allow": "Secrets of yours that its tasks may be given; none is the default",
    "keys.allow": "Secrets that are added to its tasks' requests to a host; none is the default",
    "budget.gpu_hours": "GPU-hours after which it pauses and asks",
    "budget.tokens": "Tokens after which it pauses and asks",
    "peers.use": "Whether its prompts may leave this machine",
    "quota.machines": "Machines it gets back from others at their next checkpoint",
    "quota.memory_mib": "Memory it gets back from others at their next checkpoint",
    "quota.machines_borrow": "Machines above that, while nobody else needs them",
    "quota.memory_mib_borrow": "Memory above that, while nobody else needs it",
    "host.reserve_memory_mib": "Memory that the desktop keeps for itself",
    "host.machines_max": "Machines at once, on top of what memory and CPUs allow",
    "held.memory_s": "A task that waits for you keeps its memory this long",
    "snapshots.gib_max": "All machine snapshots together; the oldest go first",
    "snapshots.keep_days": "Snapshots of ended tasks go after this long",
    "priority.ageing_s": "This much waiting is worth one point of priority",
    "priority.hint_max": "How far a process's own suggestion counts, up or down",
    "priority.margin": "Points by which a task must outrank another to make it yield",
    "priority.run_s_min": "A machine runs at least this long before it is asked to yield",
    "priority.reserve_after_s": "Who is first and finds no room this long gets a reservation",
}
_NONE = {
    "host.reserve_memory_mib": "a quarter, at least 2 GiB",
    "approval.paths": "none",
    "network.allow": "none",
    "secrets.allow": "none",
    "keys.allow": "none",
}
_UNITS = {"_mib": "MiB", "_s": "s", "gib_max": "GiB", "keep_days": "days"}


@dataclass(frozen=True, slots=True)
class RuleRow:
    """One rule on screen. `where` is e.g. `project.toml, line 4` or `default`."""

    key: str
    value: str
    means: str
    where: str
    bounded: str = ""

    @property
    def spoken(self) -> str:
        parts = (self.key, self.value, self.means, self.where, self.bounded)
        return ", ".join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class PolicyPage:
    """A project's policy. `trust` says whether it needs trust and has it."""

    project: str
    name: str
    digest: str
    trust: str
    family: Family
    can_trust: bool
    can_revoke: bool
    asks: tuple[str, ...]
    note: str
    rows: tuple[RuleRow, ...]


@dataclass(frozen=True, slots=True)
class OwnRules:
    """The user's own file. `problem` is "" while it is in force or absent."""

    path: str
    state: str
    problem: tuple[str, ...]
    rows: tuple[RuleRow, ...]


def rule_row(rule: PolicyRule) -> RuleRow:
    """A rule in words."""
    value = rule.value or _NONE.get(rule.key, "no limit")
    if rule.key == "approval.timeout_s" and rule.value == "0":
        value = "for ever"
    elif rule.value and rule.value.replace(".", "").isdigit():
        unit = next((u for end, u in _UNITS.items() if rule.key.endswith(end)), "")
        value = f"{rule.value} {unit}".strip()
    where = f"{FILES[rule.source].rpartition('/')[2]}, line {rule.line}" if rule.line else "default"
    bounded = f"it asks {rule.asked}" if rule.asked else ""
    return RuleRow(rule.key, value, _MEANS.get(rule.key, ""), where, bounded)


def policy_page(view: PolicyView) -> PolicyPage:
    """The page of one project."""
    if not view.digest:
        trust, family = "It has no project file: the defaults count, and ask for nothing.", "mute"
    elif not view.asks:
        trust, family = "Its file asks for nothing beyond the usual; it needs no trust.", "ok"
    elif view.trusted:
        trust, family = f"You trust this version (sha256 {view.digest[:16]}).", "ok"
    else:
        trust, family = "Its file asks for more than usual; its tasks wait for your trust.", "need"
    note = "The work tree has another version, which no task starts from yet: commit it first."
    return PolicyPage(
        project=view.project,
        name=project_name(view.project),
        digest=view.digest,
        trust=trust,
        family=Family(family),
        can_trust=bool(view.asks) and not view.trusted,
        can_revoke=view.trusted,
        asks=tuple(f"line {line}: {words}" for line, words in view.asks),
        note=note if view.uncommitted else "",
        rows=tuple(rule_row(rule) for rule in view.rules),
    )


def own_rules(rules: UserRules) -> OwnRules:
    """The user's section of the settings page."""
    said = sum(1 for rule in rules.rules if rule.source == USER)
    if rules.mistakes:
        state = rules.kept
    elif not rules.present:
        state = "There is no such file: everything is as by default."
    else:
        state = f"In force; {plural(said, 'rule')} of this machine stand in it."
    return OwnRules(
        rules.path, state, rules.mistakes, tuple(rule_row(rule) for rule in rules.rules)
    )

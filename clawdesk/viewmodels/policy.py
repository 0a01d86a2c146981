"""The policy and the user's rules in words: what each rule means and where it is written.

Pure; the values come from `domain.policy_rules`. Texts of a project's file pass through unescaped.
"""

from __future__ import annotations

from dataclasses import dataclass

from clawdesk.domain.policy_rules import FILES, USER, PolicyRule
from clawdesk.runtime.api import PolicyView, UserRules
from clawdesk.viewmodels.language import counted, marked, tr
from clawdesk.viewmodels.models import project_name
from clawdesk.viewmodels.phases import Family
from clawdesk.viewmodels.told import told

_MEANS = {
    "weight": marked("Its share of this machine while several projects want it"),
    "priority_min": marked("The lowest priority its processes may suggest"),
    "priority_max": marked("The highest priority its processes may suggest"),
    "priority.default_class": marked("Interactive goes before agent, agent before batch"),
    "priority.checkpoint_every_s": marked("How often its tasks are expected to reach a checkpoint"),
    "approval.paths": marked("A checkpoint that changes one of these waits for you"),
    "approval.on_timeout": marked("What becomes of an approval that nobody gives"),
    "approval.timeout_s": marked("How long an approval waits before that"),
    "network.allow": marked("Hosts that its tasks may reach; none is the default"),
    "agents.permissions": marked("Whether you are asked what its agents may do"),
    "secrets.allow": marked("Secrets of yours that its tasks may be given; none is the default"),
    "keys.allow": marked(
        "Secrets that are added to its tasks' requests to a host; none is the default"
    ),
    "budget.gpu_hours": marked("GPU-hours after which it pauses and asks"),
    "budget.tokens": marked("Tokens after which it pauses and asks"),
    "peers.use": marked("Whether its prompts may leave this machine"),
    "quota.machines": marked("Machines it gets back from others at their next checkpoint"),
    "quota.memory_mib": marked("Memory it gets back from others at their next checkpoint"),
    "quota.machines_borrow": marked("Machines above that, while nobody else needs them"),
    "quota.memory_mib_borrow": marked("Memory above that, while nobody else needs it"),
    "host.reserve_memory_mib": marked("Memory that the desktop keeps for itself"),
    "host.machines_max": marked("Machines at once, on top of what memory and CPUs allow"),
    "held.memory_s": marked("A task that waits for you keeps its memory this long"),
    "snapshots.gib_max": marked("All machine snapshots together; the oldest go first"),
    "snapshots.keep_days": marked("Snapshots of ended tasks go after this long"),
    "images.catalog.allow": marked(
        "Hosts that images of ClawDesk's own agents, and nothing else, are set up from"
    ),
    "images.catalog.own": marked("Addresses outside the open internet that these hosts stand for"),
    "priority.ageing_s": marked("This much waiting is worth one point of priority"),
    "priority.hint_max": marked("How far a process's own suggestion counts, up or down"),
    "priority.margin": marked("Points by which a task must outrank another to make it yield"),
    "priority.run_s_min": marked("A machine runs at least this long before it is asked to yield"),
    "priority.reserve_after_s": marked(
        "Who is first and finds no room this long gets a reservation"
    ),
}
_NONE = {
    "host.reserve_memory_mib": marked("a quarter, at least 2 GiB"),
    "approval.paths": marked("none"),
    "network.allow": marked("none"),
    "secrets.allow": marked("none"),
    "keys.allow": marked("none"),
    "images.catalog.allow": marked("none"),
    "images.catalog.own": marked("none"),
}
_UNITS = {
    "_mib": marked("{value} MiB"),
    "_s": marked("{value} s"),
    "gib_max": marked("{value} GiB"),
    "keep_days": marked("{value} days"),
}


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
    value = rule.value or tr(_NONE.get(rule.key, marked("no limit")))
    if rule.key == "approval.timeout_s" and rule.value == "0":
        value = tr("for ever")
    elif rule.value and rule.value.replace(".", "").isdigit():
        unit = next((u for end, u in _UNITS.items() if rule.key.endswith(end)), "")
        value = tr(unit, value=rule.value) if unit else rule.value
    where = tr("default")
    if rule.line:
        file = FILES[rule.source].rpartition("/")[2]
        where = tr("{file}, line {number}", file=file, number=rule.line)
    bounded = tr("it asks {value}", value=rule.asked) if rule.asked else ""
    means = _MEANS.get(rule.key, "")
    return RuleRow(rule.key, value, tr(means) if means else "", where, bounded)


def policy_page(view: PolicyView) -> PolicyPage:
    """The page of one project."""
    if not view.digest:
        family = Family.STILL
        trust = tr("It has no project file: the defaults count, and ask for nothing.")
    elif not view.asks:
        family = Family.GOOD
        trust = tr("Its file asks for nothing beyond the usual; it needs no trust.")
    elif view.trusted:
        family = Family.GOOD
        trust = tr("You trust this version (sha256 {digest}).", digest=view.digest[:16])
    else:
        family = Family.NEED
        trust = tr("Its file asks for more than usual; its tasks wait for your trust.")
    note = tr("The work tree has another version, which no task starts from yet: commit it first.")
    return PolicyPage(
        project=view.project,
        name=project_name(view.project),
        digest=view.digest,
        trust=trust,
        family=family,
        can_trust=bool(view.asks) and not view.trusted,
        can_revoke=view.trusted,
        asks=tuple(
            tr("line {number}: {what}", number=line, what=told(words)) for line, words in view.asks
        ),
        note=note if view.uncommitted else "",
        rows=tuple(rule_row(rule) for rule in view.rules),
    )


def own_rules(rules: UserRules) -> OwnRules:
    """The user's section of the settings page."""
    said = sum(1 for rule in rules.rules if rule.source == USER)
    if rules.mistakes:
        state = told(rules.kept)
    elif not rules.present:
        state = tr("There is no such file: everything is as by default.")
    else:
        state = counted(
            said,
            "In force; {count} rule of this machine stands in it.",
            "In force; {count} rules of this machine stand in it.",
        )
    return OwnRules(
        rules.path,
        state,
        tuple(map(told, rules.mistakes)),
        tuple(rule_row(rule) for rule in rules.rules),
    )

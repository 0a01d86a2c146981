"""What the images of catalog agents may be set up from, in words: what is asked, what holds now.

Pure. The hosts are those this computer's own installers are set to; here they are only shown.
"""

from __future__ import annotations

from dataclasses import dataclass

from clawdesk.domain.agents import KINDS, AgentKind, kind_of
from clawdesk.domain.model import MachineNeed, TaskDefinition
from clawdesk.domain.network import Reach, granted
from clawdesk.domain.package_sources import (
    NPM,
    PYPI,
    TAKE_BACK,
    PackageSource,
    lacking,
    needed_by,
    offered,
)
from clawdesk.domain.policy_file import POLICY_FILE
from clawdesk.runtime.api import CatalogAccess, PolicyView
from clawdesk.viewmodels.agent_words import title_of
from clawdesk.viewmodels.language import marked, tr
from clawdesk.viewmodels.told import told

_SORTS = {PYPI: marked("Python packages"), NPM: marked("npm packages")}


@dataclass(frozen=True, slots=True)
class AllowBox:
    """What a new task lacks so that its agent's image can be built.

    Args:
        hosts: what would be allowed, a line each; () = nothing can be, and `text` says why.
        stops: it is known that the task would be refused.
    """

    text: str
    hosts: tuple[str, ...]
    stops: bool


@dataclass(frozen=True, slots=True)
class AllowQuestion:
    """The question to a person, whole: nothing is written that is not said here."""

    text: str
    hosts: tuple[str, ...]
    means: tuple[str, ...]
    wanted: Reach


@dataclass(frozen=True, slots=True)
class ImageRule:
    """The rule as the settings page shows it."""

    state: str
    can_allow: bool
    can_take_back: bool


def sort_of(source: PackageSource) -> str:
    """What comes from a source, in words."""
    return tr(_SORTS[source.name]) if source.name in _SORTS else source.name


def is_built(
    kind: AgentKind,
    definition: TaskDefinition,
    access: CatalogAccess | None,
    policy: PolicyView | None,
) -> bool:
    """Whether the image of this agent is known to be there for that task's machine."""
    if access is None or policy is None or policy.own_image:
        return False
    return _is_usual(definition) and kind.name in (access.built or ())


def _is_usual(definition: TaskDefinition) -> bool:
    """Whether its machine's disk is as usual: a layer belongs to one size."""
    return definition.machine.disk_mib == MachineNeed().disk_mib


def allow_box(
    definition: TaskDefinition,
    access: CatalogAccess | None,
    policy: PolicyView | None,
    hosts_of_project: str,
) -> AllowBox | None:
    """What to ask before such a task; None = nothing, or its image is the project's own affair.

    Args:
        hosts_of_project: those its policy allows, in words.
    """
    kind = kind_of(definition.agent) if definition.agent is not None else None
    if kind is None or not kind.has_packages or access is None or policy is None:
        return None
    from_project = hosts_of_project and not access.hosts
    if policy.own_image or from_project or is_built(kind, definition, access, policy):
        return None
    stops = _is_usual(definition) and access.built is not None and not access.hosts
    if why := _unknown(kind, access):
        return AllowBox(tr("Its image cannot be built: {why}", why=why), (), stops)
    if not lacking(kind, access.sources, Reach(access.hosts)):
        return None
    if access.hosts:
        text = tr("This computer gets packages from other hosts by now than you allowed.")
        return AllowBox(text, host_lines(access), stops=False)
    text = tr(
        "{agent} needs an image of its own, built once from packages. ClawDesk may fetch them from "
        "no host until you allow it.",
        agent=title_of(kind),
    )
    return AllowBox(text, host_lines(access), stops)


def _unknown(kind: AgentKind, access: CatalogAccess) -> str:
    """Why it is not known where the packages of an agent come from, "" = it is."""
    if access.hosts:
        return ""  # whoever wrote these may know better
    there = {source.name: source for source in access.sources}
    needed = [there.get(name, PackageSource(name)) for name in sorted(needed_by(kind))]
    unknown = tr("where this computer gets packages is not known")
    return " ".join(told(one.problem) or unknown for one in needed if not one.hosts)


def host_lines(access: CatalogAccess) -> tuple[str, ...]:
    """The hosts that would be allowed, each with what comes from there."""
    wanted = offered(access.sources).hosts
    return tuple(
        f"{host} ({sort_of(source)})"
        for source in access.sources
        for host in source.hosts
        if host in wanted
    )


def allow_question(access: CatalogAccess) -> AllowQuestion:
    """What a person says yes to."""
    wanted = offered(access.sources)
    agents = ", ".join(title_of(kind) for kind in KINDS.values() if kind.has_packages)
    means = [
        tr(
            "Only packages that ClawDesk's own list of agents names are fetched, by ClawDesk's own "
            "set-up, in a machine of its own."
        ),
        tr("No project's own image is set up from there by this, and no task reaches these hosts."),
    ]
    if wanted.own_networks:
        means.append(
            tr(
                "Their names stand for {addresses} here, outside the open internet: that is let "
                "through for them too.",
                addresses=", ".join(wanted.own_networks),
            )
        )
    means += [
        tr(
            "It is written into {path}, as the table {table}. All else in the file stays.",
            path=access.path,
            table="[images.catalog]",
        ),
        tr(
            "You take it back in the settings, under your rules, or by {command}.",
            command=TAKE_BACK,
        ),
    ]
    text = tr("Agents of ClawDesk's own list ({agents}) get their images from:", agents=agents)
    return AllowQuestion(text, host_lines(access), tuple(means), wanted)


def is_allowed(access: CatalogAccess) -> bool:
    """Whether all that would be asked for is allowed already."""
    wanted = offered(access.sources)
    hosts = len(granted(wanted.hosts, access.hosts)) == len(wanted.hosts)
    return hosts and set(wanted.own_networks) <= set(access.own)


def image_rule(access: CatalogAccess) -> ImageRule:
    """How the rule stands now, and which acts there are."""
    can_allow = bool(offered(access.sources).hosts) and not is_allowed(access)
    if not access.hosts:
        state = tr("Images of ClawDesk's own agents may be set up from no host.")
        return ImageRule(state, can_allow, can_take_back=False)
    state = tr(
        "Images of ClawDesk's own agents may be set up from {hosts} ({file}, line {number}).",
        hosts=", ".join(access.hosts),
        file=POLICY_FILE,
        number=access.line,
    )
    return ImageRule(state, can_allow, can_take_back=True)

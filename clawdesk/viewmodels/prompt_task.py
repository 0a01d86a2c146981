"""A task typed in by a person, before it starts: agents to choose from, fit, and what is missing.

Pure. What is wrong with it comes from the domain that refuses it; here it is put in words.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from clawdesk.domain.agents import KINDS, AgentKind
from clawdesk.domain.from_prompt import (
    USUAL_KIND,
    TaskPrompt,
    definition_from,
    mistakes_in,
    title_of,
)
from clawdesk.domain.model import TaskDefinition
from clawdesk.domain.peers import peer_of
from clawdesk.ports.inference import FabricStatus
from clawdesk.viewmodels.agent_words import title_of as kind_title
from clawdesk.viewmodels.language import tr
from clawdesk.viewmodels.new_task import TaskForecast, models_at_hand
from clawdesk.viewmodels.told import told


@dataclass(frozen=True, slots=True)
class AgentChoice:
    """A kind of the catalog: `text` names it and what it needs."""

    kind: str
    text: str
    asks_run: bool
    needs_model: bool


@dataclass(frozen=True, slots=True)
class PromptView:
    """What the sheet shows of what stands in it; `why_not` is "" where it may start."""

    forecast: TaskForecast
    why_not: str


def agent_choices() -> tuple[AgentChoice, ...]:
    """Agents that can be told something, the usual one first."""
    kinds = sorted(KINDS.values(), key=lambda kind: kind.name != USUAL_KIND)
    return tuple(
        AgentChoice(
            kind.name, f"{kind_title(kind)} ({_needs(kind)})", kind.asks_run, kind.needs_model
        )
        for kind in kinds
    )


def _needs(kind: AgentKind) -> str:
    needs = [
        tr("an image built once") if kind.has_packages else "",
        tr("a model") if kind.needs_model else "",
        tr("your command") if kind.asks_run else "",
    ]
    return ", ".join(need for need in needs if need)


def begun(
    last: TaskPrompt | None, kept: TaskPrompt | None, fabric: FabricStatus | None
) -> TaskPrompt:
    """What the sheet begins with: what was kept of this project, else the agent used last.

    Args:
        last: what was started last; its prompt counts no more.
        kept: the draft.
    """
    asked = kept or replace(last or TaskPrompt(""), prompt="")
    if asked.kind not in KINDS:
        asked = TaskPrompt(asked.prompt)  # another version's
    # No prompt leaves this machine unless a person chose that.
    models = [model for model in models_at_hand(fabric) if not peer_of(model)]
    if not asked.model and KINDS[asked.kind].needs_model and models:
        asked = replace(asked, model=models[0])
    return asked


def prompt_view(asked: TaskPrompt, fit: Callable[[TaskDefinition], TaskForecast]) -> PromptView:
    """How the task would fit now, also while its prompt is not written yet.

    Args:
        fit: what is known now of a task of a definition.
    """
    kind = KINDS[asked.kind]
    # What is not written yet changes nothing of what the task needs.
    mistakes = mistakes_in(asked)
    plain = TaskPrompt("-", kind.name, "-" if kind.asks_run else "", "m")
    whole = definition_from(plain if mistakes else asked)
    about = fit(replace(whole, model=asked.model))
    title = title_of(asked.prompt) or tr("What shall be done?")
    why_not = " ".join(map(told, mistakes))
    if not why_not and about.allow is not None and about.allow.stops:
        why_not = tr("Its agent's image cannot be built yet.")
    return PromptView(replace(about, title=title), why_not)

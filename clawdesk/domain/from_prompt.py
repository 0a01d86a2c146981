"""A task from a prompt alone: what a person typed in, a task's definition out. Pure.

There is no file: the definition is committed with the submission, as every other is, and nothing
is looked up again later. Its agent's changes are bounded by the same policy as those of a file's.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from clawdesk.domain.agents import (
    KINDS,
    PROMPT_CHARS_MAX,
    RUN_CHARS_MAX,
    STEP_NAME,
    AgentKind,
    command_of,
)
from clawdesk.domain.definitions import (
    MEMORY_MIB_MAX,
    MEMORY_MIB_MIN,
    PRIORITY_MAX,
    PRIORITY_MIN,
    is_model_name,
)
from clawdesk.domain.processes import (
    AgentSpec,
    CheckpointMode,
    MachineNeed,
    StepSpec,
    TaskDefinition,
)
from clawdesk.domain.toml_values import DefinitionError

USUAL_KIND = "mini-swe-agent"
TITLE_CHARS_MAX = 80
EVERY_S = 300
_ALLOWED_CONTROLS = "\n\t"


@dataclass(frozen=True, slots=True)
class TaskPrompt:
    """What a person asks for instead of naming a task file.

    Args:
        prompt: what the agent is told, at most `PROMPT_CHARS_MAX` characters.
        kind: which agent of the catalog.
        run: the agent's command, for kinds that ask for one; "" for all others.
        model: what OPENAI_MODEL is set to; "" = none.
        priority: the suggestion, as a task file makes one; a policy bounds it.
        memory_mib: of its machine; 0 = what its agent usually needs.
    """

    prompt: str
    kind: str = USUAL_KIND
    run: str = ""
    model: str = ""
    priority: int = 0
    memory_mib: int = 0


def definition_from(asked: TaskPrompt) -> TaskDefinition:
    """The task: one step, whose end asks for approval of everything the agent changed.

    On the way there a checkpoint is made where files have changed, and every five minutes, so that
    there is something to go back to. Its name is "": no file has it.

    Raises:
        DefinitionError: with every mistake found, a sentence each.
    """
    if mistakes := mistakes_in(asked):
        raise DefinitionError(mistakes)
    kind = KINDS[asked.kind]
    agent = AgentSpec(kind.name, _lines(asked.prompt), _lines(asked.run) if kind.asks_run else "")
    step = StepSpec(
        name=STEP_NAME,
        run=command_of(agent),
        checkpoint=CheckpointMode.APPROVE,
        every_s=EVERY_S,
        when_changed=True,
    )
    return TaskDefinition(
        name="",
        title=title_of(agent.prompt),
        steps=(step,),
        priority=asked.priority,
        machine=MachineNeed(memory_mib=asked.memory_mib or kind.memory_mib),
        model=asked.model,
        agent=agent,
    )


def prompt_behind(definition: TaskDefinition) -> TaskPrompt | None:
    """What a task without a file was made of, to run it once more; None where there is a file."""
    agent = definition.agent
    if definition.name or agent is None:
        return None
    return TaskPrompt(
        agent.prompt,
        agent.kind,
        agent.run,
        definition.model,
        definition.priority,
        definition.machine.memory_mib,
    )


def mistakes_in(asked: TaskPrompt) -> tuple[str, ...]:
    """What is wrong with it, a sentence each; () = a task can be made of it."""
    kind = KINDS.get(asked.kind)
    if kind is None:
        known = ", ".join(KINDS)
        return (f"There is no agent {asked.kind[:60]!a}; there are: {known}.",)
    found = [_text_mistake("The prompt", asked.prompt, PROMPT_CHARS_MAX)]
    found += [_run_mistake(kind, asked.run), _model_mistake(kind, asked.model)]
    if not PRIORITY_MIN <= asked.priority <= PRIORITY_MAX:
        found.append(
            f"A task's priority is {PRIORITY_MIN} to {PRIORITY_MAX}, not {asked.priority}."
        )
    if asked.memory_mib and not MEMORY_MIB_MIN <= asked.memory_mib <= MEMORY_MIB_MAX:
        least, most = f"{MEMORY_MIB_MIN:,}", f"{MEMORY_MIB_MAX:,}"
        found.append(f"A machine has {least} to {most} MiB of memory, not {asked.memory_mib:,}.")
    return tuple(mistake for mistake in found if mistake)


def title_of(prompt: str) -> str:
    """The first line of a prompt that says something, shortened to a title of one line."""
    lines = ("".join(c if c.isprintable() else " " for c in line) for line in prompt.splitlines())
    words = next((line.split() for line in lines if line.strip()), [])
    title = " ".join(words)
    if len(title) <= TITLE_CHARS_MAX:
        return title
    cut = title[: TITLE_CHARS_MAX - 1]
    head = cut.rpartition(" ")[0] if " " in cut[TITLE_CHARS_MAX // 2 :] else cut
    return f"{head.rstrip()}…"


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def _text_mistake(what: str, text: str, chars_max: int) -> str:
    """Why `text` is not taken, "" = it is; whatever it holds, the sentence is plain."""
    text = _lines(text)
    if not text:
        return f"{what} is empty: say what shall be done."
    if len(text) > chars_max:
        return f"{what} has {len(text):,} characters; at most {chars_max:,} are allowed."
    for character in text:
        # Escapes of terminals, NUL, and half of a character, which no file and no commit holds.
        if unicodedata.category(character) in {"Cc", "Cs"} and character not in _ALLOWED_CONTROLS:
            code = f"U+{ord(character):04X}"
            return f"{what} holds the character {code}; lines of plain text are allowed."
    return "" if title_of(text) else f"{what} shows no text: say what shall be done."


def _run_mistake(kind: AgentKind, run: str) -> str:
    if kind.asks_run:
        return _text_mistake(f"The command of the agent {kind.name}", run, RUN_CHARS_MAX)
    return f"The agent {kind.name} has a command of its own and takes none." if run.strip() else ""


def _model_mistake(kind: AgentKind, model: str) -> str:
    if not model:
        return f"The agent {kind.name} works with a model: name one." if kind.needs_model else ""
    if not is_model_name(model):
        return f"{model[:60]!a} is no name of a model."
    return ""

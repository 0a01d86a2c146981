"""Agents as task files name them: the `[agent]` table, the catalog of kinds, what is run. Pure.

An agent is a step like any other: its command, with the prompt in a file and in the environment,
and its model calls as boundaries. The catalog, `agents.toml` beside this file, is read with the
code, as a part of it.
"""

from __future__ import annotations

import shlex
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib import resources

from clawdesk.domain.processes import PERMISSIONS, AgentSpec, CheckpointMode, TaskDefinition
from clawdesk.domain.toml_lines import KeyPath
from clawdesk.domain.toml_values import Reader

STEP_NAME = "agent"
PROMPT_CHARS_MAX = 8_000
RUN_CHARS_MAX = 16_384
FEEDBACK_CHARS_MAX = 4_000
PROMPT_VARIABLE = "CLAWDESK_PROMPT"
PROMPT_FILE = "/run/clawdesk/prompt"
PACE_KEYS = ("timeout_s", "checkpoint", "every_calls", "every_s", "when_changed")
"""What an agent's table shares with a step's."""
KEYS = ("kind", "prompt", "run", "permissions", *PACE_KEYS)


@dataclass(frozen=True, slots=True)
class AgentKind:
    """One table of the catalog; the words at its head say what each key is for."""

    name: str
    title: str
    about: str
    asks_run: bool = False
    run: str = ""
    needs_model: bool = False
    speaks_acp: bool = False
    debian: tuple[str, ...] = ()
    pypi: tuple[str, ...] = ()
    pypi_alone: tuple[str, ...] = ()
    npm: tuple[str, ...] = ()
    warm: str = ""
    env: tuple[tuple[str, str], ...] = ()
    memory_mib: int = 512

    @property
    def has_packages(self) -> bool:
        """Whether its image is more than the project's: a layer is built for it once."""
        return bool(self.debian or self.pypi or self.pypi_alone or self.npm)


def _kind(name: str, told: Mapping[str, object]) -> AgentKind:
    """A table as a value. Raises TypeError for a key nobody knows: a broken catalog."""
    lists = {key: tuple(value) for key, value in told.items() if isinstance(value, list)}
    env = told.get("env", {})
    assert isinstance(env, Mapping), "[KIND.env] is a table"
    return AgentKind(name, **{**told, **lists, "env": tuple(env.items())})  # type: ignore[arg-type]


def _catalog() -> dict[str, AgentKind]:
    text = resources.files(__package__).joinpath("agents.toml").read_text(encoding="utf-8")
    return {name: _kind(name, told) for name, told in tomllib.loads(text).items()}


KINDS: Mapping[str, AgentKind] = _catalog()
"""The catalog, by name."""


def kind_of(agent: AgentSpec) -> AgentKind | None:
    """The catalog's entry; None when a later version wrote the task and this one lacks it."""
    return KINDS.get(agent.kind)


def parse_agent(reader: Reader, model: str) -> AgentSpec | None:
    """The `[agent]` table, without what it shares with a step; None where there is none.

    Args:
        model: what `[models] default` names, "" = none.
    """
    path: KeyPath = ("agent",)
    if not reader.table(path, KEYS):
        return None
    kind = KINDS[reader.choice((*path, "kind"), "command", tuple(KINDS))]
    if reader.get((*path, "kind")) is None:
        reader.mistake((*path, "kind"), "nothing", ", ".join(f'"{name}"' for name in KINDS))
    if kind.needs_model and not model:
        allowed = f'the name of a model in [models] default; "{kind.name}" works with one'
        reader.mistake((*path, "kind"), "no model", allowed)
    return AgentSpec(
        kind.name,
        _prompt(reader, path),
        _run(reader, path, kind),
        _permissions(reader, path, kind),
    )


def _prompt(reader: Reader, path: KeyPath) -> str:
    return reader.text((*path, "prompt"), None, chars_max=PROMPT_CHARS_MAX, lines=True)


def _run(reader: Reader, path: KeyPath, kind: AgentKind) -> str:
    """The user's own command; kinds that have theirs take none."""
    if kind.asks_run:
        return reader.text((*path, "run"), None, chars_max=RUN_CHARS_MAX, lines=True)
    if reader.get((*path, "run")) is not None:
        reader.mistake((*path, "run"), "a command", f'none: "{kind.name}" has its own')
    return ""


def _permissions(reader: Reader, path: KeyPath, kind: AgentKind) -> str:
    path = (*path, "permissions")
    if reader.get(path) is not None and not kind.speaks_acp:
        reader.mistake(path, "a rule", f'none: "{kind.name}" asks for no permission')
    return reader.choice(path, "ask", PERMISSIONS)


def speaks_acp(agent: AgentSpec | None) -> bool:
    """Whether it is an agent that is prompted, and asks, by the Agent Client Protocol."""
    kind = kind_of(agent) if agent is not None else None
    return kind is not None and kind.speaks_acp


def prompted(
    definition: TaskDefinition, settings: Mapping[str, str]
) -> tuple[TaskDefinition, dict[str, str]]:
    """The task with the prompt a person gives it in place of its file's, and the other settings."""
    rest = dict(settings)
    if definition.agent is None:
        return definition, rest
    prompt = rest.pop(PROMPT_VARIABLE, "").strip() or definition.agent.prompt
    return replace(definition, agent=replace(definition.agent, prompt=prompt)), rest


def command_of(agent: AgentSpec) -> str:
    """What the agent's step runs, as the log shows it."""
    kind = kind_of(agent)
    return (agent.run or (kind.run if kind is not None else "")).strip()


def prompt_of(agent: AgentSpec, feedback: str) -> str:
    """What the agent is told; what was said of its work so far comes first."""
    if not feedback:
        return agent.prompt
    said = feedback[:FEEDBACK_CHARS_MAX]
    return (
        "The work so far was looked at by a person and not accepted as it is. They said:\n\n"
        f"{said}\n\nThe task itself is still this:\n\n{agent.prompt}"
    )


def env_of(definition: TaskDefinition, permissions: str) -> dict[str, str]:
    """What `claw acp` goes by, beside the prompt; {} for all other agents.

    Args:
        permissions: the rule that counts, inside the project's policy.
    """
    if not speaks_acp(definition.agent):
        return {}
    step = definition.steps[0]
    asks = step.checkpoint is CheckpointMode.APPROVE
    # In the environment, not in the line for the shell: quoted, both would be too long for one.
    env = {"CLAWDESK_AGENT": step.run, "CLAWDESK_PERMISSIONS": permissions}
    return {**env, "CLAWDESK_APPROVE": "1"} if asks else env


def shell_of(agent: AgentSpec, command: str, feedback: str) -> str:
    """`command` for a shell, behind the lines that put the prompt into a file and a variable."""
    kind = kind_of(agent)
    given = {PROMPT_VARIABLE: prompt_of(agent, feedback), "CLAWDESK_PROMPT_FILE": PROMPT_FILE}
    env = {**given, **dict(kind.env if kind is not None else ())}
    write = f"printf '%s\\n' \"$CLAWDESK_PROMPT\" > {PROMPT_FILE}"
    run = 'exec claw acp "$CLAWDESK_AGENT"' if speaks_acp(agent) else command
    return "\n".join([*_exports(env), write, run])


def warm_up_of(kind: AgentKind) -> str:
    """What a set-up runs once at its end, for a shell; "" = nothing."""
    return "\n".join([*_exports(dict(kind.env)), kind.warm]) if kind.warm else ""


def _exports(env: Mapping[str, str]) -> list[str]:
    return [f"export {name}={shlex.quote(value)}" for name, value in env.items()]

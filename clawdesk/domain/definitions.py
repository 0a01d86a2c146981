"""Task, project and policy files: TOML text in; definition, project's policy, user's rules out.

Pure; it opens no file. Every mistake becomes one sentence that names file, line and key, what was
found and what is allowed. Unknown keys are mistakes: a mistyped key must not be ignored. What this
version cannot keep (a budget, say) is refused rather than read and forgotten.
The user's own file, `policy.toml`, is read in `policy_file`, with what is shared from here.
"""

from __future__ import annotations

import re

from clawdesk.domain.agents import PACE_KEYS, RUN_CHARS_MAX, STEP_NAME, command_of, parse_agent
from clawdesk.domain.keys import key_grants, parse_keys
from clawdesk.domain.model import (
    AgentSpec,
    CheckpointMode,
    MachineNeed,
    PriorityClass,
    ProjectPolicy,
    StepSpec,
    TaskDefinition,
)
from clawdesk.domain.network import HOST_RULE, is_host
from clawdesk.domain.processes import PERMISSIONS
from clawdesk.domain.secrets import NAME_RULE, is_secret_name
from clawdesk.domain.toml_lines import KeyPath
from clawdesk.domain.toml_values import DefinitionError as DefinitionError  # noqa: PLC0414 - ours
from clawdesk.domain.toml_values import Reader, show

TASKS_FOLDER = ".clawdesk/tasks"
PROJECT_FILE = ".clawdesk/project.toml"
FILE_BYTES_MAX = 64 * 1024
STEPS_MAX = 100
TIMEOUT_S_MAX = 7 * 24 * 3600
CLASSES = tuple(kind.value for kind in PriorityClass)
PRIORITIES = (-10, 10)
PRIORITY_MIN, PRIORITY_MAX = -5, 5
"""What a process may suggest; a project's policy may bound it within PRIORITIES."""
MEMORY_MIB_MIN, MEMORY_MIB_MAX = 128, 1024 * 1024
WEIGHT_MIN, WEIGHT_MAX = 0.01, 100.0
WAIT_S_MAX = 30 * 24 * 3600
CHECKPOINT_S_MAX = 24 * 3600
CALLS_MAX = 100_000
PEERS = ("never", "trusted")

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_MODEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,199}")
_NAME_RULE = "1 to 64 letters, digits, '.', '_' or '-', starting with a letter or digit"
EXAMPLE_PATH = ".clawdesk/tasks/hello.toml"
EXAMPLE = """\
title = "Say hello"

[[steps]]
name = "write"
run = "claw ask 'Who shall be greeted?' --key who > HELLO.md"
checkpoint = "approve"
"""
"""A whole task file, to begin with; the guide has the same."""


def task_file(name: str) -> str:
    """The path of a task's definition, relative to the project."""
    return f"{TASKS_FOLDER}/{name}.toml"


def is_task_name(name: str) -> bool:
    """Whether a definition may have this name (it is also its file's name)."""
    return _NAME.fullmatch(name) is not None


def is_model_name(name: str) -> bool:
    """Whether a model may be called so."""
    return _MODEL.fullmatch(name) is not None


def parse_task(text: str, name: str) -> TaskDefinition:
    """Read `.clawdesk/tasks/NAME.toml`.

    Raises:
        DefinitionError: with every mistake found.
    """
    reader = Reader(text, task_file(name))
    shared = ("title", "description", "priority", "machine", "models", "secrets")
    reader.only_keys((), (*shared, "steps", "agent", "keys"))
    model = ""
    if reader.table(("models",), ("default",)):
        model = reader.pattern(("models", "default"), "", _MODEL, "the name of a model")
    agent = parse_agent(reader, model)
    machine = _machine(reader)
    definition = TaskDefinition(
        name=name,
        title=reader.text(("title",), name, chars_max=200),
        description=reader.text(("description",), "", chars_max=4000, lines=True),
        priority=reader.whole(("priority",), 0, PRIORITY_MIN, PRIORITY_MAX),
        machine=machine,
        model=model,
        secrets=secret_names(reader, ("secrets",)),
        keys=parse_keys(reader, machine.network),
        steps=_steps(reader, agent),
        agent=agent,
    )
    if not is_task_name(name):
        reader.mistake((), f"the file's name is {show(name)}", _NAME_RULE)
    reader.finish()
    return definition


def parse_project(text: str) -> ProjectPolicy:
    """Read `.clawdesk/project.toml`.

    Raises:
        DefinitionError: with every mistake found.
    """
    reader = Reader(text, PROJECT_FILE)
    tables = ("approval", "priority", "network", "agents", "secrets", "keys", "budget", "peers")
    reader.only_keys((), ("weight", "priority_min", "priority_max", *tables))
    usual = ProjectPolicy()
    paths: tuple[str, ...] = ()
    on_timeout, timeout_s = usual.on_timeout, usual.timeout_s
    if reader.table(("approval",), ("paths", "on_timeout", "timeout_s")):
        paths = reader.texts(("approval", "paths"))
        on_timeout = reader.choice(("approval", "on_timeout"), usual.on_timeout, ("hold", "reject"))
        timeout_s = reader.whole(("approval", "timeout_s"), timeout_s, 0, WAIT_S_MAX)
    default_class, every_s = usual.default_class, usual.checkpoint_every_s
    if reader.table(("priority",), ("default_class", "checkpoint_every_s")):
        choice = reader.choice(("priority", "default_class"), default_class.value, CLASSES)
        default_class = PriorityClass(choice)
        every_s = reader.whole(("priority", "checkpoint_every_s"), every_s, 1, CHECKPOINT_S_MAX)
    gpu_hours, tokens = _budget(reader)
    policy = ProjectPolicy(
        weight=reader.number(("weight",), usual.weight, WEIGHT_MIN, WEIGHT_MAX),
        priority_min=reader.whole(("priority_min",), usual.priority_min, *PRIORITIES),
        priority_max=reader.whole(("priority_max",), usual.priority_max, *PRIORITIES),
        approval_paths=paths,
        on_timeout=on_timeout,
        timeout_s=timeout_s,
        default_class=default_class,
        checkpoint_every_s=every_s,
        network_allow=_network(reader, ("network",)),
        permissions=given_permissions(reader, ("agents",)) or usual.permissions,
        secrets_allow=_secrets(reader, ("secrets",)),
        keys_allow=key_grants(reader, ("keys",)),
        gpu_hours=gpu_hours,
        tokens=tokens,
        peers=peer_use(reader, ("peers",)) or usual.peers,
    )
    _in_order(reader, (), policy.priority_min, policy.priority_max)
    reader.finish()
    return policy


def _in_order(reader: Reader, path: KeyPath, least: int, most: int) -> None:
    if least > most:
        found = f"{least}, above priority_max = {most}"
        reader.mistake((*path, "priority_min"), found, "at most priority_max")


def _network(reader: Reader, path: KeyPath) -> tuple[str, ...]:
    return hosts(reader, (*path, "allow")) if reader.table(path, ("allow",)) else ()


def given_permissions(reader: Reader, path: KeyPath) -> str | None:
    """The most that agents are given, where the table at `path` says it."""
    path_of_it = (*path, "permissions")
    if not reader.table(path, ("permissions",)) or reader.get(path_of_it) is None:
        return None
    return reader.choice(path_of_it, "ask", PERMISSIONS)


def hosts(reader: Reader, path: KeyPath) -> tuple[str, ...]:
    """A list of hosts (`domain.network`), lower case."""
    found = tuple(text.lower() for text in reader.texts(path))
    for text in found:
        if not is_host(text):
            reader.mistake(path, show(text), HOST_RULE)
            return ()
    return found


def _secrets(reader: Reader, path: KeyPath) -> tuple[str, ...]:
    return secret_names(reader, (*path, "allow")) if reader.table(path, ("allow",)) else ()


def secret_names(reader: Reader, path: KeyPath) -> tuple[str, ...]:
    """A list of names of secrets (`domain.secrets`)."""
    found = reader.texts(path)
    for text in found:
        if not is_secret_name(text):
            reader.mistake(path, show(text), NAME_RULE)
            return ()
    return found


def peer_use(reader: Reader, path: KeyPath) -> str | None:
    """Whether prompts may leave this machine, where the table at `path` says it."""
    path_of_it = (*path, "use")
    if not reader.table(path, ("use",)) or reader.get(path_of_it) is None:
        return None
    return reader.choice(path_of_it, "never", PEERS)


def _budget(reader: Reader) -> tuple[float | None, int | None]:
    """GPU hours and tokens; nothing counts them yet, so a budget would not be kept."""
    if not reader.table(("budget",), ("gpu_hours", "tokens")):
        return None, None
    hours: float | None = None
    tokens: int | None = None
    for key in ("gpu_hours", "tokens"):
        if reader.get(("budget", key)) is None:
            continue
        if key == "gpu_hours":
            hours = reader.number(("budget", key), 0.0, 0.0, 1_000_000.0)
        else:
            tokens = reader.whole(("budget", key), 0, 0, 10**15)
        reader.not_yet(("budget", key), "no [budget]; it")
    return hours, tokens


def _machine(reader: Reader) -> MachineNeed:
    usual = MachineNeed()
    keys = ("image", "cpu_count", "memory_mib", "disk_mib", "network")
    if not reader.table(("machine",), keys):
        return usual
    return MachineNeed(
        network=hosts(reader, ("machine", "network")),
        image=reader.pattern(("machine", "image"), usual.image, _NAME, "the name of an image"),
        cpu_count=reader.whole(("machine", "cpu_count"), usual.cpu_count, 1, 64),
        memory_mib=reader.whole(
            ("machine", "memory_mib"), usual.memory_mib, MEMORY_MIB_MIN, MEMORY_MIB_MAX
        ),
        disk_mib=reader.whole(("machine", "disk_mib"), usual.disk_mib, 64, 1024 * 1024),
    )


def _steps(reader: Reader, agent: AgentSpec | None) -> tuple[StepSpec, ...]:
    tables = reader.get(("steps",))
    if agent is not None and tables is not None:
        reader.mistake(("agent",), "[agent] beside [[steps]]", "one of the two")
    if agent is not None:
        return (
            _paced(reader, ("agent",), STEP_NAME, command_of(agent), CheckpointMode.MODEL_CALL),
        )
    if reader.get(("agent",)) is not None:
        return ()  # it is not a table, and that was said
    good = isinstance(tables, list) and all(isinstance(table, dict) for table in tables)
    if not good or not 1 <= len(tables) <= STEPS_MAX:
        found = "nothing" if tables is None else show(tables)
        reader.mistake(("steps",), found, f"1 to {STEPS_MAX} tables [[steps]]")
        return ()
    steps = tuple(_step(reader, index) for index in range(len(tables)))
    seen: set[str] = set()
    for index, step in enumerate(steps):
        if step.name in seen:
            reader.mistake(("steps", index, "name"), f"{show(step.name)} twice", "each name once")
        seen.add(step.name)
    return steps


def _step(reader: Reader, index: int) -> StepSpec:
    path: KeyPath = ("steps", index)
    reader.only_keys(path, ("name", "run", *PACE_KEYS))
    name = reader.pattern((*path, "name"), None, _NAME, _NAME_RULE)
    run = reader.text((*path, "run"), None, chars_max=RUN_CHARS_MAX, lines=True)
    return _paced(reader, path, name, run, CheckpointMode.AUTO)


def _paced(
    reader: Reader, path: KeyPath, name: str, run: str, usual_mode: CheckpointMode
) -> StepSpec:
    """A step, with the time limit and the checkpoints that stand in the table at `path`."""
    usual = StepSpec("", "")
    modes = tuple(mode.value for mode in CheckpointMode)
    mode = CheckpointMode(reader.choice((*path, "checkpoint"), usual_mode.value, modes))
    every_calls, every_s, when_changed = _turns(reader, path, mode)
    return StepSpec(
        name=name,
        run=run,
        timeout_s=reader.whole((*path, "timeout_s"), usual.timeout_s, 1, TIMEOUT_S_MAX),
        checkpoint=mode,
        every_calls=every_calls,
        every_s=every_s,
        when_changed=when_changed,
    )


def _turns(reader: Reader, path: KeyPath, mode: CheckpointMode) -> tuple[int, int, bool]:
    """Calls and seconds between boundaries at model calls, and whether a change of files makes one.

    Where nothing stands: every call with "model-call", none with "approve".
    """
    given = {key: reader.get((*path, key)) for key in ("every_calls", "every_s", "when_changed")}
    none_given = all(value is None for value in given.values())
    if mode not in (CheckpointMode.MODEL_CALL, CheckpointMode.APPROVE):
        for key, value in given.items():
            if value is not None:
                allowed = 'only with checkpoint = "model-call" or "approve"'
                reader.mistake((*path, key), show(value), allowed)
        return 0, 0, False
    if mode is CheckpointMode.APPROVE and none_given:
        return 0, 0, False
    when_changed = reader.flag((*path, "when_changed"))
    usual = 1 if given["every_s"] is None and not when_changed else 0
    every_calls = reader.whole((*path, "every_calls"), usual, 0, CALLS_MAX)
    every_s = reader.whole((*path, "every_s"), 0, 0, CHECKPOINT_S_MAX)
    if not every_calls and not every_s and not when_changed:
        found = "0, without every_s or when_changed"
        reader.mistake((*path, "every_calls"), found, f"1 to {CALLS_MAX}")
    return every_calls, every_s, when_changed

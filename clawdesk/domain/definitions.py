"""Task files and project files: TOML text in, `TaskDefinition` and `ProjectPolicy` out.

Pure; it opens no file. Every mistake becomes one sentence that names file, line and key, what was
found and what is allowed. Unknown keys are mistakes: a mistyped key must not be ignored. What this
version cannot keep (an agent, a budget, network) is refused rather than read and forgotten.
"""

from __future__ import annotations

import re
import tomllib
from typing import Any

from clawdesk.domain.model import (
    CheckpointMode,
    MachineNeed,
    ProjectPolicy,
    StepSpec,
    TaskDefinition,
)
from clawdesk.domain.toml_lines import KeyPath, key_lines, line_of

TASKS_FOLDER = ".clawdesk/tasks"
PROJECT_FILE = ".clawdesk/project.toml"
FILE_BYTES_MAX = 64 * 1024
STEPS_MAX = 100
TIMEOUT_S_MAX = 7 * 24 * 3600

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_MODEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,199}")
_NAME_RULE = "1 to 64 letters, digits, '.', '_' or '-', starting with a letter or digit"
_SHOWN_CHARS_MAX = 60
_LATER = "comes with a later version"


class DefinitionError(ValueError):
    """The user's file is wrong; `mistakes` has one sentence each, in the order of the file."""

    def __init__(self, mistakes: tuple[str, ...]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = mistakes


def task_file(name: str) -> str:
    """The path of a task's definition, relative to the project."""
    return f"{TASKS_FOLDER}/{name}.toml"


def is_task_name(name: str) -> bool:
    """Whether a definition may have this name (it is also its file's name)."""
    return _NAME.fullmatch(name) is not None


def parse_task(text: str, name: str) -> TaskDefinition:
    """Read `.clawdesk/tasks/NAME.toml`.

    Raises:
        DefinitionError: with every mistake found.
    """
    reader = _Reader(text, task_file(name))
    reader.only_keys((), ("title", "description", "priority", "machine", "models", "steps"))
    model = ""
    if reader.table(("models",), ("default",)):
        model = reader.pattern(("models", "default"), "", _MODEL, "the name of a model")
    definition = TaskDefinition(
        name=name,
        title=reader.text(("title",), name, chars_max=200),
        description=reader.text(("description",), "", chars_max=4000, lines=True),
        priority=reader.whole(("priority",), 0, -5, 5),
        machine=_machine(reader),
        model=model,
        steps=_steps(reader),
    )
    if not is_task_name(name):
        reader.mistake((), f"the file's name is {_show(name)}", _NAME_RULE)
    reader.finish()
    return definition


def parse_project(text: str) -> ProjectPolicy:
    """Read `.clawdesk/project.toml`.

    Raises:
        DefinitionError: with every mistake found.
    """
    reader = _Reader(text, PROJECT_FILE)
    tables = ("approval", "priority", "network", "budget", "peers")
    reader.only_keys((), ("weight", "priority_min", "priority_max", *tables))
    usual = ProjectPolicy()
    paths: tuple[str, ...] = ()
    on_timeout = usual.on_timeout
    if reader.table(("approval",), ("paths", "on_timeout")):
        paths = reader.texts(("approval", "paths"))
        on_timeout = reader.choice(("approval", "on_timeout"), usual.on_timeout, ("hold", "reject"))
    policy = ProjectPolicy(
        weight=reader.number(("weight",), usual.weight, 0.01, 100.0),
        priority_min=reader.whole(("priority_min",), usual.priority_min, -10, 10),
        priority_max=reader.whole(("priority_max",), usual.priority_max, -10, 10),
        approval_paths=paths,
        on_timeout=on_timeout,
    )
    if policy.priority_min > policy.priority_max:
        found = f"{policy.priority_min}, above priority_max = {policy.priority_max}"
        reader.mistake(("priority_min",), found, "at most priority_max")
    _not_yet(reader)
    reader.finish()
    return policy


def _not_yet(reader: _Reader) -> None:
    """Settings whose effect does not exist yet: only the value that asks for nothing is taken."""
    if reader.table(("priority",), ("default_class", "checkpoint_every_s")):
        reader.only_value(("priority", "default_class"), "agent")
        reader.only_value(("priority", "checkpoint_every_s"), 300)
    if reader.table(("network",), ("allow",)):
        reader.only_value(("network", "allow"), [])
    if reader.table(("peers",), ("use",)):
        reader.only_value(("peers", "use"), "never")
    if reader.get(("budget",)) is not None:
        reader.mistake(("budget",), "a budget", f"no [budget]; it {_LATER}")


def _machine(reader: _Reader) -> MachineNeed:
    usual = MachineNeed()
    keys = ("image", "cpu_count", "memory_mib", "disk_mib", "network")
    if not reader.table(("machine",), keys):
        return usual
    reader.only_value(("machine", "network"), [])
    return MachineNeed(
        image=reader.pattern(("machine", "image"), usual.image, _NAME, "the name of an image"),
        cpu_count=reader.whole(("machine", "cpu_count"), usual.cpu_count, 1, 64),
        memory_mib=reader.whole(("machine", "memory_mib"), usual.memory_mib, 128, 1024 * 1024),
        disk_mib=reader.whole(("machine", "disk_mib"), usual.disk_mib, 64, 1024 * 1024),
    )


def _steps(reader: _Reader) -> tuple[StepSpec, ...]:
    if reader.get(("agent",)) is not None:
        reader.mistake(("agent",), "an agent", f"[[steps]]; [agent] {_LATER}")
        return ()
    tables = reader.get(("steps",))
    good = isinstance(tables, list) and all(isinstance(table, dict) for table in tables)
    if not good or not 1 <= len(tables) <= STEPS_MAX:
        found = "nothing" if tables is None else _show(tables)
        reader.mistake(("steps",), found, f"1 to {STEPS_MAX} tables [[steps]]")
        return ()
    steps = tuple(_step(reader, index) for index in range(len(tables)))
    seen: set[str] = set()
    for index, step in enumerate(steps):
        if step.name in seen:
            reader.mistake(("steps", index, "name"), f"{_show(step.name)} twice", "each name once")
        seen.add(step.name)
    return steps


def _step(reader: _Reader, index: int) -> StepSpec:
    path: KeyPath = ("steps", index)
    reader.only_keys(path, ("name", "run", "timeout_s", "checkpoint"))
    usual = StepSpec("", "")
    modes = tuple(mode.value for mode in CheckpointMode)
    return StepSpec(
        name=reader.pattern((*path, "name"), None, _NAME, _NAME_RULE),
        run=reader.text((*path, "run"), None, chars_max=16_384, lines=True),
        timeout_s=reader.whole((*path, "timeout_s"), usual.timeout_s, 1, TIMEOUT_S_MAX),
        checkpoint=CheckpointMode(reader.choice((*path, "checkpoint"), "auto", modes)),
    )


class _Reader:
    """Typed access to a parsed TOML file; a wrong value is noted and its default returned."""

    def __init__(self, text: str, file: str) -> None:
        self._file = file
        self._mistakes: list[tuple[int, str]] = []
        try:
            self._root: dict[str, Any] = tomllib.loads(text)
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            raise DefinitionError((_syntax(file, text, str(error)),)) from error
        self._lines = key_lines(text)

    def mistake(self, path: KeyPath, found: str, allowed: str) -> None:
        line = line_of(self._lines, path)
        named = f"{_dotted(path)}: " if path else ""
        self._mistakes.append((line, f"{self._file}:{line}: {named}found {found}; {_may(allowed)}"))

    def finish(self) -> None:
        """Raise what was noted, in the order of the file."""
        if self._mistakes:
            self._mistakes.sort(key=lambda mistake: mistake[0])
            raise DefinitionError(tuple(text for _, text in self._mistakes))

    def get(self, path: KeyPath) -> Any:
        """The value at a path, None where there is none."""
        value: Any = self._root
        for part in path:
            if isinstance(part, int):
                value = value[part]
            else:
                value = value.get(part) if isinstance(value, dict) else None
        return value

    def only_keys(self, path: KeyPath, allowed: tuple[str, ...]) -> None:
        for key in self.get(path):
            if key not in allowed and (path, key) != ((), "agent"):
                self.mistake((*path, key), "a key nobody knows", ", ".join(allowed))

    def table(self, path: KeyPath, keys: tuple[str, ...]) -> bool:
        """True when there is a table; its unknown keys are noted."""
        value = self.get(path)
        if value is None:
            return False
        if not isinstance(value, dict):
            self.mistake(path, _show(value), f"a table [{_dotted(path)}]")
            return False
        self.only_keys(path, keys)
        return True

    def only_value(self, path: KeyPath, only: object) -> None:
        value = self.get(path)
        if value is not None and (value != only or type(value) is not type(only)):
            self.mistake(path, _show(value), f"{_show(only)}; anything else {_LATER}")

    def text(self, path: KeyPath, usual: str | None, *, chars_max: int, lines: bool = False) -> str:
        value = self.get(path)
        if value is None and usual is not None:
            return usual
        good = isinstance(value, str) and len(value) <= chars_max
        if good and (lines or value.isprintable()) and (value.strip() or usual == ""):
            return str(value)
        shape = "text" if lines else "one line of text"
        self.mistake(path, _found(value), f"{shape}, 1 to {chars_max} characters")
        return usual or ""

    def pattern(self, path: KeyPath, usual: str | None, rule: re.Pattern[str], words: str) -> str:
        value = self.get(path)
        if value is None and usual is not None:
            return usual
        if isinstance(value, str) and rule.fullmatch(value):
            return value
        self.mistake(path, _found(value), words)
        return usual or ""

    def choice(self, path: KeyPath, usual: str, choices: tuple[str, ...]) -> str:
        value = self.get(path)
        if value is None:
            return usual
        if isinstance(value, str) and value in choices:
            return value
        self.mistake(path, _show(value), ", ".join(f'"{choice}"' for choice in choices))
        return usual

    def whole(self, path: KeyPath, usual: int, least: int, most: int) -> int:
        value = self.get(path)
        if value is None:
            return usual
        if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
            return value
        self.mistake(path, _show(value), f"a whole number from {least} to {most}")
        return usual

    def number(self, path: KeyPath, usual: float, least: float, most: float) -> float:
        value = self.get(path)
        if value is None:
            return usual
        good = isinstance(value, int | float) and not isinstance(value, bool)
        if good and least <= value <= most:
            return float(value)
        self.mistake(path, _show(value), f"a number from {least:g} to {most:g}")
        return usual

    def texts(self, path: KeyPath) -> tuple[str, ...]:
        value = self.get(path)
        if value is None:
            return ()
        if isinstance(value, list) and all(isinstance(item, str) and item for item in value):
            return tuple(value)
        self.mistake(path, _show(value), 'a list of texts, e.g. ["src/**"]')
        return ()


def _syntax(file: str, text: str, message: str) -> str:
    """Our sentence for a text that is no TOML; the parser's words name line and column."""
    place = re.search(r"\(at line (\d+), column \d+\)", message)
    line = int(place.group(1)) if place else text.count("\n") + 1
    words = message[: place.start()].strip() if place else message.partition(" (at ")[0]
    return f"{file}:{line}: not valid TOML: {words}"


def _dotted(path: KeyPath) -> str:
    """("steps", 0, "name") as a reader counts: steps[1].name."""
    shown = ""
    for part in path:
        shown += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if shown else part
    return shown if shown.isprintable() else repr(shown)


def _found(value: object) -> str:
    return "nothing" if value is None else _show(value)


def _show(value: object) -> str:
    """A value in one short line; whatever is in the file, the message stays readable."""
    shown = f'"{value}"' if isinstance(value, str) and value.isprintable() else repr(value)
    return shown if len(shown) <= _SHOWN_CHARS_MAX else shown[:_SHOWN_CHARS_MAX] + "…"


def _may(allowed: str) -> str:
    return f"allowed: {allowed}"

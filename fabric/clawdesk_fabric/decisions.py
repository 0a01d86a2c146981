"""The log of decisions: every event and what it led to, one JSON object a line, and its replay.

A log begins with a line that holds the state's start, so that `python -m clawdesk_fabric.decisions
FILE` can run it again and say whether the same was decided. It holds names of models, projects and
tasks, never prompts or answers.
"""

from __future__ import annotations

import json
import sys
import typing
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from clawdesk_fabric import effects as effects_module
from clawdesk_fabric import events as events_module
from clawdesk_fabric import json_lines
from clawdesk_fabric import leases as leases_module
from clawdesk_fabric import model as model_module
from clawdesk_fabric import order as order_module
from clawdesk_fabric.model import FabricState
from clawdesk_fabric.transitions import step

VERSION = 1
BYTES_MAX = 16 * 1024 * 1024
"""A log that grows past this is begun anew with the state of that moment; one older is kept."""
HELD_MAX = 256
"""Decisions that are held before they are written together."""
_MODULES = (model_module, order_module, leases_module, events_module, effects_module)
_KINDS: Mapping[str, type] = {
    name: value
    for module in _MODULES
    for name, value in vars(module).items()
    if isinstance(value, type) and (is_dataclass(value) or issubclass(value, msgspec.Struct))
}


def to_json(value: Any) -> Any:
    """A value class as JSON: its fields and, under "kind", its name; a mapping as pairs."""
    if is_dataclass(value) and not isinstance(value, type):
        return _named_fields(value, [f.name for f in fields(value)])
    if isinstance(value, msgspec.Struct):
        return _named_fields(value, value.__struct_fields__)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, dict):
        return {"kind": "dict", "pairs": [[to_json(k), to_json(v)] for k, v in value.items()]}
    if isinstance(value, tuple | list):
        return [to_json(part) for part in value]
    return value


def _named_fields(value: object, names: Iterable[str]) -> dict[str, Any]:
    return {"kind": type(value).__name__, **{name: to_json(getattr(value, name)) for name in names}}


@cache
def _hints(kind: type) -> dict[str, Any]:
    names: dict[str, Any] = {}
    for module in _MODULES:
        names |= vars(module)
    return typing.get_type_hints(kind, names)


def from_json(value: Any, hint: Any = None) -> Any:
    """The value again. Raises KeyError, TypeError or ValueError for what `to_json` never wrote."""
    parts = typing.get_args(hint)
    if isinstance(value, dict):
        if value["kind"] == "dict":
            return {from_json(k, parts[0]): from_json(v, parts[1]) for k, v in value["pairs"]}
        kind = _KINDS[value["kind"]]
        hints = _hints(kind)
        return kind(**{k: from_json(v, hints[k]) for k, v in value.items() if k != "kind"})
    if isinstance(value, list):
        if typing.get_origin(hint) is list:
            return [from_json(part, parts[0]) for part in value]
        if len(parts) == 2 and parts[1] is Ellipsis:
            parts = (parts[0],) * len(value)
        return tuple(from_json(v, p) for v, p in zip(value, parts, strict=True))
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint(value)
    return value


def _named(value: object) -> tuple[str, object]:
    """Events and effects are many, so they are written by a faster encoder than the state."""
    return (type(value).__name__, value)


class Log:
    """Appends decisions to a file. A disk that is full costs the log, never a decision.

    Args:
        path: the file; an older one is kept as PATH.1.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: BinaryIO | None = None
        self._bytes = 0
        self._held: list[tuple[events_module.Event, Sequence[effects_module.Effect]]] = []
        self.problem = ""

    def begin(self, state: FabricState) -> None:
        """Start a new file with the state as it is now."""
        self.close()
        self.problem = ""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            if self._path.exists():
                self._path.replace(self._path.with_name(self._path.name + ".1"))
            self._file = self._path.open("wb")
            self._path.chmod(0o600)
        except OSError as error:
            self._lost(error)
            return
        self._bytes = 0
        self._write([{"version": VERSION, "state": to_json(state)}])

    def add(
        self, state: FabricState, event: events_module.Event, done: Sequence[effects_module.Effect]
    ) -> None:
        """One event, what it led to, and the state after both, from which a new file may begin."""
        if self._file is None:
            return
        self._held.append((event, done))
        if len(self._held) >= HELD_MAX:
            self._write_held()
        if self._bytes > BYTES_MAX:
            self.begin(state)

    def _write_held(self) -> None:
        """What is held are values that change no more, so they are as good later as at once."""
        held, self._held = self._held, []
        lines = [
            {"event": _named(event), "effects": [_named(effect) for effect in done]}
            for event, done in held
        ]
        if lines:
            self._write(lines)

    def _write(self, lines: Sequence[Mapping[str, Any]]) -> None:
        if self._file is None:
            return
        text = json_lines.lines(lines)
        self._bytes += len(text)
        try:
            self._file.write(text)
        except OSError as error:
            self._lost(error)

    def _lost(self, error: OSError) -> None:
        self.problem = f"no log of decisions in {self._path}: {error.strerror}"
        self.close()

    def flush(self) -> None:
        """Have it on disk; done at every tick, so that a call does not pay for it."""
        self._write_held()
        try:
            if self._file is not None:
                self._file.flush()
        except OSError as error:
            self._lost(error)

    def close(self) -> None:
        """Let go of the file; safe to repeat."""
        if self._file is not None:
            self._write_held()
        if self._file is not None:
            file, self._file = self._file, None
            with suppress(OSError):
                file.close()


def replay(path: Path) -> tuple[int, str]:
    """Run a log again: (how many events were decided the same, "" or the first difference).

    Raises:
        OSError, ValueError: the file cannot be read or is not a log.
    """
    with path.open(encoding="utf-8") as file:
        begin = json.loads(next(file))
        if begin.get("version") != VERSION:
            raise ValueError(f"the log is of version {begin.get('version')}, not {VERSION}")
        state = from_json(begin["state"])
        number = 0
        for number, line in enumerate(file, start=1):
            found = json.loads(line)
            name, values = found["event"]
            event: Any = msgspec.convert(values, _KINDS[name])
            done = json.loads(json_lines.lines([[_named(e) for e in step(state, event)]]))
            if done != found["effects"]:
                return number - 1, f"event {number}: {found['effects']} then, {done} now"
    return number, ""


def main(argv: list[str]) -> int:
    """`python -m clawdesk_fabric.decisions FILE`: 0 = every decision was made again."""
    count, difference = replay(Path(argv[0]))
    print(difference or f"{count} events were decided the same")
    return 1 if difference else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

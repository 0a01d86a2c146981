"""A task that a person typed in as the text of a task file: the way back from `from_prompt`. Pure.

What is written is read again before anyone gets it: a file that our own parser refuses, or reads
as another task, is never made.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace

from clawdesk.domain.definitions import parse_task
from clawdesk.domain.from_prompt import EVERY_S, TaskPrompt, definition_from, title_of

NAME_CHARS_MAX = 40
_NO_NAME = re.compile(r"[^a-z0-9]+")


def file_text(asked: TaskPrompt, name: str) -> str:
    """The whole text of `.clawdesk/tasks/NAME.toml`.

    Raises:
        DefinitionError: what was typed is no task, or no file may have that name.
    """
    made = definition_from(asked)
    agent = made.agent
    assert agent is not None, "a prompt is told to an agent"
    lines = [f"title = {_line(made.title)}"]
    if made.priority:
        lines.append(f"priority = {made.priority}")
    lines += ["", "[machine]", f"memory_mib = {made.machine.memory_mib}"]
    if made.model:
        lines += ["", "[models]", f"default = {_line(made.model)}"]
    lines += ["", "[agent]", f"kind = {_line(agent.kind)}", f"prompt = {_text(agent.prompt)}"]
    if agent.run:
        lines.append(f"run = {_text(agent.run)}")
    lines += ['checkpoint = "approve"', f"every_s = {EVERY_S}", "when_changed = true", ""]
    text = "\n".join(lines)
    read = parse_task(text, name)
    assert read == replace(made, name=name), "the file says what was typed"
    return text


def usual_name(prompt: str) -> str:
    """A name for the file, of the prompt's first words.

    >>> usual_name("Mend the loader, not the test!")
    'mend-the-loader-not-the-test'
    """
    words = _NO_NAME.sub(" ", title_of(prompt).lower()).split()
    name = ""
    for word in words:
        longer = f"{name}-{word}" if name else word
        if len(longer) > NAME_CHARS_MAX:
            break
        name = longer
    return name or "task"


def _line(text: str) -> str:
    """Of one line; what JSON escapes, TOML reads."""
    return json.dumps(text, ensure_ascii=False)


def _text(text: str) -> str:
    """Of several lines, as a person would write it."""
    if "\n" not in text:
        return _line(text)
    escaped = text.replace("\\", "\\\\").replace('"""', '""\\"')
    if escaped.endswith('"'):
        escaped = f'{escaped[:-1]}\\"'
    return f'"""\n{escaped}"""'

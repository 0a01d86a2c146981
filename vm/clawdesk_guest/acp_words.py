"""What an agent says and does, as lines of the task's log that a person can read.

Every text here comes from the agent: it is cut, and a control character never begins a line of its
own making, so that no agent can write what looks like a line of ours.
"""

import time
from collections.abc import Callable
from typing import Any

from clawdesk_guest.acp_wire import list_of, short, table_of, text_of

_LINE_CHARS_MAX = 2000
_LINES_MAX = 40
_TOOLS_MAX = 1000
_PLAN_MAX = 50
_SPEAKERS = {
    "agent_message_chunk": "agent",
    "agent_thought_chunk": "thinks",
    "user_message_chunk": "you",
}
_PART_CHARS_MAX = 120
_AT_WORK = "in_progress"
_PLAN_MARKS = {"completed": "[x]", _AT_WORK: "[>]"}
ENDED = ("completed", "failed")


class _Tool:
    """A tool call as far as it is known."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.title = ""
        self.kind = ""
        self.status = ""
        self.shown = ""
        self.since_s = time.monotonic()


class Conversation:
    """Turns `session/update` into lines.

    Args:
        write: told each line, without its end.
        part: told which entry of its plan the agent works at, "" = none.
    """

    def __init__(self, write: Callable[[str], None], part: Callable[[str], None]) -> None:
        self._write = write
        self._tell_part = part
        self._part = ""
        self._speaker = ""
        self._unsaid = ""  # the beginning of a line of the speaker
        self._tools: dict[str, _Tool] = {}
        self._plan: list[str] = []
        self._last_output = ""
        self.context = ""

    def note(self, who: str, text: str) -> None:
        """Lines of one kind, e.g. `[you] Mend the test.`; further lines are indented."""
        self.pause()
        lines = text.splitlines() or [""]
        self._write(f"[{who}] {plain(lines[0])}")
        self._more(lines[1:])

    def _more(self, lines: list[str]) -> None:
        for line in lines[:_LINES_MAX]:
            self._write(f"    {plain(line)}")
        if len(lines) > _LINES_MAX:
            self._write(f"    [... {len(lines) - _LINES_MAX} more lines]")

    def pause(self) -> None:
        """The speaker is interrupted, or has ended: say what has no end of line yet."""
        if self._unsaid.strip():
            self._speak(self._unsaid)
        self._speaker = self._unsaid = ""

    def update(self, update: dict[str, Any]) -> None:
        """One `session/update` of the agent."""
        kind = update.get("sessionUpdate")
        if kind in _SPEAKERS:
            self._chunk(_SPEAKERS[str(kind)], update)
        elif kind in ("tool_call", "tool_call_update"):
            self._tool(update)
        elif kind == "plan":
            self._show_plan(update)
        elif kind == "current_mode_update":
            self.note("mode", text_of(update.get("currentModeId"), 200))
        elif kind == "usage_update":
            used, size = update.get("used"), update.get("size")
            if isinstance(used, int) and isinstance(size, int) and used >= 0:
                self.context = f"{used:,} of {size:,} tokens of context in use"

    # What it says

    def _chunk(self, speaker: str, update: dict[str, Any]) -> None:
        if speaker != self._speaker:
            self.pause()
            self._speaker = speaker
        *lines, self._unsaid = (self._unsaid + words_of(update.get("content"))).split("\n")
        for line in lines:
            if line.strip():
                self._speak(line)
        while len(self._unsaid) > _LINE_CHARS_MAX:
            self._speak(self._unsaid[:_LINE_CHARS_MAX])
            self._unsaid = self._unsaid[_LINE_CHARS_MAX:]

    def _speak(self, line: str) -> None:
        self._write(f"[{self._speaker}] {plain(line)}")

    # What it does

    def _tool(self, update: dict[str, Any]) -> None:
        self.pause()
        name = text_of(update.get("toolCallId"), 200)
        tool = self._tools.get(name)
        if tool is None:
            if len(self._tools) >= _TOOLS_MAX:
                self._tools.pop(next(iter(self._tools)))
            tool = self._tools[name] = _Tool(self.numbered(name))
        tool.kind = text_of(update.get("kind"), 40) or tool.kind
        title = text_of(update.get("title"), 400)
        if title and title != tool.title:
            tool.title = title
            self.note(f"tool {tool.number}", f"{tool.kind or 'tool'}: {title}")
        shown = contents_of(update.get("content"))
        if shown and shown.strip() not in (tool.shown, self._last_output):
            tool.shown = shown.strip()
            self._more(shown.splitlines())
        status = text_of(update.get("status"), 40)
        if status in ENDED and tool.status not in ENDED:
            took_s = time.monotonic() - tool.since_s
            self.note(f"tool {tool.number}", f"{status} after {took_s:.1f} s")
        tool.status = status or tool.status

    def command_ended(self, name: str, code: int | None, output: str) -> None:
        """A command of the agent is over. A tool call that shows the same again is not repeated."""
        self._last_output = output.strip()
        self.note(f"command {name}", f"ended with {code}")
        self._more(self._last_output.splitlines())

    def numbered(self, name: str) -> int:
        """The number a tool call is shown under."""
        if name in self._tools:
            return self._tools[name].number
        return max((tool.number for tool in self._tools.values()), default=0) + 1

    def title_of(self, name: str) -> str:
        return self._tools[name].title if name in self._tools else ""

    def _show_plan(self, update: dict[str, Any]) -> None:
        plan, part = [], ""
        for entry in list_of(update.get("entries"), _PLAN_MAX):
            status = text_of(table_of(entry).get("status"))
            content = plain(text_of(table_of(entry).get("content"), 300))
            plan.append(f"{_PLAN_MARKS.get(status, '[ ]')} {content}")
            if status == _AT_WORK:
                part = part or short(content, _PART_CHARS_MAX)
        if plan != self._plan:
            self._plan = plan
            self.note("plan", "\n".join(plan) or "none")
        if part != self._part:
            self._part = part
            self._tell_part(part)


def words_of(content: object) -> str:
    """A content block as text; what is no text is named."""
    block = table_of(content)
    kind = block.get("type")
    if kind == "text":
        return text_of(block.get("text"), 64 << 10)
    if kind == "resource_link":
        return f"<{text_of(block.get('uri'), 400)}>"
    if kind == "resource":
        return f"<{text_of(table_of(block.get('resource')).get('uri'), 400)}>"
    return f"<{kind}>" if kind in ("image", "audio") else ""


def contents_of(contents: object) -> str:
    """What a tool call shows: its texts, and its edits as lines taken out and put in."""
    parts = []
    for item in list_of(contents, 16):
        content = table_of(item)
        if content.get("type") == "content":
            parts.append(words_of(content.get("content")))
        elif content.get("type") == "diff":
            parts.append(_edit(content))
    return short("\n".join(part for part in parts if part), 16 << 10)


def _edit(content: dict[str, Any]) -> str:
    old, new = text_of(content.get("oldText")), text_of(content.get("newText"))
    before, after = old.splitlines(), new.splitlines()
    begin = 0
    while begin < min(len(before), len(after)) and before[begin] == after[begin]:
        begin += 1
    while len(before) > begin and len(after) > begin and before[-1] == after[-1]:
        before.pop()
        after.pop()
    lines = [f"- {line}" for line in before[begin:]] + [f"+ {line}" for line in after[begin:]]
    return "\n".join([f"in {text_of(content.get('path'), 400)}:", *lines])


def plain(text: str) -> str:
    """One line: no control characters, not too long."""
    cleaned = "".join(c if c.isprintable() or c == "\t" else "?" for c in text)
    return short(cleaned, _LINE_CHARS_MAX)

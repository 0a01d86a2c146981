"""A task's log read as a conversation: who said what and when, calls of tools, what was printed.

Pure. Reads the lines the log has: those `runtime.telling` writes of model calls, those the guest's
ACP client writes, and whatever a step prints. Only a line of ours is taken for a model's word: a
program that prints the like is shown as having printed it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

from clawdesk.runtime import log_lines
from clawdesk.runtime.api import LogLine
from clawdesk.viewmodels.conversation_facts import facts_words, line_words
from clawdesk.viewmodels.language import tr
from clawdesk.viewmodels.told import told

PRINTED_LINES_MAX = 2_000
"""Lines of one entry; what is printed further begins another, so that old ones can be dropped."""


class Kind(StrEnum):
    """What an entry is."""

    ASKED = "asked"  # the last thing said to a model
    SAID = "said"  # by a model, or by the agent
    THOUGHT = "thought"
    YOU = "you"
    TOOL = "tool"
    PRINTED = "printed"
    NOTE = "note"  # of ours, or of the agent's doings


@dataclass(slots=True)
class Entry:
    """One turn of the conversation.

    Args:
        number: no other entry of this log has it.
        who: its heading; "" = one line without a heading.
        facts: what stands behind the heading: time taken, tokens, how it ended.
        failed: it tells of something that went wrong.
        took_ms: of a model call.
    """

    number: int
    kind: Kind
    who: str
    at_ms: int
    facts: str = ""
    lines: list[str] = field(default_factory=list)
    failed: bool = False
    took_ms: int = 0


class Reader:
    """Makes entries of lines as they arrive.

    Args:
        acp: the task's agent speaks ACP, so that what its client prints is read as its words.
    """

    def __init__(self, *, acp: bool = False) -> None:
        self.entries: list[Entry] = []
        self._acp = acp
        self._number = 0
        self._kept = False  # lines that Git kept follow
        self._label = ""  # of the last entry, "" = its lines take no others
        self._stream = ""
        self._changed = 0

    def feed(self, lines: Sequence[LogLine]) -> int:
        """Read on; the place of the first entry that is new or changed."""
        self._changed = len(self.entries)
        for line in lines:
            self._line(line)
        return self._changed

    def drop(self, count: int) -> None:
        """Forget the oldest entries."""
        del self.entries[:count]

    def _line(self, line: LogLine) -> None:
        ours = line.stream == "event"
        if ours or self._kept:
            found = log_lines.MODEL.fullmatch(line.text)
            if found is not None and (ended_ms := _time_ms(found[4])) is not None:
                self._model(line, found, ended_ms)
                return
        if self._continues(line):
            return
        client = self._acp and line.stream == "out"  # an agent's own errors come beside it
        label = log_lines.LABEL.fullmatch(line.text) if client else None
        if label is not None and label[1] in _SPOKEN:
            self._spoken(line, label[1], label[2] or "", label[3])
        elif ours:
            self._kept = log_lines.KEPT.fullmatch(line.text) is not None
            self._add(Kind.NOTE, "", line, told(line.text))
        else:
            self._printed(line)

    def _add(self, kind: Kind, who: str, line: LogLine, *words: str, label: str = "") -> Entry:
        self._number += 1
        entry = Entry(self._number, kind, who, line.at_ms, lines=[*words])
        self.entries.append(entry)
        self._label, self._stream = label, line.stream
        return entry

    def _touch(self, place: int) -> None:
        self._changed = min(self._changed, place)

    def _continues(self, line: LogLine) -> bool:
        """Whether an indented line belongs to the labelled entry before it; then it is added."""
        if (
            not self._label
            or line.stream != self._stream
            or not line.text.startswith(log_lines.INDENT)
        ):
            return False
        text = line_words(line.text.removeprefix(log_lines.INDENT))
        self._touch(len(self.entries) - 1)
        if self._label.startswith("model"):
            self._of_model(line, text)
        else:
            self.entries[-1].lines.append(text)
        return True

    # -- what a relayed call said ---------------------------------------------------------
    def _model(self, line: LogLine, found: re.Match[str], ended_ms: int) -> None:
        model, _, status, _, facts = found.groups()
        who = (
            tr("{model} failed with {status}", model=model, status=status)
            if status
            else tr("{model} said", model=model)
        )
        entry = self._add(Kind.SAID, who, line, label="model")
        entry.facts, entry.failed = facts_words(facts), bool(status)
        entry.took_ms, entry.at_ms = _took_ms(facts), ended_ms

    def _of_model(self, line: LogLine, text: str) -> None:
        for word in ("asked:", "said:", "why:"):
            if text.startswith(f"{word} "):
                self._label = f"model-{word}"
                text = text.removeprefix(f"{word} ")
                break
        else:
            text = text.removeprefix(log_lines.INDENT)
        last = self.entries[-1]
        if self._label == "model-asked:":
            self._asked(last, text)
        elif self._label == "model-said:" and text.startswith("calls "):
            tool, _, arguments = text.removeprefix("calls ").partition(" ")
            called = self._add(Kind.TOOL, tr("calls {tool}", tool=tool), line, arguments)
            called.at_ms, self._label = last.at_ms, "model-said:"
        else:
            last.lines.append(text)

    def _asked(self, answer: Entry, text: str) -> None:
        """What was asked stands before its answer, of which the log tells first."""
        before = self.entries[-2] if len(self.entries) > 1 else None
        if before is None or before.kind is not Kind.ASKED or before.number != -answer.number:
            at_ms = answer.at_ms - answer.took_ms
            before = Entry(-answer.number, Kind.ASKED, tr("to the model"), at_ms)
            self.entries.insert(len(self.entries) - 1, before)
        before.lines.append(text)
        self._touch(len(self.entries) - 2)

    # -- what an ACP client printed -------------------------------------------------------
    def _spoken(self, line: LogLine, label: str, name: str, text: str) -> None:
        kind, who = _SPOKEN[label]
        key = f"{label} {name}"
        if label in ("tool", "command") and self._ended(line, key, label, text):
            return
        if key == self._label and label in ("agent", "thinks") and self.entries:
            self._touch(len(self.entries) - 1)
            self.entries[-1].lines.append(text)
            return
        self._add(kind, who(name), line, text, label=key)

    def _ended(self, line: LogLine, key: str, label: str, text: str) -> bool:
        """The end of a tool call or command stands with its beginning, if that is near."""
        if log_lines.OVER.fullmatch(text) is None:
            return False
        who = _SPOKEN[label][1](key.partition(" ")[2])
        for place in range(len(self.entries) - 1, max(-1, len(self.entries) - 20), -1):
            entry = self.entries[place]
            if entry.kind is Kind.TOOL and entry.who == who and not entry.facts:
                entry.facts = facts_words(text)
                entry.failed = log_lines.WELL.fullmatch(text) is None
                self._touch(place)
                # What follows is its output, if nothing came between.
                self._label = key if place == len(self.entries) - 1 else ""
                if not self._label:
                    self._add(Kind.TOOL, who, line, label=key).facts = entry.facts
                return True
        return False

    # -- whatever else was printed --------------------------------------------------------
    def _printed(self, line: LogLine) -> None:
        who = tr("printed by {step}", step=line.step) if line.step else tr("printed")
        last = self.entries[-1] if self.entries else None
        if (
            last is not None
            and last.kind is Kind.PRINTED
            and last.who == who
            and len(last.lines) < PRINTED_LINES_MAX
        ):
            last.lines.append(line.text)
            self._touch(len(self.entries) - 1)
            return
        self._add(Kind.PRINTED, who, line, line.text)


def _time_ms(when: str) -> int | None:
    """A call's end; None = there is no such time, so a program printed it."""
    try:
        ended = datetime.strptime(when, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    except ValueError:
        return None
    return round(ended.timestamp() * 1000)


def _took_ms(facts: str) -> int:
    took = log_lines.TOOK_S.match(facts)
    return round(float(took[1]) * 1000) if took else 0


_SPOKEN: dict[str, tuple[Kind, Callable[[str], str]]] = {
    "agent": (Kind.SAID, lambda _: tr("the agent")),
    "thinks": (Kind.THOUGHT, lambda _: tr("the agent thinks")),
    "you": (Kind.YOU, lambda _: tr("you")),
    "asks": (Kind.SAID, lambda _: tr("the agent asks you")),
    "tool": (Kind.TOOL, lambda number: tr("tool {number}", number=number)),
    "command": (Kind.TOOL, lambda name: tr("command {name}", name=name)),
    "plan": (Kind.NOTE, lambda _: tr("plan")),
    "permission": (Kind.NOTE, lambda _: tr("permission")),
    "file": (Kind.NOTE, lambda _: tr("file")),
    "mode": (Kind.NOTE, lambda _: tr("mode")),
    "turn": (Kind.NOTE, lambda _: tr("end of turn")),
    "session": (Kind.NOTE, lambda _: tr("session")),
    "printed": (Kind.PRINTED, lambda _: tr("printed")),
}

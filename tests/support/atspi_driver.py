"""Drives a window from outside, through the accessibility bus, as a screen reader would.

Runs under the system's Python (it needs `gi`), one JSON command a line on stdin, one JSON answer a
line on stdout. It shares no code with the program: what it can press, anybody can.
Commands: {"do": wait | press | type | text | says | rows | choose | gone | heard | spoken | tree,
"id": PATTERN, ...}; a pattern is matched against the end of the accessible id, `*` = anything.
`says` waits until the text has `text` in it; `choose` selects the first row of a list that has it.
`heard` waits until a name with `text` in it was announced, now or since the last `heard`: what
shows only for a moment counts. `spoken` waits for a sentence that a screen reader was asked to say.
"""

from __future__ import annotations

import contextlib
import json
import re
import sys
import time
from collections import deque
from typing import Any

import gi  # type: ignore[import-not-found,unused-ignore]

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi, GLib  # type: ignore[import-not-found,unused-ignore] # noqa: E402

CHILDREN_MAX = 400
HEARD_MAX = 2_000
PAUSE_MS = 50
LEAF_ROLES = {"list", "table", "tree", "tree table"}


class RefusedError(Exception):
    """The command could not be carried out; the text says what was there instead."""


def ending(pattern: str) -> re.Pattern[str]:
    """Matches ids that end in `pattern`, which may have `*` in it."""
    return re.compile(r"(^|.*\.)" + re.escape(pattern).replace(r"\*", ".*") + "$")


class Driver:
    """One application on the accessibility bus."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.announced: deque[tuple[str, str]] = deque(maxlen=HEARD_MAX)
        self.listener = Atspi.EventListener.new(self._hear)
        self.listener.register("object:property-change:accessible-name")
        self.said: deque[tuple[str, str]] = deque(maxlen=HEARD_MAX)
        self.to_say = Atspi.EventListener.new(lambda event: self.said.append(("", event.any_data)))
        self.to_say.register("object:announcement")

    def _hear(self, event: Any) -> None:
        with contextlib.suppress(GLib.Error):  # it may have gone away while it spoke
            self.announced.append((event.source.get_accessible_id() or "", str(event.any_data)))

    @staticmethod
    def pause() -> None:
        """Let announcements in for a moment. The bus has no wish "tell me when an id appears"."""
        over: list[bool] = []
        GLib.timeout_add(PAUSE_MS, lambda: over.append(True))
        while not over:
            GLib.MainContext.default().iteration(True)

    def heard(self, told: deque[tuple[str, str]], pattern: str, text: str, timeout_s: float) -> str:
        """The first of what was `told` of such an id, with `text` in it."""
        until = time.monotonic() + timeout_s
        ends = ending(pattern)
        said: list[str] = []
        while True:
            while told:
                path, name = told.popleft()
                if ends.match(path):
                    said.append(name)
                    if text in name:
                        return name
            if time.monotonic() > until:
                raise RefusedError(f"{pattern} never said {text!r} in {timeout_s:g} s: {said}")
            self.pause()

    def application(self) -> Any:
        desktop = Atspi.get_desktop(0)
        for place in range(desktop.get_child_count()):
            app = desktop.get_child_at_index(place)
            if app is not None and app.get_name() == self.name:
                app.set_cache_mask(Atspi.Cache.NONE)
                return app
        return None

    def nodes(self) -> Any:
        """All nodes that show, windows opened last first; lists are not entered."""
        app = self.application()
        if app is None:
            return
        windows = [app.get_child_at_index(i) for i in range(app.get_child_count())]
        todo = [w for w in reversed(windows) if w is not None]
        while todo:
            node = todo.pop(0)
            try:
                if not node.get_state_set().contains(Atspi.StateType.SHOWING):
                    continue
                yield node
                count = node.get_child_count()
                if node.get_role_name() in LEAF_ROLES or count > CHILDREN_MAX:
                    continue
                children = [node.get_child_at_index(i) for i in range(count)]
                todo[0:0] = [c for c in children if c is not None]
            except GLib.Error:
                continue  # it went away while we looked

    def find(self, pattern: str, *, enabled: bool) -> Any:
        ends = ending(pattern)
        for node in self.nodes():
            try:
                if not ends.match(node.get_accessible_id() or ""):
                    continue
                if enabled and not node.get_state_set().contains(Atspi.StateType.SENSITIVE):
                    continue
                return node
            except GLib.Error:
                continue
        return None

    def wait(self, patterns: list[str], *, enabled: bool, timeout_s: float) -> tuple[str, Any]:
        """The first of `patterns` to appear."""
        until = time.monotonic() + timeout_s
        while True:
            for pattern in patterns:
                node = self.find(pattern, enabled=enabled)
                if node is not None:
                    return pattern, node
            if time.monotonic() > until:
                raise RefusedError(
                    f"{patterns} did not appear in {timeout_s:g} s; there is {self.ids()}"
                )
            self.pause()

    def wait_gone(self, pattern: str, timeout_s: float) -> None:
        """Until nothing of that id shows any more."""
        until = time.monotonic() + timeout_s
        while self.find(pattern, enabled=False) is not None:
            if time.monotonic() > until:
                raise RefusedError(f"{pattern} is still there; there is {self.ids()}")
            self.pause()

    def rows(self, node: Any, timeout_s: float) -> list[str]:
        """The names of a list's rows, waiting for the first; with 0 s there may be none."""
        until = time.monotonic() + timeout_s
        while node.get_child_count() == 0 and timeout_s:
            if time.monotonic() > until:
                raise RefusedError(f"{node.get_accessible_id()} has no row after {timeout_s:g} s")
            self.pause()
        count = min(node.get_child_count(), CHILDREN_MAX)
        return [str(node.get_child_at_index(i).get_name()) for i in range(count)]

    def says(self, pattern: str, text: str, timeout_s: float) -> str:
        """The whole text of a node once it has `text` in it."""
        until = time.monotonic() + timeout_s
        while True:
            node = self.find(pattern, enabled=False)
            said = "" if node is None else f"{self.text_of(node)}"
            if text in said:
                return said
            if time.monotonic() > until:
                raise RefusedError(f"{pattern} says {said!r}, not {text!r}, after {timeout_s:g} s")
            self.pause()

    def choose(self, node: Any, text: str, timeout_s: float) -> str:
        """Select the first row with `text` in its name; returns the name."""
        for place, name in enumerate(self.rows(node, timeout_s)):
            if text in name:
                Atspi.Selection.clear_selection(node)
                Atspi.Selection.select_child(node, place)
                return name
        raise RefusedError(f"no row has {text!r}: {self.rows(node, 0)}")

    def ids(self) -> list[str]:
        found = []
        for node in self.nodes():
            try:
                path = node.get_accessible_id() or ""
                name = path[path.rfind("Ground.") + 7 :][-40:]
                if node.get_name() and node.get_role_name() != "filler":
                    found.append(f"{name}={node.get_name()[:40]}")
            except GLib.Error:
                continue
        return found

    def press(self, node: Any) -> None:
        for place in range(node.get_n_actions()):
            if node.get_action_name(place) in {"Press", "Toggle", "SetFocus"}:
                node.do_action(place)
                return
        raise RefusedError(f"{node.get_name()} cannot be pressed")

    @staticmethod
    def text_of(node: Any) -> str:
        try:
            count = Atspi.Text.get_character_count(node)
            if count:
                return str(Atspi.Text.get_text(node, 0, count))
        except GLib.Error:
            pass
        return str(node.get_name())

    def run(self, command: dict[str, Any]) -> object:
        """One command; returns what the caller may want to read."""
        do = command["do"]
        if do == "tree":
            return self.ids()
        timeout_s = float(command["timeout_s"])
        if do == "gone":
            self.wait_gone(command["id"], timeout_s)
            return None
        if do == "says":
            return self.says(command["id"], command["text"], timeout_s)
        if do == "heard":
            return self.heard(self.announced, command["id"], command["text"], timeout_s)
        if do == "spoken":
            return self.heard(self.said, "", command["text"], timeout_s)
        patterns = command["id"] if isinstance(command["id"], list) else [command["id"]]
        found, node = self.wait(
            patterns,
            enabled=do in {"press", "type"} or bool(command.get("enabled")),
            timeout_s=timeout_s,
        )
        if do == "press":
            self.press(node)
        elif do == "type":
            Atspi.EditableText.set_text_contents(node, command["text"])
        elif do == "text":
            return self.text_of(node)
        elif do == "choose":
            return self.choose(node, command["text"], timeout_s)
        elif do == "rows":
            return self.rows(node, timeout_s if command.get("filled") else 0.0)
        return {"id": found, "name": node.get_name()}


def main() -> None:
    Atspi.init()
    driver = Driver(sys.argv[1])
    for line in sys.stdin:
        try:
            answer: dict[str, object] = {"ok": True, "value": driver.run(json.loads(line))}
        except (RefusedError, GLib.Error) as problem:
            answer = {"ok": False, "problem": str(problem)}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()

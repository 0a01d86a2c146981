"""Finds the sentences of the window in its source: translated ones, and those that are not.

Reads the source as a tree. What is given to `tr`, `counted` or `marked` is found by a translator;
any other text that reads like words is bare, and a test forbids it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
# Which arguments of a call a person reads even when they are one small word: places, then names.
SHOWS: dict[str, tuple[tuple[int, ...], tuple[str, ...]]] = {
    "SafeLabel": ((0,), ("text",)),
    "Button": ((0,), ("text", "spoken")),
    "PaneHead": ((0,), ("title",)),
    "ChoiceRow": ((1, 3), ("note",)),
    "TickBox": ((1,), ()),
    "Way": ((1,), ("text",)),
    "AskSheet": ((), ("title", "text", "stay")),
    "setAccessibleName": ((0,), ()),
    "setPlaceholderText": ((0,), ()),
    "setWindowTitle": ((0,), ()),
    "set_tip": ((1,), ()),
    "show_text": ((0,), ()),
    "show_title": ((0,), ()),
}
# Calls whose texts are for programs, or for the reader of a report.
UNREAD = {
    "tr",
    "counted",
    "marked",
    "setObjectName",
    "setAccessibleIdentifier",
    "setProperty",
    "getattr",
    "Signal",
    "TypeVar",
    "KeyError",
    "ValueError",
    "FileNotFoundError",
    "write",
    "startswith",
}
UNREAD_KEYWORDS = {"key", "keys", "icon", "kind", "name"}
# Names, units and formats that are the same in every language.
NAMES = {
    *("ClawDesk", "CPU", "RAM", "GPU", "VM", "HEAD", "OpenClaw", "libvirt", "Docker", "Fabric"),
    "yyyy-MM-dd HH:mm",
    'python3 tools/agent.py "$CLAWDESK_PROMPT"',
    "English",
}
MODULES_UNREAD = {"fonts", "theme", "tokens", "resources", "words", "language", "highlight"}
_KEY = re.compile(r"^((Ctrl|Alt|Shift|Tab|Esc|Enter|Return|Space|F\d+|[A-Z0-9])[ +]?)+$")
_HTML = re.compile(r"<[^>]*>")


class Sentence(NamedTuple):
    """A text that a translator sees; `one` is its English singular where it counts something."""

    text: str
    one: str = ""


class Bare(NamedTuple):
    """A text that is shown and not translated."""

    line: int
    text: str


def modules(part: str = "ui") -> list[Path]:
    """The modules of a part of `clawdesk` that may hold sentences."""
    found = sorted((ROOT / "clawdesk" / part).glob("*.py"))
    return [path for path in found if path.stem not in MODULES_UNREAD]


@cache
def translated() -> Mapping[str, Sentence]:
    """Every sentence that is looked up, by its text; read once a process.

    Raises:
        ValueError: one text is said with a number and without, and a language has one entry for it.
    """
    found: dict[str, Sentence] = {}
    for path in (*modules("ui"), *modules("viewmodels")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            for sentence in _sentences(node):
                if found.setdefault(sentence.text, sentence) != sentence:
                    raise ValueError(f"{path.name} says it in two ways: {sentence}")
    return found


def _sentences(node: ast.AST) -> Iterator[Sentence]:
    if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]).endswith(".group"):
        yield Sentence(_words(node.value))
    if not isinstance(node, ast.Call):
        return
    if _called(node) in {"tr", "marked"} and node.args and _is_text(node.args[0]):
        yield Sentence(_words(node.args[0]))
    elif _called(node) == "counted":
        yield Sentence(_words(node.args[2]), _words(node.args[1]))
    elif _called(node) == "add" and len(node.args) > 1 and _is_text(node.args[1]):
        # The acts of the registry, which gives their texts to `tr` itself.
        yield Sentence(_words(node.args[1]))


def bare(path: Path) -> list[Bare]:
    """Texts of a module that a person reads and no translator sees."""
    tree = ast.parse(path.read_text("utf-8"))
    found = {(node.lineno, node.col_offset): _words(node) for node in _like_words(tree)}
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and _called(call) in SHOWS:
            places, names = SHOWS[_called(call)]
            shown = [call.args[place] for place in places if place < len(call.args)]
            shown += [word.value for word in call.keywords if word.arg in names]
            for value in shown:
                words = _words(value)
                if any(letter.isalpha() for letter in words):
                    found[value.lineno, value.col_offset] = words
    return sorted(Bare(place[0], words) for place, words in found.items() if words not in NAMES)


def _called(node: ast.Call) -> str:
    target = node.func
    return target.attr if isinstance(target, ast.Attribute) else getattr(target, "id", "")


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _words(node: ast.AST) -> str:
    """The words of a text that stands in the source, "" for anything else."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(_words(part) for part in node.values)
    if isinstance(node, ast.IfExp):
        return _words(node.body) or _words(node.orelse)
    return ""


def _reads_like_words(node: ast.expr) -> bool:
    """A space between letters, or one word with a capital: not a name of ours, not a key."""
    text = _HTML.sub("", _words(node)).strip()
    if _KEY.match(text) or text in NAMES:
        return False
    several = " " in text and re.search(r"[a-z]{2}", text) is not None
    return several or re.match(r"^[A-Z][a-z]+…?$", text) is not None


def _like_words(node: ast.AST) -> Iterator[ast.expr]:
    """All texts below a node that read like words and stand where one is shown."""
    if isinstance(node, ast.Raise | ast.Compare | ast.Subscript | ast.Assert):
        return
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return
    if isinstance(node, ast.Constant | ast.JoinedStr):
        if _reads_like_words(node):
            yield node
        return
    for child in _shown_children(node):
        yield from _like_words(child)


def _shown_children(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]).endswith(".group"):
        return
    if isinstance(node, ast.AnnAssign):
        yield from [node.value] if node.value is not None else []
        return
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        yield from (*node.body, *node.args.defaults, *filter(None, node.args.kw_defaults))
        return
    if not isinstance(node, ast.Call):
        yield from ast.iter_child_nodes(node)
        return
    called = _called(node)
    if called in UNREAD:
        return
    # The registry translates the texts of acts; an errand's first argument is its key.
    unread = {"add": 1, "start": 0}.get(called, -1)
    yield from (value for place, value in enumerate(node.args) if place != unread)
    yield from (word.value for word in node.keywords if word.arg not in UNREAD_KEYWORDS)
    if isinstance(node.func, ast.Attribute):
        yield node.func.value

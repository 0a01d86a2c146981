"""The strings of the window that go through Qt's translations, and those that do not yet.

Reads the source as a tree: what is given to `tr` is translated; a bare sentence given to a label, a
button, a title or a spoken name is not.
"""

from __future__ import annotations

import ast
from pathlib import Path

UI = Path(__file__).resolve().parents[2] / "clawdesk" / "ui"
# Which arguments of a call a person reads: places, then names.
SHOWS: dict[str, tuple[tuple[int, ...], tuple[str, ...]]] = {
    "SafeLabel": ((0,), ("text",)),
    "Button": ((0,), ("text", "spoken")),
    "PaneHead": ((0,), ("title",)),
    "TickBox": ((0,), ()),
    "Way": ((1,), ("text",)),
    "AskSheet": ((), ("title", "text", "stay")),
    "setAccessibleName": ((0,), ()),
    "setPlaceholderText": ((0,), ()),
    "setWindowTitle": ((0,), ()),
    "set_tip": ((1,), ()),
    "show_text": ((0,), ()),
    "show_title": ((0,), ()),
}


def modules() -> list[Path]:
    """All modules of the window."""
    return sorted(UI.glob("*.py"))


def _called(node: ast.Call) -> str:
    target = node.func
    return target.attr if isinstance(target, ast.Attribute) else getattr(target, "id", "")


def _literal(node: ast.AST) -> str:
    """The words of a string that stands in the source, "" for anything else."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(_literal(part) for part in node.values)
    if isinstance(node, ast.IfExp):
        return _literal(node.body) or _literal(node.orelse)
    return ""


def translated() -> set[str]:
    """Every string that is looked up: those of `tr`, and the texts and groups of acts."""
    found: set[str] = set()
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and _called(node) == "tr" and node.args:
                found.add(_literal(node.args[0]))
            elif isinstance(node, ast.Call) and _called(node) == "add" and len(node.args) > 1:
                found.add(_literal(node.args[1]))
            elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]).endswith(".group"):
                found.add(_literal(node.value))
    return found - {""}


def bare(path: Path) -> list[str]:
    """Sentences of a module that a person reads and that are not translated, with their lines."""
    found = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(node, ast.Call) or _called(node) not in SHOWS:
            continue
        places, names = SHOWS[_called(node)]
        values = [node.args[place] for place in places if place < len(node.args)]
        values += [word.value for word in node.keywords if word.arg in names]
        for value in values:
            words = _literal(value)
            if any(letter.isalpha() for letter in words) and words != "ClawDesk":
                found.append(f"{path.name}:{value.lineno}: {words[:60]!r}")
    return found

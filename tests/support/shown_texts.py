"""Every text of a page: on labels and buttons, painted in lists, spoken, in tooltips and titles.

Said in the language of tests, what stands outside its brackets is data or was not translated.
"""

from __future__ import annotations

import dataclasses
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Set
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QAbstractButton, QLabel, QLineEdit, QPlainTextEdit, QWidget

from clawdesk.ui.button import Button
from clawdesk.ui.ours import ours
from tests.support.pseudo_locale import CLOSE, OPEN

# A translated text, whole or with its end cut off for want of room.
_SAID = re.compile(f"{OPEN}[^{OPEN}{CLOSE}]*(?:{CLOSE}|…|$)")
_BREAKS = re.compile(r"[\n|·→←…]+|\s{2,}|(?<=[,:;.)]) | (?=\()|, ")
_WORD = re.compile(r"[A-Za-z]{3,}")
_TAG = re.compile(r"</?(?:p|br|b|i|span|a|tt|code)\b[^>]*>")
_UNIT = re.compile(r"^[\d., /×–+−-]*(?:[KMGT]iB|CPU|GPU|EUR|h|m|s|ms|W|°C|%)?$")  # noqa: RUF001
# A path, a setting, an address, a key of the keyboard: the same in every language.
_CODE = re.compile(r"^\S*[/_=@.:]\S*\w\S*$|^(?:Ctrl|Alt|Shift)\b.*$|^(?:Enter|Esc|Tab|Space)$")
# A name in a family of forks, a process with its number, a ref cut for a narrow column.
_NAMED = re.compile(r"^[A-Z] |^refs/\S+ | \d+(?: [\d.]+ GiB)?$")
# The names of parts, with a figure behind them.
_PART = re.compile(
    r"^(?:ClawDesk|OpenClaw|CPU|RAM|GPU|libvirt|qemu|Docker|Fabric|Git|HEAD)\b[\d %./GiB-]*$"
)
# Modules that paint what a guest or a user wrote: changes, output, the three sides of a conflict.
_FOREIGN = {
    *("diff_paint", "code_list", "log_view", "conversation_paint", "conflict_view", "highlight")
}
# Fields of the plane's values that hold its own sentences: none of them may be shown as they are.
SENTENCES = {
    *("reason", "yielding", "why", "why_files_only", "approval_reason", "problem", "mend", "text"),
    *("frees", "finish_text", "accelerator_note", "gpu_note", "read_only", "warnings", "mistakes"),
    *(
        "asked_back",
        "progress",
        "exceeded",
        "event",
        "phase",
        "verdict",
        "status",
        "stage",
        "state",
    ),
}


@contextmanager
def painted() -> Iterator[set[str]]:
    """Texts that our own painting draws inside the block."""
    found: set[str] = set()
    real = QPainter.drawText

    def spy(painter: QPainter, *args: object) -> object:
        # No frame is kept: it would keep the painter alive beyond what it paints on.
        if Path(sys._getframe(1).f_code.co_filename).stem not in _FOREIGN:
            found.update(arg for arg in args if isinstance(arg, str))
        return real(painter, *args)  # type: ignore[call-overload]

    with patch.object(QPainter, "drawText", spy):
        yield found


def texts_of(page: QWidget) -> set[str]:
    """What the widgets of a page show or say."""
    found: set[str] = {page.windowTitle()}
    for widget in ours(page):
        if widget.isHidden():
            continue
        found |= {widget.accessibleName(), widget.accessibleDescription(), widget.toolTip()}
        if isinstance(widget, Button):
            found.add(widget.words)
        if isinstance(widget, QLabel | QAbstractButton):
            found.add(widget.text())
        if isinstance(widget, QLineEdit | QPlainTextEdit):
            found.add(widget.placeholderText())
    with painted() as drawn:
        page.grab()
    return (found | drawn) - {""}


def theirs_of(value: object) -> Iterator[str]:
    """Texts of users and guests in the plane's values: all but its own sentences."""
    if isinstance(value, str):
        yield value
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            if field.name not in SENTENCES:
                yield from theirs_of(getattr(value, field.name))
    elif isinstance(value, Mapping):
        for key, part in value.items():
            yield from () if key in SENTENCES else (*theirs_of(key), *theirs_of(part))
    elif isinstance(value, Iterable):
        for part in value:
            yield from theirs_of(part)


def untranslated(texts: Iterable[str], theirs: Set[str], names: Set[str]) -> list[str]:
    """Pieces of texts that are not in the language of tests, not theirs and no name."""
    sentences = sorted((text for text in theirs if " " in text), key=len, reverse=True)
    found = set()
    for text in texts:
        said, rest = "", _TAG.sub("\n", text)
        while said != rest:
            said, rest = rest, _SAID.sub("\n", rest)
        for sentence in sentences:
            rest = rest.replace(sentence, "\n")
        for piece in _BREAKS.split(rest):
            plain = piece.strip(" .,:;?!()“”\"'")
            if not _WORD.search(plain) or any(form.match(plain) for form in (_UNIT, _CODE, _PART)):
                continue
            parts = (plain, _NAMED.sub("", plain))
            if not any(_is_theirs(part, theirs | names, "…" in text) for part in parts):
                found.add(f"{plain!r} in {text[:120]!r}")
    return sorted(found)


def _is_theirs(piece: str, theirs: Set[str], cut: bool) -> bool:
    """A single word must be one that stands alone: in sentences there is every word."""
    if " " in piece:
        return any(piece in text for text in theirs)
    stands = any(piece in text for text in theirs if " " not in text)
    return stands or (cut and any(text.startswith(piece) for text in theirs))

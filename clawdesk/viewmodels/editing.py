"""Whether a file can be edited as text here, and its text; never a version that lost something."""

from __future__ import annotations

import re
from dataclasses import dataclass

from clawdesk.ports.repository import DiffFile, FileSides
from clawdesk.viewmodels.language import tr

EDIT_BYTES_MAX = 256 * 1024
ANSWER_BYTES_MAX = 600 * 1024
"""All edited files of one answer together: what a request to the plane has room for."""
_HIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\ufeff\ufff9-\ufffb\U000e0000-\U000e0fff]"
)


@dataclass(frozen=True, slots=True)
class Editable:
    """`text` has line feeds only; `line_end` is the file's own. `why_not` = it cannot be edited."""

    text: str = ""
    line_end: str = "\n"
    why_not: str = ""

    def with_ends(self, text: str) -> str:
        """An edited text with the file's own line ends."""
        return text.replace("\n", self.line_end)


def editable(file: DiffFile, sides: FileSides) -> Editable:
    """What an editor may open of a file as the task made it."""
    if file.status == "deleted":
        return Editable(why_not=tr("it is deleted: untick it to keep the old file"))
    if sides.why_not:
        return Editable(why_not=sides.why_not)
    return editable_content(sides.new or b"")


def editable_content(content: bytes) -> Editable:
    """What an editor may open of a content."""
    if b"\0" in content:
        return Editable(why_not=tr("it is binary"))
    if len(content) > EDIT_BYTES_MAX:
        return Editable(
            why_not=tr(
                "it has {count:,} bytes; up to {most:,} are edited here",
                count=len(content),
                most=EDIT_BYTES_MAX,
            )
        )
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return Editable(why_not=tr("it is not UTF-8 text"))
    line_end = "\r\n" if "\r\n" in text else "\n"
    plain = text.replace("\r\n", "\n")
    if "\r" in plain or plain.count("\n") != text.count(line_end):
        return Editable(why_not=tr("its lines end in different ways, which an editor would level"))
    hidden = _HIDDEN.search(plain)
    if hidden:
        name = f"U+{ord(hidden.group()):04X}"
        return Editable(why_not=tr("it has characters that do not show ({name})", name=name))
    return Editable(plain, line_end)

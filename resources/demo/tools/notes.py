"""The notes of this project: read them, name them, find copies. Shared by the tools beside it."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path("notes")
SURVEY = Path("survey.json")


@dataclass(frozen=True)
class Note:
    """One note: `date` as YYYY-MM-DD, `topic` one word, `body` the text below the two lines."""

    path: Path
    date: str
    topic: str
    body: str

    @property
    def digest(self) -> str:
        """Equal for notes that say the same, however they are named."""
        plain = " ".join(self.body.split())
        return hashlib.sha256(f"{self.date}\n{plain}".encode()).hexdigest()

    @property
    def first_words(self) -> str:
        return " ".join(self.body.split()[:6])


def read(path: Path) -> Note:
    """Read one note: `Date:` and `Topic:` lines, or the front matter of an earlier tidying."""
    head, _, body = path.read_text(encoding="utf-8").partition("\n\n")
    pairs = (line.split(": ", 1) for line in head.splitlines() if ": " in line)
    fields = {name.lower(): value for name, value in pairs}
    return Note(path, fields.get("date", ""), fields.get("topic", "other"), body.strip())


def read_all() -> list[Note]:
    """All notes, oldest first; those of one day by name, so that every run sees one order."""
    notes = [read(path) for path in FOLDER.rglob("*.md")]
    return sorted(notes, key=lambda note: (note.date, note.path.as_posix()))


def copies(notes: list[Note]) -> list[Note]:
    """Notes that repeat an earlier one, word for word."""
    seen: set[str] = set()
    found = []
    for note in notes:
        if note.digest in seen:
            found.append(note)
        seen.add(note.digest)
    return found


def slug(text: str) -> str:
    """A file name of a text: small letters, digits and hyphens, at most 40 characters."""
    plain = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    return plain[:40].rstrip("-") or "note"


def load_survey() -> dict[str, object]:
    """What the first step found out."""
    found = json.loads(SURVEY.read_text(encoding="utf-8"))
    if not isinstance(found, dict):
        raise SystemExit(f"{SURVEY} is not what the survey step writes")
    return found

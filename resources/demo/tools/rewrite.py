"""Step 2: remove copies, give every note a name and a front matter, sort them into folders.

Prints each change. What was said at a rejection (`claw feedback`) is taken up where it is simple:
"keep" keeps the copies.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import notes


def feedback() -> str:
    """What a person said when this step was rejected, "" the first time."""
    command = ["claw", "feedback"]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.strip()


def front_matter(note: notes.Note, summary: str) -> str:
    """The note's new text; values are quoted as JSON strings, which YAML reads too."""
    lines = ["---", f"date: {note.date}", f"topic: {note.topic}"]
    if summary:
        lines.append(f"summary: {json.dumps(summary, ensure_ascii=False)}")
    return "\n".join([*lines, "---", "", note.body, ""])


def new_path(note: notes.Note, sort: str, taken: set[Path]) -> Path:
    """Where the note goes; a number is added to a name that is taken."""
    if sort == "topic":
        folder, stem = notes.FOLDER / notes.slug(note.topic), notes.slug(note.first_words)
    else:
        folder = notes.FOLDER / (note.date[:4] or "undated")
        stem = f"{note.date[5:]}-{notes.slug(note.first_words)}"
    path, number = folder / f"{stem}.md", 2
    while path in taken:
        path, number = folder / f"{stem}-{number}.md", number + 1
    taken.add(path)
    return path


def main() -> None:
    survey = notes.load_survey()
    said = survey["said"] if isinstance(survey["said"], dict) else {}
    found = notes.read_all()
    wish = feedback()
    if wish:
        print(f"You said: {wish}")
    repeated = [] if "keep" in wish.lower() else notes.copies(found)
    taken: set[Path] = set()
    for note in found:
        note.path.unlink()  # all of them first: a new name may be another note's old one
    for note in found:
        if note in repeated:
            print(f"removed {note.path}, a copy")
            continue
        path = new_path(note, str(survey["sort"]), taken)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(front_matter(note, str(said.get(note.digest, ""))), encoding="utf-8")
        print(f"{note.path} -> {path}")
    print(f"{len(taken)} notes kept, {len(repeated)} copies removed.")


if __name__ == "__main__":
    main()

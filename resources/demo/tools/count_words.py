"""Counts the words of each note into WORDS.md. Calls no model and asks nothing."""

from __future__ import annotations

from pathlib import Path

import notes


def body_words(path: Path) -> int:
    """Words of a note's text; its first lines (dates, topics) do not count."""
    text = path.read_text(encoding="utf-8")
    body = text.split("---\n", 2)[2] if text.startswith("---\n") else text.partition("\n\n")[2]
    return len(body.split())


def main() -> None:
    counts = {path: body_words(path) for path in sorted(notes.FOLDER.rglob("*.md"))}
    rows = [f"| {path.as_posix()} | {count} |" for path, count in counts.items()]
    lines = ["# Words", "", "| note | words |", "|---|---|", *rows, ""]
    Path("WORDS.md").write_text("\n".join(lines), encoding="utf-8")
    print(f"{sum(counts.values())} words in {len(counts)} notes.")


if __name__ == "__main__":
    main()

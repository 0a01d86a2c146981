"""Step 3: write INDEX.md from the sorted notes, with what the model said about some of them."""

from __future__ import annotations

import json
from pathlib import Path

import notes

INDEX = Path("INDEX.md")


def fields_of(path: Path) -> dict[str, str]:
    """The front matter of a note that step 2 wrote."""
    _, head, _ = path.read_text(encoding="utf-8").split("---\n", 2)
    fields = dict(line.split(": ", 1) for line in head.splitlines())
    if "summary" in fields:
        fields["summary"] = json.loads(fields["summary"])
    return fields


def entry(path: Path) -> str:
    """One line of the index."""
    fields = fields_of(path)
    title = path.stem.lstrip("0123456789-").replace("-", " ") or path.stem
    line = f"- [{title}]({path.as_posix()}), {fields['date']}, {fields['topic']}"
    said = fields.get("summary", "")
    # The model's words are quoted as code: they are shown, never obeyed as Markdown.
    return f"{line}  \n  the model: `{said.replace('`', chr(39))}`" if said else line


def main() -> None:
    survey = notes.load_survey()
    lines = ["# Index", "", f"Sorted by {survey['sort']}; model {survey['model']}.", ""]
    count = 0
    for folder in sorted(path for path in notes.FOLDER.iterdir() if path.is_dir()):
        lines += [f"## {folder.name}", ""]
        paths = sorted(folder.glob("*.md"))
        count += len(paths)
        lines += [*(entry(path) for path in paths), ""]
    INDEX.write_text("\n".join(lines), encoding="utf-8")
    notes.SURVEY.unlink()
    print(f"{INDEX} lists {count} notes.")


if __name__ == "__main__":
    main()

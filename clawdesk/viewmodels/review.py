"""A person's review of a checkpoint before it is sent: what is taken, changed and said.

Pure values. A draft belongs to the digest it was made on: of another version only words survive.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

from clawdesk.ports.repository import Diff, DiffFile
from clawdesk.viewmodels.amounts import few_paths
from clawdesk.viewmodels.language import counted, tr
from clawdesk.viewmodels.words import plural, short_path

COMMENTS_MAX = 60
COMMENT_CHARS_MAX = 2_000
QUOTE_CHARS_MAX = 200
NOTE_CHARS_MAX = 8_000
MESSAGE_BYTES_MAX = 24_000
"""What a record in Git has room for beside the names of files (its own limit is 64 KiB)."""


@dataclass(frozen=True, slots=True)
class LineComment:
    """Words on one line of the diff; `side` is "new", or "old" for a removed line."""

    path: str
    line: int
    side: str
    quote: str
    text: str


@dataclass(frozen=True, slots=True)
class Draft:
    """A review that is not sent yet.

    Args:
        digest: the version it was made on.
        left_out: paths that shall not be taken.
        edits: (path, whole new text) of files the person changed.
        rejected: (path, number of the hunk in the shown diff) of hunks that shall not be taken.
        typing: a comment that is still being written.
        editing: (path, text) of a file that is still being edited.
    """

    digest: str = ""
    note: str = ""
    left_out: tuple[str, ...] = ()
    comments: tuple[LineComment, ...] = ()
    edits: tuple[tuple[str, str], ...] = ()
    rejected: tuple[tuple[str, int], ...] = ()
    typing: LineComment | None = None
    editing: tuple[str, str] | None = None

    @property
    def empty(self) -> bool:
        return self == Draft(self.digest)

    @property
    def amends(self) -> bool:
        """Whether what is approved is not exactly what was made."""
        return bool(self.left_out or self.edits or self.rejected)

    def edit_of(self, path: str) -> str | None:
        return next((text for name, text in self.edits if name == path), None)

    def hunks_off(self, path: str) -> frozenset[int]:
        """Numbers of the file's hunks that are not taken."""
        return frozenset(number for name, number in self.rejected if name == path)

    # -- what a person does ------------------------------------------
    def tick(self, path: str, taken: bool) -> Draft:
        """Take a file or leave it out; taking it again takes all its hunks again."""
        others = tuple(p for p in self.left_out if p != path)
        if not taken:
            return replace(self, left_out=tuple(sorted((*others, path))))
        rejected = tuple(r for r in self.rejected if r[0] != path)
        return replace(self, left_out=others, rejected=rejected)

    def toggle_hunk(self, file: DiffFile, number: int) -> Draft:
        """Take a hunk or not. A file without any of its hunks is left out."""
        off = self.hunks_off(file.path) ^ {number}
        others = tuple(r for r in self.rejected if r[0] != file.path)
        left_out = tuple(p for p in self.left_out if p != file.path)
        if file.path in self.left_out:
            # All of it was off: this hunk is the one that is wanted.
            off = frozenset(range(len(file.hunks))) - {number}
        if len(off) == len(file.hunks):
            return replace(self, rejected=others, left_out=tuple(sorted((*left_out, file.path))))
        rejected = tuple(sorted((*others, *((file.path, n) for n in off))))
        return replace(self, rejected=rejected, left_out=left_out)

    def edit(self, path: str, text: str | None) -> Draft:
        """Put a text in the file's place, or give that up (None); its hunks are new ones then."""
        others = tuple(e for e in self.edits if e[0] != path)
        rejected = tuple(r for r in self.rejected if r[0] != path)
        left_out = tuple(p for p in self.left_out if p != path)
        edits = others if text is None else tuple(sorted((*others, (path, text))))
        return replace(self, edits=edits, rejected=rejected, left_out=left_out)

    def comment(self, comment: LineComment) -> Draft:
        """Add a comment, change the one on that line, or remove it where the text is empty."""
        same = (comment.path, comment.line, comment.side)
        kept = [c for c in self.comments if (c.path, c.line, c.side) != same]
        if comment.text.strip():
            kept.append(comment)
        kept.sort(key=lambda c: (c.path, c.line, c.side))
        return replace(self, comments=tuple(kept))

    def comment_on(self, path: str, line: int, side: str) -> LineComment | None:
        at = (path, line, side)
        return next((c for c in self.comments if (c.path, c.line, c.side) == at), None)

    def fit(self, digest: str) -> Draft:
        """What of it holds for the version of that digest."""
        if digest == self.digest or self.empty:
            return replace(self, digest=digest)
        return Draft(digest, self.note, comments=self.comments, typing=self.typing)


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent. `only` None = every file; contents are worked out on the way."""

    task: str
    ordinal: int
    digest: str
    note: str
    draft: Draft
    only: tuple[str, ...] | None = None


def taken(diff: Diff, draft: Draft) -> tuple[DiffFile, ...]:
    return tuple(file for file in diff.files if file.path not in draft.left_out)


def only_paths(diff: Diff, draft: Draft) -> tuple[str, ...] | None:
    """Paths to be taken, None = all; a renamed file counts under both of its names."""
    if not draft.left_out:
        return None
    paths: set[str] = set()
    for file in taken(diff, draft):
        paths.add(file.path)
        if file.status == "renamed":
            paths.add(file.old_path)
    return tuple(sorted(paths))


def approve_words(diff: Diff | None, draft: Draft) -> str:
    """The words on the button."""
    if diff is None or not diff.files:
        return tr("Approve")
    count, whole = len(taken(diff, draft)), len(diff.files)
    if count < whole:
        return counted(
            whole,
            "Approve {taken} of {count} file",
            "Approve {taken} of {count} files",
            taken=count,
        )
    if draft.edits or draft.rejected:
        return counted(whole, "Approve {count} file, changed", "Approve {count} files, changed")
    return counted(whole, "Approve {count} file", "Approve all {count} files")


def why_not_approve(diff: Diff | None, draft: Draft) -> str:
    """Why this cannot be approved, "" when it can."""
    if diff is not None and diff.files and not taken(diff, draft):
        return tr("No file is ticked. To send all of it back, say why and reject it.")
    return too_long(message(diff, draft))


def too_long(text: str) -> str:
    """Why a message is too long to be sent, "" when it is not."""
    if len(json.dumps(text)) > MESSAGE_BYTES_MAX:
        return tr("Note and comments together are longer than an answer can be. Shorten them.")
    return ""


def consequences(diff: Diff | None, draft: Draft) -> tuple[str, ...]:
    """What approving will do beside approving, each a sentence; () for a plain approval."""
    if diff is None or not draft.amends or not taken(diff, draft):
        return ()
    said = []
    if draft.left_out:
        said.append(
            counted(
                len(draft.left_out),
                "{paths} goes back to the agent as not approved, put back as before.",
                "{paths} go back to the agent as not approved, put back as before.",
                paths=few_paths(draft.left_out),
            )
        )
    for path in sorted({path for path, _ in draft.rejected if path not in draft.left_out}):
        count = len(draft.hunks_off(path))
        said.append(
            counted(
                count,
                "{path} is taken without {count} hunk.",
                "{path} is taken without {count} hunks.",
                path=short_path(path),
            )
        )
    edited = [path for path, _ in draft.edits if path not in draft.left_out]
    if edited:
        said.append(tr("{paths} as edited by you.", paths=few_paths(edited)))
    return tuple(said)


def message(diff: Diff | None, draft: Draft) -> str:
    """What the agent reads: the note, then each comment with path, line and the quoted line.

    English beside the person's own words, whatever the window speaks: agents are told so.
    """
    parts = [draft.note.strip()] if draft.note.strip() else []
    for comment in draft.comments:
        removed = " (a removed line)" if comment.side == "old" else ""
        parts.append(
            f"{comment.path}:{comment.line}{removed}\n> {comment.quote}\n{comment.text.strip()}"
        )
    for file in taken(diff, draft) if diff is not None else ():
        for number in sorted(draft.hunks_off(file.path)):
            parts.append(f"Not taken from {file.path}:\n{_hunk_words(file, number)}")
    return "\n\n".join(parts)


def _hunk_words(file: DiffFile, number: int) -> str:
    """The changed lines of a hunk, enough of them to know which one it is."""
    if number >= len(file.hunks):
        return ""
    hunk = file.hunks[number]
    changed = [line for line in hunk.lines if line.origin in "+-"]
    lines = [f"{line.origin}{line.text.rstrip()[:QUOTE_CHARS_MAX]}" for line in changed[:8]]
    more = [f"and {plural(len(changed) - 8, 'more line')}"] if len(changed) > 8 else []
    return "\n".join([hunk.header.rstrip(), *lines, *more])

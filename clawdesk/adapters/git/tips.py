"""The last commit of each task that was durable, kept outside Git (rule G7).

A ref that somebody set back, rewrote or deleted looks sound from inside the repository; only a
memory elsewhere tells. The file is an aid, never a store: without it only this check is lost.
Lines are "TASK COMMIT", the last one of a task counts; a torn last line is left out.
"""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path

import pygit2

from clawdesk.domain.model import TaskId
from clawdesk.ports.errors import RepositoryError

_HEX = frozenset("0123456789abcdef")
COMPACT_FROM = 4
"""The file is written anew when it has this many lines a task."""


class KnownTips:
    """What one repository's tasks last pointed at.

    Args:
        folder: where such files lie; None = nothing is remembered and nothing found.
    """

    def __init__(self, folder: Path | None, common_dir: str) -> None:
        name = hashlib.sha256(common_dir.encode("utf-8", "surrogateescape")).hexdigest()[:24]
        self.file = folder / name if folder is not None else None
        self._mutex = threading.Lock()
        self._tips: dict[TaskId, str] = {}
        self._load()

    def of(self, task: TaskId) -> str:
        """The commit a task last pointed at, as far as we know; "" = unknown."""
        return self._tips.get(task, "")

    def tasks(self) -> list[TaskId]:
        """Every task that was ever noted here."""
        return sorted(self._tips)

    def note(self, task: TaskId, commit: str) -> None:
        """Remember a commit that is durable; a file that cannot be written is no failure."""
        with self._mutex:
            self._tips[task] = commit
            if self.file is None:
                return
            try:
                self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                with self.file.open("a", encoding="ascii") as out:
                    out.write(f"{task} {commit}\n")
            except OSError:
                return

    def check(self, repo: pygit2.Repository, task: TaskId, tip: pygit2.Oid) -> None:
        """Refuse to build on a history that lacks what was durable before.

        Raises:
            RepositoryError: code `rewritten`.
        """
        known = self.of(task)
        if not known or known == str(tip) or _contains(repo, tip, known):
            return
        raise RepositoryError(self.sentence(repo, task), code="rewritten")

    def sentence(self, repo: pygit2.Repository, task: TaskId) -> str:
        """What happened to a task's ref, and what the user can do."""
        known, ref = self.of(task), f"refs/clawdesk/tasks/{task}"
        what = (
            f"{ref} was set back, rewritten or deleted by another program: the commit"
            f" {known[:12]}, which was durable, is not in it any more."
        )
        place = repo.workdir or repo.path
        mend = (
            f"To bring it back: git -C {place} update-ref {ref} {known}"
            if known in repo
            else "That commit is gone from the repository as well; a backup may have it."
        )
        return f"{what} {mend} To go on with what is left: delete {self.file}, and open it again."

    def _load(self) -> None:
        if self.file is None:
            return
        try:
            lines = self.file.read_text("ascii", "replace").splitlines()
        except OSError:
            return
        for line in lines:
            task, _, commit = line.partition(" ")
            if task.isalnum() and len(commit) == 40 and _HEX.issuperset(commit):
                self._tips[task] = commit
        if len(lines) > COMPACT_FROM * len(self._tips) + 100:
            self._compact(self.file)

    def _compact(self, file: Path) -> None:
        new = file.with_suffix(".new")
        try:
            text = "".join(f"{task} {commit}\n" for task, commit in self._tips.items())
            new.write_text(text, "ascii")
            new.replace(file)
        except OSError:
            new.unlink(missing_ok=True)


def _contains(repo: pygit2.Repository, tip: pygit2.Oid, commit: str) -> bool:
    try:
        return commit in repo and repo.descendant_of(tip, commit)
    except (pygit2.GitError, KeyError, ValueError):
        return False

"""Taking the last merge of a task back: branch and files as they were before it.

Only while nothing stands upon it. The branch must still be at the merge's commit, and a file that
the merge changed must be as the merge left it (or as it was before); else nothing is touched and
the user is shown how Git itself does it. The branch moves last, from the commit it was seen at.
"""

from __future__ import annotations

from pathlib import Path

import pygit2

from clawdesk.adapters.git import backups, branches, checkout
from clawdesk.adapters.git.obstacles import obstacle
from clawdesk.adapters.git.opening import Place, open_place, staging_of
from clawdesk.domain.model import TaskId
from clawdesk.ports.errors import ConflictError, RepositoryError

_NOTE = "clawdesk: a merge taken back"


def unmerge(place: Place, task: TaskId, branch: str, commit: str) -> str:
    """Carry it out; returns what was done, for the user.

    Args:
        branch, commit: of the merge, as the task's record has them.
    Raises:
        RepositoryError: codes `own_branch`, `changed`, `in_the_way`, `unknown`; ConflictError with
            the paths the user changed since. Nothing was changed then.
    """
    repo = open_place(place)
    try:
        return _Unmerge(place, repo, branch, commit).run(task)
    finally:
        repo.free()


class _Unmerge:
    """One merge on its way back."""

    def __init__(self, place: Place, repo: pygit2.Repository, branch: str, commit: str) -> None:
        self._place, self._repo = place, repo
        self._branch, self._commit = branch, commit

    def run(self, task: TaskId) -> str:
        repo, branch = self._repo, self._branch
        before = backups.before_merge(repo, task, branch, self._commit)
        if before is None:
            raise self._by_hand("It is not known what was before that merge.", "unknown")
        if before.made_branch:
            raise RepositoryError(
                f"The merge made the branch {branch} and moved none that was there.",
                mend=f"To remove it: git branch -D {branch}",
                code="own_branch",
            )
        reference = repo.references.get(branches.HEADS + branch)
        stands = "" if reference is None else str(reference.target)
        back = f"{branch} is as it was before the merge, at {before.tip[:12]}"
        if stands == before.tip:  # by an undo that died before its record, or by Git itself
            return f"{back}."
        if stands != self._commit:
            raise self._by_hand(f"{branch} has moved on since.", "changed", before.tip)
        made = repo[self._commit].peel(pygit2.Commit)
        tip = repo[before.tip].peel(pygit2.Commit)
        places = branches.checked_out_in(self._place, repo, branch)
        if places:
            self._mind(places, made, tip)
        if not places:
            self._move(made, tip)
            return f"{back}."
        self._with_files(made, tip, staging_of(self._place, task))
        return f"{back}; your files too."

    def _mind(self, places: list[str], made: pygit2.Commit, tip: pygit2.Commit) -> None:
        """Files are put back by us only where a merge would put them there."""
        reason = ""
        if places != [self._place.git_dir]:
            reason = f"{self._branch} is checked out elsewhere ({places[-1]})"
        paths = checkout.paths_between(made.tree, tip.tree)
        reason = reason or obstacle(self._place, self._repo, paths, tip.tree)
        if reason:
            why = f"It is not done here, because {reason}."
            raise self._by_hand(why, "in_the_way", str(tip.id))

    def _move(self, made: pygit2.Commit, tip: pygit2.Commit) -> None:
        branches.move(self._repo, self._branch, made.id, tip.id, "clawdesk: a merge taken back")

    def _with_files(self, made: pygit2.Commit, tip: pygit2.Commit, staging: Path) -> None:
        """Whatever is neither version is the user's, and is not written over."""
        trees = checkout.Trees(made.tree, made.tree, made.tree, made.tree, tip.tree)
        try:
            moves = checkout.plan(self._repo, trees)
            checkout.apply(self._repo, moves, staging, lambda: self._move(made, tip))
        except ConflictError as error:
            raise ConflictError(
                f"You changed {', '.join(error.paths[:5])} since the merge. Nothing was undone.",
                error.paths,
                mend="Put your changes aside first, for example with git stash, then try again.",
            ) from error

    def _by_hand(self, why: str, code: str, tip: str = "") -> RepositoryError:
        """Nothing was changed, and the command that does it with a commit of its own."""
        short = self._commit[:12]
        commits = f"{tip[:12]}..{short}" if tip else short
        return RepositoryError(
            f"{why} Nothing was undone.", mend=f"To take it back: git revert {commits}", code=code
        )

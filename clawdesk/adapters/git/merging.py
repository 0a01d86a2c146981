"""A task's approved work as new commits of the user, on a branch of the user.

The commits are made anew from approved trees: no record, question, prompt or rejected work enters
the branch. The three-way base is the task's start commit, so uncommitted work that was included in
the start is neither committed by the merge nor lost. The branch moves last; a merge that cannot be
finished leaves everything as it was.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import pygit2

from clawdesk.adapters.git import backups, branches, checkout, records, settling
from clawdesk.adapters.git.approved import Approved, Point, approved
from clawdesk.adapters.git.history import DAMAGED, read_chain
from clawdesk.adapters.git.obstacles import obstacle
from clawdesk.adapters.git.opening import Place, open_place, staging_of
from clawdesk.adapters.git.starts import base_of
from clawdesk.domain.model import TaskId
from clawdesk.ports.errors import ConflictError, RepositoryError
from clawdesk.ports.repository import Conflicts, MergeOutcome, Settlement

_TITLE_CHARS_MAX = 120


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the user asked for; `into` "" = the branch HEAD is on."""

    task: TaskId
    into: str
    each_checkpoint: bool
    title: str
    settled: Settlement | None = None


@dataclass(frozen=True, slots=True)
class _Work:
    """What is to be merged, and where the task began."""

    approved: Approved
    base: pygit2.Commit
    start: pygit2.Commit
    final: pygit2.Commit


def merge(place: Place, wanted: Wanted) -> MergeOutcome:
    """Carry out a merge. Raises RepositoryError and ConflictError; then nothing was changed."""
    repo = open_place(place)
    try:
        return _Merge(place, repo, wanted).run()
    finally:
        repo.free()


def conflicts(place: Place, wanted: Wanted) -> Conflicts:
    """What `merge` as one commit would stumble over. Raises as it does; writes nothing."""
    repo = open_place(place)
    try:
        return _Merge(place, repo, wanted).conflicts()
    finally:
        repo.free()


def _work_of(repo: pygit2.Repository, task: TaskId) -> _Work:
    chain = read_chain(repo, task)
    story = chain.history.records
    if story[0].event == DAMAGED:
        raise RepositoryError(
            f"The task cannot be merged. {story[0].fields['why']}.", code="damaged"
        )
    found = approved(story)
    if not found.points:
        raise RepositoryError(
            "There is nothing to merge: no checkpoint of this task is approved or automatic.",
            mend="Approve a checkpoint first.",
            code="nothing_to_merge",
        )
    # A fork's own commits begin in the middle of the work: count from where that began.
    fork = story[0].fields.get("fork")
    begun = str(fork["start"]) if isinstance(fork, dict) else chain.start
    start = repo[begun].peel(pygit2.Commit)
    final = repo[found.points[-1].commit].peel(pygit2.Commit)
    return _Work(found, base_of(repo, start), start, final)


def user_of(repo: pygit2.Repository) -> pygit2.Signature:
    """The user's configured name. Raises RepositoryError `no_identity` when there is none."""
    try:
        return repo.default_signature
    except (KeyError, pygit2.GitError, ValueError) as error:
        raise RepositoryError(
            "Git does not know your name, and a merge is a commit of yours.",
            mend='git config --global user.name "Your Name" && git config --global user.email'
            " you@example.org",
            code="no_identity",
        ) from error


class _Merge:
    """One merge, from the question to the moved branch."""

    def __init__(self, place: Place, repo: pygit2.Repository, wanted: Wanted) -> None:
        self._place = place
        self._repo = repo
        self._wanted = wanted
        self._user = user_of(repo)
        self._branch = branches.wanted_branch(repo, wanted.into)
        self._work = _work_of(repo, wanted.task)
        reference = repo.references.get(branches.HEADS + self._branch)
        self._is_new = reference is None
        self._tip = reference.peel(pygit2.Commit) if reference is not None else self._work.base

    def conflicts(self) -> Conflicts:
        """The files of a merge as one commit that somebody has to look at."""
        found = Conflicts(self._branch, str(self._tip.id), str(self._work.final.id))
        ancestor, theirs = self._ancestor(), self._work.final.tree
        if ancestor.id in {self._tip.tree_id, theirs.id}:
            return found
        index = self._repo.merge_trees(ancestor, self._tip.tree, theirs)
        return replace(found, files=settling.files_of(self._repo, index))

    def run(self) -> MergeOutcome:
        self._check_settled()
        steps = self._steps()
        if steps[-1][0].id == self._tip.tree_id and not self._is_new:
            return self._contained()
        made = self._commit_all(steps)
        places = branches.checked_out_in(self._place, self._repo, self._branch)
        if places and self._is_new:
            raise RepositoryError(
                f"{self._branch} is checked out and has no commit yet, so nothing can be merged"
                " into it.",
                mend="Name another branch, for example: --into main",
                code="unborn",
            )
        if not places:
            return self._move_only(made)
        if places != [self._place.git_dir]:
            other = next(place for place in places if place != self._place.git_dir)
            return self._branch_only(made, f"{self._branch} is checked out elsewhere ({other})")
        paths = checkout.paths_between(self._tip.tree, made.tree)
        reason = obstacle(self._place, self._repo, paths, made.tree)
        if reason:
            return self._branch_only(made, reason)
        return self._with_files(made)

    def _check_settled(self) -> None:
        """A person's decisions count for what was looked at."""
        settled = self._wanted.settled
        now = (str(self._tip.id), str(self._work.final.id))
        if settled is not None and (settled.tip, settled.work) != now:
            raise RepositoryError(
                f"{self._branch} or the task has moved on since the conflicts were looked at."
                " Nothing was merged.",
                mend="Look at the conflicts again.",
                code="changed",
            )

    def _contained(self) -> MergeOutcome:
        """Nothing to do. It names the merge that brought the work, which may be in Git only: where
        a crash came before the record, that record is now made, and is what an undo goes by."""
        text = f"{self._branch} contains this work already; nothing to do."
        known = self._known()
        if known is None:
            return MergeOutcome(str(self._tip.id), self._branch, "fast", text)
        return MergeOutcome(known.merged, self._branch, "fast", text, known.link)

    def _known(self) -> backups.Kept | None:
        """How far the task was merged into the branch before."""
        if self._is_new:
            return None
        return backups.already_merged(self._repo, self._wanted.task, self._tip)

    def _ancestor(self) -> pygit2.Tree:
        known = self._known()
        return known.approved.tree if known is not None else self._work.start.tree

    def _steps(self) -> list[tuple[pygit2.Tree, Point]]:
        """The trees to commit, one a commit: approved trees brought onto the branch's tip."""
        points = self._work.approved.points
        ancestor, ours = self._ancestor(), self._tip.tree
        one = not self._wanted.each_checkpoint or self._wanted.settled is not None
        chosen = points[-1:] if one or self._known() is not None else points
        steps = []
        for point in chosen:
            theirs = self._repo[point.commit].peel(pygit2.Tree)
            merged = self._three_way(ancestor, ours, theirs)
            if merged.id != ours.id:
                steps.append((merged, point))
            ancestor, ours = theirs, merged
        return steps or [(ours, points[-1])]

    def _three_way(
        self, ancestor: pygit2.Tree, ours: pygit2.Tree, theirs: pygit2.Tree
    ) -> pygit2.Tree:
        if ancestor.id == ours.id:
            return theirs
        index = self._repo.merge_trees(ancestor, ours, theirs)
        if self._wanted.settled is not None:
            settling.settle(self._repo, index, self._wanted.settled)
        paths = settling.paths_of(index)
        if paths:
            raise ConflictError(
                f"{self._branch} and the task changed the same places of {', '.join(paths[:5])}."
                " Nothing was merged.",
                paths,
                mend="Commit your own changes first if they are meant, or merge into a new branch"
                " and resolve it there with Git: --into NAME",
            )
        return self._repo[index.write_tree(self._repo)].peel(pygit2.Tree)

    def _commit_all(self, steps: list[tuple[pygit2.Tree, Point]]) -> pygit2.Commit:
        parent = self._tip
        for tree, point in steps:
            title = records.one_line(self._wanted.title)[:_TITLE_CHARS_MAX] or "Work of a task"
            if self._wanted.each_checkpoint and point.step:
                title = f"{title}: {records.one_line(point.step)}"
            message = f"{title}\n\nClawdesk-Task: {self._wanted.task}\n"
            oid = self._repo.create_commit(
                None, self._user, self._user, message, tree.id, [parent.id]
            )
            parent = self._repo[oid].peel(pygit2.Commit)
        return parent

    def _keep(self, made: pygit2.Commit, *, with_files: bool, own_branch: bool = False) -> str:
        return backups.keep(
            self._place,
            self._repo,
            self._wanted.task,
            tip=self._tip,
            branch=self._branch,
            merged=backups.Merged(str(made.id), str(self._work.final.id)),
            with_files=with_files,
            made_branch=own_branch or self._is_new,
        )

    def _move(self, made: pygit2.Commit) -> None:
        note = f"clawdesk: merge of {records.one_line(self._wanted.title)}"
        tip = None if self._is_new else self._tip.id
        branches.move(self._repo, self._branch, tip, made.id, note)

    def _move_only(self, made: pygit2.Commit) -> MergeOutcome:
        backup = self._keep(made, with_files=False)
        self._move(made)
        verb = "Made the branch" if self._is_new else "Merged into"
        return self._outcome(made, f"{verb} {self._branch}.", backup)

    def _with_files(self, made: pygit2.Commit) -> MergeOutcome:
        work = self._work
        trees = checkout.Trees(
            work.base.tree, work.start.tree, work.final.tree, self._tip.tree, made.tree
        )
        moves = checkout.plan(self._repo, trees)
        backup = self._keep(made, with_files=True)
        staging = staging_of(self._place, self._wanted.task)
        checkout.apply(self._repo, moves, staging, lambda: self._move(made))
        return self._outcome(
            made, f"Merged into {self._branch}; your files are up to date.", backup
        )

    def _branch_only(self, made: pygit2.Commit, reason: str) -> MergeOutcome:
        found = self._written(made)
        if found is not None:
            name, made, backup = found
        else:
            name = branches.free_name(self._repo, self._wanted.title)
            backup = self._keep(made, with_files=False, own_branch=True)
            branches.move(self._repo, name, None, made.id, "clawdesk: merge")
        text = (
            f"Written to the branch {name}, because {reason}."
            f" To bring it in, on {self._branch}: git merge --ff-only {name}"
        )
        return MergeOutcome(str(made.id), name, "branch-only", text, backup)

    def _written(self, made: pygit2.Commit) -> tuple[str, pygit2.Commit, str] | None:
        """The same work on a branch that the merge before this one made: branch, commit, backup.

        So a merge that nobody recorded, or that is asked for twice, leaves one branch.
        """
        before = backups.before_last(self._repo, self._wanted.task)
        if before is None or not before.made_branch:
            return None
        last = self._repo.get(before.merged)
        if not isinstance(last, pygit2.Commit):
            return None
        wanted, there = [(c.tree_id, c.parent_ids, c.message) for c in (made, last)]
        name = branches.ours_at(self._repo, last.id) if wanted == there else ""
        return (name, last, before.link) if name else None

    def _outcome(self, made: pygit2.Commit, text: str, backup: str) -> MergeOutcome:
        left = self._work.approved.left_out
        if left:
            text += f" Not included, because not approved: checkpoint {', '.join(map(str, left))}."
        how = "fast" if made.tree_id == self._work.final.tree_id else "commit"
        return MergeOutcome(str(made.id), self._branch, how, text, backup)

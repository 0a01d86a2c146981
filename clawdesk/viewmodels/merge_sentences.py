"""What the plane says of merges and of undoing them; see `plane_sentences`."""

from __future__ import annotations

from clawdesk.viewmodels.language import marked

MERGES = (
    marked("There is nothing to merge: no checkpoint of this task is approved or automatic."),
    marked("Approve a checkpoint first."),
    marked("Git does not know your name, and a merge is a commit of yours."),
    marked("{branch} contains this work already; nothing to do."),
    marked("You changed {paths}, which the task changed too. Nothing was merged."),
    marked(
        "Commit or stash your changes, then merge again; or merge into another branch: --into NAME"
    ),
    marked("{branch} and the task changed the same places of {paths}. Nothing was merged."),
    marked(
        "Commit your own changes first if they are meant, or merge into a new branch and resolve "
        "it there with Git: --into NAME"
    ),
    marked(
        "{branch} or the task has moved on since the conflicts were looked at. Nothing was merged."
    ),
    marked("Look at the conflicts again."),
    marked("Merged into {branch}; your files are up to date."),
    marked("Merged into {branch}."),
    marked("{branch} is as it was before the merge, at {commit}; your files too."),
    marked("{branch} is as it was before the merge, at {commit}."),
    marked("It is not known what was before that merge. Nothing was undone."),
    marked("The merge made the branch {branch} and moved none that was there."),
    marked("{branch} has moved on since. Nothing was undone."),
    marked("It is not done here, because {why}. Nothing was undone."),
    marked("You changed {paths} since the merge. Nothing was undone."),
    marked("Put your changes aside first, for example with git stash, then try again."),
    marked("To take it back: git revert {commits}"),
    marked("To remove it: git branch -D {branch}"),
    marked("The task is not merged."),
)

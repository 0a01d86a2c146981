"""A task that is not there: the message names those that are."""

from __future__ import annotations

import pytest

from clawdesk.adapters.git import GitRepository
from clawdesk.adapters.git.taskfiles import SAID_MAX
from clawdesk.ports.errors import RepositoryError
from tests.support.git_projects import GitProject


async def test_the_tasks_there_are_named(project: GitProject, opened: GitRepository) -> None:
    project.edit({".clawdesk/tasks/untold.toml": ""})
    with pytest.raises(RepositoryError) as refused:
        await opened.start_commit(include_changes=False, definition="other")
    assert refused.value.mend == "This project has: tidy, untold. Or write that file."
    with pytest.raises(RepositoryError) as refused:
        await opened.definition("other")
    assert refused.value.mend == "This project has: tidy. Or write and commit that file."


async def test_of_many_only_some_are_named(project: GitProject, opened: GitRepository) -> None:
    project.edit({f".clawdesk/tasks/t{n:03}.toml": "" for n in range(SAID_MAX + 4)})
    with pytest.raises(RepositoryError, match="There is no task 'other'") as refused:
        await opened.start_commit(include_changes=False, definition="other")
    assert "t019 and 5 more." in refused.value.mend

"""What projects ask of the user, and the user's answer: trust, bound to the bytes they saw."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from clawdesk.domain import policy
from clawdesk.domain.definitions import PROJECT_FILE
from clawdesk.domain.images import ImagePlan
from clawdesk.domain.model import FINAL, ProjectPolicy, Task
from clawdesk.domain.network import Reach
from clawdesk.domain.policy_rules import project_rules, user_rules
from clawdesk.domain.toml_lines import key_lines, line_of
from clawdesk.ports.clock import Clock
from clawdesk.ports.errors import PortError, RepositoryError
from clawdesk.ports.repository import Repository
from clawdesk.runtime.api import Outcome, PolicyView, UserRules
from clawdesk.runtime.settings import Settings
from clawdesk.runtime.trust import Trusted


class Policies:
    """Reads project files for their wishes and keeps the user's answers."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock

    async def at(self, repository: Repository, commit: str) -> tuple[ProjectPolicy, str]:
        """(the project's policy, the digest of its file) in a start commit."""
        asked = await repository.policy(commit)
        return asked, policy.digest(await repository.project_file(commit))

    def catalog(self) -> Reach:
        """What images of the agent catalog alone may be set up from, at this moment."""
        return self._settings.rules.catalog

    def under(self, task: Task) -> Task:
        """A new task under the user's rules."""
        return policy.under(task, self._settings.rules)

    async def view(self, repository: Repository, commit: str = "") -> PolicyView:
        """The project's file in a commit (default HEAD). Raises RepositoryError for a mistake."""
        content = await repository.project_file(commit)
        asked = await repository.policy(commit)
        text = "" if content is None else content.decode(errors="replace").replace("\r\n", "\n")
        rules = self._settings.rules.of(repository.path)
        lines = key_lines(text) if text else {}
        asks = tuple((line_of(lines, w.key), w.words) for w in policy.wishes(asked, rules))
        digest = policy.digest(content)
        dirty = not commit and PROJECT_FILE in (await repository.view()).dirty
        return PolicyView(
            project=repository.path,
            digest=digest,
            asks=asks,
            trusted=digest in self._settings.trusted,
            text=text,
            uncommitted=dirty,
            own_image=await _has_image(repository, commit),
            rules=project_rules(
                asked, text, self._settings.rules, self._settings.text, repository.path
            ),
        )

    def user_rules(self) -> UserRules:
        """What the user's own file says of this machine."""
        settings = self._settings
        return UserRules(
            path=str(settings.policy_path),
            present=settings.policy_path.exists(),
            rules=user_rules(settings.rules, settings.text),
            mistakes=settings.mistakes,
            kept=settings.kept,
        )

    async def trust(self, repository: Repository, digest: str, tasks: Iterable[Task]) -> Outcome:
        """Trust what the user was shown, if a task starts from it or would start from it now."""
        asks = await self._asked(repository, digest, tasks)
        if asks is None:
            return Outcome(
                False,
                f"{PROJECT_FILE} of {repository.path} is not what was shown any more; nothing is "
                f"trusted. Look at it again: clawdesk trust {repository.path}",
            )
        entry = Trusted(digest, repository.path, self._clock.now_ms(), asks)
        try:
            await asyncio.to_thread(self._settings.trust, entry)
        except PortError as error:
            return Outcome(False, error.sentence)
        return Outcome(True, f"Trusted: {PROJECT_FILE} of {repository.path}, as it was shown.")

    async def untrust(self, repository: Repository) -> Outcome:
        """Trust no version of the project's file any more; running tasks go on."""
        present = policy.digest(await repository.project_file())
        try:
            count = await asyncio.to_thread(self._settings.untrust, repository.path, present)
        except PortError as error:
            return Outcome(False, error.sentence)
        if not count:
            return Outcome(True, "It was not trusted; nothing changed.")
        return Outcome(
            True,
            "It is not trusted any more. Tasks that have a machine keep it until they next give "
            "it back; the others wait.",
        )

    async def _asked(
        self, repository: Repository, digest: str, tasks: Iterable[Task]
    ) -> tuple[str, ...] | None:
        """What the file of that digest asks; None = no such file counts for this project."""
        for task in tasks:
            live = task.project == repository.path and task.phase not in FINAL
            if live and digest and task.policy_digest == digest:
                return task.policy_asks
        content = await repository.project_file()
        if content is None or policy.digest(content) != digest:
            return None
        rules = self._settings.rules.of(repository.path)
        return policy.asks(await repository.policy(), rules)


async def _has_image(repository: Repository, commit: str) -> bool:
    """Whether the project's own image file says anything; one with a mistake does."""
    try:
        return await repository.image_plan(commit) != ImagePlan()
    except RepositoryError:
        return True

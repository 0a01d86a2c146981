"""What people decide and wish, as events of the kernel; each returns when it is acknowledged."""

from __future__ import annotations

import getpass
import uuid
from collections.abc import Callable
from typing import Any

from clawdesk.domain import events as ev
from clawdesk.domain.model import Amendment, Reason, TaskId, Verdict
from clawdesk.domain.scheduling import explain
from clawdesk.ports.clock import Clock
from clawdesk.ports.errors import PortError
from clawdesk.runtime.api import Outcome
from clawdesk.runtime.kernel import Kernel
from clawdesk.runtime.projects import Projects


class Intents:
    """The deciding half of `Plane`, which supplies its parts."""

    _kernel: Kernel
    _projects: Projects
    _clock: Clock

    def _now(self) -> int:
        return self._clock.now_ms()

    async def _ask(self, make: Callable[[str], ev.Event]) -> Outcome:
        intent = uuid.uuid4().hex
        answer = self._kernel.expect(intent)
        self._kernel.post(make(intent))
        return await answer

    async def _decide(
        self, task: TaskId, ref: str, verdict: Verdict, channel: str, **more: Any
    ) -> Outcome:
        return await self._ask(
            lambda intent: ev.DecisionGiven(
                self._now(), task, ref, verdict, getpass.getuser(), channel, intent=intent, **more
            )
        )

    async def approve(
        self,
        task: TaskId,
        ordinal: int,
        digest: str,
        *,
        channel: str,
        note: str = "",
        only: tuple[str, ...] | None = None,
        edits: dict[str, bytes] | None = None,
        key: str = "",
    ) -> Outcome:
        verdict, more = Verdict.APPROVED, dict[str, Any](digest=digest, note=note, key=key)
        if only is not None or edits:
            try:
                amendment = await self._amendment(task, ordinal, only, edits or {})
            except PortError as error:
                return Outcome(False, error.sentence)
            verdict = Verdict.AMENDED
            more["amendment"] = amendment
        return await self._decide(task, str(ordinal), verdict, channel, **more)

    async def _amendment(
        self, task: TaskId, ordinal: int, only: tuple[str, ...] | None, edits: dict[str, bytes]
    ) -> Amendment:
        known = self._kernel.known(task)
        checkpoint = known.checkpoint(ordinal)
        if checkpoint is None:
            raise PortError(f"The task has no checkpoint {ordinal}.", code="no_checkpoint")
        repository = self._projects.repository(known.project)
        since = checkpoint.since or known.start_commit
        return await repository.amended(since, checkpoint.commit, only, edits)

    async def reject(
        self, task: TaskId, ordinal: int, digest: str, *, channel: str, note: str, key: str = ""
    ) -> Outcome:
        verdict = Verdict.REJECTED
        return await self._decide(
            task, str(ordinal), verdict, channel, digest=digest, note=note, key=key
        )

    async def answer(
        self, task: TaskId, ref: str, text: str, *, channel: str, key: str = ""
    ) -> Outcome:
        return await self._decide(task, ref, Verdict.ANSWERED, channel, text=text, key=key)

    async def ask_back(
        self, task: TaskId, ref: str, text: str, *, channel: str, key: str = ""
    ) -> Outcome:
        return await self._decide(task, ref, Verdict.ASKED_BACK, channel, text=text, key=key)

    async def restore(self, task: TaskId, ordinal: int, *, channel: str) -> Outcome:
        actor = getpass.getuser()
        return await self._ask(
            lambda intent: ev.RestoreAsked(self._now(), task, ordinal, actor, channel, intent)
        )

    async def prompt(self, task: TaskId, text: str, *, channel: str) -> Outcome:
        actor = getpass.getuser()
        return await self._ask(
            lambda intent: ev.PromptAsked(self._now(), task, text, actor, channel, intent)
        )

    async def cancel(self, task: TaskId, *, channel: str) -> Outcome:
        actor = getpass.getuser()
        return await self._ask(
            lambda intent: ev.CancelAsked(self._now(), task, actor, channel, intent)
        )

    async def why(self, task: TaskId) -> Reason | None:
        self._kernel.known(task)
        return explain(self._kernel.state, task)

    async def yield_now(self, task: TaskId, *, channel: str) -> Outcome:
        return await self._ask(lambda intent: ev.SuspendAsked(self._now(), task, intent))

"""The one writer: inbox → `transitions.step` → effects → notice. It never waits for the outside.

Effects are handed over in order; acknowledgements and notices are delivered right here. An
exception in `step` is a bug: the session ends loudly through `failed`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from clawdesk.domain import effects as do
from clawdesk.domain.events import Event
from clawdesk.domain.model import PlaneState, Reason, Task, TaskId
from clawdesk.domain.transitions import step
from clawdesk.ports.errors import PortError
from clawdesk.runtime.api import Change, Outcome


class Kernel:
    """Owns the plane's state; everything else reads it.

    Args:
        perform: takes every effect that needs the outside world.
        publish: told what changed, after each event.
    """

    def __init__(
        self, perform: Callable[[do.Effect], None], publish: Callable[[Change], None]
    ) -> None:
        # Until the host was looked at and every living machine is counted, nothing starts.
        self.state = PlaneState(environment=Reason("starting", "ClawDesk is starting."))
        self.failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._perform = perform
        self._publish = publish
        self._loop = asyncio.get_running_loop()
        self._waiting: dict[str, asyncio.Future[Outcome]] = {}

    def post(self, event: Event) -> None:
        """Take an event in; on the loop's own thread."""
        if self.failed.done():
            return
        try:
            effects = step(self.state, event)
        except Exception as error:
            self.failed.set_exception(error)
            raise
        notices = tuple(self._deliver(effects))
        for effect in effects:
            if not isinstance(effect, do.Acknowledge | do.Notify):
                self._perform(effect)
        self._publish(Change(tasks=self._changed(event, effects), notices=notices))

    def post_threadsafe(self, event: Event) -> None:
        """Take an event in from any thread."""
        self._loop.call_soon_threadsafe(self.post, event)

    def expect(self, intent: str) -> asyncio.Future[Outcome]:
        """A future that the acknowledgement of `intent` resolves."""
        future: asyncio.Future[Outcome] = self._loop.create_future()
        self._waiting[intent] = future
        return future

    def task(self, task_id: TaskId) -> Task | None:
        return self.state.tasks.get(task_id)

    def known(self, task_id: TaskId) -> Task:
        """Raises PortError for a task that nobody knows."""
        found = self.task(task_id)
        if found is None:
            raise PortError(f"There is no task {task_id}.", code="no_task")
        return found

    def _deliver(self, effects: do.Effects) -> list[str]:
        notices = []
        for effect in effects:
            if isinstance(effect, do.Acknowledge):
                future = self._waiting.pop(effect.intent, None)
                if future is not None and not future.done():
                    future.set_result(Outcome(effect.ok, effect.text))
            elif isinstance(effect, do.Notify):
                notices.append(f"{self._title(effect.task)}: {effect.text}")
        return notices

    def _title(self, task_id: TaskId) -> str:
        task = self.state.tasks.get(task_id)
        return task.title if task else task_id

    @staticmethod
    def _ids(event: Event) -> tuple[TaskId, ...]:
        task = getattr(event, "task", None)
        if task is None:
            return ()
        return (task.id,) if isinstance(task, Task) else (task,)

    def _changed(self, event: Event, effects: do.Effects) -> frozenset[TaskId]:
        ids = set(self._ids(event))
        ids.update(task for e in effects if (task := getattr(e, "task", None)))
        # Reasons that a plan gave anew count as touched: no look at every task per event.
        return frozenset(ids | self.state.touched)

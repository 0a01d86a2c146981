"""Model calls of a simulated world's guests, and what must hold of the sums a plane keeps of them.

Drawn by a generator of their own, so that the rest of a story is the same with and without them.
"""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from clawdesk.domain import events as ev
from clawdesk.domain.model import FINAL, Task
from clawdesk.domain.spending import COUNTED_MAX, GPU, CallUse, Spent, spent_in, total_of
from tests.sim.guests import Guest

if TYPE_CHECKING:
    from tests.sim.world import World

_TOLD = CallUse("", measured=True, by_fabric=True)
KINDS = (
    replace(_TOLD, tokens_in=100, tokens_out=7, model_ms=40, place="gpu", gpu_ms=35),
    replace(_TOLD, tokens_in=5, model_ms=9, place="processors", gpu_ms=0),
    replace(_TOLD, tokens_in=9, tokens_out=2, cost_micro=40, currency="EUR"),
    CallUse("", failed=True),
    CallUse(""),
)


class Calls:
    """Of each task: `made`, the names of the calls that some plane was told of."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._random = random.Random(f"calls {world.seed}")
        self.made: dict[str, set[str]] = {}
        self._spent: dict[str, Spent] = {}  # as the present plane has it
        self._ended: dict[str, list[CallUse]] = {}  # what the Fabric tells of each task's calls

    def make(self, guest: Guest) -> None:
        """A process inside may have called a model; now and then a call is told twice."""
        draw = self._random
        uses = []
        for _ in range(draw.choice((0, 0, 1, 3))):
            name = f"call{draw.getrandbits(40):x}"
            uses.append(replace(draw.choice(KINDS), name=name, run=guest.inside.run))
        if not uses or not guest.connected:
            return
        known = self.made.setdefault(guest.task, set())
        known.update(use.name for use in uses)
        self._ended.setdefault(guest.task, []).extend(use for use in uses if use.by_fabric)
        for _ in range(draw.choice((1, 1, 2))):
            world = self._world
            world.post(ev.ModelsUsed(world.now_ms, guest.task, guest.name, tuple(uses)))

    def forget(self) -> None:
        """The plane was killed: the next one knows what Git knows."""
        self._spent.clear()

    def recall(self, task: Task, guest: Guest) -> None:
        """As runtime.live does for a machine that is taken up: none is missing then, none twice."""
        world, listed = self._world, self._ended.get(task.id, [])
        missing = tuple(replace(u, run=guest.inside.run) for u in task.spending.uncounted(listed))
        if missing:
            world.post(ev.ModelsUsed(world.now_ms, task.id, guest.name, missing))
        present = world.state.tasks[task.id]
        # One whose end is being committed takes no more of them in.
        counts = present.machine == guest.name and not present.finish_asked
        if counts and len(listed) <= COUNTED_MAX:
            on_gpu = sum(use.place == GPU for use in listed)
            assert present.spending.total.on_gpu == on_gpu, f"{task.id} {world.tell()}"

    def check(self, event: ev.Event) -> None:
        """A plane's sums never shrink, and begin with what Git says."""
        task_id = getattr(event, "task", "")
        task = self._world.state.tasks.get(task_id) if isinstance(task_id, str) else None
        if isinstance(event, ev.TaskRecovered):
            task = self._world.state.tasks[event.task.id]
            assert task.spending.steps == last_in_git(self._world, task.id), self._world.tell()
        if task is None:
            return
        before, now = self._spent.get(task.id, Spent()), task.spending.total
        assert not_less(now, before), f"{task.id}: {before} {now} {self._world.tell()}"
        self._spent[task.id] = now

    def check_end(self, task: Task, where: str) -> None:
        """No call counts twice, and the audit trail only grows, up to what the plane says."""
        spent = task.spending.total
        assert spent.calls <= len(self.made.get(task.id, ())), f"{task.id}: {spent} {where}"
        trail = [Spent()]
        for record in self._world.outside.log[task.id]:
            if steps := spent_in(record.fields):
                trail.append(total_of(steps))
        grows = all(not_less(after, before) for before, after in pairwise(trail))
        assert grows, f"{task.id}: {trail} {where}"
        if task.phase in FINAL and self._world.outside.log[task.id][-1].event == "finished":
            assert trail[-1] == spent, f"{task.id}: {trail[-1]} {spent} {where}"


def last_in_git(world: World, task: str) -> tuple[object, ...]:
    found = (spent_in(record.fields) for record in reversed(world.outside.log[task]))
    return next((steps for steps in found if steps), ())


def not_less(after: Spent, before: Spent) -> bool:
    """Every number of it, and every currency."""
    costs = dict(after.costs)
    return all(
        getattr(after, name) >= getattr(before, name) for name in Spent.__slots__ if name != "costs"
    ) and all(costs.get(currency, 0) >= micro for currency, micro in before.costs)

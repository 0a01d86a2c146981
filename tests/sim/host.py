"""What happens to a simulated world's host, projects and rules while its tasks work.

The host gives less to machines for a while, libvirt is gone, a project's folder is away, the user
changes the rules: each comes at a random moment and is over in the end. Drawn by a generator of its
own, so that the rest of a story is the same with and without it.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from clawdesk.domain import events as ev
from clawdesk.domain.invariants import total_use
from clawdesk.domain.model import Capacity, Reason
from clawdesk.domain.rules import ProjectRules, Quota, Rules
from clawdesk.domain.scheduling import in_use

if TYPE_CHECKING:
    from tests.sim.world import World

GONE = Reason("no_libvirt", "libvirt does not answer.", "it is started again")
AWAY = Reason("project_unavailable", "The folder is not there.", "bring it back")


class Host:
    """The host of one world.

    Args:
        changes: how often something happens to it.
    """

    def __init__(self, world: World, rules: Rules, changes: int) -> None:
        self._world, self._rules = world, rules
        self._random = random.Random(world.seed + 1_000_003)
        self._used = Capacity(0, 0, 0)
        self.capacity = Capacity(world.slots, 512 * world.slots, 8)
        for _ in range(changes):
            world.later(self._random.randint(1, 6_000), self._change)

    def look(self) -> None:
        """A plane learns of the user's rules and of the host; from now on it may start tasks."""
        self._tell_rules(self._rules)
        self._offer(self.capacity)

    def check(self, event: ev.Event) -> None:
        """After every event: nothing starts on a host that has no room for it."""
        state = self._world.state
        used, before = in_use(state.tasks.values()), self._used
        self._used = used
        if state.environment is None and state.capacity == self.capacity:
            total_use(state)
        if isinstance(event, ev.TaskRecovered):
            return  # a machine that lives is counted, whatever the host offers
        for name in ("cpu_count", "memory_mib", "machines"):
            room = getattr(state.capacity, name) if state.environment is None else 0
            now, earlier = getattr(used, name), getattr(before, name)
            assert now <= max(room, earlier), f"{name}: {now} of {room}, {earlier} before"

    def _change(self) -> None:
        acts = (self._shrinks, self._loses_libvirt, self._loses_a_project, self._has_other_rules)
        over = self._random.choice(acts)()
        self._world.later(self._random.randint(50, 3_000), over)

    def _shrinks(self) -> Callable[[], None]:
        slots = self._random.randint(0, self._world.slots - 1)
        self._offer(Capacity(slots, 512 * slots, 8))
        return partial(self._offer, self.capacity)

    def _loses_libvirt(self) -> Callable[[], None]:
        self._offer(self.capacity, GONE)
        return partial(self._offer, self.capacity)

    def _loses_a_project(self) -> Callable[[], None]:
        project = self._random.choice(("/p0", "/p1"))

        def pause(why: Reason | None) -> None:
            self._world.post(ev.ProjectPaused(self._world.now_ms, project, why))

        pause(AWAY)
        return partial(pause, None)

    def _has_other_rules(self) -> Callable[[], None]:
        quota = ProjectRules(quota=Quota(machines=1, machines_borrow=self._random.randint(0, 1)))
        held_s = self._random.randint(0, 4)
        other = replace(self._rules, held_memory_s=held_s, margin=1, projects={"/p0": quota})
        self._tell_rules(other)
        return partial(self._tell_rules, self._rules)

    def _offer(self, capacity: Capacity, environment: Reason | None = None) -> None:
        self._world.post(ev.CapacityChanged(self._world.now_ms, capacity, environment))

    def _tell_rules(self, rules: Rules) -> None:
        self._world.post(ev.RulesChanged(self._world.now_ms, rules, frozenset()))

"""Keeps machine snapshots under the user's cap, and shows what they occupy.

Looked at after checkpoints and every minute. A look goes through every machine file, which beside
a quick step is felt: there is a second at least from one to the next, unless the cap is reached by
what is known. A snapshot that no longer fits is not taken: its checkpoint then holds files only,
and says why.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from clawdesk.domain import events as ev
from clawdesk.domain.model import PlaneState, Snapshot
from clawdesk.domain.retention import GIB, Decided, Forget, Kept, decide, still_spare
from clawdesk.ports.clock import Clock
from clawdesk.ports.errors import PortError
from clawdesk.ports.machines import DiskUse, Machines
from clawdesk.runtime.api import Outcome

LOOK_S = 60.0
REST_S = 1.0
MIB = 1 << 20
ROUNDS_MAX = 8
"""Snapshots that share files free nothing one by one, so it is looked again after each round."""


class Retention:
    """Gives snapshots up where policy says so.

    Args:
        post: tells the plane which checkpoint lost its machine.
        say: takes a sentence for the user.
    """

    def __init__(
        self,
        machines: Machines,
        state: PlaneState,
        clock: Clock,
        *,
        post: Callable[[ev.Event], None],
        say: Callable[[str], None],
    ) -> None:
        self._machines = machines
        self._state = state
        self._clock = clock
        self._post = post
        self._say = say
        self._alone = asyncio.Lock()
        self._wake = asyncio.Event()
        self._full = asyncio.Event()
        self._bytes = 0  # of all snapshots: as last measured, and what was taken since
        self._said_over = False

    def taken(self, snapshot: Snapshot) -> None:
        """A checkpoint's snapshot was made; look again soon."""
        self._bytes += snapshot.bytes
        self._wake.set()
        if self._bytes > self._state.rules.snapshot_gib_max * GIB:
            self._full.set()

    async def keep_looking(self) -> None:
        """Enforce policy until cancelled."""
        while True:
            self._wake.clear()
            self._full.clear()
            await self.enforce()
            await _until(self._full, REST_S)
            await _until(self._wake, LOOK_S)

    async def disk_use(self) -> DiskUse:
        """What machine files occupy now. Raises PortError."""
        return await self._machines.disk_use()

    async def remove_images(self, images: tuple[str, ...]) -> Outcome:
        """Remove guest images that nothing stands on; what was shown may have changed since."""
        try:
            gone = await self._machines.remove_images(images)
        except PortError as error:
            return Outcome(False, error.sentence)
        if not gone:
            return Outcome(False, "No guest image was removed: each is gone, or needed by now.")
        text = f"Removed guest images: {len(gone)}, {sum(one.bytes for one in gone) / MIB:.0f} MiB."
        if len(gone) < len(images):
            text += " The others are gone, or needed by now."
        return Outcome(True, text)

    async def room_for(self, memory_mib: int) -> str:
        """Make room for a snapshot of a machine of that size; "" = there is, else why not."""
        wanted_bytes = memory_mib * MIB
        cap_bytes = self._state.rules.snapshot_gib_max * GIB
        if self._bytes + wanted_bytes <= cap_bytes:
            return ""
        over = await self.enforce(wanted_bytes)
        if not over:
            return ""
        return (
            f"A snapshot of this machine may take {wanted_bytes / GIB:.1f} GiB; all of them occupy"
            f" {(cap_bytes + over - wanted_bytes) / GIB:.1f} GiB of the {cap_bytes // GIB} GiB that"
            " are allowed, and those left are needed by tasks that go on. End some, or raise"
            " snapshots.gib_max in policy.toml."
        )

    async def enforce(self, wanted_bytes: int = 0) -> int:
        """Give up what policy says. Returns bytes over the cap that cannot be helped."""
        async with self._alone:
            decided = Decided(())
            try:
                for _ in range(ROUNDS_MAX):
                    decided = await self._decide(wanted_bytes)
                    if not decided.forget:
                        break
                    for one in decided.forget:
                        await self._forget(one)
            except PortError as error:
                self._say_over(f"Snapshots could not be tidied: {error.sentence}")
                return 0
            if decided.bytes_over and not wanted_bytes:
                self._say_over(
                    "Machine snapshots occupy more than policy.toml allows, and tasks that go on"
                    " need all of them."
                )
            elif not decided.bytes_over:
                self._said_over = False
            return decided.bytes_over

    def _say_over(self, text: str) -> None:
        """Once, until it is mended: this is looked at every minute."""
        if not self._said_over:
            self._said_over = True
            self._say(text)

    async def _decide(self, wanted_bytes: int) -> Decided:
        use = await self._machines.disk_use()
        self._bytes = use.snapshots_bytes
        kept = [
            Kept(s.id, s.task, s.ordinal, s.bytes, s.at_ms, s.memory, s.memory_bytes)
            for s in use.snapshots
        ]
        return decide(
            self._state.tasks,
            kept,
            use.snapshots_bytes,
            self._state.rules,
            self._clock.now_ms(),
            wanted_bytes=wanted_bytes,
        )

    async def _forget(self, one: Forget) -> None:
        """Tell first: from then on nothing goes back to it.

        It may be gone back to since it was decided: those before it took their time.
        """
        task = self._state.tasks.get(one.task)
        if task is not None and not still_spare(task, one):
            return
        checkpoint = task.checkpoint(one.ordinal) if task is not None else None
        snapshot = checkpoint.snapshot if checkpoint is not None else None
        self._post(
            ev.SnapshotForgotten(self._clock.now_ms(), one.task, one.ordinal, one.snapshot, one.why)
        )
        if snapshot is None or snapshot.id != one.snapshot:
            snapshot = Snapshot(one.snapshot, 0.0, 0.0, 0)
        await self._machines.forget(snapshot)


async def _until(event: asyncio.Event, within_s: float) -> None:
    """Wait for it, and no longer than that."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(within_s):  # `wait_for` may swallow what cancels the caller
            await event.wait()

"""The disk of a scripted plane: what a scene says it holds, and clean-ups that are written down."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from clawdesk.ports.machines import DiskUse
from clawdesk.runtime.api import Outcome


class FakeDisk:
    """The part of `FakePlane` that looks after machine files."""

    use: DiskUse

    async def _enter(self, name: str, *what: Any) -> None:
        """Write the act down; the fake this is a part of says how."""
        raise NotImplementedError

    async def disk_use(self) -> DiskUse:
        await self._enter("disk_use")
        return self.use

    async def prune(self, keep_days: float) -> Outcome:
        await self._enter("prune", keep_days)
        return Outcome(True, "nothing to prune")

    async def stop_prune(self) -> None:
        await self._enter("stop_prune")

    async def remove_images(self, images: tuple[str, ...]) -> Outcome:
        await self._enter("remove_images", images)
        left = tuple(one for one in self.use.images if one.id not in images)
        freed = sum(one.bytes for one in self.use.images if one.id in images)
        self.use = replace(self.use, images=left, images_bytes=self.use.images_bytes - freed)
        return Outcome(True, f"Removed guest images: {len(images)}, {freed >> 20} MiB.")

"""The part of a plane's client that looks after machine files."""

from __future__ import annotations

from typing import Any

from clawdesk.ports.machines import DiskUse
from clawdesk.runtime.api import Outcome


class DiskCalls:
    """Asks the plane what occupies the disk, and to clean up. See `PlaneApi`."""

    async def _call(self, method: str, *args: object, **params: object) -> Any:
        """Ask the plane; the client this is a part of says how."""
        raise NotImplementedError

    async def disk_use(self) -> DiskUse:
        use: DiskUse = await self._call("disk_use")
        return use

    async def prune(self, keep_days: float) -> Outcome:
        outcome: Outcome = await self._call("prune", keep_days)
        return outcome

    async def remove_images(self, images: tuple[str, ...]) -> Outcome:
        outcome: Outcome = await self._call("remove_images", images)
        return outcome

    async def stop_prune(self) -> None:
        await self._call("stop_prune")

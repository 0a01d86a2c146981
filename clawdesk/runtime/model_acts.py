"""What a person does with models and peers: load, pin, reserve, revoke. The Fabric decides.

A refusal of the Fabric becomes an Outcome, with its own words and figures.
"""

from __future__ import annotations

from collections.abc import Awaitable

from clawdesk.ports.errors import InferenceError
from clawdesk.runtime.api import Outcome
from clawdesk.runtime.watch import HostWatch, Parts


class ModelActs:
    """The part of `Plane` that speaks with the Fabric for a person."""

    _parts: Parts
    _watch: HostWatch

    async def load_model(self, model: str) -> Outcome:
        up = await self._parts.inference.ensure_up()
        if not up.version:
            return Outcome(False, f"{model} is not loaded: {up.problem}. {up.mend}".strip())
        return await self._act(
            self._parts.inference.load_model(model), f"{model} is ready.", f"{model} is not loaded"
        )

    async def unload_model(self, model: str) -> Outcome:
        return await self._act(
            self._parts.inference.unload_model(model),
            f"{model} is unloaded.",
            f"{model} is not unloaded",
        )

    async def pin_model(self, model: str, pinned: bool) -> Outcome:
        done = "stays loaded until you unpin it" if pinned else "may be unloaded again"
        return await self._act(
            self._parts.inference.pin_model(model, pinned),
            f"{model} {done}.",
            f"{model} is not {'pinned' if pinned else 'unpinned'}",
        )

    async def reserve_model(
        self, model: str, project: str, from_s: float, until_s: float
    ) -> Outcome:
        return await self._act(
            self._parts.inference.reserve_model(model, project, from_s, until_s),
            f"{model} is reserved.",
            f"{model} is not reserved",
        )

    async def end_reservation(self, reservation: str) -> Outcome:
        return await self._act(
            self._parts.inference.end_reservation(reservation),
            "The reservation has ended.",
            "The reservation has not ended",
        )

    async def set_budget(self, project: str, gpu_hours: float, tokens: int) -> Outcome:
        return await self._act(
            self._parts.inference.set_budget(project, gpu_hours, tokens),
            "The budget counts from now on.",
            "The budget is as it was",
        )

    async def set_weight(self, project: str, weight: float) -> Outcome:
        return await self._act(
            self._parts.inference.set_weight(project, weight),
            "The weight counts from now on.",
            "The weight is as it was",
        )

    async def revoke_peer(self, name: str) -> Outcome:
        return await self._act(
            self._parts.inference.revoke_peer(name),
            f"Peer {name} is revoked: nothing is lent to it or borrowed of it any more.",
            f"Peer {name} is not revoked",
        )

    async def _act(self, call: Awaitable[None], done: str, failed: str) -> Outcome:
        """Do it, and look at the Fabric again, so that every window shows what came of it."""
        try:
            await call
        except InferenceError as error:
            return Outcome(False, f"{failed}: {error.sentence}")
        finally:
            await self._watch.look_at_fabric()
        return Outcome(True, done)

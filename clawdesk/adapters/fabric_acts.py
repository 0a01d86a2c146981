"""What a person does with models and peers, as requests to the Fabric; part of `FabricClient`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from clawdesk.adapters.fabric_figures import peering_of
from clawdesk.ports.errors import InferenceError
from clawdesk.ports.models import Peering

CONTROL_S_MAX = 30.0
FIGURES_S_MAX = 5.0
"""Figures that do not come in time are left out: the window never waits for them."""
LOAD_S_MAX = 3600.0
"""A load or an unload may take long; the status shows its progress meanwhile."""
NO_PATH = "not_found"
"""The code of a refusal by a Fabric that does not know such a request: an older one."""


class FabricActs:
    """The requests of `Inference` that name a model, a project or a peer."""

    async def _control(
        self,
        method: str,
        target: str,
        body: Mapping[str, object] | None,
        s_max: float = CONTROL_S_MAX,
    ) -> dict[str, Any]:
        """Given by the client this is a part of."""
        raise NotImplementedError

    async def load_model(self, model: str) -> None:
        await self._control("POST", f"/fabric/v1/models/{quote(model, '')}/load", {}, LOAD_S_MAX)

    async def unload_model(self, model: str) -> None:
        await self._control("POST", f"/fabric/v1/models/{quote(model, '')}/unload", {}, LOAD_S_MAX)

    async def pin_model(self, model: str, pinned: bool) -> None:
        target = f"/fabric/v1/models/{quote(model, '')}/pin"
        await self._control("POST", target, {"pinned": pinned})

    async def reserve_model(self, model: str, project: str, from_s: float, until_s: float) -> None:
        asked = {"model": model, "project": project, "from": from_s, "until": until_s}
        await self._control("POST", "/fabric/v1/reservations", asked)

    async def end_reservation(self, reservation: str) -> None:
        await self._control("POST", "/fabric/v1/reservations/end", {"id": reservation})

    async def set_budget(self, project: str, gpu_hours: float, tokens: int) -> None:
        asked = {"project": project, "gpu_hours": gpu_hours, "tokens": tokens}
        await self._control("POST", "/fabric/v1/projects", asked)

    async def set_weight(self, project: str, weight: float) -> None:
        asked = {"project": project, "weight": weight}
        await self._control("POST", "/fabric/v1/projects", asked)

    async def peers(self) -> Peering:
        try:
            return peering_of(await self._control("GET", "/fabric/v1/peers", None, FIGURES_S_MAX))
        except InferenceError as error:
            if error.code == NO_PATH:
                return Peering()
            raise

    async def revoke_peer(self, name: str) -> None:
        await self._control("POST", f"/fabric/v1/peers/{quote(name, '')}/revoke", {})

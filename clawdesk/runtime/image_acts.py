"""What a person lets the images of catalog agents be set up from: asked once, written, taken back.

Only what this computer's own installers are set to can be allowed by it; other hosts are a person's
to write into their file.
"""

from __future__ import annotations

import asyncio
import contextlib

from clawdesk.domain.agents import KINDS
from clawdesk.domain.images import ImagePlan, with_kind
from clawdesk.domain.model import MachineNeed
from clawdesk.domain.network import Reach
from clawdesk.domain.package_sources import PackageSource, offered
from clawdesk.domain.policy_rules import catalog_line
from clawdesk.ports.errors import MachineError, PortError
from clawdesk.runtime.api import CatalogAccess, Outcome
from clawdesk.runtime.deeds import IMAGES
from clawdesk.runtime.settings import Settings
from clawdesk.runtime.watch import HostWatch, Parts


class ImageActs:
    """The part of `Plane` that looks after the rule for images of the catalog."""

    _parts: Parts
    _settings: Settings
    _watch: HostWatch

    async def catalog_access(self) -> CatalogAccess:
        sources = await self._sources()
        settings = self._settings
        return CatalogAccess(
            sources=sources,
            hosts=settings.rules.catalog.hosts,
            own=settings.rules.catalog.own_networks,
            path=str(settings.policy_path),
            line=catalog_line(settings.text),
            built=await self._built(),
        )

    async def allow_catalog(self, hosts: tuple[str, ...], own: tuple[str, ...]) -> Outcome:
        sources = await self._sources()
        wanted = offered(sources)
        if (wanted.hosts, wanted.own_networks) != (hosts, own) or not hosts:
            return Outcome(
                False,
                "Where this computer gets packages is not what was shown any more; nothing is "
                "allowed. Look at it again: clawdesk images allow",
            )
        text = f"Images of agents may be set up from {', '.join(hosts)}."
        return await self._write(Reach(hosts, own), text)

    async def take_back_catalog(self) -> Outcome:
        if not self._settings.rules.catalog.hosts:
            return Outcome(True, "No host was allowed for images of agents; nothing changed.")
        text = "Images of agents may be set up from nowhere any more. Those that are built stay."
        return await self._write(None, text)

    async def _write(self, reach: Reach | None, text: str) -> Outcome:
        try:
            if reach is None:
                await asyncio.to_thread(self._settings.take_back_catalog)
            else:
                await asyncio.to_thread(self._settings.allow_catalog, reach)
        except PortError as error:
            return Outcome(False, error.sentence)
        self._watch.rules_changed()
        return await self._note(Outcome(True, text), IMAGES)

    async def _note(self, outcome: Outcome, kind: str, project: str = "") -> Outcome:
        """Write down what was done; given by the plane this is a part of."""
        raise NotImplementedError

    async def _sources(self) -> tuple[PackageSource, ...]:
        set_ups = self._parts.set_ups
        return await asyncio.to_thread(set_ups.sources) if set_ups is not None else ()

    async def _built(self) -> tuple[str, ...] | None:
        """Agents whose image is there for a machine as it usually is; None = who knows."""
        found = []
        with contextlib.suppress(MachineError):
            for kind in KINDS.values():
                plan = with_kind(ImagePlan(), kind)
                if not plan.is_empty:
                    layer = await self._parts.machines.find_layer(MachineNeed(), plan.digest)
                    found += [kind.name] if layer.ready else []
            return tuple(found)
        return None

"""The calls of a client about policy, trust and what is allowed, and what was done of it."""

from __future__ import annotations

from typing import Any

from clawdesk.domain.model import TaskId
from clawdesk.runtime.api import CatalogAccess, Outcome, PolicyView, UserRules
from clawdesk.runtime.deeds import Deed


class RuleCalls:
    """The part of `PlaneClient` that asks for rules."""

    async def _call(self, method: str, *args: object, **params: object) -> Any:
        """Ask the plane; the client this is a part of says how."""
        raise NotImplementedError

    async def project_policy(self, project: str, task: TaskId = "") -> PolicyView:
        view: PolicyView = await self._call("project_policy", project, task)
        return view

    async def deeds(self) -> tuple[Deed, ...]:
        deeds: tuple[Deed, ...] = await self._call("deeds")
        return deeds

    async def user_rules(self) -> UserRules:
        rules: UserRules = await self._call("user_rules")
        return rules

    async def trust(self, project: str, digest: str) -> Outcome:
        outcome: Outcome = await self._call("trust", project, digest)
        return outcome

    async def untrust(self, project: str) -> Outcome:
        outcome: Outcome = await self._call("untrust", project)
        return outcome

    async def catalog_access(self) -> CatalogAccess:
        access: CatalogAccess = await self._call("catalog_access")
        return access

    async def allow_catalog(self, hosts: tuple[str, ...], own: tuple[str, ...]) -> Outcome:
        outcome: Outcome = await self._call("allow_catalog", hosts, own)
        return outcome

    async def take_back_catalog(self) -> Outcome:
        outcome: Outcome = await self._call("take_back_catalog")
        return outcome

"""The part of the scripted plane that shows and changes rules: policy, trust, hosts for images."""

from __future__ import annotations

from dataclasses import replace

from clawdesk.domain.model import PlaneState, Task, TaskId
from clawdesk.runtime.api import CatalogAccess, Outcome, PolicyView, UserRules
from tests.support import trust_scene


class FakeRules:
    """`access` is what holds for images of agents, and changes as a person wants it."""

    state: PlaneState
    answers: dict[str, Outcome]
    access = trust_scene.ALLOWED
    trusts_file = False
    policy: PolicyView | None = None  # of a project, in place of the usual scene

    async def _enter(self, name: str, *arguments: object) -> None:
        raise NotImplementedError

    def put(self, task: Task) -> None:
        raise NotImplementedError

    async def project_policy(self, project: str, task: TaskId = "") -> PolicyView:
        await self._enter("project_policy", project, task)
        found = self.state.tasks.get(task)
        if found is None:
            return self.policy or replace(trust_scene.policy(project), trusted=self.trusts_file)
        asks = tuple(enumerate(found.policy_asks, 1))
        trusted = found.policy_digest in self.state.trusted
        return PolicyView(project, found.policy_digest, asks, trusted, trust_scene.PROJECT_FILE)

    async def user_rules(self) -> UserRules:
        await self._enter("user_rules")
        return trust_scene.own_rules(self.access)

    async def catalog_access(self) -> CatalogAccess:
        await self._enter("catalog_access")
        return self.access

    async def allow_catalog(self, hosts: tuple[str, ...], own: tuple[str, ...]) -> Outcome:
        await self._enter("allow_catalog", hosts, own)
        if refused := self.answers.get("allow_catalog"):
            return refused
        self.access = replace(self.access, hosts=hosts, own=own, line=trust_scene.RULE_LINE)
        return Outcome(True, f"Images of agents may be set up from {', '.join(hosts)}.")

    async def take_back_catalog(self) -> Outcome:
        await self._enter("take_back_catalog")
        self.access = replace(self.access, hosts=(), own=(), line=0)
        text = "Images of agents may be set up from nowhere any more. Those that are built stay."
        return Outcome(True, text)

    async def trust(self, project: str, digest: str) -> Outcome:
        await self._enter("trust", project, digest)
        self.state.trusted |= {digest}
        self.trusts_file = True
        for task in list(self.state.tasks.values()):
            if task.policy_digest == digest and task.reason is not None:
                self.put(replace(task, reason=None))
        return Outcome(True, "Trusted.")

    async def untrust(self, project: str) -> Outcome:
        await self._enter("untrust", project)
        self.trusts_file = False
        return Outcome(True, "It is not trusted any more.")

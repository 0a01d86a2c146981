"""Bearer tokens: who may call what. In memory only; after a restart clients ask for new ones.

Keeps digests, never a token itself, so that neither a log nor a core dump of this table speaks for
a task.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass

from clawdesk_fabric.errors import FabricError
from clawdesk_fabric.model import CallClass

PREFIX = "cdk-"


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token stands for.

    Args:
        models: names it may use; empty = every model of the catalog.
        priority_min: bound of what a call may ask for; so is `priority_max`.
        peers: it may use models that other machines lend.
    """

    project: str = ""
    task: str = ""
    attempt: int = 0
    call_class: CallClass = CallClass.AGENT
    models: frozenset[str] = frozenset()
    priority_min: int = 0
    priority_max: int = 0
    peers: bool = False

    def allows(self, model: str) -> bool:
        return not self.models or model in self.models

    def bounded(self, suggestion: int) -> int:
        """A suggested priority, inside this token's bounds."""
        return min(max(suggestion, self.priority_min), self.priority_max)


class Tokens:
    """The table of grants."""

    def __init__(self, count_max: int) -> None:
        self.count_max = count_max
        self._grants: dict[bytes, Grant] = {}

    def __len__(self) -> int:
        return len(self._grants)

    def create(self, grant: Grant) -> str:
        """A new token. Raises FabricError when too many exist."""
        if len(self._grants) >= self.count_max:
            raise FabricError(
                f"{self.count_max} tokens exist already", mend="revoke some", code="too_many"
            )
        token = PREFIX + secrets.token_urlsafe(32)
        self._grants[_digest(token)] = grant
        return token

    def revoke(self, token: str) -> bool:
        """Forget a token; whether it was known."""
        return self._grants.pop(_digest(token), None) is not None

    def grant(self, token: str) -> Grant | None:
        """What a token stands for. Looking up a digest takes no time that tells of the token."""
        return self._grants.get(_digest(token))


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode(errors="replace")).digest()

"""Following an invitation: ask whoever is named there, and nobody else, to be let in.

What is under way can be called off, as long as nobody is trusted for it yet.
"""

from __future__ import annotations

import asyncio
import socket
from typing import Any

from clawdesk_fabric import peers_asking as asking
from clawdesk_fabric.errors import FabricError
from clawdesk_fabric.kept import wall_ms
from clawdesk_fabric.peers_identity import Identity, checked_certificate, fingerprint_of
from clawdesk_fabric.peers_pairing import Invitation

_ANEW = "ask there for a new one: clawdesk-fabric peers pair"


def check_not_own(invitation: Invitation, own: str | None) -> None:
    """Raises FabricError where this Fabric (`own` = its fingerprint) made the invitation."""
    if invitation.fingerprint == own:
        raise FabricError(
            "this is this machine's own invitation",
            mend="take it to the other machine, and pair there",
            code="invalid_request",
        )


class Joining:
    """Asks to be let in; what is asked now can be called off."""

    def __init__(self) -> None:
        self._asked: set[asyncio.Task[Any]] = set()

    def call_off(self) -> None:
        """Whoever waits in `ask` is told so; safe where nobody does."""
        for task in self._asked:
            task.cancel()

    async def ask(self, invitation: Invitation, identity: Identity, port: int) -> tuple[str, str]:
        """Show that we have the invitation, and see that the other side has it too.

        Args:
            port: where we listen for peers, 0 = nowhere.
        Returns: its certificate (PEM), and what it calls itself.
        Raises:
            FabricError: it is not there, is another one, refuses, or we called it off.
        """
        body = {
            "certificate": identity.certificate,
            "proof": invitation.proof("join", identity.fingerprint),
            "name": socket.gethostname(),
            "port": port,
        }
        pairing = asking.pair(invitation.address, invitation.fingerprint, body)
        task = asyncio.get_running_loop().create_task(pairing)
        self._asked.add(task)
        try:
            # What is called off is only this task, never whoever waits for it.
            await asyncio.wait([task])
        finally:
            self._asked.discard(task)
            task.cancel()
        if task.cancelled():
            raise FabricError(
                "pairing was called off",
                mend="if the other machine lists this one all the same, revoke it there",
                code="invalid_request",
            )
        return _welcomed(_answer(task, invitation), invitation, identity)


def _answer(task: asyncio.Task[Any], invitation: Invitation) -> Any:
    """What the other side said. Raises FabricError."""
    try:
        return task.result()
    except FabricError as error:
        is_over = 0 < invitation.until_s * 1000 < wall_ms()
        if error.code == asking.REFUSED and is_over:
            # It says nobody why, so this is by its own word in the invitation.
            raise FabricError(
                "the other machine refused: the invitation has run out", mend=_ANEW, code=error.code
            ) from None
        raise


def _welcomed(answer: Any, invitation: Invitation, identity: Identity) -> tuple[str, str]:
    """Certificate and name of who has the secret too. Raises FabricError."""
    try:
        certificate = checked_certificate(answer["certificate"])
        is_right = fingerprint_of(certificate) == invitation.fingerprint
        if not is_right or answer["proof"] != invitation.proof("welcome", identity.fingerprint):
            raise ValueError
    except (KeyError, TypeError, ValueError):
        raise FabricError(
            "the other machine answered the invitation wrongly, so it is not trusted",
            mend=_ANEW,
            code="model_failed",
        ) from None
    name = answer.get("name")
    return certificate, name if isinstance(name, str) else ""

"""Pairing as requests to the Fabric, those that `clawdesk-fabric peers` makes; part of the client.

A refusal is told in the Fabric's own words, with its next step apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from clawdesk.ports.errors import InferenceError
from clawdesk.ports.pairing import MadeInvitation, PeerWish, ReadInvitation

JOIN_S_MAX = 60.0
"""The Fabric itself waits some seconds for the other side."""
REFUSED = "the model service refused: "
_MEND = ". To mend it: "
_UNKNOWN = "Not Found"
"""What a Fabric says that knows no such request."""


class FabricPairing:
    """The requests of `ports.pairing.Pairing`."""

    async def _control(
        self,
        method: str,
        target: str,
        body: Mapping[str, object] | None,
        s_max: float = JOIN_S_MAX,
    ) -> dict[str, Any]:
        """Given by the client this is a part of."""
        raise NotImplementedError

    async def listen_for_peers(self, address: str) -> None:
        await self._asked("listen", {"address": address})

    async def invite_peer(self, wish: PeerWish, address: str) -> MadeInvitation:
        found = await self._asked("invite", {**_fields(wish), "address": address})
        try:
            return MadeInvitation(
                str(found["id"]),
                str(found["address"]),
                str(found["fingerprint"]),
                int(found["until"]),
                str(found["invitation"]),
            )
        except (KeyError, TypeError, ValueError):
            raise _older() from None

    async def withdraw_invitation(self) -> None:
        await self._asked("withdraw", {})

    async def read_invitation(self, text: str) -> ReadInvitation:
        found = await self._asked("read", {"invitation": text})
        try:
            return ReadInvitation(
                str(found["address"]),
                str(found["fingerprint"]),
                int(found["until"]),
                str(found["known_as"]),
            )
        except (KeyError, TypeError, ValueError):
            raise _older() from None

    async def join_peer(self, text: str, wish: PeerWish) -> str:
        found = await self._asked("join", {**_fields(wish), "invitation": text})
        try:
            return str(found["peer"]["name"])
        except (KeyError, TypeError):
            raise _older() from None

    async def lend_to_peer(self, wish: PeerWish) -> None:
        loan = {"models": list(wish.models), "calls": wish.calls}
        await self._asked(f"{quote(wish.name, '')}/lend", loan)

    async def stop_joining(self) -> None:
        await self._asked("call-off", {})

    async def _asked(self, act: str, body: Mapping[str, object]) -> dict[str, Any]:
        """One of the acts below /fabric/v1/peers. Raises InferenceError."""
        try:
            return await self._control("POST", f"/fabric/v1/peers/{act}", body, JOIN_S_MAX)
        except InferenceError as error:
            if not error.what.startswith(REFUSED):
                raise
            what, _, mend = error.what.removeprefix(REFUSED).partition(_MEND)
            if what == _UNKNOWN:
                raise _older() from None
            raise InferenceError(what, mend=mend, code=error.code) from None


def _fields(wish: PeerWish) -> dict[str, object]:
    return {"name": wish.name, "models": list(wish.models), "calls": wish.calls}


def _older() -> InferenceError:
    return InferenceError(
        "the model service is of another version and tells of invitations otherwise",
        mend="clawdesk-fabric stop; the next use starts it anew",
    )

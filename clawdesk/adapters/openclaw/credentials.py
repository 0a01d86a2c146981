"""What this installation may show a gateway: in the keyring, or in a file only its owner reads.

The gateway's shared token is kept only until the gateway has given us a token of our own. All of it
is bound to one address: another address means another pairing.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import msgspec

from clawdesk.adapters.openclaw.identity import Identity, text_of
from clawdesk.ports.channel import ChannelError
from clawdesk_fabric.errors import FabricError
from clawdesk_fabric.keys import Keys

ENTRY = "clawdesk-openclaw-gateway"
TOKEN_CHARS_MAX = 512


@dataclass(frozen=True, slots=True)
class Credentials:
    """`token` is the gateway's shared one, `device_token` our own; at least one is set."""

    address: str
    identity: Identity
    token: str = ""
    device_token: str = ""

    def paired(self, device_token: str) -> Credentials:
        """With a token of our own; the shared one is not needed any more."""
        return replace(self, token="", device_token=device_token)


class _Kept(msgspec.Struct):
    address: str
    seed: str
    token: str = ""
    device: str = ""


class CredentialStore:
    """Credentials of one gateway.

    Args:
        keys: where secrets of this user lie.
    """

    def __init__(self, keys: Keys | None = None) -> None:
        self._keys = keys or Keys()

    async def load(self, address: str) -> Credentials | None:
        """Those for the address; None where there are none, or only another address's."""
        with _translated():
            text = await self._keys.get(ENTRY)
        if not text:
            return None
        try:
            kept = msgspec.json.decode(text, type=_Kept)
            seed = base64.urlsafe_b64decode(kept.seed + "==")
            identity = Identity(seed)
            _ = identity.public
        except (msgspec.DecodeError, ValueError, binascii.Error):
            raise ChannelError(
                "What was kept for the OpenClaw gateway cannot be read.",
                mend="clawdesk channels add openclaw",
                code="credentials",
            ) from None
        if kept.address != address:
            return None
        return Credentials(address, identity, kept.token, kept.device)

    async def save(self, credentials: Credentials) -> str:
        """Durable when it returns; says where they are now."""
        c = credentials
        kept = _Kept(c.address, text_of(c.identity.seed), c.token, c.device_token)
        with _translated():
            return await asyncio.to_thread(
                self._keys.keep, ENTRY, msgspec.json.encode(kept).decode()
            )

    async def forget(self) -> bool:
        with _translated():
            return await asyncio.to_thread(self._keys.forget, ENTRY)


def checked_token(token: str) -> str:
    """Raises ChannelError: no token is one line of printable characters."""
    token = token.strip()
    fits = 0 < len(token) <= TOKEN_CHARS_MAX and all("!" <= c <= "~" for c in token)
    if not fits:
        raise ChannelError(
            "That is no token: one line of printable characters is needed.", code="usage"
        )
    return token


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except FabricError as error:
        what = f"The gateway's credentials: {error}"
        raise ChannelError(what, mend=getattr(error, "mend", ""), code="credentials") from None

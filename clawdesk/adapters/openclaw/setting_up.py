"""Setting up: a gateway's address and token become credentials of this installation."""

from __future__ import annotations

from clawdesk.adapters.openclaw import address as addresses
from clawdesk.adapters.openclaw.credentials import Credentials, CredentialStore, checked_token
from clawdesk.adapters.openclaw.gateway import OpenClawChannel
from clawdesk.adapters.openclaw.identity import Identity
from clawdesk.ports.channel import Channel
from clawdesk.ports.clock import Clock


class OpenClawChannels:
    """`ports.channel.Channels`."""

    def __init__(self, clock: Clock, store: CredentialStore | None = None) -> None:
        self._clock = clock
        self._store = store or CredentialStore()

    def open(self, address: str) -> Channel:
        return OpenClawChannel(addresses.checked(address), self._store, self._clock)

    async def add(self, address: str, token: str) -> tuple[str, str]:
        checked, token = addresses.checked(address), checked_token(token)
        known = await self._store.load(checked)
        # A gateway that knows our key stays paired; another address gets another key.
        identity = known.identity if known is not None else Identity.new()
        return checked, await self._store.save(Credentials(checked, identity, token))

    async def forget(self) -> bool:
        return await self._store.forget()

    def is_local(self, address: str) -> bool:
        return addresses.is_local(address)

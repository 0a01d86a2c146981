"""What people do with models and channels, on a scripted plane: written down; may be refused."""

from __future__ import annotations

from typing import Any

from clawdesk.domain.spending import CallUse
from clawdesk.ports.inference import FabricStatus
from clawdesk.ports.models import Peering
from clawdesk.ports.pairing import MadeInvitation, PeerWish, ReadInvitation
from clawdesk.runtime.api import ChannelView, Environment, Outcome


class FakeModelActs:
    """`answers` gives the outcome of an act by its name; else it succeeds."""

    answers: dict[str, Outcome]
    environment: Environment
    made = MadeInvitation("i-1", "box.example:7000", "ab" * 32, 0, "clawdesk-peer:eyJhIjo")
    read = ReadInvitation("box.example:7000", "ab" * 32)

    async def _enter(self, name: str, *what: Any) -> None:
        """Write the act down; the fake this is a part of says how."""
        raise NotImplementedError

    async def _told(self, name: str, *what: Any) -> Outcome:
        await self._enter(name, *what)
        return self.answers.get(name, Outcome(True, "Done."))

    async def add_channel(self, address: str, token: str) -> Outcome:
        return await self._told("add_channel", address)

    async def remove_channel(self) -> Outcome:
        return await self._told("remove_channel")

    async def test_channel(self, wait_s: float) -> Outcome:
        return await self._told("test_channel", wait_s)

    async def channel(self) -> ChannelView:
        await self._enter("channel")
        return self.environment.channel

    async def load_model(self, model: str) -> Outcome:
        return await self._told("load_model", model)

    async def unload_model(self, model: str) -> Outcome:
        return await self._told("unload_model", model)

    async def pin_model(self, model: str, pinned: bool) -> Outcome:
        return await self._told("pin_model", model, pinned)

    async def reserve_model(
        self, model: str, project: str, from_s: float, until_s: float
    ) -> Outcome:
        return await self._told("reserve_model", model, project, from_s, until_s)

    async def revoke_peer(self, name: str) -> Outcome:
        return await self._told("revoke_peer", name)

    async def listen_for_peers(self, address: str) -> Outcome:
        return await self._told("listen_for_peers", address)

    async def invite_peer(self, wish: PeerWish, address: str) -> MadeInvitation:
        await self._enter("invite_peer", wish, address)
        return self.made

    async def withdraw_invitation(self) -> Outcome:
        return await self._told("withdraw_invitation")

    async def read_invitation(self, text: str) -> ReadInvitation:
        await self._enter("read_invitation", text)
        return self.read

    async def join_peer(self, text: str, wish: PeerWish) -> Outcome:
        return await self._told("join_peer", text, wish)

    async def lend_to_peer(self, wish: PeerWish) -> Outcome:
        return await self._told("lend_to_peer", wish)

    async def stop_joining(self) -> None:
        await self._enter("stop_joining")

    async def end_reservation(self, reservation: str) -> Outcome:
        return await self._told("end_reservation", reservation)

    async def set_budget(self, project: str, gpu_hours: float, tokens: int) -> Outcome:
        return await self._told("set_budget", project, gpu_hours, tokens)

    async def set_weight(self, project: str, weight: float) -> Outcome:
        return await self._told("set_weight", project, weight)


class NoModels:
    """The model part of `Inference` where a test needs none of it."""

    async def account(self, call: str) -> CallUse | None:
        return None

    async def accounts(self, task: str) -> tuple[CallUse, ...]:
        return ()

    async def status(self) -> FabricStatus:
        """Given by the fake this is a part of."""
        raise NotImplementedError

    async def figures(self) -> FabricStatus:
        return await self.status()

    async def peers(self) -> Peering:
        return Peering()

    async def revoke_peer(self, name: str) -> None: ...

    async def listen_for_peers(self, address: str) -> None: ...

    async def invite_peer(self, wish: PeerWish, address: str) -> MadeInvitation:
        return MadeInvitation("i", address, "", 0, "")

    async def withdraw_invitation(self) -> None: ...

    async def read_invitation(self, text: str) -> ReadInvitation:
        return ReadInvitation("", "")

    async def join_peer(self, text: str, wish: PeerWish) -> str:
        return wish.name

    async def lend_to_peer(self, wish: PeerWish) -> None: ...

    async def stop_joining(self) -> None: ...

    async def load_model(self, model: str) -> None: ...

    async def unload_model(self, model: str) -> None: ...

    async def pin_model(self, model: str, pinned: bool) -> None: ...

    async def reserve_model(
        self, model: str, project: str, from_s: float, until_s: float
    ) -> None: ...

    async def end_reservation(self, reservation: str) -> None: ...

    async def set_budget(self, project: str, gpu_hours: float, tokens: int) -> None: ...

    async def set_weight(self, project: str, weight: float) -> None: ...

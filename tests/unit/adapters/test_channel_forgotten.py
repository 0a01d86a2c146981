"""A session that is over takes no memory: a window that stays open for weeks has thousands."""

from __future__ import annotations

import gc
import weakref
from pathlib import Path

from clawdesk.adapters.libvirt.channel import ChannelSession, GuestChannels
from tests.support.guest_hostile import HostileGuest
from tests.support.inference_fake import EchoInference


async def test_a_session_that_was_closed_is_kept_by_nobody(tmp_path: Path) -> None:
    guest = HostileGuest()
    await guest.listen(tmp_path / "s")
    guests = GuestChannels(lambda _: tmp_path / "s", EchoInference())
    seen: list[weakref.ref[ChannelSession]] = []
    for number in range(3):
        session = await guests.connect(f"m{number}", token="", start=False)
        seen.append(weakref.ref(session))
        await session.close()
    del session
    gc.collect()
    left = sum(one() is not None for one in seen)
    await guests.close()
    await guest.close()
    assert left <= 1, "the last one may stand in a frame that just ended"

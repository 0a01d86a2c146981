"""The settings page with the user's OpenClaw gateway in each state a person may find it in."""

from __future__ import annotations

from clawdesk.domain.channel.model import Delivery, Stage
from clawdesk.domain.model import TaskId
from clawdesk.ports.channel import USUAL_ADDRESS, ChannelState, ChannelStatus
from clawdesk.runtime.api import ChannelView

HERE = f"{USUAL_ADDRESS}/"
STARTS = f"Look at the address ({HERE}), or start it: openclaw gateway start"


def connected(tasks: list[TaskId]) -> ChannelView:
    """Some requests are up; each has come another way."""
    came = (
        (Stage.DELIVERED, "forwarder", ""),
        (Stage.SEEN, "forwarder", "Telegram approval (4242)"),
        (Stage.UNSEEN, "", ""),
    )
    found = tuple(
        Delivery(task, f"r{number}", stage, route, by)
        for number, (task, (stage, route, by)) in enumerate(zip(tasks, came, strict=False))
    )
    status = ChannelStatus(ChannelState.CONNECTED, HERE, version="2026.9.6", connection=1)
    return ChannelView(status, found)


def unreachable() -> ChannelView:
    what = "The OpenClaw gateway is not reachable: connection refused."
    return ChannelView(ChannelStatus(ChannelState.UNREACHABLE, HERE, what, STARTS))


def pairing() -> ChannelView:
    return ChannelView(
        ChannelStatus(
            ChannelState.PAIRING,
            "wss://gateway.example/",
            "The gateway does not know this ClawDesk yet.",
            "Where the gateway runs: openclaw devices approve 7c1e-42",
        )
    )


def refused() -> ChannelView:
    what = "The gateway does not accept our token any more."
    mend = "clawdesk channels add openclaw"
    return ChannelView(ChannelStatus(ChannelState.REFUSED, HERE, what, mend))


SCENES = ("channel", "channel-unreachable", "channel-pairing", "channel-setup", "channel-remove")
"""The last two show a sheet."""


def view_of(scene: str, tasks: list[TaskId]) -> ChannelView:
    """The channel as the scene begins; `channel-setup` begins without one."""
    match scene:
        case "channel-unreachable":
            return unreachable()
        case "channel-pairing":
            return pairing()
        case "channel-setup":
            return ChannelView()
        case _:
            return connected(tasks)

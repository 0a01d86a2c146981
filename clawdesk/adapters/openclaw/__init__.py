"""Requests in chats and on phones, through the user's OpenClaw gateway.

Nothing here starts a model run, executes anything, or writes to the gateway's configuration.
"""

from clawdesk.adapters.openclaw.gateway import OpenClawChannel
from clawdesk.adapters.openclaw.setting_up import OpenClawChannels

__all__ = ["OpenClawChannel", "OpenClawChannels"]

"""Which gateways may be spoken to: one on this machine, or one behind TLS.

An address comes from the user's own settings alone, never from a project, a link or the network;
what is kept for one address is never sent to another.
"""

from __future__ import annotations

import ipaddress

from yarl import URL

from clawdesk.ports.channel import USUAL_ADDRESS, ChannelError

ADDRESS_CHARS_MAX = 500


def checked(text: str) -> str:
    """The address in its usual spelling. Raises ChannelError."""
    text = text.strip()
    if len(text) > ADDRESS_CHARS_MAX or not text.isprintable() or " " in text:
        raise _wrong("it is no address")
    try:
        url = URL(text)
        port = url.port
    except ValueError:
        raise _wrong("it is no address") from None
    if url.scheme not in ("ws", "wss") or not url.host:
        raise _wrong("it does not begin with ws:// or wss://")
    if url.user or url.password or url.query_string or url.fragment:
        raise _wrong("a name, a password, a query or a fragment in it is not allowed")
    if url.scheme == "ws" and not is_loopback(url.host):
        raise _wrong("without TLS only a gateway on this machine is spoken to")
    return str(URL.build(scheme=url.scheme, host=url.host, port=port, path=url.path or "/"))


def is_loopback(host: str) -> bool:
    """Whether a host is this machine; the name `localhost` counts as it."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def is_local(address: str) -> bool:
    """Whether a checked address is on this machine."""
    return is_loopback(URL(address).host or "")


def _wrong(why: str) -> ChannelError:
    return ChannelError(
        f"That address of an OpenClaw gateway cannot be used: {why}.",
        mend=f"Give one like {USUAL_ADDRESS} or wss://gateway.example.",
        code="usage",
    )

"""`Egress` over TCP: names are looked up here, and what they stand for is looked at.

A name may be made to stand for any address, also for another one a moment later: the address that
was judged is the one that is connected to.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Awaitable, Callable
from functools import cache
from typing import Any

from clawdesk.ports.egress import EgressError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
LOOKUP_S_MAX = 10.0
CONNECT_S_MAX = 10.0
ADDRESSES_MAX = 8
BUFFER_BYTES = 64 << 10
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


async def _look_up(host: str, port: int) -> list[str]:
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


def is_public(address: Address) -> bool:
    """Whether it is an address of the open internet, in whatever way it is written."""
    if isinstance(address, ipaddress.IPv6Address):
        inside = address.ipv4_mapped or address.sixtofour
        if address in _NAT64:
            inside = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inside is not None:
            return is_public(inside)
    return address.is_global and not address.is_multicast


def may_reach(address: Address, own_networks: tuple[str, ...]) -> bool:
    """Whether it is public, or lies in a network the user named; this machine itself never is."""
    if is_public(address):
        return True
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return may_reach(address.ipv4_mapped, own_networks)
    if address.is_loopback or address.is_link_local or address.is_multicast:
        return False
    inside = any(address in ipaddress.ip_network(network) for network in own_networks)
    return inside and not address.is_unspecified


class TcpEgress:
    """See `clawdesk.ports.egress`.

    Args:
        look_up: the addresses of a name, as texts.
        may: whether an address may be connected to, given networks of the user's own.
        trust: makes what certificates are judged by; asked once, when TLS is first spoken.
    """

    def __init__(
        self,
        *,
        look_up: Callable[[str, int], Awaitable[list[str]]] = _look_up,
        may: Callable[[Address, tuple[str, ...]], bool] = may_reach,
        trust: Callable[[], ssl.SSLContext] = ssl.create_default_context,
    ) -> None:
        self._look_up = look_up
        self._may = may
        self._trust = cache(trust)

    async def open(
        self, host: str, port: int, own_networks: tuple[str, ...] = (), *, tls: bool = False
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """As the port says; the addresses are tried in the order the system gives them."""
        why = ""
        name = host.lower().removesuffix(".")
        secured: dict[str, Any] = {"ssl": self._trust(), "server_hostname": name} if tls else {}
        for address in await self._addresses(host, port, own_networks):
            try:
                async with asyncio.timeout(CONNECT_S_MAX):
                    return await asyncio.open_connection(
                        address, port, limit=BUFFER_BYTES, **secured
                    )
            except ssl.SSLCertVerificationError as error:
                why = f"its certificate is not accepted: {error.verify_message}"
            except TimeoutError:
                why = f"no answer within {CONNECT_S_MAX:g} s"
            except OSError as error:
                why = error.strerror or str(error)
        raise EgressError(f"{host}:{port} cannot be reached: {why}", code="unreachable")

    async def _addresses(self, host: str, port: int, own: tuple[str, ...]) -> list[str]:
        try:
            async with asyncio.timeout(LOOKUP_S_MAX):
                texts = (await self._look_up(host, port))[:ADDRESSES_MAX]
        except (OSError, TimeoutError, UnicodeError) as error:
            why = getattr(error, "strerror", "") or "no answer"
            raise EgressError(f"{host} cannot be looked up: {why}", code="unreachable") from None
        found = [ipaddress.ip_address(text.partition("%")[0]) for text in texts]
        good = [str(address) for address in found if self._may(address, own)]
        if not good:
            shown = ", ".join(map(str, found)) or "no address"
            raise EgressError(
                f"{host} stands for {shown}: addresses of this machine, of its network and of no "
                "single host are not connected to",
                code="refused",
            )
        return good

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

import psutil

from clawdesk.ports.egress import EgressError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
LOOKUP_S_MAX = 10.0
CONNECT_S_MAX = 10.0
ADDRESSES_MAX = 8
BUFFER_BYTES = 64 << 10
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_UNICAST6 = ipaddress.IPv6Network("2000::/3")
"""All that was ever given out of IPv6; outside it are old and odd ways to write other addresses."""


async def _look_up(host: str, port: int) -> list[str]:
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


def is_public(address: Address) -> bool:
    """Whether it is an address of the open internet, in whatever way it is written."""
    meant = _meant(address)
    if isinstance(meant, ipaddress.IPv6Address) and meant not in _UNICAST6:
        return False
    return meant.is_global and not meant.is_multicast


def may_reach(address: Address, own_networks: tuple[str, ...]) -> bool:
    """Whether it is public, or lies in a network the user named; this machine itself never is."""
    meant = _meant(address)
    if str(meant) in _of_this_machine():
        return False
    if is_public(meant):
        return True
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if meant.is_loopback or meant.is_link_local or meant.is_multicast or meant.is_unspecified:
        return False
    return any(address in ipaddress.ip_network(network) for network in own_networks)


def _meant(address: Address) -> Address:
    """The IPv4 address that an IPv6 one stands for, else itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


def _of_this_machine() -> set[str]:
    """Addresses of its interfaces, which may be public or lie in a network the user named."""
    entries = (entry for found in psutil.net_if_addrs().values() for entry in found)
    kinds = (socket.AF_INET, socket.AF_INET6)
    return {entry.address.partition("%")[0] for entry in entries if entry.family in kinds}


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
        if "\0" in host:  # the system's look-up would end there, and find another host
            raise EgressError(f"{host!a} is no name of a host", code="refused")
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

"""What a name may stand for: addresses of this machine and its network are never connected to."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from types import SimpleNamespace

import psutil
import pytest

from clawdesk.adapters.egress import TcpEgress, is_public, may_reach
from clawdesk.ports.egress import EgressError


@pytest.mark.parametrize(
    "text",
    [
        *("127.0.0.1", "127.9.9.9", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.65.7"),
        *("169.254.169.254", "100.64.0.1", "224.0.0.1", "255.255.255.255", "198.18.0.1"),
        *("::", "::1", "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1", "2001:db8::1"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "2001::1"),
        *("::127.0.0.1", "::ffff:0:127.0.0.1", "fec0::1", "64:ff9b:1::7f00:1", "4000::1"),
    ],
)
def test_addresses_that_are_not_public(text: str) -> None:
    assert not is_public(ipaddress.ip_address(text))


@pytest.mark.parametrize(
    "text", ["1.1.1.1", "93.184.216.34", "2606:4700::1111", "64:ff9b::101:101"]
)
def test_addresses_that_are(text: str) -> None:
    assert is_public(ipaddress.ip_address(text))


async def test_a_name_that_stands_for_this_machine_is_refused() -> None:
    async def look_up(_host: str, _port: int) -> list[str]:
        return ["127.0.0.1", "::1", "169.254.169.254"]

    with pytest.raises(EgressError, match=r"stands for 127\.0\.0\.1") as caught:
        await TcpEgress(look_up=look_up).open("rebound.example.org", 80)
    assert caught.value.code == "refused"


async def test_a_name_with_a_nul_is_not_looked_up() -> None:
    """C takes what stands before it for the whole name: `localhost`, which is a name that is."""
    with pytest.raises(EgressError, match="is no name") as caught:
        await TcpEgress(may=lambda _address, _own: True).open("localhost\0.example.org", 1)
    assert caught.value.code == "refused"


async def test_the_address_that_was_judged_is_the_one_connected_to() -> None:
    """A name that changes its mind between look-up and connection gains nothing by it."""
    asked: list[str] = []
    came: list[str] = []

    async def look_up(host: str, _port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.2", "127.0.0.1"]

    def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.append(writer.get_extra_info("sockname")[0])
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    only = ipaddress.ip_address("127.0.0.1")
    egress = TcpEgress(look_up=look_up, may=lambda address, _own: address == only)
    reader, writer = await egress.open("changing.example.org", port)
    assert await reader.read() == b""
    writer.close()
    server.close()
    assert (asked, came) == (["changing.example.org"], ["127.0.0.1"])


async def test_what_cannot_be_reached_says_why() -> None:
    async def nothing(_host: str, _port: int) -> list[str]:
        raise OSError(-2, "Name or service not known")

    with pytest.raises(EgressError, match="cannot be looked up: Name or service") as caught:
        await TcpEgress(look_up=nothing).open("no.example.org", 80)
    assert caught.value.code == "unreachable"

    async def here(_host: str, _port: int) -> list[str]:
        return ["127.0.0.1"]

    closed = await asyncio.start_server(lambda _r, _w: None, "127.0.0.1", 0)
    port = closed.sockets[0].getsockname()[1]
    closed.close()
    await closed.wait_closed()
    with pytest.raises(EgressError, match=f"no.example.org:{port} cannot be reached") as caught:
        await TcpEgress(look_up=here, may=lambda _a, _own: True).open("no.example.org", port)
    assert caught.value.code == "unreachable"


@pytest.mark.parametrize(
    ("text", "networks", "right"),
    [
        ("10.1.2.3", ("10.1.0.0/16",), True),
        ("10.2.2.3", ("10.1.0.0/16",), False),
        ("192.168.1.20", ("192.168.1.20",), True),
        ("::ffff:10.1.2.3", ("10.1.0.0/16",), True),
        ("fd00::5", ("fd00::/8",), True),
        ("127.0.0.1", ("127.0.0.0/8", "0.0.0.0/0"), False),
        ("0.0.0.0", ("0.0.0.0/0",), False),
        ("::1", ("::/0",), False),
        ("::ffff:127.0.0.1", ("0.0.0.0/0", "::/0"), False),
        ("169.254.169.254", ("0.0.0.0/0",), False),
        ("1.1.1.1", (), True),
    ],
)
def test_networks_of_the_users_own(text: str, networks: tuple[str, ...], right: bool) -> None:
    """A mirror in the house may be reached where the user says so; this machine never."""
    assert may_reach(ipaddress.ip_address(text), networks) is right


@pytest.mark.parametrize("text", ["10.1.0.7", "8.8.4.4", "2606:4700::7"])
def test_an_address_of_this_machine_is_never_reached(
    monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    """It may be public, or lie in the house: its services listen there as they do on loopback."""
    kind = socket.AF_INET6 if ":" in text else socket.AF_INET
    card = SimpleNamespace(family=kind, address=f"{text}%eth0" if ":" in text else text)
    monkeypatch.setattr(psutil, "net_if_addrs", lambda: {"eth0": [card]})
    networks = ("10.1.0.0/16", "0.0.0.0/0", "::/0")
    assert not may_reach(ipaddress.ip_address(text), networks)
    if "." in text:
        assert not may_reach(ipaddress.ip_address(f"::ffff:{text}"), networks)
    assert may_reach(ipaddress.ip_address("10.1.0.8"), networks)

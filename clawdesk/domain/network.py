"""Hosts a task may reach: how they are written, and which of them count. Pure.

`example.org` is that host's ports 80 and 443, `example.org:8443` that port alone, `*.example.org`
every host below it. Addresses are not taken: a name is what a person can judge.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

WEB_PORTS = (80, 443)
HOST_RULE = 'names of hosts, e.g. ["example.org", "*.example.org", "example.org:8443"]'
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"(\*\.)?((?:{_LABEL}\.)+{_LABEL})(?::([1-9][0-9]{{0,4}}))?")


@dataclass(frozen=True, slots=True)
class Key:
    """A header that plain requests to a host get here, on their way to it over TLS.

    Args:
        port: where a task's programs ask for the host, without TLS.
        tls_port: where the host is reached.
        header, words: what is sent.
        secret, value: its name, and what must not come back.
    """

    host: str
    port: int
    tls_port: int
    header: str
    words: str = field(repr=False)
    secret: str
    value: str = field(repr=False)


class Reach(NamedTuple):
    """What a task may reach: hosts, and networks of the user's own that their names may lie in."""

    hosts: tuple[str, ...] = ()
    own_networks: tuple[str, ...] = ()
    keys: tuple[Key, ...] = ()

    def keys_for(self, host: str, port: int) -> tuple[Key, ...]:
        """Those of a connection that a program asks for."""
        return tuple(key for key in self.keys if (key.host, key.port) == (plain(host), port))


NOWHERE = Reach()


class _Pattern(NamedTuple):
    below: bool  # every host below `name`, and not itself
    name: str
    port: int  # 0 = those of the web


def _parse(text: str) -> _Pattern | None:
    found = _HOST.fullmatch(text)
    if found is None or len(found[2]) > 253 or found[2].rpartition(".")[2].isdigit():
        return None
    port = int(found[3] or 0)
    return _Pattern(bool(found[1]), found[2], port) if port < 65_536 else None


def is_host(text: str) -> bool:
    """Whether a text may stand in a list of hosts."""
    return _parse(text) is not None


def is_network(text: str) -> bool:
    """Whether a text names one address or a network, as `10.1.0.0/16`."""
    try:
        ipaddress.ip_network(text)
    except ValueError:
        return False
    return True


def allows(hosts: Iterable[str], host: str, port: int) -> bool:
    """Whether a connection to that host and port is among them. Names compare without case.

    What is no name is among none: whoever looks it up could read another one in it.
    """
    asked = _parse(f"{plain(host)}:{port}")
    if asked is None or asked.below:
        return False
    return any(_covers(p, asked) for p in map(_parse, hosts) if p)


def plain(host: str) -> str:
    """A name as names are compared."""
    return host.lower().removesuffix(".")


def granted(wanted: Iterable[str], allowed: Iterable[str]) -> tuple[str, ...]:
    """Those of `wanted` that `allowed` holds whole; what is not written as a host is none."""
    bounds = [pattern for pattern in map(_parse, allowed) if pattern is not None]
    found = [(text, _parse(text)) for text in wanted]
    return tuple(text for text, p in found if p and any(_covers(bound, p) for bound in bounds))


def _covers(bound: _Pattern, asked: _Pattern) -> bool:
    same = asked.name == bound.name and asked.below == bound.below
    below = bound.below and asked.name.endswith(f".{bound.name}")
    if not (same or below):
        return False
    if bound.port:
        return asked.port == bound.port
    return asked.port == 0 or asked.port in WEB_PORTS

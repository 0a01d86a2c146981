"""Connections that a task's programs make to the outside, on their behalf and on the host."""

from __future__ import annotations

import asyncio
from typing import Protocol

from clawdesk.ports.errors import PortError


class EgressError(PortError):
    """A connection was refused (`refused`) or did not come about (`unreachable`)."""


class Egress(Protocol):
    async def open(
        self, host: str, port: int, own_networks: tuple[str, ...] = (), *, tls: bool = False
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect to a host by its name, which is looked up here.

        Whether a task may do so was decided before. An address of this machine is never connected
        to, whatever the name, and one of its network only where the user said so.

        Args:
            own_networks: networks of the user's own (`10.1.0.0/16`) a name may lie in.
            tls: speak TLS, with a host that proves by its certificate that it has that name.
        Raises:
            EgressError
        """
        ...

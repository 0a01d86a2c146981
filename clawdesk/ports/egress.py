"""Connections that a task's programs make to the outside, on their behalf and on the host."""

from __future__ import annotations

import asyncio
from typing import Protocol

from clawdesk.ports.errors import PortError


class EgressError(PortError):
    """A connection was refused (`refused`) or did not come about (`unreachable`)."""


class Egress(Protocol):
    async def open(self, host: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect to a host by its name, which is looked up here.

        Whether a task may do so was decided before. An address of this machine or of its own
        network is never connected to, whatever the name.

        Raises:
            EgressError
        """
        ...

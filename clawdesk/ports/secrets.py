"""Secrets of this user, by name: in the system's keyring, never in a file of a project."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol


class Secrets(Protocol):
    async def values(self, names: Iterable[str]) -> Mapping[str, str]:
        """The values of all of them.

        Raises:
            PortError: `secret`: one is not kept, or the keyring does not answer; `mend` says how to
                keep it.
        """
        ...

"""What this computer gives to the set-up of an image: its installer, its settings, its hosts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from clawdesk.domain.package_sources import PackageSource


class SetUps(Protocol):
    def write(self, contents: Mapping[str, bytes], into: Path) -> None:
        """Write the tar a set-up begins with (`domain.images.SET_UP`). Blocks.

            ca.crt         the certificate authorities this computer trusts
            python/pip     the installer of Python packages
            settings       where this computer gets packages, in a shell's words
            files/...      `contents`, by their paths

        Raises:
            PortError: it cannot be written.
        """
        ...

    def sources(self) -> tuple[PackageSource, ...]:
        """Where a set-up gets packages: of each sort once, in a steady order. Blocks, seconds."""
        ...

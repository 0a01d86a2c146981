"""What a machine did beside its files: it stands with the checkpoint that follows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Beside:
    """Since the checkpoint before.

    Args:
        network: "host:port (times)" of connections that were let out.
        refused: how many connections were not.
        shell: a person had a shell in the machine.
    """

    network: tuple[str, ...] = ()
    refused: int = 0
    shell: bool = False


NOTHING_BESIDE = Beside()

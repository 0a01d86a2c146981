"""What is said when libvirt's own driver does not open."""

from __future__ import annotations

import libvirt
import pytest

from clawdesk.adapters.libvirt import connection


def test_the_first_refusal_says_why_and_is_told_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """libvirt tries its driver once a process, and says afterwards only that it is not active."""
    says = iter(["Failed to parse group 'kvm'", "qemu state driver is not active"])

    def refuse(_uri: str) -> None:
        raise libvirt.libvirtError(next(says))

    monkeypatch.setattr(libvirt, "open", refuse)
    monkeypatch.setattr(connection, "_embedded", None)
    monkeypatch.setattr(connection, "_refusal", None)
    for _ in range(2):
        with pytest.raises(libvirt.libvirtError, match="Failed to parse group 'kvm'"):
            connection._open("qemu:///embed?root=/nowhere")

"""What the guest's forward proxy takes for a host and a port."""

from __future__ import annotations

import pytest

from clawdesk_guest.proxy import _host_and_port


@pytest.mark.parametrize(
    ("place", "found"),
    [
        ("example.org:443", ("example.org", 443)),
        ("example.org", ("example.org", 80)),
        ("example.org:\u00b2", None),
        ("example.org:065536", None),
        ("example.org:65536", None),
        ("example.org:-1", None),
        ("user@example.org:443", None),
        ("[::1]:443", None),
        (":443", None),
    ],
)
def test_a_host_and_a_port_or_nothing(place: str, found: tuple[str, int] | None) -> None:
    assert _host_and_port(place, 80) == found

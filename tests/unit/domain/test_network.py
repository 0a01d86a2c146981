"""Hosts a task may reach: how they are written, what they cover, who bounds whom."""

from __future__ import annotations

from dataclasses import replace

import pytest

from clawdesk.domain.model import MachineNeed, ProjectPolicy, StepSpec, Task, TaskDefinition
from clawdesk.domain.network import NOWHERE, Reach, allows, granted, is_host
from clawdesk.domain.policy import reach, under
from clawdesk.domain.rules import Rules


@pytest.mark.parametrize("text", ["example.org", "*.example.org", "a.b-c.example.org:8443", "x.io"])
def test_names_are_hosts(text: str) -> None:
    assert is_host(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "localhost",
        "*",
        "*.*.org",
        "127.0.0.1",
        "10.0.0.1:80",
        "[::1]",
        "0x7f.1",
        "example.org:0",
        "example.org:65536",
        "example.org:https",
        "user@example.org",
        "http://example.org",
        "example.org/path",
        "exa mple.org",
        "-x.example.org",
        "EXAMPLE.org",
        "bücher.example",
        f"{'a.' * 127}org",
    ],
)
def test_everything_else_is_none(text: str) -> None:
    assert not is_host(text)


@pytest.mark.parametrize(
    ("allowed", "host", "port", "right"),
    [
        ("example.org", "example.org", 443, True),
        ("example.org", "EXAMPLE.org.", 80, True),
        ("example.org", "example.org", 22, False),
        ("example.org", "www.example.org", 443, False),
        ("example.org", "example.org.evil.com", 443, False),
        ("example.org", "notexample.org", 443, False),
        ("*.example.org", "www.example.org", 443, True),
        ("*.example.org", "a.b.example.org", 80, True),
        ("*.example.org", "example.org", 443, False),
        ("*.example.org", "evilexample.org", 443, False),
        ("example.org:8443", "example.org", 8443, True),
        ("example.org:8443", "example.org", 443, False),
        ("*.example.org:22", "git.example.org", 22, True),
    ],
)
def test_what_a_host_covers(allowed: str, host: str, port: int, right: bool) -> None:
    assert allows([allowed], host, port) is right
    assert not allows([], host, port)


@pytest.mark.parametrize(
    "host",
    [
        *("evil.com\0.example.org", "1.1.1.1\0.example.org", "evil.com\n.example.org"),
        *("evil.com/.example.org", "evil.com#.example.org", "evil.com:22.example.org"),
        *("user@www.example.org", "..example.org", ".example.org", "*.example.org"),
        *("-x.example.org", "x..example.org", "www.example.org..", "ⅷ.example.org"),
        *("www.example.org\n", f"{'x' * 64}.example.org", f"{'a.' * 127}example.org"),
    ],
)
def test_what_is_no_name_is_below_no_host(host: str) -> None:
    """A look-up in C ends at a NUL: it would ask for what stands before it."""
    assert not allows(["*.example.org"], host, 443)


@pytest.mark.parametrize(
    ("wanted", "allowed", "right"),
    [
        ("example.org", "example.org", True),
        ("www.example.org", "*.example.org", True),
        ("*.www.example.org", "*.example.org", True),
        ("*.example.org", "*.example.org", True),
        ("*.example.org", "www.example.org", False),
        ("example.org", "*.example.org", False),
        ("example.org:443", "example.org", True),
        ("example.org:22", "example.org", False),
        ("example.org", "example.org:443", False),
    ],
)
def test_a_wish_counts_where_it_lies_whole_inside(wanted: str, allowed: str, right: bool) -> None:
    assert granted([wanted], [allowed]) == ((wanted,) if right else ())


def test_a_record_alone_opens_no_way_out() -> None:
    """A copied repository may hold tasks that nobody submitted here."""
    need = MachineNeed(network=("files.example.org",))
    definition = TaskDefinition("t", "T", (StepSpec("s", "true"),), machine=need)
    said = ProjectPolicy(network_allow=("*.example.org",), own_networks=("10.0.0.0/8",))
    forged = Task("t", "/p", definition, said, 1, "c", "c")
    assert reach(under(forged, Rules())) == NOWHERE
    asked = ProjectPolicy(network_allow=("*.example.org",), own_networks=("10.0.0.0/8",))
    real = replace(forged, policy_asked=asked)
    found = under(real, Rules())
    assert found.policy_asks == ("network access to *.example.org",)
    assert reach(found) == Reach(("files.example.org",), ()), "own networks are the user's word"

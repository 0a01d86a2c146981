"""What every implementation of the SetUps port keeps; runs on the fake and on the real one."""

from __future__ import annotations

import pytest

from clawdesk.adapters.set_up import HostSetUps
from clawdesk.domain.network import is_host, is_network
from clawdesk.domain.package_sources import NPM, PYPI
from clawdesk.ports.set_up import SetUps
from tests.support.plane_world import KeptSetUps


@pytest.fixture(params=[KeptSetUps, HostSetUps], ids=["fake", "real"])
def set_ups(request: pytest.FixtureRequest) -> SetUps:
    made: SetUps = request.param()
    return made


def test_sources_are_written_as_rules_are_or_say_why_not(set_ups: SetUps) -> None:
    found = set_ups.sources()
    assert [source.name for source in found] == [PYPI, NPM]
    for source in found:
        assert bool(source.hosts) != bool(source.problem)
        assert all(is_host(host) for host in source.hosts)
        assert all(is_network(address) for address in source.own)
    assert set_ups.sources() == found

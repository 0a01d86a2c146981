"""Where this machine gets packages, found when a test runs: no host's name stands here.

And the command line for tests whose machines need some: layers are the user's own, built once for
this computer and found there by later runs.
"""

from __future__ import annotations

import ipaddress
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from clawdesk.adapters.egress import is_public
from clawdesk.adapters.libvirt.image_recipe import load_recipe
from clawdesk.adapters.libvirt.image_root import member, root_tar
from clawdesk.adapters.set_up import HostSetUps
from clawdesk.domain.package_sources import NPM, PYPI
from tests.support.real_cli import RealCli, real_cli


def _hosts_of(name: str) -> tuple[str, ...]:
    (found,) = (source for source in HostSetUps().sources() if source.name == name)
    assert found.hosts, found.problem
    return found.hosts


def python_hosts() -> tuple[str, ...]:
    """Of the index pip asks here, and of the files it leads to."""
    return _hosts_of(PYPI)


def debian_hosts() -> tuple[str, ...]:
    """Of the archive that `apt` of the guest image asks."""
    recipe = load_recipe("base")
    sources = member(root_tar(recipe, print), "./etc/apt/sources.list").decode()
    addresses = [word for word in sources.split() if "://" in word]
    return tuple(dict.fromkeys(str(urlsplit(address).hostname) for address in addresses))


def npm_hosts() -> tuple[str, ...]:
    """Of the registry that npm asks here; it gives the files too."""
    return _hosts_of(NPM)


def policy_file(hosts: tuple[str, ...]) -> str:
    """A user's policy.toml that lets projects reach these hosts, also where they are not public."""
    found = {entry[4][0] for host in hosts for entry in socket.getaddrinfo(host, 443)}
    addresses = [ipaddress.ip_address(address) for address in found]
    own = [str(address) for address in addresses if not is_public(address)]
    return f"[defaults.network]\nallow = {json.dumps(hosts)}\nown = {json.dumps(own)}\n"


def project_file(hosts: tuple[str, ...]) -> str:
    """A `.clawdesk/project.toml` whose images may be set up from there."""
    return f"[network]\nallow = {json.dumps(hosts)}\n"


@contextmanager
def cli_with_layers(hosts: tuple[str, ...]) -> Iterator[RealCli]:
    """The real command line, with this computer's layers and a policy that lets them be built."""
    with real_cli(shared=("layers",)) as cli:
        settings = Path(cli.environment["XDG_CONFIG_HOME"]) / "clawdesk"
        settings.mkdir(parents=True, exist_ok=True)
        (settings / "policy.toml").write_text(policy_file(hosts))
        yield cli

"""Where this computer gets packages, and which of it the images of catalog agents need. Pure.

What a person is asked to allow once is this and nothing else: the hosts of what the catalog is made
of, as this computer's own installers are set to them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from clawdesk.domain.agents import KINDS, AgentKind
from clawdesk.domain.network import Reach, granted

PYPI, NPM = "pypi", "npm"
TAKE_BACK = "clawdesk images allow --take-back"
"""The way back, as a person types it."""


@dataclass(frozen=True, slots=True)
class PackageSource:
    """Where packages of one sort come from.

    Args:
        name: pypi | npm.
        hosts: as a rule names them; () = `problem` says why it can name none.
        own: addresses that these names stand for and that are not of the open internet.
    """

    name: str
    hosts: tuple[str, ...] = ()
    own: tuple[str, ...] = ()
    problem: str = ""


def needed_by(kind: AgentKind) -> frozenset[str]:
    """Names of the sources that the image of an agent is made from.

    None has Debian packages: the archive of the guest image is none of this computer's settings.
    """
    found = {PYPI} if kind.pypi or kind.pypi_alone or kind.npm else set()  # Node.js is of PyPI
    return frozenset(found | ({NPM} if kind.npm else set()))


def offered(sources: Iterable[PackageSource]) -> Reach:
    """What is asked for, so that the image of every agent of the catalog can be built."""
    wanted = frozenset[str]().union(*map(needed_by, KINDS.values()))
    found = [source for source in sources if source.name in wanted]
    hosts = dict.fromkeys(host for source in found for host in source.hosts)
    own = dict.fromkeys(address for source in found for address in source.own)
    return Reach(tuple(hosts), tuple(own))


def lacking(kind: AgentKind, sources: Iterable[PackageSource], allowed: Reach) -> tuple[str, ...]:
    """Hosts that its image is made from and that are not allowed."""
    wanted = [h for s in sources if s.name in needed_by(kind) for h in s.hosts]
    there = granted(wanted, allowed.hosts)
    return tuple(dict.fromkeys(host for host in wanted if host not in there))

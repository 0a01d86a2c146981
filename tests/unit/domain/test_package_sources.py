"""Where packages of the catalog come from: what is asked for, and what is lacking."""

from __future__ import annotations

from clawdesk.domain.agents import KINDS
from clawdesk.domain.network import NOWHERE, Reach
from clawdesk.domain.package_sources import NPM, PYPI, PackageSource, lacking, needed_by, offered

FOUND = (
    PackageSource(PYPI, ("py.a.example", "files.a.example"), ("10.1.2.3",)),
    PackageSource(NPM, ("npm.a.example:8443", "files.a.example"), ("10.1.2.3", "10.1.2.4")),
    PackageSource("other", ("other.example",), ("10.9.9.9",)),
)


def test_an_agent_needs_the_sources_of_its_packages() -> None:
    assert needed_by(KINDS["mini-swe-agent"]) == {PYPI}
    assert needed_by(KINDS["opencode"]) == {PYPI, NPM}, "Node.js is of PyPI"
    assert needed_by(KINDS["command"]) == set()


def test_no_agent_of_the_catalog_has_debian_packages() -> None:
    """Where those come from is the guest image's affair: nobody is asked for its hosts yet."""
    assert not [kind.name for kind in KINDS.values() if kind.debian]


def test_what_is_asked_for_is_what_the_catalog_needs_each_once() -> None:
    hosts = ("py.a.example", "files.a.example", "npm.a.example:8443")
    assert offered(FOUND) == Reach(hosts, ("10.1.2.3", "10.1.2.4"))
    assert offered(()) == NOWHERE
    assert offered((PackageSource(PYPI, problem="none"),)) == NOWHERE


def test_what_is_lacking_is_of_that_agent_alone() -> None:
    mini, opencode = KINDS["mini-swe-agent"], KINDS["opencode"]
    assert lacking(mini, FOUND, NOWHERE) == ("py.a.example", "files.a.example")
    assert lacking(mini, FOUND, Reach(("*.a.example",))) == ()
    assert lacking(mini, FOUND, Reach(("py.a.example",))) == ("files.a.example",)
    assert lacking(opencode, FOUND, Reach(("*.a.example",))) == ("npm.a.example:8443",)

"""`clawdesk images allow`: what the images of ClawDesk's own agents may be set up from, asked once.

It is shown whole before it is written: the hosts, what for, which file, and how it is taken back.
"""

from __future__ import annotations

import argparse
import asyncio
import sys

from clawdesk.cli.context import plain, print_json, tell, with_plane
from clawdesk.cli.exits import DONE, FAILED, REFUSED, WRONG_USE
from clawdesk.domain.agents import KINDS
from clawdesk.domain.network import Reach
from clawdesk.domain.package_sources import TAKE_BACK, offered
from clawdesk.runtime.api import CatalogAccess, Outcome, PlaneApi
from clawdesk.runtime.policy_writing import rule_lines
from clawdesk.viewmodels.catalog_access import host_lines, is_allowed, sort_of


def add_allow_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--yes", action="store_true", help="allow what is shown, without asking")
    parser.add_argument("--take-back", action="store_true", help="take it out of the file again")
    parser.add_argument("--json", action="store_true", help="one JSON object; asks nothing")


def allow(options: argparse.Namespace) -> int:
    async def work(plane: PlaneApi) -> int:
        if options.take_back:
            return _told(await plane.take_back_catalog(), options)
        return await _allow(plane, options)

    return with_plane(work)


async def _allow(plane: PlaneApi, options: argparse.Namespace) -> int:
    access = await plane.catalog_access()
    wanted = offered(access.sources)
    if options.json and not options.yes:
        print_json({"wanted": wanted.hosts, "wanted_own": wanted.own_networks, "now": access})
        return DONE
    if not options.json:
        for source in access.sources:
            if source.problem:
                print(f"clawdesk: {sort_of(source)}: {plain(source.problem)}", file=sys.stderr)
    if not wanted.hosts:
        print("clawdesk: there is no host that could be allowed.", file=sys.stderr)
        return FAILED
    if is_allowed(access):
        text = f"It is allowed already: {access.path}, line {access.line}."
        return _told(Outcome(True, text), options)
    if not options.json:
        _show(access, wanted)
    if not options.yes and (code := await _refused()) is not None:
        return code
    return _told(await plane.allow_catalog(wanted.hosts, wanted.own_networks), options)


async def _refused() -> int | None:
    """The exit code of whoever did not say yes, None = they did."""
    if sys.stdin is None or not sys.stdin.isatty():
        print("clawdesk: there is no terminal to ask on; nothing is allowed.", file=sys.stderr)
        print("  --yes allows what is shown above.", file=sys.stderr)
        return WRONG_USE
    answer = await asyncio.to_thread(input, "Allow it? [y/N] ")
    if answer.strip().lower() in {"y", "yes"}:
        return None
    print("Not allowed; nothing is written.")
    return REFUSED


def _told(outcome: Outcome, options: argparse.Namespace) -> int:
    if not options.json:
        return tell(outcome)
    print_json({"ok": outcome.ok, "text": outcome.text})
    return DONE if outcome.ok else FAILED


def _show(access: CatalogAccess, wanted: Reach) -> None:
    agents = ", ".join(kind.name for kind in KINDS.values() if kind.has_packages)
    print(f"To set up the images of its own agents ({agents}), ClawDesk would reach:")
    for line in host_lines(access):
        print(f"  {plain(line)}")
    if wanted.own_networks:
        addresses = ", ".join(wanted.own_networks)
        print(f"Their names stand for {addresses} here, which is not of the open internet: that is")
        print("let through for them too.")
    print(
        "Only packages that ClawDesk's own list of agents names are fetched, in a machine of their"
    )
    print("own. No project's image is set up from there by it, and no task reaches these hosts.")
    print(f"It is written into {plain(access.path)}:")
    for line in rule_lines(wanted):
        print(f"  {plain(line)}")
    print(f"It is taken back by {TAKE_BACK}")

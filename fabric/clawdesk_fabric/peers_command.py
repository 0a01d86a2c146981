"""`clawdesk-fabric peers`: pair with another machine's Fabric, lend it models, revoke it."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from clawdesk_fabric.bounded import between
from clawdesk_fabric.holds_command import Add, Ask
from clawdesk_fabric.peers_kept import CALLS_MAX


def add_command(command: Add) -> None:
    """The parsers of `peers` and what it can do."""
    peers = command("peers", "Use models of other machines, and lend them yours.")
    actions = peers.add_subparsers(dest="action", required=True, metavar="ACTION")
    listing = actions.add_parser("list", help="List paired machines, how each stands, and why.")
    listing.add_argument("--json", action="store_true", help="print JSON")
    pair = actions.add_parser(
        "pair", help="Print an invitation for another machine; with INVITATION, follow one."
    )
    pair.add_argument(
        "invitation", nargs="?", default="", metavar="INVITATION", help="- reads it from the input"
    )
    pair.add_argument("--name", default="", metavar="NAME", help="what to call the other machine")
    pair.add_argument(
        "--address", default="", metavar="HOST:PORT", help="where it finds this one, if not there"
    )
    pair.add_argument("--lend", default="", metavar="MODEL,...", help="default: nothing")
    withdraw = actions.add_parser("withdraw", help="The invitation that is open holds no more.")
    listen = actions.add_parser(
        "listen", help="Let paired machines come to HOST:PORT, now and at every start; or off."
    )
    listen.add_argument("address", metavar="HOST:PORT|off")
    lend = actions.add_parser("lend", help="Say which models a machine may use from now on.")
    lend.add_argument("name", metavar="NAME")
    lend.add_argument("models", nargs="*", metavar="MODEL", help="none = nothing any more")
    for parser in (pair, lend):
        parser.add_argument(
            "--calls",
            type=between(int, 1, CALLS_MAX),
            default=1,
            metavar="N",
            help="so many calls at a time (1)",
        )
    revoke = actions.add_parser("revoke", help="Trust a machine no longer; its calls end at once.")
    revoke.add_argument("name", metavar="NAME")
    for parser in (listing, pair, withdraw, listen, lend, revoke):
        parser.add_argument(
            "--socket", type=Path, default=argparse.SUPPRESS, metavar="PATH", help=argparse.SUPPRESS
        )


def run(arguments: argparse.Namespace, ask: Ask) -> int:
    """One of the actions; raises FabricError where the Fabric refuses."""

    def asked(method: str, target: str, body: Any = None) -> Any:
        return ask(arguments, method, f"/fabric/v1/peers{target}", body)

    match arguments.action:
        case "list":
            _print(arguments, asked("GET", ""))
        case "pair":
            grant = {
                "name": arguments.name,
                "models": [name for name in arguments.lend.split(",") if name],
                "calls": arguments.calls,
            }
            if not arguments.invitation:
                made = asked("POST", "/invite", {**grant, "address": arguments.address})
                print(made["invitation"])
                return 0
            is_piped = arguments.invitation == "-"
            text = sys.stdin.readline() if is_piped else arguments.invitation
            found = asked("POST", "/join", {**grant, "invitation": text})["peer"]
            print(_described(found))
        case "withdraw":
            asked("POST", "/withdraw", {})
        case "listen":
            address = "" if arguments.address == "off" else arguments.address
            asked("POST", "/listen", {"address": address})
        case "lend":
            body = {"models": arguments.models, "calls": arguments.calls}
            asked("POST", f"/{quote(arguments.name, safe='')}/lend", body)
        case "revoke":
            asked("POST", f"/{quote(arguments.name, safe='')}/revoke", {})
    return 0


def _print(arguments: argparse.Namespace, found: Mapping[str, Any]) -> None:
    if arguments.json:
        print(json.dumps(found))
        return
    where = found["listening"]
    print(f"listening at {where}" if where else "no machine can come: see peers listen")
    invitation = found.get("invitation")
    if invitation is not None and invitation["state"] == "open":
        until = datetime.fromtimestamp(invitation["until"]).astimezone()
        print(f"an invitation is open until {until:%H:%M}: see peers withdraw")
    for peer in found["peers"]:
        print(_described(peer))
    if not found["peers"]:
        print("no machine is paired")


def _described(peer: Mapping[str, Any]) -> str:
    name, lent = peer["name"], peer["lent"]
    offers = [f"{name}/{offer['model']}" for offer in peer["offers"]]
    why = f": {peer['why']}" if peer["why"] else ""
    return (
        f"{name:<16} {peer['state']}{why}\n"
        f"  lends you  {', '.join(offers) or 'nothing'}\n"
        f"  may use    {', '.join(lent['models']) or 'nothing'}, {lent['in_flight']} of "
        f"{lent['calls']} calls at a time in flight\n"
        f"  known by   {peer['fingerprint']}"
    )

"""`clawdesk channels`: answer from chats through the user's OpenClaw gateway.

The token is asked for, or read from standard input; never taken from the command line, where other
users of the machine could read it.
"""

from __future__ import annotations

import argparse

from clawdesk.cli.context import plain, print_json, secret_line, tell, with_plane
from clawdesk.cli.exits import DONE, FAILED
from clawdesk.ports.channel import USUAL_ADDRESS, ChannelState
from clawdesk.runtime.api import PlaneApi
from clawdesk.viewmodels.channel import how_far

WAIT_S = 60.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    acts = parser.add_subparsers(dest="act", metavar="list | add | test | remove")
    listing = acts.add_parser("list", help="the channel and what it shows now (the default)")
    listing.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--json", action="store_true", help=argparse.SUPPRESS)
    adding = acts.add_parser("add", help="use an OpenClaw gateway from now on")
    adding.add_argument("kind", choices=("openclaw",))
    adding.add_argument(
        "--url",
        default=USUAL_ADDRESS,
        help=f"ws:// on this machine, else wss:// (default {USUAL_ADDRESS})",
    )
    testing = acts.add_parser("test", help="show a test message and wait for a tap")
    testing.add_argument("--wait", type=float, default=WAIT_S, metavar="S", help="seconds")
    acts.add_parser("remove", help="use no channel any more, and forget its key")


def run(options: argparse.Namespace) -> int:
    if options.act == "add":
        return _add(options.url)

    async def work(plane: PlaneApi) -> int:
        if options.act == "test":
            return tell(await plane.test_channel(min(max(options.wait, 0.0), 110.0)))
        if options.act == "remove":
            return tell(await plane.remove_channel())
        return await _list(plane, as_json=options.json)

    return with_plane(work)


def _add(address: str) -> int:
    token = secret_line("Token of the gateway (gateway.auth.token)", "The gateway's token")

    async def work(plane: PlaneApi) -> int:
        return tell(await plane.add_channel(address, token))

    return with_plane(work)


async def _list(plane: PlaneApi, *, as_json: bool) -> int:
    view = await plane.channel()
    if as_json:
        print_json(view)
        return DONE
    status = view.status
    if status.state is ChannelState.ABSENT:
        print(plain(status.text) or "No channel is set up. clawdesk channels add openclaw")
        return FAILED if status.text else DONE
    version = f", version {status.version}" if status.version else ""
    print(f"openclaw  {status.state.value}  {plain(status.address)}{plain(version)}")
    if status.takes_words:
        print("  words typed in its chats are taken: /clawdesk")
    if status.text:
        print(f"  {plain(status.text)} {plain(status.mend)}".rstrip())
    for delivery in view.deliveries:
        task = plane.state.tasks.get(delivery.task)
        title = task.title if task is not None else delivery.task
        print(f"  {plain(title)}: {plain(how_far(delivery))}")
    return DONE

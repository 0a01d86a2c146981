"""`clawdesk inbox`: everything that waits for you, across projects."""

from __future__ import annotations

import argparse
from datetime import datetime
from textwrap import indent

from clawdesk.cli.context import plain, print_json, with_plane
from clawdesk.cli.show import note_shown
from clawdesk.domain.model import Kind
from clawdesk.domain.values import as_fields
from clawdesk.runtime.api import PlaneApi
from clawdesk.viewmodels.channel import how_far
from clawdesk.viewmodels.words import plural


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="one JSON object a request")


def run(options: argparse.Namespace) -> int:
    async def work(plane: PlaneApi) -> int:
        waiting = [task for task in plane.state.tasks.values() if task.request is not None]
        shown = {d.request: d for d in plane.environment.channel.deliveries}
        for task in sorted(waiting, key=lambda t: t.request.at_ms if t.request else 0):
            request = task.request
            assert request is not None
            note_shown(task)
            if options.json:
                delivery = shown.get(request.id)
                more = {"channel": as_fields(delivery)} if delivery is not None else {}
                print_json({"task": task.id, "title": task.title, **as_fields(request), **more})
                continue
            since = datetime.fromtimestamp(request.at_ms / 1000).astimezone()
            print(f"{task.id}  {plain(task.title)}, since {since:%H:%M}")
            if request.kind is Kind.APPROVE:
                stat = request.diffstat
                print(f"  approve checkpoint {request.ordinal}: {plain(request.why)}")
                print(f"  {plural(stat.files, 'file')}, +{stat.added} -{stat.removed}")
                print(f"  clawdesk diff {task.id} {request.ordinal}")
            else:
                print(indent(plain(request.question), "  "))
                for choice in request.choices:
                    print(indent("- " + plain(choice).replace("\n", "\n  "), "  "))
                print(f"  clawdesk answer {task.id} {plain(request.key)} TEXT")
            if request.id in shown:
                print(f"  OpenClaw: {plain(how_far(shown[request.id]))}")
        if not waiting and not options.json:
            print("Nothing waits for you.")
        return 0

    return with_plane(work)

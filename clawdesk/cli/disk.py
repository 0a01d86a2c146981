"""`clawdesk disk`: what machine files occupy, snapshots task by task."""

from __future__ import annotations

import argparse
from collections import defaultdict

from clawdesk.cli.context import plain, print_json, with_plane
from clawdesk.ports.machines import SnapshotUse
from clawdesk.runtime.api import PlaneApi
from clawdesk.viewmodels.words import plural

_MIB = 1 << 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="one JSON object")


def run(options: argparse.Namespace) -> int:
    async def work(plane: PlaneApi) -> int:
        use = await plane.disk_use()
        if options.json:
            print_json({**_sizes(use), "home": use.home, "snapshots": list(use.snapshots)})
            return 0
        by_task: dict[str, list[SnapshotUse]] = defaultdict(list)
        for one in use.snapshots:
            by_task[one.task].append(one)
        for task_id, ones in sorted(by_task.items()):
            task = plane.state.tasks.get(task_id)
            title = plain(task.title) if task is not None else "of a project that is not open"
            state = task.phase.value if task is not None else ""
            own = sum(one.bytes for one in ones) / _MIB
            count = plural(len(ones), "snapshot")
            print(f"{task_id}  {count:>13}  {own:>8.0f} MiB  {state:<10} {title}")
        print(f"all snapshots {use.snapshots_bytes / _MIB:.0f} MiB, with what they share")
        print(f"machines      {use.machines_bytes / _MIB:.0f} MiB")
        print(f"templates     {use.templates_bytes / _MIB:.0f} MiB")
        print(f"guest images  {use.images_bytes / _MIB:.0f} MiB")
        print(f"layers        {use.layers_bytes / _MIB:.0f} MiB")
        print(f"together      {use.total_bytes / _MIB:.0f} MiB")
        print(f"free          {use.free_bytes / _MIB:.0f} MiB of the disk of {use.home}")
        print("`clawdesk prune` gives up snapshots of ended tasks; commits stay.")
        spare = [image for image in use.images if image.spare]
        if spare:
            mib = sum(image.bytes for image in spare) / _MIB
            print(f"`clawdesk images prune` removes old guest images, {mib:.0f} MiB.")
        return 0

    return with_plane(work)


def _sizes(use: object) -> dict[str, int]:
    parts = ("snapshots", "machines", "templates", "images", "layers", "total", "free")
    return {f"{part}_bytes": getattr(use, f"{part}_bytes") for part in parts}

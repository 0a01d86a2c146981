"""`clawdesk images [build | remove LAYER | prune | allow]`: guest images, and layers on them."""

from __future__ import annotations

import argparse
import asyncio
import sys
from datetime import datetime

from clawdesk.cli.context import plain, print_json, tell, with_plane
from clawdesk.cli.exits import REFUSED
from clawdesk.cli.images_allow import add_allow_arguments, allow
from clawdesk.ports.errors import PortError
from clawdesk.ports.machines import ImageUse
from clawdesk.runtime.api import PlaneApi
from clawdesk.viewmodels.disk import stands_on
from clawdesk.viewmodels.words import plural


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="one JSON object an image or layer")
    actions = parser.add_subparsers(dest="action", metavar="build | remove | prune | allow")
    build = actions.add_parser("build", help="build an image, or find that it is built")
    build.add_argument("name", nargs="?", default="base")
    remove = actions.add_parser("remove", help="remove a layer that no task needs")
    remove.add_argument("layer")
    prune = actions.add_parser("prune", help="remove images of older versions nothing stands on")
    prune.add_argument("--yes", action="store_true", help="do not ask")
    about = "let images of the known agents be set up from this computer's package hosts"
    add_allow_arguments(actions.add_parser("allow", help=about, description=about))


def run(options: argparse.Namespace) -> int:
    if options.action == "allow":
        return allow(options)
    if options.action == "prune":
        return with_plane(lambda plane: _prune(plane, sure=options.yes))
    # No plane: an image is built while no task can run yet.
    from clawdesk.app import guest_images

    images = guest_images()
    if options.action == "build":
        built = images.build(options.name, lambda text: print(text, file=sys.stderr, flush=True))
        print(f"{built.name} {built.digest[:12]}  {built.folder}")
        return 0
    if options.action == "remove":
        images.remove_layer(options.layer)
        print(f"The layer {options.layer} is removed; a task that needs it builds it again.")
        return 0
    found, uses = images.list(), images.uses()
    for image in found:
        use = uses.get(image.folder.name)
        if options.json:
            fields = {"name": image.name, "digest": image.digest, "kernel": image.kernel}
            print_json(fields | ({"use": use} if use is not None else {}))
        else:
            print(f"{image.name}  {image.digest[:12]}  Debian kernel {image.kernel}{_use(use)}")
    for layer in images.layers():
        if options.json:
            needed = layer.needed
            print_json({"layer": layer.name, "bytes": layer.bytes, "needed": needed})
        else:
            size = f"{layer.bytes / (1 << 20):.0f} MiB"
            state = "in use" if layer.needed else "not in use"
            print(f"layer {layer.name}  {size}, {state}: {plain(layer.about)}")
    if not found and not options.json:
        print("No guest image yet. clawdesk images build base makes one.")
    return 0


def _use(use: ImageUse | None) -> str:
    """What of an image a person decides by; nothing where it belongs to another home."""
    if use is None:
        return ""
    stands = "machines start from it" if use.current else stands_on(use)
    return f", {use.bytes / (1 << 20):.0f} MiB, {stands}"


async def _prune(plane: PlaneApi, *, sure: bool) -> int:
    """Says what would go and what stays; then asks, unless the person is sure."""
    use = await plane.disk_use()
    old = [image for image in use.images if not image.current]
    for image in old:
        built = f"{datetime.fromtimestamp(image.at_ms / 1000).astimezone():%Y-%m-%d %H:%M}"
        mib = image.bytes / (1 << 20)
        goes = "goes" if image.spare else ""
        print(f"{image.name:<10} built {built}  {mib:>6.0f} MiB  {goes:<5} {stands_on(image)}")
    spare = [image for image in old if image.spare]
    if not spare:
        print("There is no guest image of an older version that could go.")
        return 0
    mib = sum(image.bytes for image in spare) / (1 << 20)
    if not sure:
        if sys.stdin is None or not sys.stdin.isatty():
            raise PortError("Add --yes to remove those that go.", code="usage")
        wanted = f"Remove {plural(len(spare), 'guest image')}, {mib:.0f} MiB? [y/N] "
        said = await asyncio.to_thread(input, wanted)
        if said.strip().lower() not in {"y", "yes"}:
            print("Nothing was removed.")
            return REFUSED
    return tell(await plane.remove_images(tuple(image.id for image in spare)))

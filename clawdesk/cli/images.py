"""`clawdesk images [build NAME | remove LAYER | allow]`: guest images, and layers upon them."""

from __future__ import annotations

import argparse
import sys

from clawdesk.cli.context import plain, print_json
from clawdesk.cli.images_allow import add_allow_arguments, allow


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="one JSON object an image or layer")
    actions = parser.add_subparsers(dest="action", metavar="build | remove | allow")
    build = actions.add_parser("build", help="build an image, or find that it is built")
    build.add_argument("name", nargs="?", default="base")
    remove = actions.add_parser("remove", help="remove a layer that no task needs")
    remove.add_argument("layer")
    about = "let images of the known agents be set up from this computer's package hosts"
    add_allow_arguments(actions.add_parser("allow", help=about, description=about))


def run(options: argparse.Namespace) -> int:
    if options.action == "allow":
        return allow(options)
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
    found = images.list()
    for image in found:
        if options.json:
            print_json({"name": image.name, "digest": image.digest, "kernel": image.kernel})
        else:
            print(f"{image.name}  {image.digest[:12]}  Debian kernel {image.kernel}")
    for layer in images.layers():
        if options.json:
            needed = layer.needed
            print_json({"layer": layer.name, "bytes": layer.bytes, "needed": needed})
        else:
            size = f"{layer.bytes / (1 << 20):.0f} MiB"
            use = "in use" if layer.needed else "not in use"
            print(f"layer {layer.name}  {size}, {use}: {plain(layer.about)}")
    if not found and not options.json:
        print("No guest image yet. clawdesk images build base makes one.")
    return 0

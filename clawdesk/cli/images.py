"""`clawdesk images [build NAME]`: guest images on this machine."""

from __future__ import annotations

import argparse
import sys

from clawdesk.cli.context import print_json


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="one JSON object an image")
    actions = parser.add_subparsers(dest="action", metavar="build")
    build = actions.add_parser("build", help="build an image, or find that it is built")
    build.add_argument("name", nargs="?", default="base")


def run(options: argparse.Namespace) -> int:
    # No plane: an image is built while no task can run yet.
    from clawdesk.app import guest_images

    images = guest_images()
    if options.action == "build":
        built = images.build(options.name, lambda text: print(text, file=sys.stderr, flush=True))
        print(f"{built.name} {built.digest[:12]}  {built.folder}")
        return 0
    found = images.list()
    for image in found:
        if options.json:
            print_json({"name": image.name, "digest": image.digest, "kernel": image.kernel})
        else:
            print(f"{image.name}  {image.digest[:12]}  Debian kernel {image.kernel}")
    if not found and not options.json:
        print("No guest image yet. clawdesk images build base makes one.")
    return 0

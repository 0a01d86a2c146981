"""`clawdesk secrets`: what tasks may be given of the user's tokens and passwords.

A value is asked for, or read from standard input; never taken from the command line, where other
users of the machine could read it.
"""

from __future__ import annotations

import argparse

from clawdesk.app import secret_store
from clawdesk.cli.context import print_json, secret_line
from clawdesk.cli.exits import DONE, FAILED


def add_arguments(parser: argparse.ArgumentParser) -> None:
    acts = parser.add_subparsers(dest="act", metavar="list | set | remove")
    listing = acts.add_parser("list", help="names of what is kept (the default)")
    listing.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--json", action="store_true", help=argparse.SUPPRESS)
    setting = acts.add_parser("set", help="keep a value, in place of an old one")
    setting.add_argument("name", help="capital letters, digits and _")
    removing = acts.add_parser("remove", help="keep it no more")
    removing.add_argument("name")


def run(options: argparse.Namespace) -> int:
    store = secret_store()
    if options.act == "set":
        store.check_name(options.name)
        place = store.keep(options.name, secret_line(f"Value of {options.name}", "The value"))
        print(f"{options.name} is kept in {place}.")
        print("  Tasks get it where [secrets] allow says so, their requests where [keys] does:")
        print("  docs/guide/secrets.md")
        return DONE
    if options.act == "remove":
        if store.forget(options.name):
            print(f"{options.name} is kept no more. Machines that run now still know it.")
            return DONE
        print(f"No secret {options.name} was kept.")
        return FAILED
    names = store.names()
    if options.json:
        print_json({"secrets": list(names)})
    else:
        print("\n".join(names) or "No secret is kept. clawdesk secrets set NAME")
    return DONE

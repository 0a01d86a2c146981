"""`clawdesk-fabric queue`, `leases`, `pin`, `reserve`, `projects`, `budget` and their like."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from math import isfinite
from typing import Any
from urllib.parse import quote

from clawdesk_fabric.errors import FabricError

Ask = Callable[[argparse.Namespace, str, str, Any], Any]
"""(arguments, method, target, body) -> the Fabric's answer."""
Add = Callable[[str, str], argparse.ArgumentParser]
"""(name, help) -> the parser of a new command that can name the Fabric's socket."""


NAMES = (
    "queue",
    "leases",
    "reservations",
    "projects",
    "pin",
    "unpin",
    "reserve",
    "unreserve",
    "budget",
    "weight",
)


def add_commands(command: Add) -> None:
    """The parsers of all commands of this file."""
    for name, text in (
        ("queue", "List the calls that wait, in order, each with its reason."),
        ("leases", "List who holds which model, and who waits for one."),
        ("reservations", "List the time windows in which models are kept loaded."),
        ("projects", "Show what each project used, its weight and its budget."),
    ):
        command(name, text).add_argument("--json", action="store_true", help="print JSON")
    for name, text in (
        ("pin", "Keep a model loaded until it is unpinned."),
        ("unpin", "Let a pinned model leave again when its memory is needed."),
    ):
        command(name, text).add_argument("model", metavar="MODEL")
    reserve = command("reserve", "Keep a model loaded in a time window.")
    reserve.add_argument("model", metavar="MODEL")
    reserve.add_argument(
        "--from", dest="begin", default="", metavar="TIME", help="HH:MM or ISO; default: now"
    )
    reserve.add_argument("--until", required=True, metavar="TIME", help="HH:MM or ISO")
    reserve.add_argument("--project", default="", metavar="PATH", help="only its calls are served")
    command("unreserve", "End a time window.").add_argument("id", metavar="ID")
    budget = command("budget", "Set what a project may use from now on; it waits when it is used.")
    budget.add_argument("project", metavar="PROJECT")
    budget.add_argument("--gpu-hours", type=finite, default=0.0, metavar="N", help="0 = no limit")
    budget.add_argument("--tokens", type=int, default=0, metavar="N", help="0 = no limit")
    weight = command("weight", "Set how much of the GPUs a project gets beside others.")
    weight.add_argument("project", metavar="PROJECT")
    weight.add_argument("weight", type=finite, metavar="N", help="1 is usual, 2 is twice as much")


def finite(text: str) -> float:
    """A number that is one. Raises ValueError, as argparse wants it."""
    number = float(text)
    if not isfinite(number):
        raise argparse.ArgumentTypeError(f"{text!r} is no number that can be counted with")
    return number


def moment(text: str, now: datetime) -> datetime:
    """A time of day that is still to come, or a whole date and time; local where it says no zone.

    Raises:
        FabricError: it is neither.
    """
    try:
        if len(text) <= 5:
            hour, minute = (int(part) for part in text.split(":"))
            found = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
            return found if found > now else found + timedelta(days=1)
        given = datetime.fromisoformat(text)
        return given.astimezone() if given.tzinfo is None else given
    except (ValueError, OverflowError):
        raise FabricError(f"{text!r} is no time", mend="write 18:30, or 2026-01-31T18:30") from None


def run(arguments: argparse.Namespace, ask: Ask) -> int:
    """One of the commands; raises FabricError where the Fabric refuses."""
    match arguments.command:
        case "queue":
            return _print(arguments, ask(arguments, "GET", "/fabric/v1/queue", None)["waiting"])
        case "leases" | "reservations" | "projects" as name:
            return _print(arguments, ask(arguments, "GET", f"/fabric/v1/{name}", None)[name])
        case "pin" | "unpin" as name:
            body = {"pinned": name == "pin"}
            ask(arguments, "POST", f"/fabric/v1/models/{quote(arguments.model, safe='')}/pin", body)
        case "reserve":
            now = datetime.now().astimezone()
            begin = moment(arguments.begin, now) if arguments.begin else now
            asked = {
                "model": arguments.model,
                "project": arguments.project,
                "from": begin.timestamp(),
                "until": moment(arguments.until, now).timestamp(),
            }
            made = ask(arguments, "POST", "/fabric/v1/reservations", asked)["reservation"]
            print(made["id"])
        case "unreserve":
            there = ask(arguments, "GET", "/fabric/v1/reservations", None)["reservations"]
            if arguments.id not in {window["id"] for window in there}:
                raise FabricError(
                    f"there is no reservation {arguments.id!r}",
                    mend="clawdesk-fabric reservations lists them",
                )
            ask(arguments, "POST", "/fabric/v1/reservations/end", {"id": arguments.id})
        case "budget":
            limits = {"gpu_hours": arguments.gpu_hours, "tokens": arguments.tokens}
            body = {"project": arguments.project, **limits}
            ask(arguments, "POST", "/fabric/v1/projects", body)
        case "weight":
            body = {"project": arguments.project, "weight": arguments.weight}
            ask(arguments, "POST", "/fabric/v1/projects", body)
    return 0


def _print(arguments: argparse.Namespace, rows: list[Mapping[str, Any]]) -> int:
    if arguments.json:
        print(json.dumps(rows))
        return 0
    lines = {"queue": _call, "leases": _lease, "reservations": _window, "projects": _project}
    for row in rows:
        print(lines[arguments.command](row))
    if not rows:
        print(
            {"queue": "nobody waits", "leases": "no lease is held"}.get(arguments.command, "none")
        )
    return 0


def _call(row: Mapping[str, Any]) -> str:
    expected = row["expected_ms"]
    when = "" if expected is None else f", about {expected / 1000:.0f} s"
    reason = row["reason"]
    who = row["project"] or "-"
    return (
        f"{row['position']:>3}  {row['model']}  {row['class']}  {who}{when}: {reason['text']}; "
        f"until {reason['frees']}"
    )


def _lease(row: Mapping[str, Any]) -> str:
    held = "" if row["held_s"] is None else f" for {row['held_s']} s"
    why = f": {row['text']}" if row["text"] else ""
    return f"{row['id']}  {row['model']}  {row['class']}  {row['status']}{held}{why}"


def _window(row: Mapping[str, Any]) -> str:
    begin, until = (datetime.fromtimestamp(row[key]).astimezone() for key in ("from", "until"))
    whom = f" for {row['project']}" if row["project"] else ""
    return f"{row['id']}  {row['model']}{whom}  {begin:%Y-%m-%d %H:%M} to {until:%Y-%m-%d %H:%M}"


def _project(row: Mapping[str, Any]) -> str:
    budget = row["budget"]
    limits = "no budget"
    if budget is not None:
        parts = [
            f"{budget['gpu_hours']:g} GPU-hours" if budget["gpu_hours"] else "",
            f"{budget['tokens']} tokens" if budget["tokens"] else "",
        ]
        limits = f"budget {' and '.join(filter(None, parts))}"
        if budget["exceeded"]:
            limits += f", used up: {budget['exceeded']}; clawdesk-fabric budget raises it"
    return (
        f"{row['project'] or '-'}  weight {row['weight']:g}, {row['gpu_s']:g} s of GPU time, "
        f"{row['tokens']} tokens, {row['waiting']} waiting, {row['in_flight']} in flight; {limits}"
    )

"""The commands that change which models there are: add, remove, key. Arguments in, text out."""

from __future__ import annotations

import argparse
import getpass
import json
import shlex
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from clawdesk_fabric import catalog, paths
from clawdesk_fabric.errors import FabricError
from clawdesk_fabric.local_client import request
from clawdesk_fabric.specs import UpstreamSource

if TYPE_CHECKING:
    from clawdesk_fabric.adding import Proposal
    from clawdesk_fabric.estimate import Room

KEY_CHARACTERS_MAX = 8192


def _positive(text: str) -> int:
    number = int(text)
    if not 1 <= number <= 2**31:
        raise argparse.ArgumentTypeError("1 or more")
    return number


def add_parsers(commands: Any) -> None:
    """Declare the commands.

    Args:
        commands: what `add_subparsers` returned.
    """
    text = "Add a model from a file on this machine; the file stays where it is."
    add = commands.add_parser("add", help=text, description=text)
    add.add_argument("file", type=Path, metavar="FILE", help="a GGUF file or a model's folder")
    add.add_argument("--name", default="", metavar="NAME")
    add.add_argument(
        "--context", type=_positive, default=0, metavar="N", help="tokens kept, all slots together"
    )
    add.add_argument(
        "--slots", type=_positive, default=2, metavar="N", help="requests at once (default: 2)"
    )
    add.add_argument(
        "--gpus",
        type=_positive,
        default=0,
        metavar="N",
        help="run on at most N GPUs (needs an image)",
    )
    add.add_argument("--image", default="", metavar="REF", help="NAME@sha256:... or sha256:...")
    add.add_argument(
        "--port", type=_positive, default=8080, metavar="N", help="where the image listens (8080)"
    )
    add.add_argument("--health", default="/health", metavar="PATH", help="default: /health")
    add.add_argument("--dry-run", action="store_true", help="say what it is and needs; add nothing")
    add.add_argument("--json", action="store_true", help="print JSON")
    add.add_argument(
        "--command",
        dest="line",
        default="",
        metavar="LINE",
        help="the image's arguments, quoted as one word; {model} {name} {context} {slots} "
        "{threads} {gpus} {port} are replaced",
    )
    text = "Forget a model that was added; its file stays."
    remove = commands.add_parser("remove", help=text, description=text)
    remove.add_argument("model", metavar="MODEL")
    text = "Keep or forget the key of a model that runs elsewhere."
    key = commands.add_parser("key", help=text, description=text)
    actions = key.add_subparsers(dest="action", required=True, metavar="ACTION")
    for action, text in (
        ("set", "Ask for the key (or read it from standard input) and keep it."),
        ("forget", "Forget the key."),
    ):
        actions.add_parser(action, help=text, description=text).add_argument(
            "model", metavar="MODEL"
        )


def _words(line: str) -> tuple[str, ...]:
    """A command line as its words, split as a shell would, without one."""
    try:
        return tuple(shlex.split(line))
    except ValueError as error:
        raise FabricError(f"--command cannot be read: {error}") from error


def _rooms(gpus: bool) -> tuple[list[Room], str]:
    """Memory that could be had now, and why there is none."""
    from clawdesk_fabric.adding import gpu_rooms, host_rooms
    from clawdesk_fabric.gpus import reading
    from clawdesk_fabric.nvml import Nvml
    from clawdesk_fabric.server import memory_limit_mib

    known = catalog.load()
    if gpus:
        nvml = Nvml(load=False)
        look = nvml.look()
        nvml.close()
        readings = [reading(gpu) for gpu in look.gpus]
        troubles = "; ".join(gpu.problem for gpu in readings if gpu.problem)
        return gpu_rooms(readings, known.settings.gpu_reserve_mib), look.note or troubles
    free_mib = psutil.virtual_memory().available // 2**20
    return host_rooms(memory_limit_mib(known), free_mib), ""


def _add(arguments: argparse.Namespace) -> int:
    """Exit code 1, and nothing written, where it does not fit."""
    from clawdesk_fabric.adding import Wish, propose, with_hashes
    from clawdesk_fabric.own_catalog import add_entry, check_free
    from clawdesk_fabric.weights.files import Hashes

    wish = Wish(
        path=arguments.file,
        name=arguments.name,
        context=arguments.context,
        slots=arguments.slots,
        gpus=arguments.gpus,
        image=arguments.image,
        command=_words(arguments.line),
        port=arguments.port,
        health=arguments.health,
    )
    proposal = propose(wish, _rooms)
    if not arguments.json:
        print(_described(proposal))
    written = ""
    if proposal.fit.fits and not arguments.dry_run:
        check_free(paths.own_models(), proposal.entry["name"])  # before minutes of hashing
        entry = with_hashes(proposal, Hashes(), lambda text: print(f"  {text}", file=sys.stderr))
        add_entry(paths.own_models(), entry)
        written = str(paths.own_models())
    if arguments.json:
        print(json.dumps(_as_json(proposal, written)))
    elif written:
        print(f"added {proposal.entry['name']} to {written}")
        _tell_running()
    if not proposal.fit.fits and not arguments.json:
        print("not added", file=sys.stderr)
    return 0 if proposal.fit.fits else 1


def _tell_running() -> None:
    """Have the Fabric that runs, if one does, read the list anew."""
    try:
        changes = request(paths.socket_path(), "POST", "/fabric/v1/reload", {})
    except FabricError as error:
        if error.code != "not_running":
            print(f"  the Fabric that runs did not take it in: {error.what}", file=sys.stderr)
            print("  to mend it: clawdesk-fabric stop; the next call starts it", file=sys.stderr)
        return
    for line in changes_described(changes):
        print(f"  the Fabric that runs: {line}")


def changes_described(changes: Mapping[str, Any]) -> list[str]:
    """The answer of a reload, a line for each kind of change."""
    kinds = {
        "added": "added",
        "removed": "removed (one that is loaded serves what it works on)",
        "changed": "changed (one that is loaded: from its next load on)",
        "settings": "[fabric] settings in use now",
        "settings_later": "[fabric] settings that count from its next start (stop, serve)",
        "keys": "goes on with the key that is kept now",
    }
    lines = [f"{text}: {', '.join(changes[kind])}" for kind, text in kinds.items() if changes[kind]]
    return lines + [f"problem: {text}" for text in changes["problems"]]


def _count(number: int) -> str:
    for size, word in ((10**9, "billion"), (10**6, "million")):
        if number >= size:
            return f"{number / size:.3g} {word}"
    return str(number)


def _described(proposal: Proposal) -> str:
    shape, need, entry = proposal.shape, proposal.need, proposal.entry
    kept = max(shape.kv_heads)
    lines = [
        f"{entry['name']}: {shape.title or shape.architecture}",
        f"  {shape.form}, {shape.architecture}, {_count(shape.parameters)} parameters, "
        f"{shape.quantisation}, {shape.file_bytes / 2**20:.0f} MiB",
        f"  {shape.layers} layers, {shape.heads} heads ({kept} keep keys and values), "
        f"trained on {shape.context or 'an unknown number of'} tokens",
        f"  {entry['context']} tokens kept, {entry['context'] // entry['slots']} for each of "
        f"{entry['slots']} requests at once",
        f"  answers {', '.join(entry['endpoints'])}",
        f"  needs about {need.total_mib} MiB (estimated: weights {need.weights_mib}, "
        f"cache {need.kv_cache_mib}, program {need.overhead_mib})",
        f"  {proposal.fit.text}",
    ]
    return "\n".join([*lines, f"  note: {proposal.note}"] if proposal.note else lines)


def _as_json(proposal: Proposal, written: str) -> dict[str, Any]:
    need = {**asdict(proposal.need), "total_mib": proposal.need.total_mib}
    return {
        "shape": asdict(proposal.shape),
        "estimate": need,
        "fits": proposal.fit.fits,
        "fit": proposal.fit.text,
        "devices": list(proposal.fit.devices),
        "entry": proposal.entry,
        "note": proposal.note,
        "written": written,
    }


def _remove(arguments: argparse.Namespace) -> int:
    from clawdesk_fabric.keys import Keys
    from clawdesk_fabric.own_catalog import remove_entry

    remove_entry(paths.own_models(), arguments.model)
    print(f"removed {arguments.model}; its file stays where it is")
    _tell_running()
    if Keys().forget(arguments.model):
        print("  its key was forgotten too")
    return 0


def _key(arguments: argparse.Namespace) -> int:
    from clawdesk_fabric.keys import Keys

    if arguments.action == "forget":
        known = Keys().forget(arguments.model)
        print(f"forgotten: the key of {arguments.model}" if known else "there was no key")
        _tell_running()
        return 0
    spec = catalog.load().models.get(arguments.model)
    if spec is None or not isinstance(spec.source, UpstreamSource):
        raise FabricError(
            f"{arguments.model} is no model that runs elsewhere, so it has no key",
            mend="write its entry first: docs/guide/models.md shows one",
        )
    if sys.stdin.isatty():
        key = getpass.getpass(f"Key for {spec.source.url}: ")
    else:
        key = sys.stdin.read(KEY_CHARACTERS_MAX)
    print(f"kept in {Keys().keep(arguments.model, key)}")
    _tell_running()
    return 0


COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "add": _add,
    "remove": _remove,
    "key": _key,
}

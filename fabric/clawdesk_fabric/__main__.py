"""The command `clawdesk-fabric`: arguments in, text or JSON out; no logic of its own."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import select
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import clawdesk_fabric
from clawdesk_fabric import catalog, holds_command, logs, model_commands, paths, peers_command
from clawdesk_fabric.bounded import between
from clawdesk_fabric.errors import FabricError
from clawdesk_fabric.last_words import last_words, leave_output, open_output
from clawdesk_fabric.local_client import request

EXIT_FAILED, EXIT_NOT_READY = 1, 5
STOP_S_MAX = 60
PORT_MAX = 65_535


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="clawdesk-fabric", description="Serves models in containers to tasks and tools."
    )
    parser.add_argument("--version", action="version", version=clawdesk_fabric.__version__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, text: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=text, description=text)
        added.add_argument("--socket", type=Path, metavar="PATH", help="where the Fabric listens")
        return added

    serve = command("serve", "Serve models until stopped.")
    serve.add_argument(
        "--port", type=between(int, 0, PORT_MAX), metavar="N", help="also listen on 127.0.0.1:N"
    )
    serve.add_argument(
        "--peers", default="", metavar="HOST:PORT", help="let paired machines come there"
    )
    serve.add_argument("--config", type=Path, metavar="FILE", help="settings file (TOML)")
    serve.add_argument(
        "--exit-when-idle", action="store_true", help="exit after 10 minutes without use"
    )
    serve.add_argument("--ready-fd", type=int, default=-1, help=argparse.SUPPRESS)
    for name, text in (
        ("models", "List the models and where each stands."),
        ("status", "Show engine, memory, models and queue."),
        ("ps", "List the models that run."),
        ("reload", "Read models, settings and keys anew; what is loaded stays."),
        ("stop", "Let calls in flight finish, stop the models and exit."),
    ):
        command(name, text).add_argument("--json", action="store_true", help="print JSON")
    for name, text in (
        ("load", "Start a model and wait until it is ready."),
        ("unload", "Stop a model when its calls have ended."),
    ):
        command(name, text).add_argument("model", metavar="MODEL")
    token = command("token", "Print a bearer token for your own tools.")
    token.add_argument("--project", default="", metavar="NAME")
    token.add_argument(
        "--class",
        dest="call_class",
        default="interactive",
        choices=["interactive", "agent", "batch"],
    )
    token.add_argument(
        "--peers", action="store_true", help="it may use models that other machines lend"
    )
    token.add_argument("--models", default="", metavar="NAME,...", help="default: all of them")
    model_commands.add_parsers(commands)
    holds_command.add_commands(command)
    peers_command.add_command(command)
    images = commands.add_parser("images", help="Make inference images.")
    build = images.add_subparsers(dest="action", required=True).add_parser(
        "build", help="Make the image of each model (or of MODEL) that is not there yet."
    )
    build.add_argument("model", nargs="*", metavar="MODEL")
    build.add_argument(
        "--root-tar", type=Path, metavar="PATH", help="a Debian bookworm root to build from"
    )
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit code (0 done, 1 failed, 2 wrong use, 5 not ready)."""
    open_output()
    arguments = _parser().parse_args(argv)
    try:
        code = int(_COMMANDS[arguments.command](arguments))
        sys.stdout.flush()
        return code
    except FabricError as error:
        return _told(error)
    except BrokenPipeError:
        leave_output()
        return EXIT_FAILED
    except OSError as error:
        what, mend = last_words(error)
        return _told(FabricError(what, mend=mend, code="not_running"))
    except KeyboardInterrupt:
        return EXIT_FAILED


def _told(error: FabricError) -> int:
    print(f"clawdesk-fabric: {error.what}", file=sys.stderr)
    if error.mend:
        print(f"  to mend it: {error.mend}", file=sys.stderr)
    return EXIT_NOT_READY if error.code in ("no_capacity", "not_running") else EXIT_FAILED


def _socket(arguments: argparse.Namespace) -> Path:
    return Path(arguments.socket or paths.socket_path())


def _ask(arguments: argparse.Namespace, method: str, target: str, body: Any = None) -> Any:
    return request(_socket(arguments), method, target, body)


def _serve(arguments: argparse.Namespace) -> int:
    from clawdesk_fabric.engines.base import Engine
    from clawdesk_fabric.engines.dispatch import Engines
    from clawdesk_fabric.engines.docker import DockerEngine
    from clawdesk_fabric.engines.simulating import SimulatingEngine, on_simulated_gpus
    from clawdesk_fabric.engines.upstream import UpstreamEngine
    from clawdesk_fabric.gpus import GpuWatch
    from clawdesk_fabric.keys import Keys
    from clawdesk_fabric.server import IDLE_EXIT_S, Options, Server, owner_id
    from clawdesk_fabric.simulated_gpus import state

    logs.set_up(sys.stderr)
    path = _socket(arguments).absolute()
    simulates = state.VARIABLE in os.environ

    def models() -> catalog.Catalog:
        loaded = catalog.load(arguments.config)
        return on_simulated_gpus(loaded) if simulates else loaded

    options = Options(
        socket=path,
        port=arguments.port,
        peers=arguments.peers,
        idle_exit_s=IDLE_EXIT_S if arguments.exit_when_idle else 0.0,
        ready_fd=arguments.ready_fd,
        gpus=GpuWatch(),
        state_folder=paths.state_folder() / "fabric",
        # GPUs that are simulated are those of one state file, not of the machine.
        claims=Path(os.environ[state.VARIABLE] + ".claims") if simulates else paths.claims_folder(),
        reread=models,
    )
    loaded = models()

    async def serve() -> None:
        containers: Engine = DockerEngine(owner_id(path), path.with_name(path.name + ".d"))
        if simulates:
            containers = SimulatingEngine(containers)
        engine = Engines(containers, UpstreamEngine(Keys()))
        await Server(loaded, engine, options).run()

    asyncio.run(serve())
    return 0


def _models(arguments: argparse.Namespace) -> int:
    models = _ask(arguments, "GET", "/fabric/v1/status")["models"]
    if arguments.command == "ps":
        models = [model for model in models if model["phase"] != "absent"]
    if arguments.json:
        print(json.dumps(models))
        return 0
    for model in models:
        note = model["problem"] or model["progress"]
        print(
            f"{model['name']:<24} {model['phase']:<9} "
            f"{model['in_flight']}/{model['slots']} in use, {model['waiting']} waiting, "
            f"{model['memory_mib']} MiB  {note}".rstrip()
        )
    if not models:
        print("no model runs")
    return 0


def _status(arguments: argparse.Namespace) -> int:
    answer = _ask(arguments, "GET", "/fabric/v1/status")
    if arguments.json:
        print(json.dumps(answer))
        return 0
    engine, memory = answer["engine"], answer["memory_mib"]
    print(f"fabric {answer['version']} (process {answer['pid']})")
    print(f"engine: {engine['name'] or engine['problem']}")
    if engine["mend"]:
        print(f"  to mend it: {engine['mend']}")
    print(f"memory: {memory['used']} of {memory['limit']} MiB given to models")
    print(f"queue:  {answer['waiting']} of at most {answer['waiting_max']} calls wait")
    arguments.command = "models"
    return _models(arguments)


def _stop(arguments: argparse.Namespace) -> int:
    """Ends with the Fabric's process, or at once where none runs."""
    try:
        pid = int(_ask(arguments, "GET", "/fabric/v1/status")["pid"])
        fd = os.pidfd_open(pid)
    except ProcessLookupError:
        return 0
    except FabricError as error:
        if error.code != "not_running":  # it may well run: closed to this user, for one
            raise
        return 0
    try:
        _ask(arguments, "POST", "/fabric/v1/exit", {})
        ended = bool(select.select([fd], [], [], STOP_S_MAX)[0])
    finally:
        os.close(fd)
    if not ended:
        raise FabricError(f"process {pid} did not end within {STOP_S_MAX} s", code="slow")
    return 0


def _reload(arguments: argparse.Namespace) -> int:
    changes = _ask(arguments, "POST", "/fabric/v1/reload", {})
    if arguments.json:
        print(json.dumps(changes))
        return 0
    print("\n".join(model_commands.changes_described(changes)) or "nothing changed")
    return 0


def _load(arguments: argparse.Namespace) -> int:
    name = quote(arguments.model, safe="")  # a peer's model has a slash
    _ask(arguments, "POST", f"/fabric/v1/models/{name}/{arguments.command}", {})
    return 0


def _token(arguments: argparse.Namespace) -> int:
    names = [name for name in arguments.models.split(",") if name]
    body = {
        "project": arguments.project,
        "class": arguments.call_class,
        "models": names,
        "peers": arguments.peers,
    }
    print(_ask(arguments, "POST", "/fabric/v1/tokens", body)["token"])
    return 0


def _images(arguments: argparse.Namespace) -> int:
    from clawdesk_fabric.engines.docker import DockerEngine
    from clawdesk_fabric.specs import RecipeSource

    specs = catalog.load().models
    unknown = [name for name in arguments.model if name not in specs]
    if unknown:
        known = ", ".join(specs)
        raise FabricError(f"there is no model {unknown[0]}; known: {known}", code="model_not_found")

    async def build() -> None:
        engine = DockerEngine("build", Path("/nonexistent"), base_tar=arguments.root_tar)
        try:
            ours = [n for n, s in specs.items() if isinstance(s.source, RecipeSource)]
            for name in arguments.model or ours:
                tag = await engine.build(specs[name], lambda text: print(f"  {text}", flush=True))
                print(f"{name}: {tag}")
        finally:
            await engine.close(remove=False)

    asyncio.run(build())
    return 0


def _holds(arguments: argparse.Namespace) -> int:
    return holds_command.run(arguments, _ask)


def _peers(arguments: argparse.Namespace) -> int:
    return peers_command.run(arguments, _ask)


_COMMANDS = {
    "serve": _serve,
    "models": _models,
    "ps": _models,
    "status": _status,
    "stop": _stop,
    "reload": _reload,
    "load": _load,
    "unload": _load,
    "token": _token,
    "images": _images,
    **model_commands.COMMANDS,
    "peers": _peers,
    **dict.fromkeys(holds_command.NAMES, _holds),
}

if __name__ == "__main__":
    sys.exit(main())

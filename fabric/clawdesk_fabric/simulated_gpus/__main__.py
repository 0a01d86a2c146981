"""The command `python -m clawdesk_fabric.simulated_gpus`: run a program on them, set their faults.

    run 8 -- COMMAND ...     COMMAND and what it starts see 8 simulated GPUs
    show                     what they say now
    use GPU MIB [--pid PID]  memory held, by a process or by nobody in particular
    fault KIND [GPU]         one of the faults below; without GPU, all of them
    heal                     no faults any more

The faults: lost, needs-reset, not-listed (a GPU); unsupported, hang (with --figure);
driver-missing, driver-restarted, version-mismatch, no-permission (the driver).
"""

from __future__ import annotations

import argparse
import os
import socket
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace

from clawdesk_fabric import paths
from clawdesk_fabric.errors import FabricError
from clawdesk_fabric.simulated_gpus import state
from clawdesk_fabric.simulated_gpus.build import build
from clawdesk_fabric.simulated_gpus.state import ALL, FIGURES, Rule, SimulatedGpu, Simulation

ERRORS_OF_GPU = {"lost": 15, "needs-reset": 16}
ERRORS_OF_DRIVER = {"driver-missing": 9, "version-mismatch": 18, "no-permission": 4}
KINDS = (
    *(*ERRORS_OF_GPU, "not-listed", "unsupported", "hang"),
    *(*ERRORS_OF_DRIVER, "driver-restarted"),
)
FAILED, WRONG_USE = 1, 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m clawdesk_fabric.simulated_gpus",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    run = commands.add_parser("run")
    run.add_argument("count", type=int, metavar="N")
    run.add_argument("--memory-mib", type=int, default=24_576, metavar="MIB", help="of each GPU")
    commands.add_parser("show")
    commands.add_parser("heal")
    use = commands.add_parser("use")
    use.add_argument("gpu", type=int)
    use.add_argument("mib", type=int)
    use.add_argument("--pid", type=int, default=0)
    fault = commands.add_parser("fault")
    fault.add_argument("kind", choices=KINDS)
    fault.add_argument("gpu", type=int, nargs="?", default=ALL)
    fault.add_argument("--figure", choices=FIGURES, default="memory")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit code (0 done, 1 failed, 2 wrong use)."""
    words = list(sys.argv[1:] if argv is None else argv)
    # What comes after -- is the program's, options and all.
    split = words.index("--") if "--" in words else len(words)
    arguments, program = _parser().parse_args(words[:split]), words[split + 1 :]
    try:
        if arguments.command == "run":
            return _run(arguments.count, arguments.memory_mib, program)
        if arguments.command == "use":
            _use(arguments.gpu, arguments.mib, arguments.pid)
        elif arguments.command == "fault":
            by = faulty(arguments.kind, arguments.gpu, arguments.figure)
            state.change(by)
        elif arguments.command == "heal":
            state.change(healed)
        print(_shown(state.read()))
        return 0
    except FabricError as error:
        print(f"simulated GPUs: {error.what}", file=sys.stderr)
        if error.mend:
            print(f"  to mend it: {error.mend}", file=sys.stderr)
        return FAILED


def _run(count: int, memory_mib: int, program: list[str]) -> int:
    """Becomes the program, so that signals and its exit code are the program's own."""
    if not program:
        print("use: run N -- COMMAND ...", file=sys.stderr)
        return WRONG_USE
    library = build()
    path = state.state_path()
    state.write(state.simulated(count, total_mib=memory_mib), path)
    before = os.environ.get("LD_LIBRARY_PATH")
    os.environ["LD_LIBRARY_PATH"] = f"{library.parent}:{before}" if before else str(library.parent)
    os.environ[state.VARIABLE] = str(path)
    print(
        f"{count} GPUs of {memory_mib} MiB are simulated; models run on the "
        f"processors. A fault: {sys.executable} -m clawdesk_fabric.simulated_gpus fault lost 0",
        file=sys.stderr,
    )
    if _fabric_runs():
        print(
            "A Fabric runs already and sees the GPUs it saw before. To have a new one: "
            "clawdesk-fabric stop",
            file=sys.stderr,
        )
    sys.stderr.flush()
    try:
        os.execvp(program[0], program)  # noqa: S606
    except OSError as error:
        raise FabricError(f"{program[0]} cannot be started: {error.strerror}") from None


def _fabric_runs() -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as knock:
        return knock.connect_ex(str(paths.socket_path())) == 0


def _use(index: int, mib: int, pid: int) -> None:
    if pid:
        gpus = {gpu.index: gpu.uuid for gpu in state.read().gpus}
        state.simulate_use(gpus.get(index, f"number {index}"), pid, mib)
        return
    state.change(lambda now: _of_gpu(now, index, lambda one: replace(one, other_mib=mib)))


def _of_gpu(now: Simulation, index: int, by: Callable[[SimulatedGpu], SimulatedGpu]) -> Simulation:
    """The GPU with that index changed, or all of them. Raises FabricError: there is none."""
    _must_have(now, index)
    return replace(now, gpus=tuple(by(g) if index in (ALL, g.index) else g for g in now.gpus))


def _must_have(now: Simulation, index: int) -> None:
    if index != ALL and all(gpu.index != index for gpu in now.gpus):
        raise FabricError(f"there is no simulated GPU number {index}")


def _without(now: Simulation, index: int) -> Simulation:
    """A GPU fewer; those after it move up, and sessions opened before it do not go on."""
    _must_have(now, index)
    kept = [gpu for gpu in now.gpus if index not in (ALL, gpu.index)]
    number = {gpu.index: place for place, gpu in enumerate(kept)}
    return replace(
        now,
        gpus=tuple(replace(gpu, index=number[gpu.index]) for gpu in kept),
        uses=tuple(replace(u, gpu=number[u.gpu]) for u in now.uses if u.gpu in number),
        epoch=now.epoch + 1,
    )


def faulty(kind: str, gpu: int = ALL, figure: str = "memory") -> Callable[[Simulation], Simulation]:
    """The change that brings a fault.

    Args:
        kind: one of KINDS.
        gpu: an index, or ALL; faults of the driver are of all.
        figure: what "unsupported" and "hang" are about.
    """

    def by(now: Simulation) -> Simulation:
        if kind in ERRORS_OF_GPU:
            return _of_gpu(now, gpu, lambda one: replace(one, error=ERRORS_OF_GPU[kind]))
        if kind in ERRORS_OF_DRIVER:
            return replace(now, answer=ERRORS_OF_DRIVER[kind])
        if kind == "driver-restarted":
            return replace(now, epoch=now.epoch + 1)
        if kind == "not-listed":
            return _without(now, gpu)
        _must_have(now, gpu)
        rule = Rule(gpu, figure)
        if kind == "unsupported":
            return replace(now, missing=(*now.missing, rule))
        return replace(now, hang=(*now.hang, rule))

    return by


def healed(now: Simulation) -> Simulation:
    """No faults; a GPU that was taken off the list is not put back."""
    gpus = tuple(replace(gpu, error=0) for gpu in now.gpus)
    return replace(now, gpus=gpus, answer=0, missing=(), hang=())


def _shown(now: Simulation) -> str:
    lines = [f"driver {now.driver}" + (f": every call answers {now.answer}" if now.answer else "")]
    for gpu in now.gpus:
        held = sum(use.mib for use in now.uses if use.gpu == gpu.index)
        fault = f"  every call answers {gpu.error}" if gpu.error else ""
        lines.append(
            f"{gpu.index:2}  {gpu.uuid}  {gpu.other_mib + held} of {gpu.total_mib} MiB used{fault}"
        )
    lines += [f"process {use.pid} holds {use.mib} MiB of GPU {use.gpu}" for use in now.uses]
    lines += [f"{rule.figure} is not supported ({_whose(rule)})" for rule in now.missing]
    lines += [f"{rule.figure} does not return ({_whose(rule)})" for rule in now.hang]
    return "\n".join(lines)


def _whose(rule: Rule) -> str:
    return "all GPUs" if rule.gpu == ALL else f"GPU {rule.gpu}"


if __name__ == "__main__":
    raise SystemExit(main())

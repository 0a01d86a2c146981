"""Tasks in every state, made from a given moment, for UI tests and pictures."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from clawdesk.domain.model import (
    Checkpoint,
    CheckpointMode,
    Decision,
    DiffStat,
    Kind,
    Phase,
    ProjectPolicy,
    Reason,
    Record,
    Request,
    Snapshot,
    StepSpec,
    Task,
    TaskDefinition,
)
from clawdesk.ports.inference import FabricStatus
from clawdesk.ports.machines import MachineSupport
from clawdesk.ports.models import Model
from clawdesk.ports.repository import ProjectView
from clawdesk.ports.telemetry import Gpu, GpuProcess, HostLoad
from clawdesk.runtime.api import Environment
from clawdesk.runtime.doctor import STILL_WORKS

MINUTE = 60_000
PROJECT = "/home/ada/src/vision-lab"


def definition(name: str, title: str = "", steps: int = 4, description: str = "") -> TaskDefinition:
    words = ("survey", "rewrite", "check", "report", "publish")
    return TaskDefinition(
        name=name,
        title=title or name,
        description=description,
        steps=tuple(
            StepSpec(words[i % 5], f"python3 tools/{words[i % 5]}.py", 600, CheckpointMode.AUTO)
            for i in range(steps)
        ),
        model="smollm2-135m",
    )


class Story:
    """Writes a task's records along a time line; times are minutes before `now_ms`."""

    def __init__(
        self, seq: int, name: str, now_ms: int, start: float, *, steps: int = 4, priority: int = 0
    ) -> None:
        self.now_ms = now_ms
        at_ms = self.at(start)
        self.task = Task(
            id=f"01JC{seq:022d}",
            project=PROJECT,
            definition=definition(name, steps=steps),
            policy=ProjectPolicy(),
            submitted_at_ms=at_ms,
            base_commit="b" * 40,
            start_commit="b" * 40,
            seq=seq,
            priority=priority,
        )
        self.record("submitted", start, definition=name, priority=priority)

    def at(self, minutes: float) -> int:
        return self.now_ms - round(minutes * MINUTE)

    def record(self, event: str, minutes: float, **fields: Any) -> None:
        record = Record(event, self.at(minutes), dict(fields))
        self.task = replace(self.task, records=(*self.task.records, record))

    def started(self, minutes: float, attempt: int = 1) -> None:
        self.record("started", minutes, attempt=attempt, boot_ms=3800.0, accelerator="tcg")

    def step(self, begin: float, index: int, round: int = 1) -> None:  # noqa: A002
        name = self.task.steps[index].name
        self.record("step_started", begin, index=index, name=name, round=round)
        self.task = replace(self.task, step_index=index, step_running=True, phase=Phase.RUNNING)

    def checkpoint(
        self,
        minutes: float,
        *,
        files: tuple[int, int, int] = (1, 4, 1),
        files_only: bool = False,
        approved: bool = False,
        safety: bool = False,
        message: str = "",
    ) -> None:
        task = self.task
        ordinal = task.next_ordinal
        stat = DiffStat(*files)
        snapshot = None if files_only else Snapshot(f"s{ordinal}", 54.0, 2100.0, 288 << 20)
        made = Checkpoint(
            ordinal=ordinal,
            at_ms=self.at(minutes),
            step_index=task.step_index,
            step_name=task.steps[task.step_index].name,
            round=1,
            commit=f"{ordinal:x}" * 40,
            tree="t" * 40,
            digest=f"sha256:a41c9e2{ordinal:057d}",
            diffstat=stat,
            snapshot=snapshot,
            why_files_only="less than 5 GiB of disk free" if files_only else "",
            message=message,
            approved=approved,
            safety=safety,
        )
        self.record(
            "checkpoint",
            minutes,
            ordinal=ordinal,
            step=made.step_name,
            round=1,
            files_only=files_only,
            safety=safety,
            diffstat={"files": files[0], "added": files[1], "removed": files[2]},
            message=message,
        )
        self.task = replace(
            self.task,
            checkpoints=(*task.checkpoints, made),
            next_ordinal=ordinal + 1,
            tip_ordinal=ordinal,
        )

    def ask(
        self, minutes: float, kind: Kind, *, question: str = "", choices: tuple[str, ...] = ()
    ) -> None:
        task = self.task
        last = task.checkpoints[-1]
        request = Request(
            id=f"{task.id}-r{last.ordinal}-{kind.value}",
            kind=kind,
            at_ms=self.at(minutes),
            ordinal=last.ordinal,
            digest=last.digest,
            guest_request=f"ask-{last.ordinal}" if kind is Kind.CLARIFY else "",
            key="choice" if kind is Kind.CLARIFY else "",
            question=question,
            choices=choices,
            message=last.message,
            why="The project's policy asks for approval of changes in src/** (src/loader.py).",
            diffstat=last.diffstat,
        )
        self.record(
            "requested",
            minutes,
            request=request.id,
            kind=kind.value,
            ordinal=last.ordinal,
            question=question,
            choices=list(choices),
        )
        self.task = replace(self.task, phase=Phase.HELD, request=request, step_running=False)

    def decide(self, minutes: float, verdict: str = "approved", channel: str = "window") -> None:
        request = self.task.request
        assert request is not None
        self.record(
            "decision",
            minutes,
            request=request.id,
            verdict=verdict,
            actor="you",
            channel=channel,
        )
        checkpoints = tuple(
            replace(c, approved=verdict == "approved") if c.ordinal == request.ordinal else c
            for c in self.task.checkpoints
        )
        self.task = replace(self.task, request=None, checkpoints=checkpoints, phase=Phase.RUNNING)

    def restored(self, minutes: float, ordinal: int) -> None:
        self.record("restored", minutes, ordinal=ordinal)
        self.task = replace(self.task, tip_ordinal=ordinal)

    def finish(self, minutes: float, phase: Phase, text: str = "") -> Task:
        self.record("finished", minutes, status=phase.value, text=text)
        self.task = replace(self.task, phase=phase, finish_text=text, step_running=False)
        return self.task


def _fix_loader(now_ms: int) -> Task:
    story = Story(1, "fix-loader", now_ms, 48.5, priority=3)
    story.started(48)
    story.step(48, 0)
    story.checkpoint(36, approved=True)
    story.step(36, 1)
    story.checkpoint(24)
    story.step(24, 2)
    story.checkpoint(10)
    story.step(10, 3)
    story.checkpoint(2.2, files=(3, 41, 7), message=APPROVAL_MESSAGE)
    story.ask(2, Kind.APPROVE)
    return story.task


APPROVAL_MESSAGE = (
    "Fixed the off-by-one in the shuffle and added a test. "
    "The last sample of each shard was never read."
)
QUESTION = "Which data set should the benchmark use?"
WHY = (
    "I found three copies with different sizes. The result is only comparable with the run of "
    "last week if the same one is used."
)
# What its step printed before it asked.
PRINTED = ("du -sh data/*", "41G  data/val-full    9.1G  data/val-2024    1.2G  data/val-mini")


def _bench(now_ms: int) -> Task:
    story = Story(2, "bench-fp8", now_ms, 41.5)
    story.started(41)
    story.step(41, 0)
    story.checkpoint(31, files_only=True)
    story.step(31, 1)
    story.checkpoint(9.5)
    story.ask(
        9,
        Kind.CLARIFY,
        question=f"{QUESTION}\n{WHY}",
        choices=(
            "data/val-full\nSame set as the run of 15 November. 41 GiB, about 50 m.",
            "data/val-2024\nNewer labels: older numbers must be measured again. About 12 m.",
            "data/val-mini\nA smoke test only; the spread is about 2 %. About 2 m.",
        ),
    )
    return story.task


ASKED_BACK = "Which of them was measured last week?"


def asked_again(task: Task, now_ms: int) -> Task:
    """It was asked back, and the task has asked once more: another request on the same key."""
    first = task.request
    assert first is not None
    again = replace(first, id=f"{first.id}-again", at_ms=now_ms - 2 * MINUTE)
    asked = {"kind": first.kind.value, "ordinal": first.ordinal, "key": first.key}
    asked["question"] = first.question
    said = {"verdict": "asked_back", "actor": "you", "channel": "window", "text": ASKED_BACK}
    records = (
        Record("decision", now_ms - 4 * MINUTE, {"request": first.id, **said}),
        Record("requested", again.at_ms, {"request": again.id, **asked}),
    )
    return replace(task, request=again, records=(*task.records, *records))


def _refactor(now_ms: int) -> Task:
    story = Story(4, "refactor-io", now_ms, 47)
    story.started(46.5)
    story.step(46.5, 0)
    story.checkpoint(39, approved=True)
    story.step(39, 1)
    story.checkpoint(31)
    story.step(29, 2)
    story.checkpoint(21)
    story.step(20.5, 3)
    story.checkpoint(16, safety=True)
    story.restored(15.5, 2)
    story.step(15, 2)
    return story.task


def house(now_ms: int) -> dict[str, Task]:
    """Ten tasks, every state at least once."""
    train = Story(3, "train-resnet", now_ms, 50, priority=4)
    train.started(49.5)
    train.step(49.5, 0)
    train.checkpoint(43)
    train.step(43, 1)
    train.checkpoint(30)
    train.record("lease_granted", 49.5, model="qwen3-32b")
    train.record("lease_ended", 30)
    train.record("yield_asked", 33, why="eval-old (urgent) needed its machine")
    train.record("yielded", 30, ordinal=2, why="eval-old (urgent) needed its machine")
    train.record("resumed", 17.5, ordinal=2, memory=True, boot_ms=1800)
    train.record("lease_granted", 17.5, model="qwen3-32b")
    train.step(17.5, 2)
    train.checkpoint(12)
    train.step(12, 3)
    train.task = replace(train.task, accelerator="tcg", machine="clawdesk-vm7")
    waiting = Story(5, "quantize-vlm", now_ms, 11)
    waiting.task = replace(
        waiting.task,
        reason=Reason(
            "capacity",
            "needs 6 GiB of memory, 4.1 GiB of 16 GiB are free; held by train-resnet",
            "train-resnet ends, yields, or waits for you",
        ),
    )
    booting = Story(6, "tune-lr", now_ms, 0.9)
    booting.task = replace(booting.task, phase=Phase.STARTING)
    snapping = Story(7, "clean-labels", now_ms, 22, priority=-2)
    snapping.started(21.6)
    snapping.step(21.6, 0)
    snapping.checkpoint(12)
    snapping.step(12, 1)
    taken = snapping.task.next_ordinal + 1  # the number is given when the taking begins
    snapping.task = replace(snapping.task, phase=Phase.SNAPSHOTTING, next_ordinal=taken)
    failed = Story(8, "eval-old", now_ms, 30)
    failed.started(29.5)
    failed.step(29.5, 0)
    failed.checkpoint(24.5)
    failed.step(24.5, 1)
    failed.finish(18.3, Phase.FAILED, "Step rewrite exited with 1.\nout of memory")
    cancelled = Story(9, "old-sweep", now_ms, 44)
    cancelled.started(43.5)
    cancelled.step(43.5, 0)
    cancelled.finish(38, Phase.CANCELLED, "cancelled by ada via desktop")
    done = Story(10, "docs-pass", now_ms, 45.3, steps=3)
    done.started(45)
    done.step(45, 0)
    done.checkpoint(33.5, files_only=True)
    done.step(33.5, 1)
    done.checkpoint(24.5, files_only=True)
    done.step(24.5, 2)
    done.checkpoint(13.6, files=(4, 58, 12))
    done.ask(13.4, Kind.APPROVE)
    done.decide(13.2)
    done.finish(13, Phase.DONE)
    tasks = [
        _fix_loader(now_ms),
        _bench(now_ms),
        train.task,
        _refactor(now_ms),
        waiting.task,
        booting.task,
        snapping.task,
        failed.task,
        cancelled.task,
        done.task,
    ]
    return {t.id: t for t in tasks}


def decided_elsewhere(task: Task, at_ms: int) -> Task:
    """The task with its request under decision through another channel."""
    assert task.request is not None
    verdict = Decision(task.request.id, "approved", at_ms, "you", "OpenClaw")  # type: ignore[arg-type]
    return replace(task, deciding=verdict)


def project(
    path: str = PROJECT, *, dirty: tuple[str, ...] = ("README.md", "notes.txt")
) -> ProjectView:
    return ProjectView(
        path=path,
        name=path.rpartition("/")[2],
        branch="main",
        head="c" * 40,
        dirty=dirty,
        definitions=(
            definition("fix-loader", "Fix the loader", 4, "Find the off-by-one and prove it."),
            definition("tidy-notes", "Tidy the notes", 3, "Sort, deduplicate, write an index."),
        ),
        mistakes=(
            ".clawdesk/tasks/bench.toml:7: steps[0].checkpoint: found “always”; "
            "allowed auto, approve, none",
        ),
    )


def load(*, gpus: bool = True) -> HostLoad:
    cards = (
        Gpu(
            0,
            "GPU-a",
            "NVIDIA H100",
            81920,
            500,
            66000,
            91,
            64,
            402.0,
            700.0,
            (GpuProcess(4121, "qwen3-32b", 56400, True), GpuProcess(991, "Xorg", 410, False)),
        ),
        Gpu(
            1,
            "GPU-b",
            "NVIDIA H100",
            81920,
            500,
            31000,
            22,
            48,
            171.0,
            700.0,
            (GpuProcess(5210, "coder-30b", 23100, True), GpuProcess(20817, "python", 6350, False)),
        ),
    )
    return HostLoad(
        cpu_percent=41.0,
        cpu_count=16,
        memory_used_mib=38_900,
        memory_total_mib=131_072,
        disk_free_mib=215_000,
        gpus=cards if gpus else (),
        gpu_note="" if gpus else "no NVIDIA GPU: the driver library libnvidia-ml.so.1 is not there",
        driver="560.35" if gpus else "",
    )


def environment(*, kvm: bool = True) -> Environment:
    return Environment(
        MachineSupport(
            True,
            "qemu:///session",
            "kvm" if kvm else "tcg",
            ""
            if kvm
            else "Machines are emulated (TCG): correct, but several times slower. This host has no "
            "/dev/kvm.",
            {"libvirt": "9.0.0", "qemu": "7.2.22"},
            True,
        ),
        FabricStatus(True, "0.1.0", "docker 27.3"),
    )


def checks() -> list[dict[str, object]]:
    """What `doctor` answers on a desktop where two things are amiss."""

    def check(
        name: str, state: str, found: str, why: str = "", mend: str = "", works: str = ""
    ) -> dict[str, object]:
        words = {"found": found, "why": why, "mend": mend, "works": works}
        return {"name": name, "state": state, **words}

    return [
        check(
            "KVM",
            "limited",
            "tcg (emulation)",
            "Machines run under emulation, several times slower.",
        ),
        check(
            "libvirt",
            "missing",
            "none found",
            "No machine can be started.",
            "sudo apt-get install --no-install-recommends "
            "libvirt-daemon-driver-qemu qemu-system-x86",
            STILL_WORKS,
        ),
        check("Guest image", "ok", "base, built 2 days ago, 214 MiB"),
        check("Docker", "ok", "27.3, used for models"),
        check("NVIDIA driver", "absent", "No NVIDIA GPU: models run on the CPU"),
        check("Model image", "ok", "smollm2-135m, 141 MiB"),
        check("Fabric", "checking", "Starting, waiting for its socket"),
        check("Git", "ok", "libgit2 1.9, name and email are set"),
        check("Disk", "ok", "210 GiB free in the state folder"),
        check("Python", "ok", "3.11.7, PySide6 6.11.3"),
    ]


def with_models(environment: Environment) -> Environment:
    """The model that the task files of these scenes name is loaded; another can be."""
    assert environment.fabric is not None
    models = (Model("smollm2-135m", phase="ready"), Model("qwen3-32b"))
    return replace(environment, fabric=replace(environment.fabric, models=models))


LOG = (
    ("event", "machine started in 3.8 s, emulation"),
    ("out", "python3 tools/rewrite.py --epochs 90"),
    ("out", "resumed at epoch 28, lr 0.0125"),
    ("out", "epoch 29 loss 1.184 top1 71.02"),
    ("event", "checkpoint 3: 1 file, machine 288 MiB, 2.1 s"),
    ("out", "epoch 30 loss 1.171 top1 71.38"),
    ("err", "warning: 2 images could not be decoded, skipped"),
    ("out", "epoch 31 loss 1.166 top1 71.51"),
    ("out", "epoch 32  512 / 1251"),
)
"""Of every task: stream and text."""

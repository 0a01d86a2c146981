"""A repository with many finished and waiting tasks, made in seconds: records of ours, one pack.

The commits are what the adapter writes, byte for byte in their form; only the way in is quicker
(no fsync, no read-back, objects in one pack or loose), since ten thousand real runs take hours.
"""

from __future__ import annotations

import os
import zlib
from dataclasses import dataclass, replace
from pathlib import Path

from clawdesk.adapters.git import packs, records
from clawdesk.domain import effects as do
from clawdesk.domain.audit import checkpoint_record, record_of
from clawdesk.domain.model import (
    Checkpoint,
    Decision,
    Kind,
    MachineNeed,
    Phase,
    ProjectPolicy,
    Record,
    Request,
    Snapshot,
    StepSpec,
    Task,
    TaskDefinition,
    Verdict,
)
from clawdesk.domain.replay import submission

NOW_MS = 1_790_000_000_000
DEFINITION = TaskDefinition(
    "tidy",
    "Tidy the notes",
    (StepSpec("read", "claw step read && ./read.sh"), StepSpec("write", "./write.sh --all")),
    description="Reads every note, groups them by subject and writes an index.",
    machine=MachineNeed(),
)


@dataclass(frozen=True, slots=True)
class Crowd:
    """What was made: ids by how their task stands."""

    ended: tuple[str, ...]
    held: tuple[str, ...]
    queued: tuple[str, ...]
    running: tuple[str, ...]

    @property
    def tasks(self) -> tuple[str, ...]:
        return (*self.ended, *self.held, *self.queued, *self.running)


def make_crowd(
    git_dir: Path, head: str, tree: str, count: int, *, running: int = 20, loose: bool = False
) -> Crowd:
    """Write `count` tasks: 90 in 100 ended, of the rest half held, half queued; some `running`.

    Args:
        git_dir: an existing repository's; nobody may hold it.
        loose: objects as single files, as they lie before anybody packed them.
    """
    made: dict[str, list[str]] = {"ended": [], "held": [], "queued": [], "running": []}
    commits: dict[bytes, bytes] = {}
    refs: dict[str, str] = {}
    for number in range(count):
        kind = "running" if number < running else "ended"
        if kind == "ended" and number % 10 == 0:
            kind = "held" if number % 20 else "queued"
        task_id = f"01JC{number:022d}"
        made[kind].append(task_id)
        parent = head
        for record in _story(task_id, head, tree, kind, number):
            message = records.encode(task_id, record)
            body = _commit(tree, parent, record.at_ms // 1000, message)
            oid = packs.object_id(packs.COMMIT, body)
            commits[oid] = body
            parent = oid.hex()
        refs[task_id] = parent
    meta = _commit(tree, "", NOW_MS // 1000, "clawdesk: schema 1\n\nClawdesk-Schema: 1\n")
    meta_oid = packs.object_id(packs.COMMIT, meta)
    commits[meta_oid] = meta
    if loose:
        _write_loose(git_dir / "objects", commits)
    else:
        _write_pack(git_dir / "objects/pack", commits)
    folder = git_dir / "refs/clawdesk/tasks"
    folder.mkdir(parents=True, exist_ok=True)
    for task_id, oid_hex in refs.items():
        (folder / task_id).write_text(oid_hex + "\n")
    (folder.parent / "meta").write_text(meta_oid.hex() + "\n")
    return Crowd(*(tuple(made[kind]) for kind in ("ended", "held", "queued", "running")))


def _story(task_id: str, head: str, tree: str, kind: str, number: int) -> list[Record]:
    at_ms = NOW_MS + number * 1000
    task = Task(task_id, "/p", DEFINITION, ProjectPolicy(), at_ms, head, head)
    story = [submission(task)]
    if kind == "queued":
        return story
    started = {"attempt": 1, "machine": f"clawdesk-{number}", "boot_ms": 300, "warm": True}
    story.append(Record("started", at_ms + 1000, started))
    point = Checkpoint(
        1, at_ms + 2000, 0, "read", 1, "", tree, "d" * 64, message="Read 12 notes in 3 folders.",
        snapshot=Snapshot(f"s{number}", 40.0, 300.0, 90_000_000),
    )  # fmt: skip
    story.append(_measured(checkpoint_record(point, "approve"), tree))
    if kind == "running":
        return story
    request = Request(
        f"q{number}", Kind.APPROVE, at_ms + 3000, 1, "d" * 64, message=point.message, why="approve"
    )
    story.append(record_of(do.RecordRequest(task_id, request), at_ms + 3000))
    if kind == "held":
        return story
    decision = Decision(request.id, Verdict.APPROVED, at_ms + 9000, "ann", "window", "d" * 64)
    story.append(record_of(do.RecordDecision(task_id, request, decision), at_ms + 9000))
    story.append(Record("resumed", at_ms + 9500, {"ordinal": 1, "memory": True, "boot_ms": 120}))
    last = replace(point, ordinal=2, at_ms=at_ms + 20_000, step_index=1, step_name="write")
    story.append(_measured(checkpoint_record(last, "auto"), tree))
    fields = {"status": Phase.DONE.value, "text": "all steps done"}
    return [*story, Record("finished", at_ms + 30_000, fields)]


def _measured(record: Record, tree: str) -> Record:
    stat = {"files": 3, "added": 40, "removed": 2}
    fields = {**record.fields, "tree": tree, "digest": "d" * 64, "diffstat": stat}
    return replace(record, fields=fields)


def _commit(tree: str, parent: str, at_s: int, message: str) -> bytes:
    who = f"ClawDesk <clawdesk@localhost> {at_s} +0000"
    above = f"parent {parent}\n" if parent else ""
    return f"tree {tree}\n{above}author {who}\ncommitter {who}\n\n{message}".encode()


def _write_pack(folder: Path, commits: dict[bytes, bytes]) -> None:
    folder.mkdir(exist_ok=True)
    with (folder / "new").open("wb") as out:
        writer = packs.PackWriter(out, len(commits))
        for oid, body in commits.items():
            writer.add(packs.COMMIT, oid, body)
        name, index = writer.finish()
    (folder / f"pack-{name}.idx").write_bytes(index)
    (folder / "new").rename(folder / f"pack-{name}.pack")


def _write_loose(folder: Path, commits: dict[bytes, bytes]) -> None:
    for first in range(256):
        (folder / f"{first:02x}").mkdir(exist_ok=True)
    for oid, body in commits.items():
        content = zlib.compress(b"commit %d\0" % len(body) + body, 1)
        text = oid.hex()
        fd = os.open(folder / text[:2] / text[2:], os.O_WRONLY | os.O_CREAT, 0o444)
        os.write(fd, content)
        os.close(fd)

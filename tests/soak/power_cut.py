"""`make power-cut N=200 SEED=1`: the power of a machine that keeps checkpoints is cut.

ClawDesk's Git adapter runs inside an emulated machine, on a disk with a cache that forgets. QEMU
keeps every write and flush; each cut is a moment of that log: what was flushed is there, of the
rest a random part, some of it torn. Another machine mounts what is left and looks at it. Prints one
JSON line:

    cuts, unmountable (disks whose file system the kernel refuses: nothing of ours can be asked of
    those), acknowledged (checkpoints told before a cut, over all others), lost (of those), fsck
    (disks Git finds fault with), unreadable (disks ClawDesk cannot go on with), seed
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import socket
import subprocess
import sys
import tempfile
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from clawdesk.adapters.libvirt.image import GuestImage, build_image
from clawdesk.adapters.libvirt.image_kernel import cpio
from tests.support.write_log import Entry, cut_disk, read_log

ROOT = Path(__file__).resolve().parents[2]
DISK_BYTES = 96 << 20
DISKS_A_BOOT = 16
COMMITS = 60
WAIT_S = 120.0
# What Git's adapter needs of the environment; all of it is Python 3.11's, as the guest's is.
PACKAGES = ["msgspec", "pathspec", "pygit2", "pygit2.libs", "cffi", "pycparser"]
PACKAGES += ["typing_extensions.py", "_cffi_backend.cpython-311-x86_64-linux-gnu.so"]
OWN = ["tests/support/git_projects.py"]
OWN += ["tests/support/git_writer.py", "tests/support/power_guest.py"]
INIT = ROOT / "tests/support/power_init"
RUN = "HOME=/ PATH=/usr/bin:/bin PYTHONPATH=/code PYTHONDONTWRITEBYTECODE=1 $B chroot . "
RUN += "/usr/bin/python3 -m tests.support.power_guest {arguments} > .$port 2>&1"
MOUNT = "$B mkdir -p mnt/disk; $B mount -t ext4 dev/vdc mnt/disk || exec $B reboot -f\n"


@dataclass
class Result:
    cuts: int = 0
    unmountable: int = 0
    acknowledged: int = 0
    lost: int = 0
    fsck: int = 0
    unreadable: int = 0
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Recording:
    """A disk before, the log of what was written to it, and what was told when.

    `acknowledged`: (bytes of the log when it was told, commit); cuts come behind `ready`.
    """

    disk: Path
    log: Path
    entries: list[Entry]
    ready: int
    acknowledged: list[tuple[int, str]]


def why_not() -> str:
    """Why this machine cannot play it, "" if it can."""
    if sys.version_info[:2] != (3, 11):
        return "the guest's Python is 3.11 and takes packages of no other"
    return ""


def cut(cuts: int, seed: int, *, durable: bool = True) -> Result:
    """Record one machine at work for every 60 cuts, cut, and look."""
    rng, result = random.Random(seed), Result()
    image = build_image("base", lambda _line: None)
    while result.cuts < cuts:
        with tempfile.TemporaryDirectory(prefix="cd-power-") as name:
            folder = Path(name)
            code = code_disk(folder)
            made = record(image, folder, code, durable=durable)
            several = min(COMMITS, cuts - result.cuts)
            for start in range(0, several, DISKS_A_BOOT):
                number = min(DISKS_A_BOOT, several - start)
                moments = [_moment(made, rng) for _ in range(number)]
                _look(image, folder, code, made, moments, rng, result)
    return result


def _moment(made: Recording, rng: random.Random) -> int:
    """How many requests were written; every other time just when something was told."""
    ends = [entry.end for entry in made.entries]
    first = bisect_right(ends, made.ready)
    if rng.random() < 0.5:
        return rng.randint(first, len(ends))
    return bisect_right(ends, rng.choice(made.acknowledged)[0])


def code_disk(folder: Path) -> Path:
    """A squashfs of our code and the packages it needs."""
    stage, target = folder / "code", folder / "code.sqfs"
    import pygit2

    site = Path(pygit2.__file__).parents[1]
    left_out = shutil.ignore_patterns("__pycache__", "*.pyc")
    shutil.copytree(ROOT / "clawdesk", stage / "clawdesk", ignore=left_out)
    for name in PACKAGES:
        if (site / name).is_dir():
            shutil.copytree(site / name, stage / name, ignore=left_out)
        else:
            shutil.copyfile(site / name, stage / name)
    for name in OWN:
        (stage / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, stage / name)
    shutil.copytree(ROOT / "tests/support/git_template", stage / "tests/support/git_template")
    subprocess.run(
        ["mksquashfs", str(stage), str(target), "-quiet", "-no-progress", "-comp", "lz4"],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return target


@contextmanager
def machine(
    image: GuestImage, folder: Path, code: Path, program: str, disks: list[str]
) -> Iterator[Iterator[str]]:
    """A machine that runs `program`; yields the lines it says, until it ends or is ended."""
    initrd = folder / "initrd"
    init = INIT.read_text().replace("PROGRAM", program).encode()
    # A later archive's files take the place of an earlier one's.
    initrd.write_bytes(image.initrd.read_bytes() + cpio([("init", 0o100755, init)]))
    here, there = socket.socketpair()
    command = ["qemu-system-x86_64", "-machine", "pc,acpi=off", "-accel", "tcg", "-m", "384"]
    command += ["-nodefaults", "-display", "none", "-no-reboot"]
    command += ["-kernel", str(image.kernel), "-initrd", str(initrd)]
    command += ["-append", image.guest_cmdline]
    for name, file in (("root", image.root), ("code", code)):
        command += ["-blockdev", f"driver=file,node-name={name},filename={file},read-only=on"]
        command += ["-device", f"virtio-blk-pci,drive={name}"]
    for number, options in enumerate(disks):
        command += ["-blockdev", f"{options},node-name=disk{number}"]
        command += ["-device", f"virtio-blk-pci,drive=disk{number}"]
    command += ["-device", "virtio-serial-pci"]
    command += ["-chardev", f"socket,id=said,fd={there.fileno()}"]
    command += ["-device", "virtserialport,chardev=said,name=said"]
    process = subprocess.Popen(command, pass_fds=[there.fileno()])
    there.close()
    here.settimeout(WAIT_S)
    try:
        with here, here.makefile("r", encoding="utf-8") as lines:
            yield (line.rstrip("\n") for line in lines)
    finally:
        # Not killed: the log would end with requests whose place was taken and whose bytes never
        # came, which no disk does. Asked to end, QEMU finishes what is under way.
        process.terminate()
        process.wait()


def record(image: GuestImage, folder: Path, code: Path, *, durable: bool) -> Recording:
    """Let a machine keep checkpoints until enough are told, then end it at once."""
    disk, work, log = folder / "disk.raw", folder / "work.raw", folder / "writes.log"
    with disk.open("wb") as sparse:
        sparse.truncate(DISK_BYTES)
    log.unlink(missing_ok=True)
    log.touch()
    subprocess.run(["mke2fs", "-q", "-F", "-t", "ext4", str(disk)], check=True)
    shutil.copyfile(disk, work)
    kept = f"driver=blklogwrites,file.driver=file,file.filename={work}"
    kept += f",log.driver=file,log.filename={log}"
    words = "write /mnt/disk/project" + ("" if durable else " no-fsync")
    program = MOUNT + RUN.format(arguments=words)
    said: list[tuple[int, str]] = []
    with machine(image, folder, code, program, [kept]) as lines:
        for line in lines:
            said.append((log.stat().st_size, line))
            if len(said) > COMMITS:
                break
    texts = [line for _, line in said]
    assert len(said) > COMMITS, f"the machine said {texts[-20:]}"
    assert texts[0] == "ready", texts[-20:]
    return Recording(disk, log, read_log(log), said[0][0], said[1:])


def _look(
    image: GuestImage,
    folder: Path,
    code: Path,
    made: Recording,
    moments: list[int],
    rng: random.Random,
    result: Result,
) -> None:
    """Boot a machine with the disks that cuts at these moments leave, and judge what it says."""
    disks = []
    for number, moment in enumerate(moments):
        left = folder / f"cut{number}.raw"
        shutil.copyfile(made.disk, left)
        cut_disk(made.log, made.entries[:moment], left, rng)
        disks.append(f"driver=file,filename={left}")
    names = " ".join(f"/dev/vd{chr(ord('c') + number)}" for number in range(len(disks)))
    program = RUN.format(arguments=f"check {names}")
    with machine(image, folder, code, program, disks) as lines:
        found = [line for line in lines if line]
    assert len(found) == len(moments), found[-20:]
    for moment, line in zip(moments, found, strict=True):
        written = made.entries[moment - 1].end
        _judge(json.loads(line), [c for at, c in made.acknowledged if at <= written], result)


def _judge(found: dict[str, object], told: list[str], result: Result) -> None:
    result.cuts += 1
    if not found["mounted"]:
        result.unmountable += 1
        result.notes.append(f"not mounted: {found['problem']}"[:600])
        return
    result.acknowledged += len(told)
    commits = found["commits"]
    assert isinstance(commits, list)
    lost = set(told) - set(commits)
    result.lost += len(lost)
    result.fsck += bool(found["fsck"])
    result.unreadable += bool(found["problem"])
    if lost or found["fsck"] or found["problem"]:
        words = (f"lost {len(lost)} of {len(told)}", str(found["fsck"]), str(found["problem"]))
        result.notes.append("; ".join(word for word in words if word)[:600])


def main() -> int:
    parser = argparse.ArgumentParser(prog="power-cut", description=__doc__)
    parser.add_argument("-n", "--cuts", type=int, default=200)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--no-fsync", action="store_true", help="show that it can fail")
    options = parser.parse_args()
    if why := why_not():
        print(why, file=sys.stderr)
        return 1
    result = cut(options.cuts, options.seed, durable=not options.no_fsync)
    for note in result.notes:
        print(note, file=sys.stderr)
    shown = {k: v for k, v in vars(result).items() if k != "notes"}
    print(json.dumps({**shown, "seed": options.seed}))
    return 1 if result.lost or result.fsck or result.unreadable else 0


if __name__ == "__main__":
    sys.exit(main())

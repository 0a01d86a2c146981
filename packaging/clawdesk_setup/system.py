"""The system packages: which are needed, which are missing, and the command that adds them.

Debian and Ubuntu only; elsewhere the list is printed and nothing is installed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from clawdesk_setup import engine
from clawdesk_setup.progress import SetupError, say, stream


@dataclass(frozen=True)
class Need:
    """A package, or the first of several names for it that the distribution knows."""

    names: tuple[str, ...]
    why: str


def _needs(why: str, names: str) -> tuple[Need, ...]:
    return tuple(Need(tuple(name.split("|")), why) for name in names.split())


ENGINE = Need(("docker.io",), "models run in its containers")
ROOTLESS = Need(("rootlesskit",), "an engine of your own, without root")

RUNTIME = (
    *_needs("micro-VMs", "qemu-system-x86 qemu-utils libvirt-daemon libvirt-daemon-driver-qemu"),
    *_needs("building libvirt-python", "libvirt-dev pkg-config gcc"),
    *_needs(
        "building the guest and inference images",
        "mmdebstrap squashfs-tools cpio e2fsprogs lz4 uidmap debian-archive-keyring",
    ),
    *_needs("this checkout", "git make"),
    *_needs(
        "the window",
        "libegl1 libgl1 libxkbcommon-x11-0 libxcb-cursor0 libxcb-icccm4 libxcb-keysyms1 "
        "libxcb-shape0 libdbus-1-3 libglib2.0-0t64|libglib2.0-0 libfontconfig1 fonts-dejavu-core",
    ),
)
TESTS = _needs(
    "tests that drive the real window",
    "xvfb xdotool imagemagick|imagemagick-7.q16 dbus at-spi2-core gir1.2-atspi-2.0 "
    "gir1.2-freedesktop python3-gi openbox",
)
NPM = Need(("npm",), "a real OpenClaw gateway for tests")
SUITABLE = ((3, 11), (3, 12), (3, 13))
"""Python versions the project runs on (docs/adr/0009-versions.md)."""


def python_needs(version: tuple[int, int]) -> tuple[Need, ...]:
    """Headers and venv for the system's Python, or for a newer one beside a system's old one."""
    if version in SUITABLE:
        return _needs("the virtual environment", "python3-dev python3-venv")
    beside = [f"python{major}.{minor}" for major, minor in reversed(SUITABLE)]
    return tuple(
        Need(tuple(f"{name}-{part}" for name in beside), "the virtual environment")
        for part in ("dev", "venv")
    )


def all_needs(*, tests: bool) -> list[Need]:
    """Every package this machine must have, in the order they are printed."""
    needs = [*RUNTIME, *python_needs(sys.version_info[:2])]
    if not engine.installed():
        needs.append(ENGINE)
    if os.geteuid() and not (engine.has("rootlesskit") or engine.answers_user()):
        needs.append(ROOTLESS)
    if tests and shutil.which("npm") is None:
        needs.append(NPM)
    return needs + list(TESTS if tests else ())


def installed_packages() -> set[str]:
    """Names of the packages dpkg calls installed, without architecture."""
    result = subprocess.run(
        ["dpkg-query", "-W", "-f", "${db:Status-Abbrev} ${Package}\n"],
        capture_output=True,
        text=True,
        check=True,
    )
    lines = (line.split() for line in result.stdout.splitlines())
    return {words[1] for words in lines if len(words) == 2 and words[0].startswith("ii")}


def missing(needs: Iterable[Need], installed: set[str]) -> list[Need]:
    """The needs of which no name is installed."""
    return [need for need in needs if not installed.intersection(need.names)]


def known(name: str) -> bool:
    """Whether apt can install a package of that name."""
    result = subprocess.run(
        ["apt-cache", "show", "--no-all-versions", name], capture_output=True, check=False
    )
    return result.returncode == 0 and bool(result.stdout)


def choose(need: Need, is_known: Callable[[str], bool]) -> str:
    """The first name apt knows; the last one when it knows none, so that apt says so."""
    return next((name for name in need.names if is_known(name)), need.names[-1])


def as_root(command: Sequence[str], *, root: bool) -> list[str]:
    """Run by root as it is, by anyone else through sudo."""
    return list(command) if root else ["sudo", *command]


def install_command(names: Sequence[str], *, root: bool) -> list[str]:
    """The one command that adds the packages.

    The three variables keep it from asking questions and from starting or restarting services:
    with SYSTEMD_OFFLINE systemctl ignores `start`, NEEDRESTART_SUSPEND silences needrestart.
    """
    calm = ["DEBIAN_FRONTEND=noninteractive", "NEEDRESTART_SUSPEND=1", "SYSTEMD_OFFLINE=1"]
    apt = ["apt-get", "install", "-y", "--no-install-recommends", *names]
    return as_root(["env", *calm, *apt], root=root)


def may_install(*, root: bool, yes: bool, ask: Callable[[str], str] = input) -> bool:
    """Whether to go on: a person is asked; root without a terminal, or in CI, is not."""
    ci = os.environ.get("CI") == "true"
    if yes or ci:
        return True
    if not sys.stdin.isatty():
        return root
    return ask("      Install them now? [y/N] ").strip().lower() in {"y", "yes"}


class Counting:
    """Shows apt's lines as "17/422 set up NAME", and its errors as they are."""

    def __init__(self) -> None:
        self._total = 0
        self._done = 0

    def __call__(self, line: str) -> str:
        words = line.split()
        if "newly installed" in line:
            numbers = [int(word) for word in words if word.isdigit()]
            self._total = sum(numbers[:2])  # upgraded and newly installed
        if line.startswith("Setting up"):
            self._done += 1
            return f"{self._done}/{max(self._total, self._done)} set up {words[2]}"
        return line if line.startswith(("Need to get", "E:", "Err:")) else ""


def _print_missing(lacking: Sequence[Need], names: Sequence[str]) -> None:
    reasons: dict[str, list[str]] = {}
    for need, name in zip(lacking, names, strict=True):
        reasons.setdefault(need.why, []).append(name)
    say("      These system packages are missing (no recommended packages, no group changes):")
    for why, group in reasons.items():
        say(f"        for {why}: {' '.join(group)}")


def ensure(*, tests: bool, yes: bool, dry_run: bool = False) -> str:
    """Install what is missing; returns one line that says what was done.

    Raises:
        SetupError: the person said no, sudo is missing, or apt failed.
    """
    needs = all_needs(tests=tests)
    if not shutil.which("dpkg-query") or not shutil.which("apt-get"):
        say("      Not a Debian or Ubuntu system: please see to the equivalents of")
        say(f"        {' '.join(need.names[0] for need in needs)}")
        return "nothing installed"
    lacking = missing(needs, installed_packages())
    if not lacking:
        return f"all {len(needs)} present"
    root = os.geteuid() == 0
    by_hand = f"{' '.join(as_root(['apt-get'], root=root))} install --no-install-recommends "
    mend = by_hand + " ".join(need.names[-1] for need in lacking)
    if dry_run:
        _print_missing(lacking, [need.names[0] for need in lacking])
        return f"{len(lacking)} missing, nothing installed (dry run)"
    names = [choose(need, known) for need in lacking]
    _print_missing(lacking, names)
    if not may_install(root=root, yes=yes):
        raise SetupError("The system packages above are missing and were not installed.", mend)
    if not root and not shutil.which("sudo"):
        raise SetupError("Installing needs root, and there is no sudo on this machine.", mend)
    say("      $ " + " ".join(as_root(["apt-get", "update"], root=root)))
    stream(as_root(["apt-get", "update", "-q"], root=root), show=lambda _: "", mend=mend)
    # A fresh machine knows no package before the update, so the names are chosen again.
    names = [choose(need, known) for need in lacking]
    command = install_command(names, root=root)
    say("      $ " + " ".join(as_root(command[command.index("apt-get") :], root=root)))
    stream(command, show=Counting(), mend=mend)
    return f"{len(names)} installed"

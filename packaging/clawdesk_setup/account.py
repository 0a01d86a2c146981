"""The system account QEMU runs as when ClawDesk itself runs as root. It changes no other account.

libvirt looks the account up before it reads any configuration, and Ubuntu's the group `kvm` too.
The distributions make them together with libvirt's system daemon and with udev, which ClawDesk does
not need; so only these are made.
"""

from __future__ import annotations

import grp
import os
import platform
import pwd
import subprocess

from clawdesk_setup.progress import SetupError, say

NAME = "libvirt-qemu"


def commands() -> list[list[str]]:
    """What makes the missing groups and account."""
    wanted: list[list[str]] = []
    for group in (NAME, "kvm") if _is_ubuntu() else (NAME,):
        try:
            grp.getgrnam(group)
        except KeyError:
            wanted.append(["groupadd", "--system", group])
    try:
        pwd.getpwnam(NAME)
    except KeyError:
        closed = ["--no-create-home", "--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin"]
        wanted.append(["useradd", "--system", *closed, "--gid", NAME, NAME])
    return wanted


def ensure(*, dry_run: bool) -> str:
    """Make the account, as root only: an ordinary user's machines run as that user.

    Returns:
        One line that says what was done, "" for nothing.
    """
    if os.geteuid() != 0:
        return ""
    wanted = commands()
    for command in wanted:
        say("      $ " + " ".join(command))
        if not dry_run:
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                raise SetupError(
                    f"The account {NAME} could not be made: {done.stderr.strip()}",
                    " ".join(command),
                )
    return f"account {NAME} made" if wanted and not dry_run else ""


def _is_ubuntu() -> bool:
    try:
        found = platform.freedesktop_os_release()
    except OSError:
        return False
    return "ubuntu" in (found["ID"], *found.get("ID_LIKE", "").split())

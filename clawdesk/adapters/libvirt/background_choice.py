"""Whether the fast path of snapshots is used: only where a probe has shown a living guest.

Not for emulated machines, whose live snapshots make them wait for less (2026-11-26, longest silence
of a guest at 1 GiB: 54 ms live, 88 by this path, which took six times as long in all).

The answer is kept per kernel, QEMU, libvirt, accelerator, account and the kernel's setting for
userfaultfd, beside the one about KVM. `CLAWDESK_BACKGROUND_SNAPSHOTS=off` switches the path off,
`on` has it tried for emulated machines too.
It starts no machine itself.
"""

from __future__ import annotations

import json
import logging
import os
import platform
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from clawdesk.adapters.libvirt.records import durable
from clawdesk.ports.errors import MachineError

SWITCH = "CLAWDESK_BACKGROUND_SNAPSHOTS"
_SETTING = Path("/proc/sys/vm/unprivileged_userfaultfd")
_NOTE_CHARS_MAX = 300
_NOT_TRIED = frozenset({"closed", "no_space"})
_UNTRIED = "not tried yet"
_EMULATED = "quicker than background ones of an emulated machine"
_LONGER = "At a checkpoint machines may stand still for longer than they need to:"
OPEN_SETTING = "sudo sysctl -w vm.unprivileged_userfaultfd=1"
"""Weakens the host a little, so it is the user's to run: the guide says what it means."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Answer:
    usable: bool
    note: str


class BackgroundChoice:
    """Answers of one home, by accelerator. Thread-safe.

    Args:
        cache: folder that remembers them.
        versions: of QEMU and libvirt.
        uid: the account QEMU runs as.
    """

    def __init__(
        self, cache: Path, versions: dict[str, str], uid: int, *, setting: Path = _SETTING
    ) -> None:
        self._cache = cache
        self._uid = uid
        self._setting = _read(setting)
        self._host = [
            platform.release(),
            repr(sorted(versions.items())),
            f"as {os.geteuid()}, QEMU as {uid}",
            self._setting,
        ]
        self._lock = threading.Lock()
        self._answers: dict[str, _Answer] = {}

    def usable(self, accelerator: str) -> bool:
        """Whether the fast path is proven, and not switched off. Never probes."""
        answer = self._known(accelerator)
        return answer is not None and answer.usable

    def settled(self, accelerator: str) -> bool:
        """Whether nothing is left to find out."""
        return self._known(accelerator) is not None

    def path(self, accelerator: str) -> str:
        """Which path is in use and why, for the user's eyes."""
        answer = self._known(accelerator)
        if answer is None:
            return f"live (background: {_UNTRIED})"
        return "background" if answer.usable else f"live ({answer.note})"

    def lack(self, accelerator: str) -> tuple[str, str]:
        """What a refusal costs and why it was one, and the command that mends it; "" = nothing.

        A path that was switched off is what its user wants, one that was not tried no lack, and
        emulated machines lack nothing.
        """
        answer = self._known(accelerator)
        if answer is None or answer.usable or _by_rule(accelerator):
            return "", ""
        if self._uid != 0 and self._setting == "0":
            why = "the kernel keeps userfaultfd from ordinary accounts."
            return f"{_LONGER} {why}", OPEN_SETTING
        return f"{_LONGER} {answer.note.rstrip('.')}.", ""

    def decide(self, accelerator: str, probe: Callable[[], None]) -> bool:
        """Find out once; seconds the first time. Blocks.

        Args:
            probe: takes a background snapshot of a machine and restores it; raises MachineError
                when that does not leave living guests. With code `closed` or `no_space` it could
                not be tried: then nothing is learnt.
        """
        answer = self._known(accelerator)
        if answer is not None:
            return answer.usable
        try:
            probe()
            answer = _Answer(True, "")
        except MachineError as error:
            _log.info("background snapshots are not used: %s", error.what)
            if error.code in _NOT_TRIED:
                return False
            answer = _Answer(False, f"background refused: {error.what}"[:_NOTE_CHARS_MAX])
        fields = {"host": self._host, "usable": answer.usable, "note": answer.note}
        durable(self._file(accelerator), json.dumps(fields, indent=1))
        with self._lock:
            self._answers[accelerator] = answer
        return answer.usable

    def _known(self, accelerator: str) -> _Answer | None:
        if (why := _by_rule(accelerator)) is not None:
            return _Answer(False, why)
        with self._lock:
            if accelerator not in self._answers:
                recalled = self._recall(accelerator)
                if recalled is None:
                    return None
                self._answers[accelerator] = recalled
            return self._answers[accelerator]

    def _recall(self, accelerator: str) -> _Answer | None:
        try:
            found = json.loads(self._file(accelerator).read_text())
            if found["host"] == self._host and isinstance(found["usable"], bool):
                return _Answer(found["usable"], str(found["note"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return None

    def _file(self, accelerator: str) -> Path:
        return self._cache / f"background-{accelerator}.json"


def _by_rule(accelerator: str) -> str | None:
    """Why nothing is tried; None = it is."""
    switch = os.environ.get(SWITCH, "")
    if switch == "off":
        return f"{SWITCH}=off asks for it"
    return _EMULATED if accelerator == "tcg" and switch != "on" else None


def _read(setting: Path) -> str:
    try:
        return setting.read_text().strip()
    except OSError:
        return "absent"

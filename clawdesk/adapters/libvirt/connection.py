"""The connection to libvirt: which URI, its event loop thread, its events, its closing.

An ordinary user gets `qemu:///session`, whose daemon starts by itself; root gets `qemu:///embed`,
the driver inside this process on a directory of ours, with QEMU as an unprivileged account. Never
starts a domain.
"""

from __future__ import annotations

import ctypes
import grp
import logging
import os
import pwd
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import libvirt
from libvirt import virConnect, virDomain  # in `Connection`, `libvirt` is the property

from clawdesk.ports.errors import MachineError

_log = logging.getLogger(__name__)
_PR_SET_CHILD_SUBREAPER = 36
_PR_SET_THP_DISABLE = 41
_EMULATOR = "qemu-system-x86_64"
_INSTALL = (
    "sudo apt-get install --no-install-recommends "
    "libvirt-daemon libvirt-daemon-driver-qemu qemu-system-x86 qemu-utils"
)
"""What brings libvirt and QEMU; where they are there already it changes nothing."""
_DEFAULT_ACCOUNT = "libvirt-qemu"
"""Debian's libvirt looks this account up before it reads any configuration, and fails without."""
_QEMU_CONF = """\
# Written by ClawDesk at every start; changes are lost.
stdio_handler = "file"
user = "+{uid}"
group = "+{gid}"
dynamic_ownership = 0
remember_owner = 0
security_driver = "none"
cgroup_controllers = [ ]
namespaces = [ ]
"""
# libvirt probes QEMU with CAP_DAC_OVERRIDE but checks /dev/kvm without; where only root may open
# the device the two disagree, and the probe (4 s) is repeated at every start. So QEMU is begun
# without ambient capabilities, in the probe as later.
_WRAPPER = """\
#!/bin/sh
exec {setpriv} --ambient-caps=-all --inh-caps=-all -- {emulator} "$@"
"""

_R = TypeVar("_R")
_REOPEN_S = 10.0
_REOPEN_PAUSE_S = 0.1
LifecycleTell = Callable[[str, int, int], None]
"""(domain name, VIR_DOMAIN_EVENT_*, detail), called on libvirt's event thread."""


@dataclass(frozen=True, slots=True)
class Confinement:
    """The account QEMU runs as. `confined` is False only when that is root."""

    uid: int
    gid: int
    confined: bool


class Connection:
    """One open connection; its methods are called from threads that may block."""

    def __init__(self, uri: str, emulator: Path, runtime: Path, confinement: Confinement) -> None:
        self.uri = uri
        self.emulator = emulator
        self.confinement = confinement
        self._runtime = runtime
        run_events()
        self._tell: list[LifecycleTell] = []
        self._reopening = threading.Lock()
        self._virt, self._subscription = self._connect()

    @property
    def libvirt(self) -> virConnect:
        """The open connection; opened again where the session's daemon died.

        A new daemon finds the machines again, which went on meanwhile. Whether one ended while
        nobody told of it is known from its process (`watcher.py`).

        Raises:
            MachineError: libvirt does not open again.
        """
        if self.embedded:
            return self._virt
        with self._reopening:
            if not self._virt.isAlive():
                _log.info("libvirt's daemon is gone; opening %s again", self.uri)
                self._virt, self._subscription = self._connect_again()
            return self._virt

    def check(self) -> None:
        """Raises MachineError: libvirt does not answer, and cannot be opened again."""
        try:
            self.twice(self.libvirt.getLibVersion)
        except libvirt.libvirtError as error:
            raise MachineError(
                f"libvirt does not answer at {self.uri}: {explain(error)}.",
                mend=_INSTALL,
                code="no_libvirt",
            ) from error

    def twice(self, call: Callable[[], _R]) -> _R:
        """A call that may be repeated: once more where the daemon died under it."""
        try:
            return call()
        except libvirt.libvirtError:
            if self._virt.isAlive():
                raise
            return call()

    def _connect_again(self) -> tuple[virConnect, int]:
        """A daemon that is just dying still lets its socket be connected to, so again and again."""
        pause, deadline = threading.Event(), time.monotonic() + _REOPEN_S
        while True:
            try:
                return self._connect()
            except MachineError:
                if time.monotonic() > deadline:
                    raise
            pause.wait(_REOPEN_PAUSE_S)

    def _connect(self) -> tuple[virConnect, int]:
        try:
            virt = _open(self.uri)
            return virt, virt.domainEventRegisterAny(
                None, libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE, self._lifecycle, None
            )
        except libvirt.libvirtError as error:
            raise MachineError(
                f"libvirt does not open {self.uri}: {explain(error)}.",
                mend=_INSTALL,
                code="no_libvirt",
            ) from error

    @property
    def embedded(self) -> bool:
        return self.uri.startswith("qemu:///embed")

    def settle(self) -> None:
        """Let libvirt probe QEMU (seconds at the first start ever), then adopt QEMU's processes.

        The order matters: as a sub-reaper this process would inherit the probes, and libvirt
        would wait 80 s for a zombie that nobody reaps (facts, section 10).
        """
        if self.embedded:
            adopt_orphans(False)
        self.libvirt.getDomainCapabilities(str(self.emulator), "x86_64", "pc", "qemu")
        if self.embedded:
            adopt_orphans(True)

    def on_lifecycle(self, tell: LifecycleTell) -> None:
        self._tell.append(tell)

    def versions(self) -> dict[str, str]:
        # Not libvirt's getVersion(): it probes every emulator of the host, past our wrapper.
        return {
            "libvirt": _dotted(self.libvirt.getLibVersion()),
            "qemu": emulator_version(self.emulator),
        }

    def pid_of(self, machine: str) -> int | None:
        """Process id of a machine's QEMU, None when it is not there any more."""
        try:
            return int((self._runtime / f"{machine}.pid").read_text())
        except (OSError, ValueError):
            return None

    def pids(self) -> tuple[int, ...]:
        """Process ids of all our machines, by what libvirt wrote down; some may have ended."""
        machines = [path.stem for path in self._runtime.glob("cd-*.pid")]
        return tuple(pid for machine in machines if (pid := self.pid_of(machine)) is not None)

    def log_of(self, machine: str) -> Path:
        """QEMU's own log, where the last words of a crash stand."""
        if self.embedded:
            return self._runtime.parent.parent / "log" / "qemu" / f"{machine}.log"
        cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        return Path(cache) / "libvirt" / "qemu" / "log" / f"{machine}.log"

    def close(self) -> None:
        self._tell.clear()
        try:
            # Not by `libvirt`: a daemon that is gone is not started again to say good-bye.
            self._virt.domainEventDeregisterAny(self._subscription)
            if not self.embedded:
                self._virt.close()
        except libvirt.libvirtError as error:
            _log.info("libvirt did not close cleanly: %s", explain(error))

    def _lifecycle(
        self, _conn: object, domain: virDomain, event: int, detail: int, _opaque: object
    ) -> None:
        name = domain.name()
        for tell in list(self._tell):
            tell(name, event, detail)


def open_connection(driver: Path) -> Connection:
    """Connect the way that fits this user; blocking.

    Args:
        driver: directory of the embedded driver, reachable by the unprivileged account. libvirt
            admits one a process, for its whole life: a second one is not used, the first is kept.
    Raises:
        MachineError: QEMU or an account is missing, or libvirt refuses; `mend` says what to do.
    """
    emulator = find_emulator()
    if os.geteuid() != 0:
        own = Confinement(os.geteuid(), os.getegid(), True)
        return Connection("qemu:///session", emulator, _session_runtime(), own)
    account = confined_account()
    root = _driver_root(driver)
    (root / "etc").mkdir(parents=True, exist_ok=True)
    conf = _QEMU_CONF.format(uid=account.uid, gid=account.gid)
    (root / "etc" / "qemu.conf").write_text(conf)
    wrapper = _write_wrapper(root / "qemu", emulator)
    return Connection(f"qemu:///embed?root={root}", wrapper, root / "run" / "qemu", account)


def find_emulator() -> Path:
    """QEMU's program. Raises MachineError with the command that installs it."""
    found = shutil.which(_EMULATOR)
    if found is None:
        raise MachineError(
            f"{_EMULATOR} is not installed; machines cannot start without it.",
            mend=_INSTALL,
            code="no_qemu",
        )
    return Path(found)


def emulator_version(emulator: Path) -> str:
    """What QEMU says of itself, e.g. "7.2.22"."""
    try:
        said = subprocess.run(
            [str(emulator), "--version"], check=True, capture_output=True, text=True, timeout=30
        ).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise MachineError(
            f"{emulator} does not run: {error}.", mend=_INSTALL, code="no_qemu"
        ) from error
    found = re.search(r"version (\d[\w.]*)", said)
    return found[1] if found else "unknown"


def confined_account() -> Confinement:
    """The unprivileged account root gives QEMU: Debian's own, in group kvm where there is one.

    Raises:
        MachineError: the account is missing; libvirt's driver does not even open then.
    """
    try:
        account = pwd.getpwnam(_DEFAULT_ACCOUNT)
        grp.getgrnam(_DEFAULT_ACCOUNT)
    except KeyError:
        raise MachineError(
            f"The system account and group {_DEFAULT_ACCOUNT} are missing; libvirt needs them to "
            "run QEMU unprivileged.",
            mend=f"useradd --system --user-group --no-create-home {_DEFAULT_ACCOUNT}",
            code="no_account",
        ) from None
    return Confinement(account.pw_uid, _kvm_gid(account.pw_gid), account.pw_uid != 0)


def explain(error: libvirt.libvirtError) -> str:
    """libvirt's words without its prefix, one line."""
    message = error.get_error_message() or str(error)
    return " ".join(message.split())


def is_missing(error: libvirt.libvirtError) -> bool:
    """Whether the error says that there is no such domain, or that it does not run."""
    return error.get_error_code() in {
        libvirt.VIR_ERR_NO_DOMAIN,
        libvirt.VIR_ERR_OPERATION_INVALID,
    }


def adopt_orphans(yes: bool) -> None:
    """Whether daemonised descendants become our children when their parent ends."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, int(yes), 0, 0, 0)


def want_huge_pages(yes: bool) -> None:
    """Whether what this process starts may have its memory in huge pages: QEMU, or its daemon.

    A guest under emulation gains nothing by them and takes 20 MiB more, for it touches its memory
    here and there (2026-11-26); under KVM they make it quicker.
    """
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_THP_DISABLE, int(not yes), 0, 0, 0)


def _kvm_gid(otherwise: int) -> int:
    try:
        return grp.getgrnam("kvm").gr_gid
    except KeyError:
        return otherwise


def _open(uri: str) -> libvirt.virConnect:
    """The embedded driver is opened once a process and then shared.

    libvirt registers it anew at each open, and has room for some twenty times only.
    """
    global _embedded, _refusal  # noqa: PLW0603 - libvirt keeps one a process as well
    if not uri.startswith("qemu:///embed"):
        return libvirt.open(uri)
    with _loop_lock:
        if _embedded is None:
            try:
                _embedded = libvirt.open(uri)
            except libvirt.libvirtError as error:
                if _refusal is None:
                    _refusal = error
                    raise
                # Only the first time libvirt says why; then, that its driver is not active.
                raise _refusal from error
        return _embedded


def _driver_root(wanted: Path) -> Path:
    global _driver_folder  # noqa: PLW0603 - libvirt keeps one a process as well
    with _loop_lock:
        if _driver_folder is None:
            _driver_folder = wanted
        return _driver_folder


def _write_wrapper(path: Path, emulator: Path) -> Path:
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise MachineError(
            "setpriv (package util-linux) is missing; QEMU cannot be started unprivileged.",
            mend="apt-get install util-linux",
            code="no_setpriv",
        )
    text = _WRAPPER.format(setpriv=setpriv, emulator=emulator)
    # A new time stamp would make libvirt probe QEMU again, so an equal file stays.
    if not path.exists() or path.read_text() != text:
        path.write_text(text)
        path.chmod(0o755)
    return path


def _session_runtime() -> Path:
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    if runtime:
        return Path(runtime) / "libvirt" / "qemu" / "run"
    return Path.home() / ".cache" / "libvirt" / "qemu" / "run"


def _dotted(number: int) -> str:
    return f"{number // 1_000_000}.{number // 1000 % 1000}.{number % 1000}"


_loop_lock = threading.Lock()
_loop_started = False
_driver_folder: Path | None = None
_embedded: libvirt.virConnect | None = None
_refusal: libvirt.libvirtError | None = None


def run_events() -> None:
    """Once a process, before the first open(): libvirt's events and keep-alive need it."""
    global _loop_started  # noqa: PLW0603 - libvirt's loop is one per process too
    with _loop_lock:
        if _loop_started:
            return
        libvirt.virEventRegisterDefaultImpl()
        # Errors arrive as exceptions; without this each is also printed to stderr.
        libvirt.registerErrorHandler(lambda _context, _error: None, None)
        threading.Thread(target=_loop, name="libvirt-events", daemon=True).start()
        _loop_started = True


def _loop() -> None:
    while True:
        libvirt.virEventRunDefaultImpl()

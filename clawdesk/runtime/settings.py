"""The user's own rules and trust, read at start and again whenever their files change.

A mistaken `policy.toml` loosens nothing: the last good rules stay in force, also over a restart, of
which a copy is kept. Calls block; the plane makes them on a thread, one at a time.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from clawdesk.domain.definitions import FILE_BYTES_MAX, DefinitionError
from clawdesk.domain.network import Reach
from clawdesk.domain.policy_file import POLICY_FILE, parse_rules
from clawdesk.domain.rules import Rules
from clawdesk.ports.errors import PortError
from clawdesk.runtime.doctor import Check
from clawdesk.runtime.places import config_dir
from clawdesk.runtime.policy_writing import replace_text, with_catalog, without_catalog
from clawdesk.runtime.recents import state_dir
from clawdesk.runtime.trust import TRUST_FILE, Trusted, TrustStore, write_durably

LAST_GOOD = "policy.last-good.toml"
_Signature = tuple[int, ...] | None
_UNSEEN: _Signature = (-1,)


class Settings:
    """What the user allows.

    Args:
        folder: the configuration directory.
        state: where the copy of the last good rules is kept; losing it loses nothing but that.
    """

    def __init__(self, folder: Path | None = None, state: Path | None = None) -> None:
        folder = folder or config_dir()
        self._policy = _Watched(folder / POLICY_FILE)
        self._trust = _Watched(folder / TRUST_FILE)
        self._copy = (state or state_dir()) / LAST_GOOD
        self._good: str | None = None
        self._lock = threading.RLock()
        self.store = TrustStore(self._trust.path)
        self.rules = Rules()
        self.trusted: frozenset[str] = frozenset()
        self.mistakes: tuple[str, ...] = ()
        self.trust_problem: PortError | None = None
        self.kept = ""  # which rules are in force while `policy.toml` is mistaken
        self._news: list[str] = []

    @property
    def policy_path(self) -> Path:
        """Where `policy.toml` is, or would be."""
        return self._policy.path

    @property
    def text(self) -> str:
        """The text that the rules in force were read from; "" = they are the defaults."""
        return self._good or ""

    def begin(self) -> None:
        """Read both files as they are now."""
        with self._lock:
            self._policy.changed(at_once=True)
            self._take_policy(first=True)
            self.read_trust()

    def look(self) -> bool:
        """Read again what changed; True when something else counts now.

        A file counts when it looked the same twice: an editor may write it in several steps.
        """
        with self._lock:
            before = (self.rules, self.trusted)
            if self._policy.changed():
                self._take_policy(first=False)
            if self._trust.changed():
                self.read_trust()
            return (self.rules, self.trusted) != before

    def read_trust(self) -> None:
        """What the user trusts, as the file says now; nothing where it cannot be believed."""
        self._trust.changed(at_once=True)
        try:
            self.trusted = frozenset(entry.digest for entry in self.store.read())
            self.trust_problem = None
        except PortError as error:
            self.trusted = frozenset()
            self.trust_problem = error
            self._news.append(f"No project file is trusted: {error.sentence}")

    def trust(self, entry: Trusted) -> None:
        """Durable when it returns. Raises PortError."""
        with self._lock:
            self.store.add(entry)
            self.read_trust()

    def untrust(self, project: str, digest: str = "") -> int:
        """Raises PortError; returns how many files are not trusted any more."""
        with self._lock:
            count = self.store.remove(project, digest)
            self.read_trust()
            return count

    def allow_catalog(self, reach: Reach) -> None:
        """Write the rule into `policy.toml`; it holds when this returns. Raises PortError."""
        self._write_policy(lambda text: with_catalog(text, reach))

    def take_back_catalog(self) -> None:
        """Take the rule out of `policy.toml` again. Raises PortError."""
        self._write_policy(without_catalog)

    def _write_policy(self, change: Callable[[str], str]) -> None:
        path = self._policy.path
        with self._lock:
            try:
                text = _text_of(path)
                if text is not None:
                    parse_rules(text, str(path))
            except DefinitionError as error:
                raise PortError(
                    f"{path} is not changed, for it has a mistake: {error.mistakes[0]}",
                    mend="Mend it first.",
                    code="policy_file",
                ) from None
            new = change(text or "")
            if new != (text or ""):
                replace_text(path, text, new)
            self._policy.changed(at_once=True)
            self._take_policy(first=False)

    def news(self) -> tuple[str, ...]:
        """Sentences for the user since the last call."""
        told, self._news = tuple(self._news), []
        return told

    def checks(self) -> list[Check]:
        """What `clawdesk doctor` says of both files."""
        path = self._policy.path
        if self.mistakes:
            why = f"{self.kept} Mistakes: " + " · ".join(self.mistakes)
            policy = Check("policy", "limited", f"{path} is not in force", why, needed=False)
        elif self._good is None:
            policy = Check("policy", "ok", f"the defaults (no {path})", needed=False)
        else:
            policy = Check("policy", "ok", str(path), needed=False)
        found = f"{len(self.trusted)} trusted project files"
        trust = Check("trust", "ok", found, needed=False)
        if self.trust_problem is not None:
            why, mend = self.trust_problem.what, self.trust_problem.mend
            trust = Check("trust", "limited", "none", f"{why} {mend}", needed=False)
        return [policy, trust]

    def _take_policy(self, *, first: bool) -> None:
        path = self._policy.path
        try:
            text = _text_of(path)
            rules = Rules() if text is None else parse_rules(text, str(path))
        except DefinitionError as error:
            self.mistakes = error.mistakes
            if first:
                self._take_copy()
            else:
                self.kept = "The rules read before stay in force."
            self._news.append(f"{self.kept} {error.mistakes[0]} (all: clawdesk doctor)")
            return
        was_mistaken, self.mistakes, self.kept = bool(self.mistakes), (), ""
        if rules != self.rules and not first:
            self._news.append(f"{path} was read; its rules hold now.")
        elif was_mistaken:
            self._news.append(f"{path} has no mistake any more.")
        self.rules, self._good = rules, text
        self._keep_copy(text)

    def _take_copy(self) -> None:
        """The rules of the last start that found them good, else the defaults."""
        self.kept = "The defaults are in force."
        with suppress(DefinitionError):
            text = _text_of(self._copy)
            if text is not None:
                self.rules, self._good = parse_rules(text), text
                self.kept = "The last rules without a mistake are in force."

    def _keep_copy(self, text: str | None) -> None:
        with suppress(OSError):  # a convenience: without it a restart begins with the defaults
            if text is None:
                self._copy.unlink(missing_ok=True)
            elif not self._copy.exists() or self._copy.read_bytes() != text.encode():
                self._copy.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                write_durably(self._copy, text.encode())


class _Watched:
    """A file by its signature; absent is a signature too."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._read: _Signature = _UNSEEN
        self._seen: _Signature = _UNSEEN

    def changed(self, *, at_once: bool = False) -> bool:
        """True when it is another file than at the last True, and looked so twice."""
        found = self._signature()
        settled = at_once or found == self._seen
        self._seen = found
        if not settled or found == self._read:
            return False
        self._read = found
        return True

    def _signature(self) -> _Signature:
        try:
            found = self.path.stat()
        except OSError:
            return None
        return (found.st_mtime_ns, found.st_ctime_ns, found.st_ino, found.st_size, found.st_mode)


def _text_of(path: Path) -> str | None:
    """The text of a file, None where there is none. Raises DefinitionError."""
    try:
        if not path.exists():
            return None
        if not path.is_file():
            raise DefinitionError((f"{path}:1: found no plain file; allowed: a text file",))
        with path.open("rb") as file:
            content = file.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        raise DefinitionError((f"{path}:1: cannot be read: {error.strerror}",)) from None
    if len(content) > FILE_BYTES_MAX:
        raise DefinitionError((f"{path}:1: found more than 64 KiB; allowed: at most 64 KiB",))
    try:
        return content.decode().replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        text = f"{path}:{line}: found bytes that are not UTF-8; allowed: UTF-8"
        raise DefinitionError((text,)) from None

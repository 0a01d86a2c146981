"""Keys of upstreams: in the system's keyring, or where none answers in a file only its owner reads.

Never taken from the environment or a command line, never logged, never written to a catalog.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import stat
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

from clawdesk_fabric.entries import NAME
from clawdesk_fabric.errors import FabricError
from clawdesk_fabric.paths import config_folder
from clawdesk_fabric.weights.files import write_private

SERVICE = "clawdesk"
ANSWER_S_MAX = 60.0
"""A keyring may first ask its user for a password."""
_KEY = re.compile(r"[!-~]{1,4096}")


class Keyring(Protocol):
    """The part of the `keyring` package that is used."""

    def get_password(self, service: str, name: str) -> str | None: ...

    def set_password(self, service: str, name: str, password: str) -> None: ...

    def delete_password(self, service: str, name: str) -> None: ...


def system_keyring() -> Keyring | None:
    """The keyring of this session; None where there is none, or the package is not installed."""
    try:
        import keyring
        from keyring.backends import fail, null
    except ImportError:
        return None
    found = keyring.get_keyring()
    return None if isinstance(found, fail.Keyring | null.Keyring) else found


class Keys:
    """Keys by the name of their model.

    Args:
        keyring: finds the keyring, each time anew: a session's keyring comes and goes.
        folder: where the files lie; None = the usual place.
    """

    def __init__(
        self, keyring: Callable[[], Keyring | None] = system_keyring, folder: Path | None = None
    ) -> None:
        self._keyring = keyring
        self._folder = folder

    async def get(self, name: str) -> str:
        """The key, "" if none is kept. Raises FabricError."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[str] = loop.create_future()

        def settle(error: Exception | None, key: str) -> None:
            if answer.done():
                return
            if error is not None:
                answer.set_exception(error)
            else:
                answer.set_result(key)

        def ask() -> None:
            error, key = None, ""
            try:
                key = self.read(name)
            except Exception as trouble:  # handed to the one who waits
                error = trouble
            with contextlib.suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(settle, error, key)

        # A daemon: a keyring that asks its user for a password must not keep the Fabric alive.
        threading.Thread(target=ask, name="keyring", daemon=True).start()
        try:
            return await asyncio.wait_for(answer, ANSWER_S_MAX)
        except TimeoutError:
            raise FabricError(
                f"the keyring gave no key of {name} within {ANSWER_S_MAX:g} s",
                mend="unlock the keyring, then call the model again",
            ) from None

    def read(self, name: str) -> str:
        """As `get`, but blocks."""
        path = self._path(name)
        keyring = self._keyring()
        if keyring is not None:
            with _translated():
                kept = keyring.get_password(SERVICE, name)
            if kept:
                return kept
        try:
            with path.open(encoding="ascii") as file:
                seen = os.fstat(file.fileno())
                if stat.S_IMODE(seen.st_mode) & 0o077 or seen.st_uid != os.getuid():
                    raise FabricError(
                        f"{path} holds a key and others can read it",
                        mend=f"chmod 600 {path}, and think about a new key",
                    )
                return _checked(file.read(8192), str(path))
        except FileNotFoundError:
            return ""
        except (OSError, UnicodeDecodeError) as error:
            raise FabricError(f"{path} cannot be read: {error}") from error

    def keep(self, name: str, key: str) -> str:
        """Keep a key in place of the old one; where it is now. Raises FabricError."""
        path = self._path(name)
        key = _checked(key, "what was entered")
        keyring = self._keyring()
        if keyring is not None:
            with _translated():
                keyring.set_password(SERVICE, name, key)
            path.unlink(missing_ok=True)
            return "the system's keyring"
        write_private(path, key)
        return str(path)

    def forget(self, name: str) -> bool:
        """Remove the key from both places; whether there was one."""
        path = self._path(name)
        kept = path.exists()
        path.unlink(missing_ok=True)
        keyring = self._keyring()
        if keyring is not None:
            with _translated():
                if keyring.get_password(SERVICE, name) is not None:
                    keyring.delete_password(SERVICE, name)
                    kept = True
        return kept

    def _path(self, name: str) -> Path:
        if not NAME.fullmatch(name):
            raise FabricError(f"{name!r} is no name of a model")
        return (self._folder or config_folder() / "keys") / name


def _checked(key: str, where: str) -> str:
    key = key.strip()
    if not _KEY.fullmatch(key):
        raise FabricError(f"{where} is no key: one line of printable characters is needed")
    return key


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    """The keyring's failures become ours, without the key that they may speak of."""
    try:
        yield
    except FabricError:
        raise
    except Exception as error:  # each backend has failures of its own
        raise FabricError(
            f"the keyring refused ({type(error).__name__})", mend="unlock the keyring, then again"
        ) from None

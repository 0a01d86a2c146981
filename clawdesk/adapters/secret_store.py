"""Named secrets in the system's keyring, or where none answers in files only their owner reads.

A keyring cannot be asked what it holds, so the names alone stand in a file of ours.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from clawdesk.domain.secrets import NAME_RULE, VALUE_RULE, is_secret_name, is_secret_value
from clawdesk.ports.errors import PortError
from clawdesk_fabric.errors import FabricError
from clawdesk_fabric.keys import Keys
from clawdesk_fabric.weights.files import write_private

NAMES_FILE = "secrets.txt"
_ENTRY = "clawdesk-secret-"


class SecretStore:
    """`clawdesk.ports.secrets.Secrets`, and what its commands need. Blocks, but for `values`.

    Args:
        folder: ClawDesk's settings; the file of names lies there.
    """

    def __init__(self, folder: Path, keys: Keys | None = None) -> None:
        self._names = folder / NAMES_FILE
        self._keys = keys or Keys()

    async def values(self, names: Iterable[str]) -> Mapping[str, str]:
        found: dict[str, str] = {}
        for name in names:
            with _translated(name):
                value = await self._keys.get(_entry(name))
            if not value:
                raise PortError(
                    f"The secret {name} is not kept on this machine.",
                    mend=f"clawdesk secrets set {name}",
                    code="secret",
                )
            found[name] = value
        return found

    def names(self) -> tuple[str, ...]:
        """Names of all that were kept here, sorted."""
        try:
            lines = self._names.read_text(encoding="ascii").split()
        except FileNotFoundError:
            return ()
        except (OSError, UnicodeDecodeError) as error:
            raise PortError(f"{self._names} cannot be read: {error}", code="secret") from error
        return tuple(sorted(set(filter(is_secret_name, lines))))

    def check_name(self, name: str) -> None:
        """Whether a secret may be called that, before anybody types a value. Raises PortError."""
        if not is_secret_name(name):
            raise PortError(f"{name!r} is no name; allowed: {NAME_RULE}.", code="usage")

    def keep(self, name: str, value: str) -> str:
        """Keep a value in place of the old one; returns where it is now. Raises PortError."""
        self.check_name(name)
        if not is_secret_value(value):
            raise PortError(f"The value of {name} must be {VALUE_RULE}.", code="usage")
        with _translated(name):
            place = self._keys.keep(_entry(name), value)
        self._write({*self.names(), name})
        return place

    def forget(self, name: str) -> bool:
        """Remove it; whether there was one. Raises PortError."""
        if not is_secret_name(name):
            return False
        with _translated(name):
            kept = self._keys.forget(_entry(name))
        self._write(set(self.names()) - {name})
        return kept

    def _write(self, names: Iterable[str]) -> None:
        self._names.parent.mkdir(parents=True, exist_ok=True)
        write_private(self._names, "".join(f"{name}\n" for name in sorted(names)))


def _entry(name: str) -> str:
    return _ENTRY + name.lower()


@contextmanager
def _translated(name: str) -> Iterator[None]:
    try:
        yield
    except FabricError as error:
        what = f"The secret {name}: {error}"
        raise PortError(what, mend=getattr(error, "mend", ""), code="secret") from None

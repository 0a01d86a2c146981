"""What a person wrote and did not send yet, one file a request under the state folder.

Conveniences only, but dear ones: a draft survives the sheet, the window and a crash, and goes when
its request is decided. The oldest go when there are too many.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TypeVar

import msgspec

from clawdesk.ports.errors import PortError

DRAFTS_MAX = 200
DRAFT_BYTES_MAX = 2 * 1024 * 1024
T = TypeVar("T")


class Drafts:
    """The drafts of one folder, which is made when the first one is kept."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def _place(self, request: str) -> Path:
        # Ids of requests are not made for file names.
        return self._folder / f"{hashlib.sha256(request.encode()).hexdigest()[:40]}.json"

    def load(self, request: str, kind: type[T]) -> T | None:
        """The draft of a request; None where there is none that can be read."""
        return self._read(self._place(request), kind)

    def all(self, kind: type[T]) -> list[T]:
        """Every draft of the folder that can be read, the oldest first."""
        places = [(place.stat().st_mtime_ns, place) for place in self._folder.glob("*.json")]
        found = (self._read(place, kind) for _, place in sorted(places))
        return [draft for draft in found if draft is not None]

    @staticmethod
    def _read(place: Path, kind: type[T]) -> T | None:
        try:
            if place.stat().st_size > DRAFT_BYTES_MAX:
                return None
            return msgspec.json.decode(place.read_bytes(), type=kind)
        except (OSError, msgspec.DecodeError):
            return None  # another version's, or damaged: a convenience is not worth an error

    def keep(self, request: str, draft: object) -> None:
        """Replace the draft of a request.

        Raises:
            PortError: it is too large, or the disk refuses it.
        """
        content = msgspec.json.encode(draft)
        if len(content) > DRAFT_BYTES_MAX:
            raise PortError(
                "The draft is too large to be kept.",
                mend="Answer before you close the window, or it is lost.",
                code="draft",
            )
        place = self._place(request)
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            fresh = place.with_suffix(".new")
            fresh.write_bytes(content)
            fresh.replace(place)
            self._make_room()
        except OSError as error:
            raise PortError(
                f"The draft could not be kept: {error.strerror}.",
                mend=f"Make room in {self._folder}, or answer before you close the window.",
                code="draft",
            ) from error

    def _make_room(self) -> None:
        places = list(self._folder.glob("*.json"))
        if len(places) > DRAFTS_MAX:
            places.sort(key=lambda place: place.stat().st_mtime_ns)
            for place in places[: len(places) - DRAFTS_MAX]:
                place.unlink(missing_ok=True)

    def drop(self, request: str) -> None:
        """Forget a draft; none is fine. Raises PortError where the disk refuses."""
        try:
            self._place(request).unlink(missing_ok=True)
        except OSError as error:
            raise PortError(f"A draft could not be removed: {error.strerror}.") from error

"""Expected failures: each has a sentence a user can act on."""

from __future__ import annotations


class PortError(Exception):
    """An expected failure of the outer world.

    Args:
        what: what happened and why, one sentence.
        mend: the one next step (often a command), "" if there is none.
        code: a stable word for programs, e.g. `no_space`, `not_a_repository`.
    """

    def __init__(self, what: str, *, mend: str = "", code: str = "error") -> None:
        super().__init__(what)
        self.what = what
        self.mend = mend
        self.code = code

    @property
    def sentence(self) -> str:
        """What happened and the next step, as one text for a log or a record."""
        what = self.what if self.what.endswith((".", "!", "?")) else f"{self.what}."
        if "://" not in what.partition(" ")[0]:  # an address stays as it is
            what = what[:1].upper() + what[1:]
        return f"{what} {self.mend}" if self.mend else what


class MachineError(PortError):
    """A machine could not be started, snapshotted, restored or destroyed."""


class SnapshotDamagedError(MachineError):
    """The files behind a checkpoint are missing or do not match their checksum."""


class GuestError(PortError):
    """The guest broke the protocol, fell silent or refused."""


class RepositoryError(PortError):
    """The project's repository refuses: not a repository, no space, locked, changed under us."""


class ConflictError(RepositoryError):
    """A merge that cannot be made without losing a byte; `paths` conflict."""

    def __init__(self, what: str, paths: tuple[str, ...], *, mend: str = "") -> None:
        super().__init__(what, mend=mend, code="conflict")
        self.paths = paths


class InferenceError(PortError):
    """The Fabric does not answer or refuses."""

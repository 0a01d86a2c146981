"""Expected failures of the Fabric: a sentence with its cause, and the one step that mends it."""

from __future__ import annotations


class FabricError(Exception):
    """Something expected went wrong.

    Args:
        what: what happened and why, one sentence.
        mend: the next step (often a command), "" if there is none.
        code: the word a client of the HTTP interface sees.
        permanent: trying again unchanged cannot help.
    """

    def __init__(
        self, what: str, *, mend: str = "", code: str = "error", permanent: bool = False
    ) -> None:
        super().__init__(what)
        self.what = what
        self.mend = mend
        self.code = code
        self.permanent = permanent


class CatalogError(FabricError):
    """The catalog or the user's settings file is malformed; the message names the place."""


class BuildError(FabricError):
    """An inference image could not be made."""


class EngineError(FabricError):
    """The container engine refuses, or a model's container ended."""


class WeightsError(FabricError):
    """A model's file is not what it should be, or is not there."""

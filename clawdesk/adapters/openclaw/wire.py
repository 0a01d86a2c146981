"""The frames of the gateway's protocol (v4): what is sent, what is taken, and what refusals mean.

Pure. Everything that comes in is checked for its kind before it is used, and is text of strangers.
"""

from __future__ import annotations

from typing import Any

import msgspec

from clawdesk.ports.channel import ChannelError, ChannelState

PROTOCOL = 4
FRAME_BYTES_MAX = 4 * 1024 * 1024
"""The greeting takes 17 KB; a gateway that sends more than this at once is not listened to."""
TEXT_CHARS_MAX = 300


class Frame(msgspec.Struct):
    """Any frame; which fields count depends on `type`: res | event."""

    type: str
    id: str = ""
    ok: bool = False
    payload: Any = None
    error: Any = None
    event: str = ""


class Detail(msgspec.Struct):
    """What a refusal says beside its code."""

    code: str = ""
    reason: str = ""
    requestId: str = ""  # noqa: N815 - the gateway's name


class Fault(msgspec.Struct):
    """Why a call was refused."""

    code: str = ""
    message: str = ""
    details: Detail = msgspec.field(default_factory=Detail)
    retryAfterMs: float = 0.0  # noqa: N815 - the gateway's name


def read(text: str | bytes) -> Frame:
    """One frame. Raises ChannelError: what came is none."""
    try:
        return msgspec.json.decode(text, type=Frame)
    except (msgspec.DecodeError, RecursionError):
        raise ChannelError(
            "The gateway sent something that is no message of its protocol.", code="protocol"
        ) from None


def fault_of(error: object) -> Fault:
    """The refusal in a frame, however it was made."""
    if isinstance(error, dict) and not isinstance(error.get("details", {}), dict):
        error = {**error, "details": {}}
    try:
        return msgspec.convert(error, Fault)
    except msgspec.ValidationError:
        return Fault(message="it gave no reason")


def refusal(fault: Fault, *, lost: bool = False) -> ChannelError:
    """A refused call as our error; its `code` is the gateway's finest word."""
    code = fault.details.reason or fault.details.code or fault.code or "refused"
    return ChannelError(f"OpenClaw refused: {plain(fault.message)}", code=code, lost=lost)


def plain(text: str) -> str:
    """A stranger's sentence on one line, cut."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line[:TEXT_CHARS_MAX]


class NotAdmittedError(ChannelError):
    """The gateway did not let us in.

    Args:
        state: what people see.
        retry_ms: when to try again; None = not before somebody mends it.
    """

    def __init__(
        self, what: str, *, mend: str, state: ChannelState, retry_ms: int | None, code: str = ""
    ) -> None:
        super().__init__(what, mend=mend, code=code)
        self.state = state
        self.retry_ms = retry_ms


PAIRING_MS = 10_000
SET_UP_AGAIN = "clawdesk channels add openclaw"


def not_admitted(fault: Fault) -> NotAdmittedError:
    """What a refused `connect` means, and what mends it."""
    code, detail = fault.code, fault.details.code
    if "PAIRING_REQUIRED" in (code, detail):
        request = plain(fault.details.requestId)
        return NotAdmittedError(
            "The gateway does not know this ClawDesk yet.",
            mend=f"Where the gateway runs: openclaw devices approve {request}".rstrip(),
            state=ChannelState.PAIRING,
            retry_ms=PAIRING_MS,
            code="PAIRING_REQUIRED",
        )
    if code == "UNAVAILABLE":
        return NotAdmittedError(
            "The gateway is just starting.",
            mend="",
            state=ChannelState.UNREACHABLE,
            retry_ms=int(min(max(fault.retryAfterMs, 200), 30_000)),
            code="UNAVAILABLE",
        )
    if detail == "PROTOCOL_MISMATCH":
        what = f"The gateway speaks another version of the protocol than {PROTOCOL}."
        mend = "Use a version of OpenClaw that docs/guide/answer-from-anywhere.md names."
    elif detail.startswith(("AUTH_", "DEVICE_AUTH_")):
        what, mend = "The gateway does not accept our token any more.", SET_UP_AGAIN
    else:
        what, mend = f"The gateway refused the connection: {plain(fault.message)}", SET_UP_AGAIN
    return NotAdmittedError(
        what, mend=mend, state=ChannelState.REFUSED, retry_ms=None, code=detail or code
    )

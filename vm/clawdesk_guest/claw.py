"""What a step says to the person: boundaries and questions, over a socket of the guest program.

A call waits until it is answered, however long the machine is stopped, saved or restored meanwhile.
"""

import json
import os
import socket
from collections.abc import Sequence
from typing import Any

SOCKET = "/run/clawdesk/claw.sock"


class ClawError(Exception):
    """The request could not be made or answered; the text says why."""


class RejectedError(ClawError):
    """A person rejected the work so far; `str` is the feedback."""


class AskedBackError(ClawError):
    """A person asks something in return before answering; `str` is what. Ask again then."""


def boundary(
    *, next_step: str = "", approve: bool = False, message: str = "", artifacts: Sequence[str] = ()
) -> str:
    """Make the work durable and wait until it may go on.

    Returns what a person said who approved a part of it or changed it; most often "".
    Raises RejectedError, ClawError.
    """
    answer = _outcome({
        "op": "boundary",
        "approve": approve,
        "message": message,
        "next_step": next_step,
        "artifacts": [str(path) for path in artifacts],
    })  # fmt: skip
    return str(answer.get("feedback", ""))


def ask(question: str, *, choices: Sequence[str] = (), key: str = "", default: str = "") -> str:
    """The answer of a person. Raises AskedBackError, RejectedError, ClawError."""
    wanted = {"key": key, "question": question, "choices": list(choices), "default": default}
    return str(_outcome({"op": "question", **wanted}).get("text", ""))


def part(name: str) -> None:
    """Say what the step works at now, "" = the step as a whole. Nothing waits for it.

    Raises ClawError.
    """
    _exchange({"op": "part", "name": name})


def feedback() -> str:
    """What was said at the last rejection or partial approval, "" if nothing."""
    return str(_exchange({"op": "feedback"}).get("text", ""))


def _outcome(request: dict[str, Any]) -> dict[str, Any]:
    answer = _exchange(request)
    if answer.get("outcome") == "rejected":
        raise RejectedError(str(answer.get("feedback", "")))
    if answer.get("outcome") == "asked_back":
        raise AskedBackError(str(answer.get("text", "")))
    return answer


def _exchange(request: dict[str, Any]) -> dict[str, Any]:
    """One line there, one line back."""
    path = os.environ.get("CLAWDESK_SOCKET", SOCKET)
    try:
        with socket.socket(socket.AF_UNIX) as runner:
            runner.connect(path)
            runner.sendall(json.dumps(request).encode() + b"\n")
            with runner.makefile("rb") as lines:
                line = lines.readline()
    except OSError as error:
        raise ClawError(f"the guest program does not answer: {error}") from error
    if not line:
        raise ClawError("the guest program hung up")
    answer = json.loads(line)
    if "error" in answer:
        raise ClawError(str(answer["error"]))
    return dict(answer)

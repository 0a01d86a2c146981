"""The program inside a machine. Steps may `from clawdesk_guest import step, checkpoint, ask`.

Standard library only. The wire to the host is described in `protocol`, and nowhere else.
"""

from collections.abc import Sequence


def step(name: str) -> str:
    """A step begins, and the one before ends: a boundary. Returns when work may go on.

    Returns what a person said who approved only a part, most often "".

    Raises:
        clawdesk_guest.claw.RejectedError: a person rejected the work so far; `str` is the feedback.
    """
    from clawdesk_guest.claw import boundary

    return boundary(next_step=name)


def checkpoint(message: str = "", *, approve: bool = False, artifacts: Sequence[str] = ()) -> str:
    """Make the work so far durable; with `approve`, wait until a person has looked at it.

    Returns what a person said who approved only a part, most often "".

    Raises:
        clawdesk_guest.claw.RejectedError: rejected; nothing was rolled back, `str` is the feedback.
    """
    from clawdesk_guest.claw import boundary

    return boundary(approve=approve, message=message, artifacts=artifacts)


def ask(question: str, choices: Sequence[str] = (), *, key: str = "", default: str = "") -> str:
    """Ask a person and return the answer."""
    from clawdesk_guest.claw import ask as ask_person

    return ask_person(question, choices=choices, key=key, default=default)

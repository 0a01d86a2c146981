"""Models of other machines: whose a model is, who may use it, and why a task waits for its peer.

A peer's model is called `PEER/model`; no model of this machine has a slash in its name. It takes no
memory here, so nothing here is leased for it: a task may go on while its peer is here.
"""

from __future__ import annotations

from clawdesk.domain.definitions import PROJECT_FILE
from clawdesk.domain.model import ProjectPolicy, Reason, Task
from clawdesk.domain.policy_file import POLICY_FILE
from clawdesk.domain.rules import Rules

NEVER, TRUSTED = "never", "trusted"
AWAY = "peer_away"
LIST = "clawdesk-fabric peers list"
_MINUTE_S, _HOUR_S, _DAY_S = 60, 3600, 86_400


def peer_of(model: str) -> str:
    """The peer that a model is borrowed of, "" for one of this machine.

    >>> peer_of("lab2/qwen3-32b"), peer_of("qwen3-32b")
    ('lab2', '')
    """
    peer, slash, _ = model.partition("/")
    return peer if slash else ""


def borrows(task: Task) -> bool:
    """Whether its calls may leave this machine: it names a peer's model, and its policy lets it."""
    return bool(peer_of(task.definition.model)) and task.policy.peers == TRUSTED


def barred(rules: Rules) -> bool:
    """Whether the user's own rules let no project use models of other machines."""
    return all(of.peers == NEVER for of in (rules.defaults, *rules.projects.values()))


def why_not(model: str, counts: ProjectPolicy, asked: ProjectPolicy | None) -> tuple[str, str]:
    """Why a task of that policy may not use a model, and what mends it; ("", "") = it may.

    Args:
        counts: the project's policy inside the user's bounds.
        asked: what its own file says.
    """
    if not peer_of(model) or counts.peers == TRUSTED:
        return "", ""
    if asked is not None and asked.peers == TRUSTED:
        # The project's own file lets it: what does not is the user's.
        return (
            f"The model {model} is on another machine, and [peers] use in your own {POLICY_FILE} "
            'is "never".',
            'Say "trusted" there, or name a model of this machine.',
        )
    return (
        f'The model {model} is on another machine, and [peers] use in {PROJECT_FILE} is "never".',
        f'Say "trusted" there, where your own {POLICY_FILE} allows it, or name a model of this '
        "machine.",
    )


def away(peer: str, last_seen_s: float | None) -> Reason:
    """Why a task waits whose peer does not answer.

    Args:
        last_seen_s: how long ago it last did; None = not since the Fabric began.
    """
    text = f"peer {peer} is away, not seen since the Fabric began"
    if last_seen_s is not None:
        text = f"peer {peer} is away, last seen {ago(last_seen_s)} ago"
    return Reason(AWAY, text, f"peer {peer} is back")


def ago(seconds: float) -> str:
    """A time in one unit, in words that stay the same for a while: 40 s, 14 m, 3 h, 2 d.

    >>> ago(47), ago(870), ago(3 * 3600 + 100), ago(200_000)
    ('40 s', '14 m', '3 h', '2 d')
    """
    if seconds < _MINUTE_S:
        return f"{int(seconds) // 10 * 10} s"
    if seconds < _HOUR_S:
        return f"{int(seconds) // _MINUTE_S} m"
    if seconds < _DAY_S:
        return f"{int(seconds) // _HOUR_S} h"
    return f"{int(seconds) // _DAY_S} d"

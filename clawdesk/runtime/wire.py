"""What the plane's socket carries: one JSON object a line, values by `msgspec`.

Requests {"id", "method", "params"}; answers {"id", "result"} or {"id", "error": {what, mend,
code}}; notices {"change": {...}}; at its end {"taken": N}: the first N requests of this connection
were taken, later ones are not. Both ends are this program, of the same user, on this machine;
a version that differs is refused with a clear word.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

import msgspec

from clawdesk import __version__
from clawdesk.domain.model import PlaneState, Reason, Task
from clawdesk.ports.errors import PortError
from clawdesk.ports.machines import DiskUse
from clawdesk.ports.pairing import MadeInvitation, ReadInvitation
from clawdesk.ports.repository import (
    Conflicts,
    Diff,
    DiffFile,
    FileSides,
    MergeOutcome,
    ProjectView,
)
from clawdesk.ports.telemetry import HostLoad
from clawdesk.runtime.api import (
    CatalogAccess,
    ChannelView,
    Environment,
    LogLine,
    Outcome,
    PolicyView,
    ShellText,
    UserRules,
)
from clawdesk.runtime.deeds import Deed

LINE_BYTES_MAX = 64 * 1024 * 1024
REQUEST_BYTES_MAX = 8 * 1024 * 1024
"""Some files as a person edited them, in base64."""


def hello() -> dict[str, object]:
    """The first line of a plane: its version."""
    return {"clawdesk": __version__}


RESULTS: dict[str, Any] = {
    "open_project": ProjectView,
    "close_project": Outcome,
    "submit": str,
    "fork": str,
    "keep": Outcome,
    "approve": Outcome,
    "reject": Outcome,
    "answer": Outcome,
    "ask_back": Outcome,
    "restore": Outcome,
    "prompt": Outcome,
    "cancel": Outcome,
    "yield_now": Outcome,
    "why": Reason | None,
    "open_shell": str,
    "read_shell": ShellText,
    "write_shell": None,
    "resize_shell": None,
    "close_shell": None,
    "conflicts": Conflicts,
    "merge": MergeOutcome,
    "unmerge": Outcome,
    "prune": Outcome,
    "remove_images": Outcome,
    "stop_prune": None,
    "disk_use": DiskUse,
    "project_policy": PolicyView,
    "user_rules": UserRules,
    "deeds": tuple[Deed, ...],
    "trust": Outcome,
    "untrust": Outcome,
    "catalog_access": CatalogAccess,
    "allow_catalog": Outcome,
    "take_back_catalog": Outcome,
    "diff": Diff,
    "diff_branch": Diff,
    "diff_edited": DiffFile,
    "file_sides": FileSides,
    "log_lines": tuple[LogLine, ...],
    "check_environment": Environment,
    "load_model": Outcome,
    "unload_model": Outcome,
    "pin_model": Outcome,
    "reserve_model": Outcome,
    "end_reservation": Outcome,
    "set_budget": Outcome,
    "set_weight": Outcome,
    "revoke_peer": Outcome,
    "listen_for_peers": Outcome,
    "invite_peer": MadeInvitation,
    "withdraw_invitation": Outcome,
    "read_invitation": ReadInvitation,
    "join_peer": Outcome,
    "lend_to_peer": Outcome,
    "stop_joining": None,
    "add_channel": Outcome,
    "remove_channel": Outcome,
    "test_channel": Outcome,
    "channel": ChannelView,
    "doctor": list[dict[str, object]],
}
"""Methods a client may call, and what each returns; nothing else is callable."""

REPEATABLE = frozenset(
    {
        "open_project",
        "why",
        "conflicts",
        "disk_use",
        "project_policy",
        "user_rules",
        "read_invitation",
        "catalog_access",
        "deeds",
        "diff",
        "diff_branch",
        "diff_edited",
        "file_sides",
        "check_environment",
        "channel",
        "doctor",
    }
)
"""Methods that change nothing: made twice they are as good as once. `log_lines` is none of them:
what was printed would be printed again."""

LAST_READ = "log_lines"
"""The one method that a plane still answers as it ends: who follows a task misses no line of it."""


class Picture(msgspec.Struct):
    """What a client mirrors. In a notice only what moved is set."""

    tasks: list[Task] = []
    logs: list[str] = []
    notices: list[str] = []
    projects: dict[str, ProjectView] | None = None
    load: HostLoad | None = None
    environment: Environment | None = None
    waits: Reason | None = None  # why no machine can be started at all
    whole: bool = False
    more: bool = False  # of the whole, which comes in parts: no line has to hold every task


def bare(task: Task) -> Task:
    """A task without what never leaves the plane."""
    return replace(task, deferred=())


def encode(value: object) -> bytes:
    """A line. Names of files and words of the command line may hold bytes that are no UTF-8; such
    a text is half a surrogate pair to Python, which only `json` writes and reads."""
    try:
        return msgspec.json.encode(value) + b"\n"
    except UnicodeEncodeError:
        return json.dumps(msgspec.to_builtins(value)).encode() + b"\n"


def decode(line: bytes) -> Any:
    """What `encode` wrote. Raises ValueError for anything else."""
    try:
        return msgspec.json.decode(line)
    except msgspec.DecodeError:
        return json.loads(line)


async def read_line(reader: asyncio.StreamReader) -> bytes:
    """The next line, b"" at the end, where one may be cut off: whoever wrote it was killed.

    Raises PortError for an absurdly long one.
    """
    try:
        line = await reader.readline()
    except ValueError:
        raise PortError("A message on the plane's socket was too long.", code="wire") from None
    return line if line.endswith(b"\n") else b""


def apply(state: PlaneState, picture: Picture) -> None:
    """Bring a mirror up to date."""
    for task in picture.tasks:
        state.tasks[task.id] = task
    if picture.whole or picture.environment is not None:
        state.environment = picture.waits

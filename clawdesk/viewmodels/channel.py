"""The user's channel (OpenClaw) on the settings page: its state, what mends it, what it shows now.

Pure. Words of a gateway pass through unescaped; the view shows them as plain text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from clawdesk.domain.channel.model import Delivery, Stage
from clawdesk.domain.channel.words import route_words
from clawdesk.domain.model import Task, TaskId
from clawdesk.ports.channel import ChannelState
from clawdesk.runtime.api import ChannelView
from clawdesk.viewmodels.language import counted, tr
from clawdesk.viewmodels.phases import Family
from clawdesk.viewmodels.told import told

ROWS_MAX = 6
PROGRAMS = ("openclaw", "clawdesk")
_LOOKS = {
    ChannelState.ABSENT: ("note", Family.STILL),
    ChannelState.CONNECTING: ("spin", Family.ALIVE),
    ChannelState.UNREACHABLE: ("warn", Family.NEED),
    ChannelState.PAIRING: ("warn", Family.NEED),
    ChannelState.REFUSED: ("xc", Family.BAD),
    ChannelState.CONNECTED: ("okc", Family.GOOD),
}


@dataclass(frozen=True, slots=True)
class ChannelPage:
    """The section as it is shown.

    Args:
        state: one or two words, with `icon` and `family`.
        text: what is wrong and why, or what the channel is for.
        mend: the next step as a sentence, "" = none is needed.
        command: the part of `mend` that a person can run as it stands, "" = there is none.
        rows: requests and how far each came.
        more: what the rows leave out, "" = nothing.
    """

    state: str
    icon: str
    family: Family
    address: str
    text: str
    mend: str
    command: str
    is_set_up: bool
    can_test: bool
    rows: tuple[tuple[str, str], ...]
    more: str


def how_far(delivery: Delivery) -> str:
    """How far a request came on the channel, in words."""
    words = told(delivery.stage.value)
    if delivery.stage is Stage.DELIVERED and delivery.route:
        words += f" {told(route_words(delivery.route))}"
    if not delivery.by:
        return words
    return tr("{how}, answered by {who}", how=words, who=delivery.by)


def channel_page(view: ChannelView, tasks: Mapping[TaskId, Task]) -> ChannelPage:
    """The section for one moment."""
    status = view.status
    icon, family = _LOOKS[status.state]
    absent = status.state is ChannelState.ABSENT
    if absent and status.text:
        icon, family = _LOOKS[ChannelState.REFUSED]  # one was set up, and cannot be used
    text = told(status.text)
    if status.state is ChannelState.CONNECTED:
        text = tr("OpenClaw {version}. Requests are shown there too.", version=status.version)
        if status.takes_words:
            text = f"{text} {tr('Words typed in its chats are taken: /clawdesk.')}"
    elif absent and not text:
        text = tr(
            "With an OpenClaw gateway of yours, checkpoints and questions also reach your phone "
            "and your chats. The first valid answer counts, wherever it is given."
        )
    found = view.deliveries
    left = len(found) - ROWS_MAX
    return ChannelPage(
        state=told(status.state.value).capitalize(),
        icon=icon,
        family=family,
        address=status.address,
        text=text,
        mend=told(status.mend),
        command=command_in(status.mend),
        is_set_up=not absent or bool(status.text),
        can_test=status.state is ChannelState.CONNECTED,
        rows=tuple((_title(one, tasks), how_far(one)) for one in found[:ROWS_MAX]),
        more=_more(left),
    )


def _more(left: int) -> str:
    more = counted(left, "and one more request", "and {count} more requests")
    return more if left > 0 else ""


def command_in(mend: str) -> str:
    """The command at the end of a sentence that names one, "" = it names none."""
    last = mend.rpartition(": ")[2].strip()
    return last if last.startswith(tuple(f"{name} " for name in PROGRAMS)) else ""


def _title(delivery: Delivery, tasks: Mapping[TaskId, Task]) -> str:
    task = tasks.get(delivery.task)
    return task.title if task is not None else delivery.task

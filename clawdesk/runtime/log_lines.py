"""How those lines of a task's log look that tell of a conversation; for whoever reads them again.

`telling` writes those of model calls, `Plane` the heading of what Git kept, and the guest's ACP
client (`clawdesk_guest/acp_words.py`) its agent's words.
"""

from __future__ import annotations

import re

MODEL = re.compile(
    r"\[model\] (.{1,200}?) (answered|failed with (\d{3})), "
    r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)Z: (.*)"
)
"""A model call: the model, how it ended, its status where it failed, when in UTC, and its facts."""
TOOK_S = re.compile(r"([0-9]{1,9}\.[0-9]) s\b")
"""At the beginning of a call's facts."""
INDENT = "    "
"""Before every further line of the same."""
BEFORE_KILL = "as it was printed before ClawDesk ended"
KEPT = re.compile(rf"Step .*, (as Git kept it|{BEFORE_KILL}):")
LABEL = re.compile(r"\[([a-z]{1,12})(?: ([^\]]{1,80}))?\] (.*)")
"""Of an ACP client: its kind, a name or number, and the words."""
OVER = re.compile(r"(completed|failed) after [0-9.]+ s|ended with \S{1,8}")
"""The words of a tool call or command that has ended."""
WELL = re.compile(r"completed .*|ended with 0")
CUT = re.compile(r"\[\.\.\. (\d{1,9}) more lines\]")
"""Stands for lines that were left out."""
FACTS = re.compile(
    r"(?P<tokens_in>[\d,]+) tokens in|(?P<tokens_out>[\d,]+) tokens out|"
    r"(?P<gpu_s>[\d.]+) GPU-seconds|(?P<before>\d+) more before it|"
    r"(?P<well>completed) after (?P<time>[0-9.]+) s|(?P<badly>failed) after (?P<end>[0-9.]+) s|"
    r"ended with (?P<code>\S+)"
)
"""One of the facts of a call, which stand behind one another with `, ` between them."""

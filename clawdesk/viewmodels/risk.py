"""What a checkpoint could do to the user, in words: size, deletions, what would run here.

Pure. It counts and names what the difference shows and claims nothing about what code means.
"""

from __future__ import annotations

from dataclasses import dataclass

from clawdesk.domain.beside import NOTHING_BESIDE, Beside
from clawdesk.domain.host_files import PROGRAM, HostRule, host_rule
from clawdesk.domain.model import Checkpoint, Task
from clawdesk.ports.repository import Diff, DiffFile
from clawdesk.viewmodels.amounts import few_paths, files
from clawdesk.viewmodels.language import counted, marked, tr
from clawdesk.viewmodels.told import told
from clawdesk.viewmodels.words import short_path

LINES_MANY = 400
NAMED_MAX = 6


@dataclass(frozen=True, slots=True)
class RiskLine:
    """One fact: an icon, what it is, and which file or how much."""

    icon: str
    text: str
    detail: str
    warns: bool = False


@dataclass(frozen=True, slots=True)
class RiskView:
    """`level` is low, medium or high; `lines` are its reasons, the weightiest first."""

    level: str
    lines: tuple[RiskLine, ...]


_LEVELS = {"low": marked("low"), "medium": marked("medium"), "high": marked("high")}


def level_words(level: str) -> str:
    """A level in words; "" stays "" while nothing is known."""
    return tr(_LEVELS[level]) if level in _LEVELS else level


def not_shown(file: DiffFile) -> bool:
    """Whether contents changed that the difference does not show line by line."""
    return any(
        part.startswith(
            ("binary", "too large to show", "not shown", "submodule", "no content to show")
        )
        for part in file.note.split("; ")
    )


def beside_of(task: Task, checkpoint: Checkpoint | None) -> Beside:
    """All that was done since a person last approved: what is let past by itself nobody saw."""
    if checkpoint is None:
        return NOTHING_BESIDE
    before = [c for c in task.checkpoints if c.ordinal < checkpoint.ordinal]
    looked = max((c.ordinal for c in before if c.approved), default=0)
    told = [c.beside for c in (*before, checkpoint) if c.ordinal > looked]
    places = tuple(dict.fromkeys(place for one in told for place in one.network))
    return Beside(places, sum(one.refused for one in told), any(one.shell for one in told))


def _beside_lines(beside: Beside) -> list[RiskLine]:
    lines = []
    if beside.network:
        lines.append(RiskLine("release", tr("network used"), few_paths(beside.network), warns=True))
    if beside.refused:
        what = counted(
            beside.refused,
            "{count} connection was not let out",
            "{count} connections were not let out",
        )
        lines.append(RiskLine("stop", what, tr("the log names them"), warns=True))
    if beside.shell:
        what = tr("a person had a shell in the machine")
        lines.append(RiskLine("term", what, tr("what was typed stands in these changes")))
    return lines


def risk_view(
    diff: Diff, own_edits: tuple[str, ...] = (), beside: Beside = NOTHING_BESIDE
) -> RiskView:
    """The summary of a difference.

    Args:
        own_edits: paths the user changed and did not commit.
        beside: what was done that no file shows.
    """
    lines: list[RiskLine] = []
    running = [(file, _rule_of(file)) for file in diff.files]
    flagged = [(file, rule) for file, rule in running if rule is not None]
    for file, rule in flagged[:NAMED_MAX]:
        lines.append(
            RiskLine(
                "warn", f"{short_path(file.path)}: {told(rule.kind)}", told(rule.when), warns=True
            )
        )
    if len(flagged) > NAMED_MAX:
        rest = counted(
            len(flagged) - NAMED_MAX,
            "{count} more file that would run here",
            "{count} more files that would run here",
        )
        lines.append(RiskLine("warn", rest, tr("after a merge"), warns=True))
    deleted = [file.path for file in diff.files if file.status == "deleted"]
    if deleted:
        what = counted(len(deleted), "deletes {count} file", "deletes {count} files")
        lines.append(RiskLine("minus", what, few_paths(deleted), warns=True))
    unseen = [file.path for file in diff.files if not_shown(file)]
    if unseen:
        what = counted(
            len(unseen), "{count} file not shown in full", "{count} files not shown in full"
        )
        detail = tr("you approve unseen: {paths}", paths=few_paths(unseen))
        lines.append(RiskLine("unk", what, detail, warns=True))
    both = sorted({path for file in diff.files for path in _paths(file)} & set(own_edits))
    if both:
        lines.append(RiskLine("edit", tr("also changed by you"), few_paths(both), warns=True))
    lines += _beside_lines(beside)
    stat = diff.stat
    size = tr("+{added} −{removed} lines", added=stat.added, removed=stat.removed)  # noqa: RUF001
    many = stat.added + stat.removed > LINES_MANY
    lines.append(RiskLine("diff", files(stat.files), size, warns=many))
    by_itself = any(rule.by_itself for _, rule in flagged)
    level = "high" if by_itself else "medium" if any(line.warns for line in lines) else "low"
    return RiskView(level, tuple(lines))


def _rule_of(file: DiffFile) -> HostRule | None:
    """The rule of a file that stays; what was deleted runs nowhere."""
    if file.status == "deleted":
        return None
    found = host_rule(file.path) or host_rule(file.old_path)
    return found or (PROGRAM if file.runs_on_host else None)


def _paths(file: DiffFile) -> tuple[str, ...]:
    return (file.path, file.old_path) if file.status == "renamed" else (file.path,)

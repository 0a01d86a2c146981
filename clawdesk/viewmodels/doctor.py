"""The first-run page: what is present on this machine, and how to mend what is not.

Takes the dicts of `PlaneApi.doctor()` ({name, state, found, why, works, mend}); an unknown state is
shown as unknown, never as good.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from clawdesk.viewmodels.language import counted, marked, tr
from clawdesk.viewmodels.phases import Family
from clawdesk.viewmodels.told import told


@dataclass(frozen=True, slots=True)
class CheckView:
    """One row; `command` is what can be copied into a terminal, "" if nothing is to be done."""

    name: str
    found: str
    word: str
    icon: str
    family: Family
    why: str
    works: str
    command: str

    @property
    def open(self) -> bool:
        """Whether the row says more than one line."""
        return bool(self.command or self.why or self.works) and self.family in {
            Family.BAD,
            Family.NEED,
        }


@dataclass(frozen=True, slots=True)
class CheckGroup:
    title: str
    checks: tuple[CheckView, ...]

    @property
    def tally(self) -> str:
        good = sum(1 for c in self.checks if c.family is Family.GOOD)
        return tr("{good} of {count}", good=good, count=len(self.checks))


@dataclass(frozen=True, slots=True)
class DoctorView:
    groups: tuple[CheckGroup, ...]
    tallies: tuple[tuple[str, str, Family], ...]  # (icon, "7 ready", family)
    report: str


_STATES = {
    "ok": (marked("ready"), "okc", Family.GOOD),
    "ready": (marked("ready"), "okc", Family.GOOD),
    "limited": (marked("limited"), "warn", Family.NEED),
    "warn": (marked("limited"), "warn", Family.NEED),
    "warning": (marked("limited"), "warn", Family.NEED),
    "missing": (marked("needs a fix"), "xc", Family.BAD),
    "bad": (marked("needs a fix"), "xc", Family.BAD),
    "failed": (marked("needs a fix"), "xc", Family.BAD),
    "error": (marked("needs a fix"), "xc", Family.BAD),
    "no": (marked("needs a fix"), "xc", Family.BAD),
    "checking": (marked("checking"), "spin", Family.ALIVE),
    "off": (marked("not set up"), "unk", Family.STILL),
    "absent": (marked("not present"), "unk", Family.STILL),
    "optional": (marked("not set up"), "unk", Family.STILL),
}
_UNKNOWN = (marked("unknown"), "unk", Family.STILL)
_GROUPS = (
    (marked("Isolation"), ("kvm", "libvirt", "qemu", "guest", "image", "machine", "confine")),
    (
        marked("Models and GPUs"),
        ("docker", "fabric", "gpu", "nvidia", "nvml", "model", "inference", "peer"),
    ),
)
_REST = marked("Desktop and projects")


def _group_of(name: str) -> str:
    low = name.lower()
    # A model's image belongs to the models, so the second group is asked first.
    for title, words in reversed(_GROUPS):
        if any(word in low for word in words):
            return title
    return _REST


def _word(check: Mapping[str, object], key: str) -> str:
    value = check.get(key)
    return value if isinstance(value, str) else "" if value is None else str(value)


def _title(name: str) -> str:
    """A check's name as a title: `kvm` → `KVM`, `guest image` → `Guest image`."""
    first, space, rest = name.partition(" ")
    if first in {"kvm", "qemu", "gpu", "nvml"}:
        return first.upper() + space + rest
    return name if first in {"libvirt", "pygit2"} else name[:1].upper() + name[1:]


def _said(text: str) -> str:
    """A reason; also where the doctor made a sentence of words that another part said."""
    said = told(text)
    if said != text or not text:
        return said
    words, end = text[:1].lower() + text[1:].removesuffix("."), "." if text.endswith(".") else ""
    said = told(words)
    return text if said == words else said[:1].upper() + said[1:] + end


def check_view(check: Mapping[str, object]) -> CheckView:
    """One row from one check."""
    said, icon, family = _STATES.get(_word(check, "state").lower(), _UNKNOWN)
    word = tr(said)
    return CheckView(
        name=_title(told(_word(check, "name"))) or tr("unnamed"),
        found=told(_word(check, "found")) or word,
        word="" if family is Family.GOOD else word,
        icon=icon,
        family=family,
        why=_said(_word(check, "why")),
        works=told(_word(check, "works")),
        command=_word(check, "mend"),
    )


def _once(views: Sequence[CheckView]) -> list[CheckView]:
    """One command that mends several is told where it is met first; the others name that row."""
    first: dict[str, str] = {}
    told_once = []
    for view in views:
        by = first.setdefault(view.command, view.name) if view.command else view.name
        if by != view.name:
            why = tr("The command for {name} mends this too.", name=by)
            view = replace(view, why=why, works="", command="")  # noqa: PLW2901
        told_once.append(view)
    return told_once


def _tally(count: int, word: str) -> str:
    """`7 ready`, `1 needs a fix`, `4 need a fix`."""
    if word == tr("needs a fix"):
        return counted(count, "{count} needs a fix", "{count} need a fix")
    return f"{count} {word or tr('ready')}"


def doctor_view(checks: Sequence[Mapping[str, object]]) -> DoctorView:
    """The page; the groups' order is fixed, the rows keep the doctor's order."""
    found = _once([check_view(check) for check in checks])
    titles = (*(title for title, _ in _GROUPS), _REST)
    rows: dict[str, list[CheckView]] = {title: [] for title in titles}
    tally: dict[tuple[str, str, Family], int] = {}
    for check, view in zip(checks, found, strict=True):
        rows[_group_of(_word(check, "name"))].append(view)
        key = (view.icon, view.word, view.family)
        tally[key] = tally.get(key, 0) + 1
    order = [Family.GOOD, Family.NEED, Family.BAD, Family.ALIVE, Family.STILL]
    tallies = sorted(tally.items(), key=lambda item: order.index(item[0][2]))
    lines = [
        f"{c.word or tr('ready'):12} {c.name}: {c.found}"
        + (f" | {c.why}" if c.why else "")
        + (f" | {tr('Still works')}: {c.works}" if c.works else "")
        + (f" | {c.command}" if c.command else "")
        for group in rows.values()
        for c in group
    ]
    return DoctorView(
        groups=tuple(CheckGroup(tr(t), tuple(c)) for t, c in rows.items() if c),
        tallies=tuple((icon, _tally(n, word), family) for (icon, word, family), n in tallies),
        report="\n".join(lines),
    )

"""What a person may ask for a task they type in: priority and memory, and who bounds them. Pure.

The bounds are said while it is written, not by a refusal: nothing outside them can be chosen.
"""

from __future__ import annotations

from dataclasses import dataclass

from clawdesk.domain.agents import KINDS
from clawdesk.domain.definitions import (
    MEMORY_MIB_MAX,
    MEMORY_MIB_MIN,
    PRIORITY_MAX,
    PRIORITY_MIN,
    PROJECT_FILE,
)
from clawdesk.domain.memory_size import memory_size
from clawdesk.domain.policy_file import POLICY_FILE
from clawdesk.domain.policy_rules import DEFAULT, USER, PolicyRule
from clawdesk.ports.telemetry import HostLoad
from clawdesk.runtime.api import PolicyView, UserRules
from clawdesk.runtime.offer import bound_mib
from clawdesk.viewmodels.language import tr

SIZES_MIB = tuple(m * 512 for m in (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 256, 512))


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a prompt's task may ask for.

    Args:
        memory_mib_max: of its machine.
        words: where the bounds come from, and the class that its project gives it.
    """

    priority_min: int = PRIORITY_MIN
    priority_max: int = PRIORITY_MAX
    memory_mib_max: int = MEMORY_MIB_MAX
    words: str = ""


def bounds_of(policy: PolicyView | None, rules: UserRules | None, load: HostLoad | None) -> Bounds:
    """By the project's policy, the user's own rules and this machine; None = not known yet."""
    known = {rule.key: rule for rule in policy.rules} if policy is not None else {}
    low = _suggestion(known.get("priority_min"), PRIORITY_MIN)
    high = _suggestion(known.get("priority_max"), PRIORITY_MAX)
    said = [_priority_words(low, high, known), _class_words(known.get("priority.default_class"))]
    sizes = [MEMORY_MIB_MAX]
    if load is not None:
        sizes.append(_of_machine(load, rules))
        of_machine = tr(
            "A machine has at most {size}: the desktop keeps the rest of {total}.",
            size=memory_size(sizes[-1]),
            total=memory_size(load.memory_total_mib),
        )
        said.append(of_machine)
    own, more = known.get("quota.memory_mib"), known.get("quota.memory_mib_borrow")
    if own is not None and own.value and more is not None and more.value:
        sizes.append(max(MEMORY_MIB_MIN, int(own.value) + int(more.value)))
        size = memory_size(sizes[-1])
        said.append(tr("This project has at most {size}{by}.", size=size, by=_by(own)))
    return Bounds(low, max(low, high), min(sizes), " ".join(words for words in said if words))


def _of_machine(load: HostLoad, rules: UserRules | None) -> int:
    """MiB for all machines together, as the plane gives them out."""
    kept = [rule.value for rule in (rules.rules if rules else ()) if rule.key == _RESERVE]
    reserve = int(kept[0]) if kept and kept[0] else None
    return max(MEMORY_MIB_MIN, bound_mib(load.memory_total_mib, reserve))


_RESERVE = "host.reserve_memory_mib"


def _suggestion(rule: PolicyRule | None, usual: int) -> int:
    """A bound of a policy, inside what a task may suggest at all."""
    bound = int(rule.value) if rule is not None and rule.value else usual
    return max(PRIORITY_MIN, min(PRIORITY_MAX, bound))


def _priority_words(low: int, high: int, known: dict[str, PolicyRule]) -> str:
    """Who bounds it, where that is more than every task file is bounded."""
    bounding = [("priority_min", low, PRIORITY_MIN), ("priority_max", high, PRIORITY_MAX)]
    by = [_by(known[key]) for key, bound, usual in bounding if bound != usual]
    if not by:
        return ""
    return tr("Priority {low:+d} to {high:+d}{by}.", low=low, high=high, by=by[0])


def _class_words(rule: PolicyRule | None) -> str:
    """The class is the project's: a task has none of its own."""
    if rule is None:
        return ""
    return tr("Its class is {name}, as of every task here{by}.", name=rule.value, by=_by(rule))


def _by(rule: PolicyRule) -> str:
    """Who said so, as the end of a sentence; "" = nobody, it is the usual."""
    if rule.source == DEFAULT:
        return ""
    file = POLICY_FILE if rule.source == USER else PROJECT_FILE
    return tr(", by {file}", file=f"{file}:{rule.line}" if rule.line else file)


def priority_choices(bounds: Bounds) -> tuple[tuple[int, str], ...]:
    """Numbers and words, highest first."""
    numbers = range(bounds.priority_max, bounds.priority_min - 1, -1)
    return tuple((number, _priority_word(number)) for number in numbers)


def _priority_word(number: int) -> str:
    if number == 0:
        return tr("normal")
    if number > 0:
        return tr("high ({number:+d})", number=number)
    return tr("low ({number:+d})", number=number)


def memory_choices(bounds: Bounds, kind: str, chosen: int) -> tuple[tuple[int, str], ...]:
    """MiB and words; 0 = what the agent usually needs. What was chosen before stays."""
    usual, most = KINDS[kind].memory_mib, bounds.memory_mib_max
    sizes = {size for size in (*SIZES_MIB, most) if size <= most and size != MEMORY_MIB_MAX}
    sizes |= {chosen} if chosen else set()
    first = tr("{size}, usual for this agent", size=memory_size(usual))
    return (0, first), *((size, memory_size(size)) for size in sorted(sizes - {usual}))

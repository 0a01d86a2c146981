"""What model calls used, in words: tokens, time at the model, GPU time, and cost where stated.

Pure. What nobody told is said as not known; a cost stands only where the user stated a price.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from clawdesk.domain.model import Task
from clawdesk.domain.spending import Spent, StepSpent, total_of
from clawdesk.viewmodels.language import counted, tr
from clawdesk.viewmodels.words import short_duration


@dataclass(frozen=True, slots=True)
class ProjectSpending:
    """What all tasks of a project used; `tasks`: those that called a model, the latest first."""

    project: str
    spent: Spent
    tasks: tuple[Task, ...]


def projects_spending(tasks: Iterable[Task]) -> tuple[ProjectSpending, ...]:
    """By project, in the order of their paths; projects without a model call are left out."""
    found: dict[str, list[Task]] = {}
    for task in sorted(tasks, key=lambda t: t.submitted_at_ms, reverse=True):
        if task.spending.steps:
            found.setdefault(task.project, []).append(task)
    return tuple(
        ProjectSpending(path, sum((t.spending.total for t in of), Spent()), tuple(of))
        for path, of in sorted(found.items())
    )


def spent_words(spent: Spent) -> str:
    """One sentence without its full stop; "" where no model was called."""
    if not spent.calls:
        return ""
    said = [_calls(spent), _tokens(spent), _time(spent), _gpu(spent), _cost(spent)]
    return ", ".join(part for part in said if part)


def used_words(spent: Spent) -> str:
    """The same in short: calls, tokens and cost."""
    if not spent.calls:
        return ""
    return ", ".join(part for part in (_calls(spent), _tokens(spent), _cost(spent)) if part)


def spent_at(task: Task) -> dict[int, Spent]:
    """What was used between each checkpoint and the one made before it, by ordinal; 0 = since the
    last one. Where nothing was used there is no entry."""
    found, before = {}, Spent()
    for checkpoint in task.checkpoints:
        now = total_of(checkpoint.spent)
        if now.calls > before.calls:  # one of a fork's parent tells nothing
            found[checkpoint.ordinal], before = now - before, now
    later = task.spending.total - before
    return {**found, 0: later} if later.calls else found


def step_words(step: StepSpent) -> str:
    """What one step used, with its name."""
    return tr("{step}: {spent}", step=step.name, spent=spent_words(step.spent))


def _worked(spent: Spent) -> int:
    """Calls that a model worked on, as far as is known."""
    placed = spent.on_gpu + spent.on_processors + spent.elsewhere
    return placed + spent.unmeasured


def _calls(spent: Spent) -> str:
    said = counted(spent.calls, "{count} model call", "{count} model calls")
    if not spent.failed:
        return said
    return said + counted(spent.failed, " ({count} failed)", " ({count} failed)")


def _tokens(spent: Spent) -> str:
    if not _worked(spent):
        return ""
    if spent.uncounted >= _worked(spent) and not spent.tokens_in + spent.tokens_out:
        return tr("tokens not told")
    said = tr(
        "{tokens_in} tokens in, {tokens_out} out",
        tokens_in=f"{spent.tokens_in:,}",
        tokens_out=f"{spent.tokens_out:,}",
    )
    if not spent.uncounted:
        return said
    more = counted(spent.uncounted, "{count} call untold", "{count} calls untold")
    return f"{said} ({more})"


def _time(spent: Spent) -> str:
    if not _worked(spent) - spent.unmeasured:
        return ""
    return tr("{time} at the model", time=short_duration(spent.model_ms))


def _gpu(spent: Spent) -> str:
    if spent.on_gpu:
        said = tr("{seconds} GPU-seconds", seconds=f"{spent.gpu_ms / 1000:,.1f}")
        return f"{said} ({tr('more elsewhere')})" if spent.elsewhere else said
    if spent.elsewhere:
        return tr("GPU-seconds not known: the model runs elsewhere")
    if spent.on_processors:
        return tr("0 GPU-seconds: the model runs on processors")
    return tr("GPU-seconds not known") if spent.unmeasured else ""


def _cost(spent: Spent) -> str:
    amounts = " + ".join(f"{_amount(micro)} {_unit(name)}" for name, micro in spent.costs)
    worked = _worked(spent)
    if not amounts or spent.priced >= worked:
        return amounts
    return tr("{amount} for {count} of them", amount=amounts, count=spent.priced)


def _amount(micro: int) -> str:
    return f"{micro / 1e6:,.2f}" if micro >= 1_000_000 else f"{micro / 1e6:.4f}"


def _unit(currency: str) -> str:
    """It comes back from a commit, so it is looked at before it is shown."""
    fits = currency.isascii() and currency.isalpha() and len(currency) == 3
    return currency if fits else "?"

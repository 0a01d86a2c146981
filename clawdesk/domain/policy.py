"""Rules of a project applied to its tasks: priority bounds, and what always needs approval."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

from clawdesk.domain.model import ProjectPolicy

OWN_FILES = ".clawdesk/"


def bounded_priority(suggestion: int, policy: ProjectPolicy) -> int:
    """The process's suggestion inside the project's bounds."""
    return max(policy.priority_min, min(policy.priority_max, suggestion))


def approval_reason(mode: str, paths: Iterable[str], policy: ProjectPolicy) -> str:
    """Why a checkpoint must be approved, one sentence; "" = it need not.

    Args:
        mode: auto | approve, as the task file or `claw checkpoint` asked.
        paths: changed against the checkpoint before.
    """
    if mode == "approve":
        return "The task asks for your approval here."
    for path in paths:
        if path == OWN_FILES.rstrip("/") or path.startswith(OWN_FILES):
            return f"{path} configures ClawDesk itself: changes there always need approval."
        for pattern in policy.approval_paths:
            # fnmatch's * crosses "/", so src/** and src/* both cover everything below src.
            if fnmatchcase(path, pattern):
                return f"The project's policy asks for approval of changes in {pattern} ({path})."
    return ""

"""The Repository port over pygit2. Only `refs/clawdesk/*` is written, except by a merge."""

from clawdesk.adapters.git.repositories import GitRepositories
from clawdesk.adapters.git.repository import GitRepository

__all__ = ["GitRepositories", "GitRepository"]

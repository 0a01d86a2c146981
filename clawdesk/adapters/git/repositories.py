"""Opening projects: one GitRepository a work tree, one lock a repository, one pool of readers."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

from clawdesk.adapters.git.locks import ProjectLock, clear_stale
from clawdesk.adapters.git.mending import Foreign, explain
from clawdesk.adapters.git.opening import find
from clawdesk.adapters.git.repository import GitRepository

READERS = 4


class GitRepositories:
    """The Repositories port. Opening a project twice gives the same object; close it as often."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._open: dict[str, GitRepository] = {}
        self._locks: dict[str, ProjectLock] = {}
        self._users: dict[str, int] = {}  # work trees that share a lock, by common directory
        self._readers: ThreadPoolExecutor | None = None

    async def open(self, path: str) -> GitRepository:
        """Open a folder. Raises RepositoryError naming exactly why it cannot be opened.

        A project that another plane holds is opened too: its view says who, and writes refuse.
        """
        opener = ThreadPoolExecutor(1, thread_name_prefix="git-open")
        try:
            return await asyncio.get_running_loop().run_in_executor(opener, self._open_now, path)
        finally:
            opener.shutdown(wait=False)

    def _open_now(self, path: str) -> GitRepository:
        try:
            place = find(path)
        except Foreign as error:
            raise explain(error, path, "open the project") from error
        with self._mutex:
            known = self._open.get(place.path)
            if known is not None:
                known.openers += 1
                return known
            lock = self._locks.setdefault(place.common_dir, ProjectLock(place.common_dir))
            self._users[place.common_dir] = self._users.get(place.common_dir, 0) + 1
            if not lock.acquire():
                clear_stale(place.common_dir)
            if self._readers is None:
                self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="git-reader")
            opened = GitRepository(
                place,
                readers=self._readers,
                hold=lock.acquire,
                leaving=self._leaving,
                left=self._left,
            )
            self._open[place.path] = opened
            return opened

    def _leaving(self, closed: GitRepository) -> None:
        with self._mutex:
            self._open.pop(closed.place.path, None)
            if not self._open and self._readers is not None:
                self._readers.shutdown(wait=False)
                self._readers = None

    def _left(self, closed: GitRepository) -> None:
        """Runs on the closed project's writer thread, after its last write."""
        common_dir = closed.place.common_dir
        with self._mutex:
            self._users[common_dir] -= 1
            if not self._users[common_dir]:
                del self._users[common_dir]
                self._locks.pop(common_dir).release()

"""Opening projects: one bench a work tree, one lock a repository, one pool of readers."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from clawdesk.adapters.git.locks import ProjectLock, clear_stale
from clawdesk.adapters.git.mending import Foreign, explain
from clawdesk.adapters.git.opening import Place, find
from clawdesk.adapters.git.repository import Bench, GitRepository
from clawdesk.adapters.git.tips import KnownTips

READERS = 4


class GitRepositories:
    """The Repositories port. Every opening gives a handle of its own; close each of them.

    Args:
        tips: a folder outside all projects that remembers what was durable (rule G7).
    """

    def __init__(self, *, tips: Path | None = None) -> None:
        self._tips = tips
        self._mutex = threading.Lock()
        self._benches: dict[str, Bench] = {}
        self._locks: dict[str, ProjectLock] = {}
        self._users: dict[str, int] = {}  # benches that share a lock, by common directory
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
            bench = self._benches.get(place.path)
            if bench is None:
                bench = self._benches[place.path] = self._new_bench(place)
            bench.handles += 1
            return GitRepository(bench, leave=self._leave)

    def _new_bench(self, place: Place) -> Bench:
        lock = self._locks.setdefault(place.common_dir, ProjectLock(place.common_dir))
        self._users[place.common_dir] = self._users.get(place.common_dir, 0) + 1
        if not lock.acquire():
            clear_stale(place.common_dir)
        if self._readers is None:
            self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="git-reader")
        writer = ThreadPoolExecutor(1, thread_name_prefix="git-writer")
        tips = KnownTips(self._tips, place.common_dir)
        return Bench(place, self._readers, writer, lock.acquire, tips)

    def _leave(self, bench: Bench) -> Future[None] | None:
        """One handle less. The last one ends the writer, after what it still has to write."""
        with self._mutex:
            bench.handles -= 1
            if bench.handles:
                return None
            del self._benches[bench.place.path]
            if not self._benches and self._readers is not None:
                self._readers.shutdown(wait=False)
                self._readers = None
        ended = bench.writer.submit(self._left, bench.place.common_dir)
        bench.writer.shutdown(wait=False)
        return ended

    def _left(self, common_dir: str) -> None:
        """Runs on the writer's thread, after its last write."""
        with self._mutex:
            self._users[common_dir] -= 1
            if not self._users[common_dir]:
                del self._users[common_dir]
                self._locks.pop(common_dir).release()
